"""From a SandboxPlan to the container that holds it: the layout inside, mounts, limits.

/.jitney        init, read-only volume         /src            tmpfs, the program's own copy of its source
/tmp            tmpfs                          /home/jitney    tmpfs, $HOME
/run/secrets    tmpfs                          /run/jitney     the model's sockets, read-only for the program
/models         weights, read-only             everything else the image, read-only
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from jitney.engine.protocol import LABEL, ContainerSpec, VolumeMount
from jitney.errors import SandboxError
from jitney.plan.model import SandboxPlan
from jitney.sandbox.initvolume import INIT_PATH, init_mount

HOME = "/home/jitney"
SOURCE_DIR = "/src"
SECRETS_DIR = "/run/secrets"
SOCKETS_DIR = "/run/jitney"
MODELS_DIR = "/models"

_MIB = 1 << 20
_LEAST_SOURCE = 64 * _MIB
_SOCKET_VOLUME = "mode=0700,size=1m"


def box_spec(
    plan: SandboxPlan,
    image: str,
    *,
    kind: str = "run",
    mounts: tuple[VolumeMount, ...] = (),
    source_bytes: int = 0,
    wait_ms: int | None = None,
    arch: str = "",
) -> ContainerSpec:
    """The container for a plan. kind: the label's value (`run`, `model`); mounts: weights, sockets, a large
    source.

    source_bytes: what will be streamed into /src. wait_ms: how long init waits for its job (0: for ever),
    None: its default. arch: the engine's, empty: this machine's.
    """
    taken = {mount.target for mount in mounts}
    own = tuple(m for m in (*_tmpfs(plan, source_bytes), *_writes(plan)) if m.target not in taken)
    argv = (INIT_PATH,) if wait_ms is None else (INIT_PATH, "--wait", str(wait_ms))
    return ContainerSpec(
        image=image,
        argv=argv,
        labels={LABEL: kind},
        user=plan.user,
        mounts=(init_mount(arch), *own, *mounts),
        memory_bytes=plan.memory_bytes,
        cpus=plan.cpus,
        pids=plan.pids,
        nofile=plan.nofile,
        network=plan.network,
        gpus=plan.gpus,
    )


def socket_mount(volume: str, *, is_server: bool) -> VolumeMount:
    """The folder of the model's sockets: the server makes them, the program can only connect."""
    return VolumeMount(kind="volume", source=volume, target=SOCKETS_DIR, readonly=not is_server)


def socket_volume_options(user: str) -> Mapping[str, str]:
    """For engine.create_volume: memory that dies with its containers."""
    uid, gid = ids(user)
    return {"type": "tmpfs", "device": "tmpfs", "o": f"uid={uid},gid={gid},{_SOCKET_VOLUME}"}


def ids(user: str) -> tuple[int, int]:
    """`uid`, `uid:gid` → both; the group is the user's number where none is given."""
    uid, _, gid = user.partition(":")
    if not uid.isdigit() or not (gid or uid).isdigit():
        raise SandboxError(f"{user!r} is not a user: numbers are expected", "write it as --user UID:GID")
    return int(uid), int(gid or uid)


def _tmpfs(plan: SandboxPlan, source_bytes: int) -> tuple[VolumeMount, ...]:
    """Sizes: a quarter of the memory for /tmp, an eighth for $HOME, so that a full disk comes before a full
    memory."""
    memory = plan.memory_bytes or 2048 * _MIB
    sizes = {
        SOURCE_DIR: max(_LEAST_SOURCE, 2 * source_bytes),
        "/tmp": memory // 4,  # noqa: S108  the sandbox's own, not this machine's
        HOME: memory // 8,
        SECRETS_DIR: _MIB,
        **plan.tmpfs,
    }
    uid, gid = ids(plan.user)
    return tuple(
        VolumeMount(
            kind="tmpfs",
            target=target,
            readonly=False,
            options=f"exec,size={max(size, 65536)},uid={uid},gid={gid},mode=0700",
        )
        for target, size in sizes.items()
        if size  # 0: what the image has there is not to be hidden
    )


def _writes(plan: SandboxPlan) -> tuple[VolumeMount, ...]:
    """Host folders, or `HOST:INSIDE`; inside they lie at the same absolute path unless said otherwise."""
    mounts = []
    for text in plan.writes:
        host, _, inside = text.partition(":")
        target = PurePosixPath(inside or host)
        if not host.startswith("/") or not target.is_absolute() or ".." in target.parts:
            raise SandboxError(
                f"{text!r} is not an absolute folder", "write it as --write DIR or --write DIR:/INSIDE"
            )
        mounts.append(VolumeMount(kind="bind", source=host, target=str(target), readonly=False))
    return tuple(mounts)
