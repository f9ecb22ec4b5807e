"""How init gets into a box of any image, on any daemon: a read-only volume that is filled once.

The volume is made by the first container that mounts it, and filled only when a start says that init is not there.
Several clients may fill it at once: the file is the same, and a start that meets a half-written one is tried again.
Volumes of former inits stay until `jitney clean`: a box of another version of Jitney may use them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import msgspec

from jitney.engine.protocol import LABEL, ContainerSpec, Engine, VolumeMount
from jitney.errors import EngineError, SandboxError

INIT_DIR = "/.jitney"
INIT_PATH = "/.jitney/init"

_HERE = Path(__file__).parent


PREFIX = "jitney-init-"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@lru_cache(maxsize=4)
def init_binary(arch: str) -> bytes:
    """The shipped PID 1 for an architecture."""
    path = _HERE / f"init-{arch}"
    try:
        return path.read_bytes()
    except OSError as error:
        raise SandboxError(f"the sandbox's init is missing: {path.name}", "build it: make setup") from error


@lru_cache(maxsize=4)
def volume_name(arch: str = "") -> str:
    """arch: the engine's; empty: this machine's."""
    machine = os.uname().machine
    return PREFIX + hashlib.sha256(init_binary(arch or _MACHINES.get(machine, machine))).hexdigest()[:16]


def init_mount(arch: str = "") -> VolumeMount:
    """The first container that asks for it makes the volume, with our label; whether it is filled shows at a start."""
    return VolumeMount(kind="volume", source=volume_name(arch), target=INIT_DIR, labels={LABEL: "init"})


def is_missing_init(error: EngineError) -> bool:
    return INIT_PATH in error.message


def fill_volume(engine: Engine, spec: ContainerSpec) -> None:
    """Put init into the volume that this box mounts, by way of a container of its image that is never started."""
    mount = next(mount for mount in spec.mounts if mount.target == INIT_DIR)
    filler = ContainerSpec(
        image=spec.image,
        argv=(INIT_PATH,),
        labels=spec.labels,
        mounts=(msgspec.structs.replace(mount, readonly=False),),
    )
    container = engine.create(filler)
    try:
        engine.put_archive(container, INIT_DIR, _archive(init_binary(engine.abilities().arch)))
    finally:
        engine.remove(container)


def _archive(binary: bytes) -> Iterator[bytes]:
    from jitney.sandbox.archive import BLOCK, file_header

    yield file_header("init", len(binary), mode=0o555)
    yield binary
    yield bytes(-len(binary) % BLOCK + 2 * BLOCK)
