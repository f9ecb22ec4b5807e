"""Models in registries: `oci://` (Docker's model artefacts, CNCF ModelPack, Ollama's, plain files) and `ollama://`.

manifest ─► layers by media type ─┬─ files ─► the Store, under the name that an annotation or the type gives
                                  └─ archives ─► unpacked into it
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import msgspec

from jitney.errors import ModelError
from jitney.models.model import Reference, WeightFile
from jitney.models.sources import wire
from jitney.models.sources.download import download
from jitney.models.sources.hosts import ollama_registry
from jitney.models.sources.listing import Listing, Say, bring
from jitney.models.sources.package import scratch_folder
from jitney.models.sources.registry import MANIFESTS, Descriptor, Manifest, Registry
from jitney.models.storage.brought import Brought
from jitney.models.storage.files import Progress, disk_errors
from jitney.models.storage.store import Store

_NAMES = ("org.cncf.model.filepath", "org.opencontainers.image.title")
"""Annotations that say what a layer's file is called."""

_UNPACK = "io.deis.oras.content.unpack"
"""What oras says of a folder that it packed."""

_BY_MEDIA: tuple[tuple[str, str], ...] = (
    (r"application/vnd\.docker\.ai\.gguf\..*", "model.gguf"),
    (r"application/vnd\.docker\.ai\.model\.file\.v1\+gguf", "model.gguf"),
    (r"application/vnd\.docker\.ai\.safetensors.*", "model.safetensors"),
    (r"application/vnd\.docker\.ai\.mmproj.*", "mmproj.gguf"),
    (r"application/vnd\.docker\.ai\.chat\.template\.jinja.*", "chat_template.jinja"),
    (r"application/vnd\.docker\.ai\.license.*", "LICENSE"),
    (r"application/vnd\.docker\.ai\.(?:vllm\.config|dir)\.tar.*", "/"),
    (r"application/vnd\.docker\.ai\.model\.file.*", "?"),
    (r"application/vnd\.cncf\.model\.(?:weight|weight\.config|doc)\.v1\.tar.*", "/"),
    (r"application/vnd\.cncf\.model\.weight\.v1\.gguf", "model.gguf"),
    (r"application/vnd\.cncf\.model\.weight\.v1\.safetensors", "model.safetensors"),
    (r"application/vnd\.cncf\.model\.(?:weight|weight\.config|doc)\.v1\.raw", "?"),
    (r"application/vnd\.ollama\.image\.model", "model.gguf"),
    (r"application/vnd\.ollama\.image\.projector", "mmproj.gguf"),
    (r"application/vnd\.ollama\.image\.adapter", "adapter.gguf"),
    (r"application/vnd\.ollama\.image\.license", "LICENSE"),
    (r"application/vnd\.ollama\.image\.(?:template|system|params|messages)", "ollama"),
)
"""Media type → the name in the model; `/`: an archive of files; `?`: as the annotation says; `ollama`: kept below ollama/."""

_IGNORED = (
    r"application/vnd\.cncf\.model\.(?:code|dataset)\..*",
    r"application/vnd\.ollama\.image\.(?:draft|embed)",
)
_TENSORS = "application/vnd.ollama.image.tensor"
_IMAGES = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")


def fetch_artifact(store: Store, ref: Reference, progress: Progress | None, say: Say) -> Brought:
    """All files of an `oci` or `ollama` reference. Raises ModelError: nothing there, refused, not a model, wrong hash."""
    host, _, repository = ref.package.partition("/")
    registry = Registry(host or ollama_registry(), repository, ref.text)
    accept = MANIFESTS if ref.kind == "oci" else MANIFESTS[1:2]
    manifest, digest = _manifest(registry, ref, accept, say)
    if manifest.manifests:
        manifest, _ = registry.manifest(_one_of(manifest).digest, accept)
    whole, archives = _sorted(ref, manifest)
    try:
        remotes = tuple(registry.blob(layer, name) for name, layer in whole)
        files = bring(store, Listing(remotes=remotes), progress, say)
        for layer in archives:
            files += _unpacked(store, registry, layer, say)
    except wire.RefusedError as error:
        raise registry.refused(error) from error
    return Brought(files=_distinct(ref, files), revision=digest, licence=_licence(registry, manifest))


def _manifest(registry: Registry, ref: Reference, accept: tuple[str, ...], say: Say) -> tuple[Manifest, str]:
    """From the registry, or as Ollama has it on this machine, where the registry cannot be asked."""
    try:
        return registry.manifest(ref.version, accept)
    except wire.Unreachable:
        found = registry.kept(ref.version)
        if found is None:
            raise
        say(f"{ref.text}: {registry.host} cannot be asked; it is taken from Ollama's own store")
        return found


def _one_of(index: Manifest) -> Descriptor:
    """Of an index the model, not what is about it (signatures, attestations)."""
    for one in index.manifests:
        if (one.platform or {}).get("architecture", "") != "unknown" or len(index.manifests) == 1:
            return one
    return index.manifests[0]


