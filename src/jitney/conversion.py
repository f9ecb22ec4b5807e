"""Conversions on the road: the script that turns weights into another format is a program like any other.

It is detected, resolved, planned, built and run in a sandbox of its own without network, with the weights mounted read-only;
what it writes to standard output is checked and taken into the Store. Each conversion is made once.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from jitney.config import Config
from jitney.errors import ModelError
from jitney.models.convert import Conversion, converted, keep
from jitney.models.files import disk_errors, room_for
from jitney.models.layout import Want, library_view
from jitney.plan.scripts import script
from jitney.sandbox.stdio import Stdio
from jitney.supply import Supply, store, supply

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from jitney.engine.protocol import Engine
    from jitney.listener import Listener
    from jitney.models.store import Store
    from jitney.road import Prepared

_OF_THE_MACHINE = (
    "engine_host",
    "engine_files",
    "base_provider",
    "registry",
    "debian_mirror",
    "python_index",
    "pytorch",
    "user",
    "disk_budget_bytes",
    "cache_dir",
    "data_dir",
)
"""Settings that count for a conversion as they do for the program; the others are the program's own."""
MEMORY = 2 << 30
SHARE = 0.8
LAST_LINES = 8


def complete(prepared: Prepared, config: Config, engine: Engine, listener: Listener) -> Prepared:
    """The same with all its weights: what is pending is made now. Raises ModelError with the script's last words."""
    kept = store(config)
    for one in prepared.supply.pending:
        with kept.lock(
            f"convert-{one.ref.rpartition('=')[2]}",
            lambda: listener.say("another jitney converts it: waiting"),
        ):
            if converted(kept, one) is None:
                listener.say(f"converting {one.about} ({one.bytes >> 20} MB, once)")
                with listener.phase("convert"):
                    _convert(one, kept, config, engine, listener)
    whole = supply(prepared.detection, config, _Quiet(listener))
    assert not whole.pending, "all were made"
    return msgspec.structs.replace(prepared, supply=whole)


def _convert(one: Conversion, kept: Store, config: Config, engine: Engine, listener: Listener) -> None:
    parts = kept.root / "parts"
    with disk_errors(kept.root):
        parts.mkdir(parents=True, exist_ok=True)
        room_for(parts, 2 * one.bytes)
        archive = parts / f"convert-{os.getpid()}-{os.urandom(4).hex()}.tar"
        try:
            _run(one, archive, kept, config, engine, listener)
            with archive.open("rb") as made:
                keep(kept, one, made)
        finally:
            archive.unlink(missing_ok=True)


def _run(
    one: Conversion, archive: Path, kept: Store, config: Config, engine: Engine, listener: Listener
) -> None:
    """The script's standard output is in `archive` afterwards."""
    from jitney import execute, road
    from jitney.source import Source

    quiet = _Quiet(listener)
    name = one.target.scripts[0]
    own = {field: getattr(config, field) for field in _OF_THE_MACHINE}
    source = Source.from_mapping({part: script(part) for part in one.target.scripts}, name)
    settings = Config(**own, memory_bytes=_memory(one))
    prepared = road.prepare(source, settings, engine, quiet, road.Wants(model=False))
    prepared = road.ensure_image(prepared, source, settings, engine, quiet)
    view = library_view(kept, (Want(weights=one.weights),))
    prepared = msgspec.structs.replace(prepared, supply=Supply(view=view))
    said = bytearray()

    def hear(piece: bytes) -> None:
        said.extend(piece)
        listener.progress(piece.decode("utf-8", "replace").strip().rpartition("\n")[2])

    with archive.open("wb") as target:
        stdio = Stdio(stdin=None, stdout=target.fileno(), stderr=hear)
        errand = execute.Errand(arguments=one.arguments, stdio=stdio)
        outcome = execute.execute(prepared, errand, source, settings, engine, quiet)
    if outcome.exit_code:
        lines = said.decode("utf-8", "replace").strip().splitlines()[-LAST_LINES:]
        raise ModelError(
            f"{one.about}: the conversion failed ({outcome.message or f'exit code {outcome.exit_code}'}):\n  "
            + "\n  ".join(lines),
            f"give weights in this format: --model FOLDER with {one.target.name} files",
        )


def _memory(one: Conversion) -> int:
    """The numbers are there twice, once more in /tmp, which may take half; bounded by this machine's own."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    numbers = 4 * one.weights.info.parameters
    return min(MEMORY + 5 * numbers, int(machine * SHARE))


class _Quiet:
    """Passes on what takes long, and warnings; the conversion's own small steps are nobody's business."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def say(self, line: str) -> None:
        self._listener.progress(line)

    def warn(self, line: str) -> None:
        self._listener.progress(line)

    def progress(self, line: str) -> None:
        self._listener.progress(line)

    def event(self, kind: str, /, **fields: object) -> None:
        pass

    def phase(self, name: str) -> AbstractContextManager[None]:
        from contextlib import nullcontext

        return nullcontext()
