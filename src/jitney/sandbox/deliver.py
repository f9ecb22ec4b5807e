"""Read-only trees for a box where the daemon does not see this machine's files: a volume, filled through the engine.

Weights are kept: sent once, found again under the hash of what they hold.

    jitney-weights-KEY          the mark: made when all has arrived; its label says which volume holds the tree
    jitney-weights-KEY-RANDOM   the tree; without a mark it is unfinished, and goes when its maker is dead
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping

from jitney.engine.protocol import LABEL, LABEL_OWNER, ContainerSpec, Engine, VolumeInfo, VolumeMount
from jitney.errors import EngineError
from jitney.sandbox.initvolume import INIT_PATH
from jitney.sandbox.owner import life_of, owner, world

LABEL_HOLDS = "jitney.holds"
"""On a mark: the volume that holds the whole tree."""
LABEL_BYTES = "jitney.bytes"
WEIGHTS = "weights"
_FILL_DIR = "/.fill"


def keep_tree(
    engine: Engine,
    tar: Callable[[], Iterable[bytes]],
    *,
    key: str,
    size: int,
    target: str,
    image: str,
    labels: Mapping[str, str],
) -> VolumeMount:
    """The tree with this key, read-only at `target`; sent unless it is there. labels: of the run that fills it.

    A volume cannot be renamed, but making one is atomic: of two that send the same, the first mark holds.
    """
    mark = f"jitney-weights-{key}"
    known = {volume.name: volume for volume in engine.volumes()}
    holder = known[mark].labels.get(LABEL_HOLDS, "") if mark in known else ""
    if holder not in known:
        if mark in known:  # somebody removed the tree alone
            engine.remove_volume(mark)
        _drop_unfinished(engine, known.values())
        holder = f"{mark}-{os.urandom(4).hex()}"
        own = {LABEL: WEIGHTS, LABEL_OWNER: owner(), LABEL_BYTES: str(size)}
        deliver_tree(engine, tar(), volume=holder, target=target, image=image, labels=labels, own=own)
        holder = _marked(engine, mark, holder)
    return VolumeMount(kind="volume", source=holder, target=target)


def _marked(engine: Engine, mark: str, holder: str) -> str:
    """Set the mark; gives the volume that it names, which is another one where another client was first."""
    engine.create_volume(mark, {LABEL: WEIGHTS, LABEL_HOLDS: holder})
    first = next((v.labels.get(LABEL_HOLDS, holder) for v in engine.volumes() if v.name == mark), holder)
    if first != holder:
        engine.remove_volume(holder)
    return first


def _drop_unfinished(engine: Engine, volumes: Iterable[VolumeInfo]) -> None:
    """What a killed client had begun to send."""
    every = list(volumes)
    held = {volume.labels.get(LABEL_HOLDS) for volume in every}
    for volume in every:
        is_tree = volume.labels.get(LABEL) == WEIGHTS and LABEL_BYTES in volume.labels
        if (
            is_tree
            and volume.name not in held
            and life_of(volume.labels.get(LABEL_OWNER, ""), world()) == "dead"
        ):
            try:
                engine.remove_volume(volume.name)
            except EngineError:  # another client was quicker
                continue


def remove_tree(engine: Engine, volume: str) -> None:
    """And its mark; a mark without a tree counts for nothing. Raises EngineError where a box uses it: then both stay."""
    engine.remove_volume(volume)
    for other in engine.volumes():
        if other.labels.get(LABEL_HOLDS) == volume:
            engine.remove_volume(other.name)


def deliver_tree(
    engine: Engine,
    tar: Iterable[bytes],
    *,
    volume: str,
    target: str,
    image: str,
    labels: Mapping[str, str],
    own: Mapping[str, str] | None = None,
) -> VolumeMount:
    """Fill a new volume with a tar (streamed) and say how to mount it, read-only, at `target`.

    image: any that the engine has; its container is never started, and has the labels. own: the volume's labels where they
    are not the same. The volume is removed again when filling fails.
    """
    engine.create_volume(volume, labels if own is None else own)
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