def _sorted(ref: Reference, manifest: Manifest) -> tuple[list[tuple[str, Descriptor]], list[Descriptor]]:
    """Layers that are files, by name, and layers that are archives."""
    if any(layer.media.partition(";")[0] == _TENSORS for layer in manifest.layers):
        raise ModelError(
            f"{ref.text}: its weights are kept tensor by tensor, which only Ollama puts together",
            "take another tag",
        )
    rows = [(layer, name) for layer in manifest.layers if (name := _name(ref, layer)) is not None]
    archives = [layer for layer, name in rows if name == "/"]
    whole = _numbered([(name, layer) for layer, name in rows if name != "/"])
    if not archives and all(_is_paper(name) for name, _ in whole):
        raise _not_a_model(ref, manifest)
    return whole, archives


def _is_paper(name: str) -> bool:
    return name.startswith(("ollama/", "LICENSE", "README"))


def _name(ref: Reference, layer: Descriptor) -> str | None:
    """The file's name in the model, `/` for archives, None for what is not taken."""
    media = layer.media.partition(";")[0]
    stated = next((value for key in _NAMES if (value := (layer.annotations or {}).get(key))), "")
    if stated and (
        PurePosixPath(stated).is_absolute() or ".." in PurePosixPath(stated).parts or "\\" in stated
    ):
        raise ModelError(
            f"{ref.text}: a layer's file is called {stated[:80]!r}, which leads out of the model"
        )
    if any(re.fullmatch(pattern, media) for pattern in _IGNORED):
        return None
    known = next((name for pattern, name in _BY_MEDIA if re.fullmatch(pattern, media)), None)
    if known == "/" or (known is None and (layer.annotations or {}).get(_UNPACK) == "true"):
        return "/"
    if known == "ollama":
        return f"ollama/{media.rpartition('.')[2]}"
    if known in (None, "?"):
        return PurePosixPath(stated).as_posix() if stated else None
    return PurePosixPath(stated).as_posix() if stated else known


def _numbered(rows: list[tuple[str, Descriptor]]) -> list[tuple[str, Descriptor]]:
    """Several layers of one name: weights are shards, in order; the rest is counted."""
    counts: dict[str, int] = {}
    for name, _ in rows:
        counts[name] = counts.get(name, 0) + 1
    seen: dict[str, int] = {}
    found = []
    for name, layer in rows:
        seen[name] = seen.get(name, 0) + 1
        path = PurePosixPath(name)
        if counts[name] > 1 and path.stem == "model":
            name = f"{path.stem}-{seen[name]:05}-of-{counts[name]:05}{path.suffix}"
        elif seen[name] > 1:
            name = f"{name}.{seen[name]}" if not path.suffix else f"{path.stem}-{seen[name]}{path.suffix}"
        found.append((name, layer))
    return found


def _not_a_model(ref: Reference, manifest: Manifest) -> ModelError:
    if manifest.config.media in _IMAGES and manifest.layers and "ollama" not in manifest.layers[0].media:
        return ModelError(
            f"{ref.text}: not a model: it is an image of a container", "run it with:  docker run"
        )
    kinds = ", ".join(sorted({layer.media for layer in manifest.layers})[:5]) or "no layers"
    return ModelError(
        f"{ref.text}: not a model: {kinds}", "expected layers of Docker's, CNCF ModelPack's or Ollama's kinds"
    )


def _distinct(ref: Reference, files: tuple[WeightFile, ...]) -> tuple[WeightFile, ...]:
    named = {file.name: file for file in files}
    if len({file.sha256 for file in files if named[file.name] != file}):
        raise ModelError(f"{ref.text}: two of its layers hold different files of the same name")
    return tuple(named.values())


def _licence(registry: Registry, manifest: Manifest) -> str:
    """ModelPack's configuration names licences."""
    if (
        not manifest.config.media.startswith("application/vnd.cncf.model.config")
        or manifest.config.size > 1 << 20
    ):
        return ""
    try:
        stated = msgspec.json.decode(
            registry.small(manifest.config), type=dict[str, dict[str, object]], strict=False
        )
    except msgspec.DecodeError:
        return ""
    names = stated.get("descriptor", {}).get("licenses")
    return " AND ".join(str(one) for one in names) if isinstance(names, list) else ""


def _unpacked(store: Store, registry: Registry, layer: Descriptor, say: Say) -> tuple[WeightFile, ...]:
    """The files of a layer that is an archive; the archive itself is not kept."""
    if layer.media.endswith("zstd"):
        raise ModelError(
            f"{registry.text}: a layer is packed with zstd, which Jitney does not read",
            "take one with plain layers",
        )
    with disk_errors(store.root), scratch_folder(store) as scratch:
        aside = Store(scratch)
        blob = download(aside, registry.blob(layer, "layer.tar"), on_line=say)
        return tuple(_members(store, registry, aside.blob(blob.sha256).as_posix()))


def _members(store: Store, registry: Registry, path: str) -> Iterator[WeightFile]:
    import tarfile

    try:
        with tarfile.open(path, "r:*") as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                source = archive.extractfile(member) if member.isfile() else None
                if name.is_absolute() or ".." in name.parts or not (source or member.isdir()):
                    raise ModelError(
                        f"{registry.text}: an archive holds something that is no file: {member.name[:80]!r}"
                    )
                if source is not None:
                    blob = store.add_stream(source, total=member.size)  # type: ignore[arg-type]  # IO[bytes]
                    yield msgspec.structs.replace(blob, name=name.as_posix())
    except (tarfile.TarError, EOFError) as error:
        raise ModelError(f"{registry.text}: a broken archive: {error}") from error
