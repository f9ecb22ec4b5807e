"""How init gets into a box of any image, on any daemon: a read-only volume that is filled once.

The volume is made by the first container that mounts it, and filled only when a start says that init is not there. Several clients may fill it at once: the file is the same, and a start that meets a
half-written
one is tried again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from jitney.engine.protocol import LABEL, ContainerSpec, Engine, VolumeMount
from jitney.errors import EngineError, SandboxError

INIT_DIR = "/.jitney"
INIT_PATH = "/.jitney/init"

_HERE = Path(__file__).parent


@lru_cache(maxsize=1)
def init_binary(arch: str = "amd64") -> bytes:
    """The shipped PID 1 for an architecture."""
    path = _HERE / f"init-{arch}"
    try:
        return path.read_bytes()
    except OSError as error:
        raise SandboxError(f"the sandbox's init is missing: {path.name}", "build it: make setup") from error


@lru_cache(maxsize=1)
def volume_name() -> str:
    return "jitney-init-" + hashlib.sha256(init_binary()).hexdigest()[:16]


def init_mount(*, readonly: bool = True) -> VolumeMount:
    """The first container that asks for it makes the volume, with our label; whether it is filled shows at a start."""
    return VolumeMount(
        kind="volume", source=volume_name(), target=INIT_DIR, readonly=readonly, labels={LABEL: "init"}
    )


def is_missing_init(error: EngineError) -> bool:
    return INIT_PATH in error.message


def fill_volume(engine: Engine, image: str, labels: dict[str, str]) -> None:
    """Put init into the volume, by way of a container of any image that is never started."""
    spec = ContainerSpec(
        image=image,
        argv=(INIT_PATH,),
        labels=labels,
        mounts=(init_mount(readonly=False),),
    )
    container = engine.create(spec)
    try:
        engine.put_archive(container, INIT_DIR, _archive(init_binary()))
    finally:
        engine.remove(container)


def _archive(binary: bytes) -> Iterator[bytes]:
    from jitney.sandbox.archive import BLOCK, file_header

    yield file_header("init", len(binary), mode=0o555)
    yield binary
    yield bytes(-len(binary) % BLOCK + 2 * BLOCK)
