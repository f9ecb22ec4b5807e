"""Bases from an image registry: the official names, always resolved to a digest."""

from __future__ import annotations

from collections.abc import Callable

from jitney.bases.credentials import credentials
from jitney.bases.recipes import official
from jitney.config import Config
from jitney.engine.protocol import Engine, ImageInfo
from jitney.errors import BuildError, EngineError, EngineGone, EngineMissing
from jitney.facts.kept import note_base
from jitney.facts.model import BaseOnHand


def pull(
    engine: Engine, key: str, config: Config, on_line: Callable[[str], None], digest: str = ""
) -> BaseOnHand:
    """Pull and pin; digest: this very one. Raises PlanError: no official image has this use. BuildError: it cannot be had."""
    image_name = official(key.partition("/")[2])
    if digest:
        image_name = f"{image_name.rpartition(':')[0]}@{digest}"
    name = f"{config.registry.rstrip('/')}/{image_name}" if config.registry else image_name
    host = config.registry.partition("/")[0]
    auth = credentials(host) if host else None
    try:
        image = engine.pull(name, auth, on_line)
    except (EngineGone, EngineMissing):
        raise
    except EngineError as error:
        raise _refused(name, host, auth is not None, error) from error
    ref = pinned(image, name)
    base = BaseOnHand(key=key, ref=ref, digest=ref.rpartition("@")[2], size_bytes=image.size_bytes)
    note_base(config, base)
    return base


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


def _refused(name: str, host: str, had_credentials: bool, error: EngineError) -> BuildError:
    text = error.message.lower()
    where = host or "the engine's own registry"
    if "unauthorized" in text or "authentication" in text or "no basic auth" in text or "denied" in text:
        seen = (
            "refused the credentials of your docker configuration" if had_credentials else "wants credentials"
        )
        return BuildError(f"{where} {seen} for {name}", f"docker login {host}".strip(), error.message)
    if "manifest unknown" in text or "not found" in text:
        return BuildError(
            f"{where} has no {name}", "use --base-provider debian, or another --version", error.message
        )
    return BuildError(
        f"{name} cannot be pulled: {error.message}", "use --base-provider debian", error.message
    )
