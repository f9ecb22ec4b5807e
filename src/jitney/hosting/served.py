"""What is served on this machine now: one small file a service, for `ps`, `stop` and `logs`.

data/served/RUN.json   who serves what where; gone when it ends. A file whose process is dead counts as gone
data/served/RUN.log    what its runtimes wrote, the end of it; kept until the next service starts
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from jitney.config import Config
from jitney.models.storage.files import write_whole

LOG_BYTES = 8 << 20
"""Above which the older half of a log goes."""
KEPT_LOGS = 20


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """run: the session's id. started: of the process, in clock ticks since the machine's start (/proc/PID/stat), so that a
    number that was given again is no mistake. state: loading or ready. boxes: containers that answer; others of the run are
    spare ones."""

    run: str
    pid: int
    started: int
    url: str
    models: tuple[str, ...]
    state: str = "loading"
    boxes: tuple[str, ...] = ()


def folder(config: Config) -> Path:
    return config.data / "served"


def note(config: Config, record: Record) -> None:
    write_whole(folder(config) / f"{record.run}.json", msgspec.json.encode(record))


def forget(config: Config, run: str) -> None:
    (folder(config) / f"{run}.json").unlink(missing_ok=True)


def services(config: Config) -> list[Record]:
    """Those that live, oldest first; files of dead ones are removed."""
    found = []
    for path in folder(config).glob("*.json"):
        try:
            record = msgspec.json.decode(path.read_bytes(), type=Record)
        except (OSError, msgspec.DecodeError):
            continue
        if started(record.pid) == record.started:
            found.append(record)
        else:
            path.unlink(missing_ok=True)
    return sorted(found, key=lambda record: record.started)


def own_record(run: str, url: str, models: tuple[str, ...]) -> Record:
    return Record(run=run, pid=os.getpid(), started=started(os.getpid()), url=url, models=models)


def started(pid: int) -> int:
    """When the process began (proc(5), field 22 of stat); 0: there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[19])


class Log:
    """The end of what a service's runtimes wrote, a line each with its model's name."""

    def __init__(self, config: Config, run: str) -> None:
        self.path = folder(config) / f"{run}.log"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        _tidy(self.path.parent)
        self._file = self.path.open("ab", buffering=0)

    def take(self, name: str, piece: bytes) -> None:
        for line in piece.splitlines():
            self._file.write(name.encode() + b" | " + line + b"\n")
        if self._file.tell() > LOG_BYTES:
            self._halve()

    def close(self) -> None:
        self._file.close()

    def _halve(self) -> None:
        data = self.path.read_bytes()[-LOG_BYTES // 2 :]
        self._file.close()
        self.path.write_bytes(data[data.find(b"\n") + 1 :])
        self._file = self.path.open("ab", buffering=0)


def _tidy(place: Path) -> None:
    """Logs of former services, but for the newest."""
    logs = sorted(place.glob("*.log"), key=lambda path: path.stat().st_mtime)
    for path in logs[:-KEPT_LOGS]:
        with contextlib.suppress(OSError):
            path.unlink()
