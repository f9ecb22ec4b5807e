"""Conversions on the road: the script that turns weights into another format is a program like any other.

It is detected, resolved, planned, built and run in a sandbox of its own without network, with the weights mounted read-only;
what it writes to standard output is checked and taken into the Store. Each conversion is made once.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from jitney.config import Config, of_the_machine
from jitney.errors import ModelError
from jitney.models.formats.convert import (
    Conversion,
    converted,
    formats_from,
    keep,
    needed_disk,
    needed_memory,
)
from jitney.models.layout import Want, library_view
from jitney.models.storage.files import disk_errors, room_for
from jitney.plan.scripts import script
from jitney.sandbox.stdio import Stdio
from jitney.supply import Supply, store, supply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from jitney.engine.protocol import Engine
    from jitney.facts.model import EngineFacts
    from jitney.listener import Listener
    from jitney.models.model import Weights
    from jitney.models.storage.store import Store
    from jitney.road import Prepared
    from jitney.source import Source

ROOM = "/room"
"""Where the sandbox has a folder of this machine's disk to work in."""
SHARE = 0.9
"""Of the engine's memory: the rest is the system's."""
LAST_LINES = 8


def complete(prepared: Prepared, config: Config, engine: Engine, listener: Listener) -> Prepared:
    """The same with all its weights: what is pending is made now. Raises ModelError with the script's last words."""
    for one in prepared.supply.pending:
        convert(one, config, engine, listener)
    whole = supply(prepared.detection, config, _Quiet(listener))
    assert not whole.pending, "all were made"
    return msgspec.structs.replace(prepared, supply=whole)


def convert(
    conversion: Conversion, config: Config, engine: Engine, listener: Listener, *, fresh: bool = False
) -> Weights:
    """The weights in the other format: from the Store, or made now. One process at a time makes it, the others wait for it.

    fresh: made anew where the tools have other versions by now. Raises ModelError: too large for this machine, what the
    script said last.
    """
    conversion = _with_wheels(conversion, config)
    kept = store(config)
    found = None if fresh else converted(kept, conversion)
    if found is not None:
        return found
    if conversion.before is not None:
        first = convert(conversion.before, config, engine, listener, fresh=fresh)
        last = msgspec.structs.replace(conversion, weights=first, before=None)
        return kept.remember(convert(last, config, engine, listener, fresh=fresh), conversion.ref)
    name = f"convert-{conversion.ref.rpartition('=')[2]}"
    with kept.lock(name, lambda: listener.say("another jitney converts it: waiting")):
        found = None if fresh else converted(kept, conversion)
        return found or _Making(conversion, kept, config, engine, listener).make()


class _Making:
    """One conversion on its way."""

    def __init__(
        self, conversion: Conversion, kept: Store, config: Config, engine: Engine, listener: Listener
    ) -> None:
        self._one = conversion
        self._kept = kept
        own = of_the_machine(config)
        self._config = msgspec.structs.replace(
            own,
            apt=conversion.target.apt,
            packages=conversion.beside,
            gpus=False,
            no_cache=config.no_cache,
        )
        self._engine = engine
        self._listener = listener
        self._said = bytearray()

    def make(self) -> Weights:
        from jitney.facts.collect import collect
        from jitney.source import Source

        one, quiet = self._one, _Quiet(self._listener)
        _require_memory(one, collect(self._engine, self._config).engine)
        self._listener.say(f"converting {one.about} ({one.bytes / 1e6:,.0f} MB, once)")
        scripts = one.target.scripts
        source = Source.from_mapping({part: script(part) for part in scripts}, scripts[0])
        with self._listener.phase("convert"), _room(self._kept.root / "parts", needed_disk(one)) as room:
            prepared = self._prepared(source, quiet)
            tools = prepared.tag.rpartition(":")[2]
            found = converted(self._kept, one, tools)
            if found is not None:  # made by these very tools, although somebody asked for it anew
                return self._kept.remember(found, one.ref)
            archive = room.with_suffix(".tar")
            self._run(_with_room(prepared, one, room), source, archive)
            with archive.open("rb") as made:
                return keep(self._kept, one, made, tools)

    def _prepared(self, source: Source, quiet: _Quiet) -> Prepared:
        """Its image is there."""
        from jitney import road

        prepared = road.prepare(source, self._config, self._engine, quiet, road.Wants(model=False))
        return road.ensure_image(prepared, source, self._config, self._engine, quiet)

    def _run(self, prepared: Prepared, source: Source, archive: Path) -> None:
        """The script's standard output is in `archive` afterwards."""
        from jitney import execute

        view = library_view(self._kept, (Want(weights=self._one.weights),))
        prepared = msgspec.structs.replace(prepared, supply=Supply(view=view))
        env = {"TMPDIR": ROOM} if prepared.plan.sandbox.writes else {}
        with archive.open("wb") as target:
            stdio = Stdio(stdin=None, stdout=target.fileno(), stderr=self._hear)
            errand = execute.Errand(arguments=self._one.arguments, env=env, stdio=stdio)
            quiet = _Quiet(self._listener)
            outcome = execute.execute(prepared, errand, source, self._config, self._engine, quiet)
        if signal.SIGINT in (
            outcome.signal,
            outcome.exit_code - 128,
        ):  # the user's, and the script got it first
            raise KeyboardInterrupt
        if outcome.exit_code:
            lines = self._said.decode("utf-8", "replace").strip().splitlines()[-LAST_LINES:]
            why = outcome.message or f"exit code {outcome.exit_code}"
            raise ModelError(
                f"{self._one.about}: the conversion failed ({why}):\n  " + "\n  ".join(lines),
                _otherwise(self._one),
            )

    def _hear(self, piece: bytes) -> None:
        self._said.extend(piece)
        self._listener.progress(piece.decode("utf-8", "replace").strip().rpartition("\n")[2])


