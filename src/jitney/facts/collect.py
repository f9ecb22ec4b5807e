"""Ask the world. What is slow to ask is kept in `config.cache/facts` for as long as it can be trusted.

engine's abilities, GPUs   while it is the same daemon, the same PATH, at most a day
bases, images built here   as they were, where the engine says that nothing happened to any image since (one request, about 2 ms)
CA bundle, indexes         read from files and the environment each time: no process, no network
registry                   asked at most once an hour, and only where one is configured
"""

from __future__ import annotations

import hashlib
import os
from typing import Any

import msgspec

from jitney.config import Config
from jitney.engine.protocol import LABEL, Abilities, Engine, ImageInfo, Listing
from jitney.errors import UsageError
from jitney.facts import indexes, kept
from jitney.facts.model import BaseOnHand, EngineFacts, Facts, Gpu, IndexFacts, Wheels

LABEL_KEY = "jitney.key"
LABEL_DIGEST = "jitney.digest"
LABEL_RECIPE = "jitney.recipe"
DAY_S = 86400.0
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # macOS, BSD
)


class _Machine(msgspec.Struct, frozen=True):
    """What is asked once a day: kept as one file."""

    engine: EngineFacts
    gpus: tuple[Gpu, ...]


class _Images(msgspec.Struct, frozen=True):
    """The last list of one daemon."""

    identity: str
    listing: Listing


def collect(engine: Engine, config: Config) -> Facts:
    """All facts. Raises EngineMissing where no engine answers."""
    machine = _machine(engine, config)
    bundle = ca_bundle()
    images = _images(engine, config)
    return Facts(
        engine=_with_files(machine.engine, config),
        gpus=machine.gpus,
        bases=tuple(sorted(bases_on_hand(engine, images, config), key=lambda base: base.key)),
        built=frozenset(tag for image in images if image.labels.get(LABEL) == "image" for tag in image.tags),
        indexes=_indexes(config),
        ca_bundle=bundle,
        ca_digest=_digest(bundle),
    )


def bases_on_hand(engine: Engine, images: list[ImageInfo], config: Config) -> list[BaseOnHand]:
    """Our own by their labels and their name (labels are inherited by what is built upon them); those of a registry by what
    was noted when they were pulled, if they are still there."""
    ours = [_base(image) for image in images if image.labels.get(LABEL) == "base" and _has_own_name(image)]
    noted = [base for base in kept.noted_bases(config) if engine.image(base.ref) is not None]
    return ours + noted


def base_ref(key: str, digest: str) -> str:
    """The image of a base. The digest is part of its name: BuildKit looks at a name once for all builds that run at the same
    time, so that one name for two contents gives the former to a new build."""
    return f"jitney-{key}-{digest.removeprefix('sha256:')[:12]}"


def _has_own_name(image: ImageInfo) -> bool:
    return _base(image).ref in image.tags


def _base(image: ImageInfo) -> BaseOnHand:
    key, digest = image.labels.get(LABEL_KEY, ""), image.labels.get(LABEL_DIGEST, "")
    return BaseOnHand(
        key=key,
        ref=base_ref(key, digest),
        digest=digest,
        size_bytes=image.size_bytes,
        recipe=image.labels.get(LABEL_RECIPE, ""),
    )


def _images(engine: Engine, config: Config) -> list[ImageInfo]:
    identity = engine.identity()
    former = kept.load(config, "images", _Images, DAY_S) if identity else None
    known = former.listing if former is not None and former.identity == identity else None
    listing = engine.listing(known)
    if identity and listing is not known:
        kept.store(config, "images", _Images(identity, listing))
    return list(listing.images)


def _machine(engine: Engine, config: Config) -> _Machine:
    identity = engine.identity()
    path = os.environ.get("PATH", "")
    key = kept.key("machine", identity, path) if identity else ""
    if key and (found := kept.load(config, key, _Machine, DAY_S)):
        return found
    from jitney.facts import hardware

    abilities = engine.abilities()
    machine = _Machine(_engine_facts(abilities), hardware.gpus())
    if key:
        kept.store(config, key, machine)
    return machine


def _with_files(facts: EngineFacts, config: Config) -> EngineFacts:
    """The user may know better than the socket tells: `engine_files` (a forwarded socket, an engine in a container)."""
    if config.engine_files == "auto":
        return facts
    return msgspec.structs.replace(facts, shares_files=config.engine_files == "shared")


def _engine_facts(abilities: Abilities) -> EngineFacts:
    body: dict[str, Any] = {name: getattr(abilities, name) for name in _SHARED}
    has_gpu = any("nvidia" in runtime for runtime in abilities.runtimes)
    return msgspec.convert(body | {"has_gpu": has_gpu}, EngineFacts)


_SHARED = tuple(set(EngineFacts.__struct_fields__) & set(Abilities.__struct_fields__))


def ca_bundle() -> str:
    """SSL_CERT_FILE, else where distributions keep it, else empty."""
    wanted = os.environ.get("SSL_CERT_FILE", "")
    for path in (wanted, *BUNDLES):
        if path and os.access(path, os.R_OK):
            return path
    return ""


def _digest(path: str) -> str:
    if not path:
        return ""
    with open(path, "rb") as file:  # noqa: PTH123  (pathlib: 4 ms of every start)
        return "sha256:" + hashlib.sha256(file.read()).hexdigest()


def _indexes(config: Config) -> IndexFacts:
    return IndexFacts(
        python=config.python_index or indexes.python_index(os.environ),
        pytorch_cpu=kept.load(config, "pytorch", str, DAY_S) or "",
        go_proxy=os.environ.get("GOPROXY", ""),
        debian_mirror=config.debian_mirror or indexes.debian_mirror(),
        registry=indexes.registry(config),
        wheels=indexes.wheels(config.python_wheels) if config.python_wheels else Wheels(),
    )


def matrices(config: Config) -> str:
    """The user's rows of the PyTorch and CUDA tables: `matrices.toml` beside `config.toml`. UsageError: broken, with its place."""
    path = config.user_dir / "matrices.toml"
    if not path.is_file():
        return ""
    import tomllib

    from jitney.matrix import overlay

    try:
        return overlay(tomllib.loads(path.read_text(encoding="utf-8")))
    except (
        OSError,
        ValueError,
    ) as error:  # TOMLDecodeError, UnicodeDecodeError and ValidationError are ValueErrors
        raise UsageError(f"{path}: {error}", "docs/matrices.md shows its form") from error


def probe_pytorch_index(config: Config) -> str:
    """The index with PyTorch's CPU wheels if it answers, else empty; kept for a day. Starts uv: only where torch is wanted."""
    found = kept.load(config, "pytorch", str, DAY_S)
    if found is None:
        found = indexes.ask_pytorch()
        kept.store(config, "pytorch", found)
    return found
