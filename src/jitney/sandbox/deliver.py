"""Read-only trees for a box where the daemon does not see this machine's files: a volume, filled through the
engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jitney.engine.protocol import ContainerSpec, Engine, VolumeMount
from jitney.sandbox.initvolume import INIT_PATH

_FILL_DIR = "/.fill"


def deliver_tree(
    engine: Engine, tar: Iterable[bytes], *, volume: str, target: str, image: str, labels: Mapping[str, str]
) -> VolumeMount:
    """Fill a new labelled volume with a tar (streamed) and say how to mount it, read-only, at `target`.

    image: any that the engine has; its container is never started. The volume is removed again when filling
    fails.
    """
    engine.create_volume(volume, labels)
    try:
        _fill(engine, tar, volume, image, labels)
    except BaseException:
        engine.remove_volume(volume)
        raise
    return VolumeMount(kind="volume", source=volume, target=target)


def _fill(engine: Engine, tar: Iterable[bytes], volume: str, image: str, labels: Mapping[str, str]) -> None:
    mount = VolumeMount(kind="volume", source=volume, target=_FILL_DIR, readonly=False)
    container = engine.create(ContainerSpec(image=image, argv=(INIT_PATH,), labels=labels, mounts=(mount,)))
    try:
        engine.put_archive(container, _FILL_DIR, tar)
    finally:
        engine.remove(container)
