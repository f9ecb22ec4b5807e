"""Look into one file of weights that is loaded by unpickling, with two scanners. Nothing is unpickled.

question: {"path": …, "name": …}   answer: {"reasons": [why it must not be loaded …], "pickles": how many were looked at}

No reason means that every byte of it that a loader would unpickle was seen by both. What was not understood is a reason: another kind
of archive, a member of unknown use, bytes behind the last pickle, a scanner's error.
"""

from __future__ import annotations

import io
import json
import pickletools
import re
import resource
import sys
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

Found = tuple[list[tuple[str, bytes]], list[str]]

MEMORY = 2 << 30
SECONDS = 60
MAX_PICKLE = 128 << 20
"""A checkpoint's pickle has names and shapes; its numbers lie beside it."""
MAX_PICKLES = 64
LEGACY = 0x1950A86A20F9469CFC6C
"""torch.save before 1.6: this number, the protocol, the system, the object, the storages' keys; then the numbers, raw."""
LEGACY_PICKLES = 5
OF_TORCH = re.compile(
    r"(?:.*/)?(?:data/\d+|version|byteorder|\.format_version|\.storage_alignment|\.data/serialization_id)"
)
"""Members of what torch.save writes that no loader unpickles."""


def payloads(file: BinaryIO) -> Found:
    """(name, bytes) of every pickle in it, and why it cannot be said that these are all."""
    head = file.read(4)
    is_zip = zipfile.is_zipfile(file)
    file.seek(0)
    if head == b"PK\x03\x04":
        return of_archive(file) if is_zip else ([], ["it begins like a zip archive and is none"])
    if is_zip:
        return [], ["a zip archive is hidden behind other bytes"]
    return of_stream(file)


def of_archive(file: BinaryIO) -> Found:
    found: list[tuple[str, bytes]] = []
    reasons: list[str] = []
    seen: set[str] = set()
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            name = member.filename
            if name in seen:
                reasons.append(f"two members are called {name}")
            seen.add(name)
            if name.endswith("/") or OF_TORCH.fullmatch(name):
                continue
            if not name.endswith(".pkl"):
                reasons.append(f"nothing here knows what the member {name} is for")
            elif member.file_size > MAX_PICKLE or len(found) == MAX_PICKLES:
                reasons.append(f"{name} is too large to be looked at: {member.file_size} bytes")
            else:
                data = archive.read(member)
                end = length_of(data)
                if end != len(data):
                    reasons.append(f"{name}: {len(data) - end} bytes behind its pickle")
                found.append((name, data))
    return found, reasons if found or reasons else ["there is no pickle in it"]


def of_stream(file: BinaryIO) -> Found:
    found: list[tuple[str, bytes]] = []
    start, most = 0, MAX_PICKLES
    data = file.read(MAX_PICKLE + 1)
    whole = len(data) <= MAX_PICKLE
    while start < len(data) and len(found) < most:
        end = start + length_of(data[start:])
        if end == start:
            break
        found.append((f"pickle {len(found) + 1}", data[start:end]))
        if len(found) == 1 and first_number(data) == LEGACY:
            most = LEGACY_PICKLES
        start = end
    if most == LEGACY_PICKLES:
        return found, [] if len(found) == most else ["a checkpoint of the old kind that is cut short"]
    left = f"{len(data) - start} bytes behind its last pickle" if whole else "it is too large to be looked at"
    return found, [] if start == len(data) and whole else [left if found else "it is no pickle"]


def length_of(data: bytes) -> int:
    """Bytes of the pickle at its beginning, 0: there is none."""
    try:
        for code, _, position in pickletools.genops(data):
            if code.name == "STOP":
                return int(position or 0) + 1
    except (ValueError, IndexError, UnicodeDecodeError, OverflowError):
        return 0
    return 0


def first_number(data: bytes) -> object:
    for code, value, _ in pickletools.genops(data):
        if code.name != "PROTO":
            return value
    return None


def by_picklescan(name: str, data: bytes) -> list[str]:
    """Its list of what is dangerous; and what it imports must be known to be harmless, by its list or by fickling's."""
    from fickling.ml import ML_ALLOWLIST
    from picklescan.scanner import scan_pickle_bytes

    result = scan_pickle_bytes(io.BytesIO(data), name)
    bad = [f"{one.module}.{one.name}" for one in result.globals if one.safety.value == "dangerous"]
    if result.scan_err:
        return [f"{name}: picklescan could not read it"]
    if result.issues_count or result.infected_files:
        return [f"{name}: it calls {', '.join(bad) or 'what is dangerous'} (picklescan)"]
    unknown = [
        f"{one.module}.{one.name}"
        for one in result.globals
        if one.safety.value != "innocuous" and one.name not in ML_ALLOWLIST.get(one.module, ())
    ]
    return [f"{name}: nobody knows that {', '.join(sorted(unknown)[:5])} is harmless"] if unknown else []


def by_fickling(name: str, data: bytes) -> list[str]:
    """fickling, by its table of what models are made of: its other rules call every checkpoint of PyTorch's unsafe."""
    from fickling import analysis
    from fickling.fickle import Pickled

    rules = (
        analysis.BadCalls,
        analysis.DuplicateProtoAnalysis,
        analysis.InterpretationErrorAnalysis,
        analysis.MisplacedProtoAnalysis,
        analysis.UnsafeImports,
        analysis.UnsafeImportsML,
    )
    found = analysis.check_safety(Pickled.load(data), analysis.Analyzer(rule() for rule in rules))
    if found.severity is analysis.Severity.LIKELY_SAFE:
        return []
    return [f"{name}: {' '.join(found.to_string().split())[:300]} (fickling)"]


def look(path: str) -> dict[str, Any]:
    with Path(path).open("rb") as file:
        found, reasons = payloads(file)
    for name, data in found:
        for scan in (by_picklescan, by_fickling):
            try:
                reasons += scan(name, data)
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001  whatever a scanner trips over: it has not passed the file
                reasons.append(
                    f"{name}: {scan.__name__.removeprefix('by_')} failed: {type(error).__name__} {error}"[
                        :300
                    ]
                )
    return {"reasons": reasons[:20], "pickles": len(found)}


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 2))
    question = json.load(sys.stdin)
    sys.setrecursionlimit(5000)
    try:
        answer = look(question["path"])
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        RuntimeError,
        NotImplementedError,
        EOFError,
        OSError,
    ) as error:
        answer = {"reasons": [f"it cannot be read: {error}"[:300]], "pickles": 0}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