@contextmanager
def _room(parts: Path, size: int) -> Iterator[Path]:
    """A folder to work in on the Store's disk, open to the sandbox's user alone, with room beside it. Gone afterwards, and with
    it what a killed process left. ModelError: `size` bytes are not free."""
    import shutil
    import tempfile
    from pathlib import Path

    with disk_errors(parts):
        parts.mkdir(parents=True, exist_ok=True)
        for left in parts.glob("convert-*"):
            pid = left.name.split("-")[1]
            if pid.isdigit() and not _is_alive(int(pid)):
                shutil.rmtree(left, ignore_errors=True)
        room_for(parts, size)
        folder = Path(tempfile.mkdtemp(prefix=f"convert-{os.getpid()}-", dir=parts))
    try:
        room = folder / "room"
        room.mkdir()
        room.chmod(0o777)  # nobody else comes past the folder above
        yield room
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _with_wheels(one: Conversion, config: Config) -> Conversion:
    """The same with the packages of its script's that no index has. ModelError: nobody said where they are."""
    if one.target.name != "mlc":
        return one
    from jitney.facts.indexes import wheels
    from jitney.facts.model import Wheels
    from jitney.runtimes import mlc

    there = wheels(config.python_wheels) if config.python_wheels else Wheels()
    found = mlc.packages(there)
    if not found:
        raise ModelError(f"{one.about}: {mlc.missing(there)}", 'python_wheels = "FOLDER" in config.toml')
    return msgspec.structs.replace(one, beside=found, wheels=there.digest)


def _require_memory(one: Conversion, engine: EngineFacts) -> None:
    """ModelError: it takes more than the engine has, in numbers."""
    needed, there = _memory(one, engine), engine.memory_bytes
    if there and needed > there * SHARE:
        raise ModelError(
            f"{one.about}: making it takes about {needed / 1e9:,.1f} GB of memory, and this machine has "
            f"{there / 1e9:,.1f} GB",
            _otherwise(one),
        )


def _memory(one: Conversion, engine: EngineFacts) -> int:
    """Bytes; where the engine sees none of this machine's disk, it works in memory."""
    return needed_memory(one) + (0 if engine.shares_files else needed_disk(one))


def _with_room(prepared: Prepared, one: Conversion, room: Path) -> Prepared:
    """The same with memory and a place to work in: the folder, or memory where the engine does not see it."""
    engine = prepared.facts.engine
    sandbox = msgspec.structs.replace(prepared.plan.sandbox, memory_bytes=_memory(one, engine))
    if engine.shares_files:
        sandbox = msgspec.structs.replace(sandbox, writes=(f"{room}:{ROOM}",))
    else:
        sandbox = msgspec.structs.replace(sandbox, tmpfs={**sandbox.tmpfs, "/tmp": needed_disk(one)})  # noqa: S108  inside
    return msgspec.structs.replace(prepared, plan=msgspec.structs.replace(prepared.plan, sandbox=sandbox))


def _otherwise(one: Conversion) -> str:
    """What else would do."""
    formats = [format for format in formats_from(one.weights) if format != one.target.format]
    ways = [f"give weights that are {one.target.format} already: --model FOLDER"]
    ways += [f"or another format of these: {', '.join(formats)} (jitney convert)"] if formats else []
    return "\n".join(ways)


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
