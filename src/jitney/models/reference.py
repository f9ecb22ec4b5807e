"""References: what a user may write after `--model`, and what each form means.

smollm2                          a short name (aliases.json, then the user's models.toml)
./model.gguf · ./folder · /abs   what lies on this machine
org/repo[@REVISION][:…]          as hf://org/repo…
SCHEME://…                       schemes.py
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from jitney.errors import ModelError
from jitney.models.alias import by_hub_name
from jitney.models.model import Alias, Reference
from jitney.models.schemes import SCHEMES, hub, pypi

_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(?:[@:].+)?")
_WORD = re.compile(r"[A-Za-z0-9][\w.-]*(?::[\w][\w.-]*)?")
_SCHEME = re.compile(r"([a-z][a-z0-9+]*)://.*", re.DOTALL)
_FORMS = "a short name, org/repo (hf://), ollama://, oci://, pypi://, npm://, s3://, https://…#sha256=HEX, a file or a folder"


def parse(text: str, table: Mapping[str, Alias], cwd: Path) -> Reference:
    """What `text` means. table: the short names; cwd: what relative paths start from.

    Raises ModelError: unknown (with near names), a form that nothing here knows, no such path, a missing hash.
    """
    text = text.strip()
    if text in table:
        return _from_alias(text, table[text], table, cwd)
    if found := _SCHEME.fullmatch(text):
        read = SCHEMES.get(found[1])
        if read is None:
            raise ModelError(
                f"{text}: references of the form {found[1]}:// are not known; expected {_FORMS}",
                _instead(text, table),
            )
        return _known(read(text), table)
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
        if ref.kind != "pypi" or not alias.ref.startswith("pypi://"):
            continue
        twin = pypi(alias.ref)
        same = (twin.package, Path(twin.file).name) == (ref.package, Path(ref.file).name)
        if same and ref.version in ("", twin.version):
            return msgspec.structs.replace(_from_alias(name, alias, {}, Path()), text=ref.text)
    return ref


def _path(text: str, table: Mapping[str, Alias], cwd: Path) -> Reference:
    path = (cwd / os.path.expanduser(text)).absolute()  # noqa: PTH111  a `~name` that is nobody stays as it is
    looks_like_path = (
        text.startswith(("./", "../", "/", "~")) or text in (".", "..") or text.endswith(".gguf")
    )
    try:
        if path.is_dir():
            return Reference(kind="folder", text=text, path=str(path), file=path.name)
        if path.is_file():
            return Reference(kind="file", text=text, path=str(path), file=path.name)
    except OSError as error:
        raise ModelError(f"{text}: {error.strerror or error}") from error
    if looks_like_path:
        raise ModelError(f"{text}: there is no such file or folder", _instead(text, table))
    if _REPO.fullmatch(text):
        return msgspec.structs.replace(hub(f"hf://{text}"), text=text)
    raise ModelError(f"{text}: not a known model; expected {_FORMS}", _for_a_word(text, table))


def _for_a_word(text: str, table: Mapping[str, Alias]) -> str:
    """A word like `qwen3` or `llama3.2:1b` is no reference yet; Ollama's users mean its registry by it."""
    near = _instead(text, table)
    return f"{near}\nollama://{text}  asks Ollama's registry".strip() if _WORD.fullmatch(text) else near


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
