"""Bases from an image registry: the official names, always resolved to a digest."""

from __future__ import annotations

from collections.abc import Callable

from jitney.bases.credentials import credentials
from jitney.bases.images import pull_name
from jitney.bases.recipes import official
from jitney.config import Config
from jitney.engine.protocol import Engine, ImageInfo
from jitney.errors import BuildError, EngineError, EngineGone, EngineMissing
from jitney.facts.kept import note_base
from jitney.facts.model import BaseOnHand

_DEBIAN = "use --base-provider debian"
_OTHERS = "take another runtime: jitney runtimes lists them"
"""What else there is, where an image cannot be had."""


def pull(
    engine: Engine, key: str, config: Config, on_line: Callable[[str], None], digest: str = ""
) -> BaseOnHand:
    """Pull and pin; digest: this very one. Raises PlanError: no official image has this use. BuildError: it cannot be had."""
    image_name = official(key.partition("/")[2])
    if digest:
        image_name = f"{image_name.rpartition(':')[0]}@{digest}"
    name = f"{config.registry.rstrip('/')}/{image_name}" if config.registry else image_name
    return _pull(engine, key, name, config, on_line)


def pull_public(engine: Engine, key: str, config: Config, on_line: Callable[[str], None]) -> BaseOnHand:
    """`image/NAME:TAG`: pull a runtime's image from where its makers keep it, and pin it. BuildError: it cannot be had."""
    return _pull(engine, key, pull_name(key.removeprefix("image/"), config), config, on_line, _OTHERS)


def _pull(
    engine: Engine,
    key: str,
    name: str,
    config: Config,
    on_line: Callable[[str], None],
    instead: str = _DEBIAN,
) -> BaseOnHand:
    host = _host(name)
    auth = credentials(host) if host else None
    try:
        image = engine.pull(name, auth, on_line)
    except (EngineGone, EngineMissing):
        raise
    except EngineError as error:
        raise _refused(name, auth is not None, error, instead) from error
    ref = pinned(image, name)
    base = BaseOnHand(key=key, ref=ref, digest=ref.rpartition("@")[2], size_bytes=image.size_bytes)
    note_base(config, base)
    return base


def _host(name: str) -> str:
    """The registry in an image's name; empty: the engine's own. A first part with a dot, a port or `localhost` is a host."""
    first, slash, _ = name.partition("/")
    return first if slash and (set(".:") & set(first) or first == "localhost") else ""


def pinned(image: ImageInfo, name: str) -> str:
    """`repository@sha256:…` of the image that `name` pulled."""
    repository, at, wanted = name.partition("@")
    if at:
        return f"{repository}@{wanted}"
    repository = name.rpartition(":")[0]
    for digest in image.digests:
        if digest.partition("@")[0] in (repository, f"library/{repository}"):
            return digest
    raise BuildError(f"the registry gave no digest for {name}")


def _refused(name: str, had_credentials: bool, error: EngineError, instead: str) -> BuildError:
    text, host = error.message.lower(), _host(name)
    where = host or "the engine's own registry"
    if "unauthorized" in text or "authentication" in text or "no basic auth" in text or "denied" in text:
        seen = (
            "refused the credentials of your docker configuration" if had_credentials else "wants credentials"
        )
        return BuildError(f"{where} {seen} for {name}", f"docker login {host}".strip(), error.message)
    if "manifest unknown" in text or "not found" in text:
        another = ", or another --version" if instead == _DEBIAN else ""
        return BuildError(f"{where} has no {name}", instead + another, error.message)
    return BuildError(f"{name} cannot be pulled: {error.message}", instead, error.message)
