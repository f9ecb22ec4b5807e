"""The sweep: what a dead client, or a dead machine, left behind. By label and owner only, never by name or
age."""

from __future__ import annotations

from jitney.engine.protocol import LABEL_OWNER, LABEL_RUN, Engine
from jitney.errors import EngineError
from jitney.sandbox.owner import life_of, world


def sweep(engine: Engine) -> int:
    """Remove containers and volumes of runs whose client is dead; returns how many.

    Cheap where there is nothing: two requests. An owner of another boot counts as dead only where the engine
    shares our
    files, and so is this machine's: elsewhere it may be a living client of another machine.
    """
    here = world()
    is_local: bool | None = None
    removed = 0
    containers = [(c.labels, engine.remove, c.id) for c in engine.containers()]
    volumes = [(v.labels, engine.remove_volume, v.name) for v in engine.volumes()]
    for labels, remove, name in containers + volumes:
        if LABEL_RUN not in labels:
            continue
        life = life_of(labels.get(LABEL_OWNER, ""), here)
        if life == "elsewhere" and is_local is None:
            is_local = engine.abilities().shares_files
        if life == "dead" or (life == "elsewhere" and is_local):
            try:
                remove(name)
                removed += 1
            except EngineError:  # its guard was faster, or it is in use: the next sweep looks again
                continue
    return removed
