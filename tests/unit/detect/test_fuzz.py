"""Mutated manifests and sources of every format and language never give a traceback, and never take long.

A round: one project (fuzz_seeds.py, a folder of examples/), one to four of its files mutated, now and then a file of another
project beside them. What comes back is a Detection, or an error with words. Same seed, same rounds.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from tests.unit.detect.fuzz_seeds import PROJECTS

from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.errors import JitneyError
from jitney.source import Source

EXAMPLES = Path(__file__).parents[3] / "examples"
LIMIT_S = 10.0
"""For one mutant, on a machine that does other things besides."""

LARGEST = 20_000
SPICE = (b"\0", b"\xff", b"\n", b"'", b'"', b"[", b"]", b"(", b"{", b"}", b"<", b"..", b"/", b"\\", b"=", b"$", b"${", b"`",
         b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n", b"\t", b"\xe2\x80\xa8", b"#", b"//", b"/*", b"a" * 300)  # fmt: skip
NUMBERS = (b"9" * 5000, b"-1", b"0", b"1e999", b"99999999999999999999", b"0x10", b"3.9999999999", b"NaN")
NESTS = (
    (b"[", b"]"),
    (b"{", b"}"),
    (b"(", b")"),
    (b"<a>", b"</a>"),
    (b'{"a":', b"}"),
    (b"- ", b""),
    (b"!", b""),
    (b"((", b"))"),
)
NULLS = (b"null", b"None", b"nil", b"{}", b"[]", b'""', b"true", b"~")


def projects() -> dict[str, dict[str, bytes]]:
    found = {name: {path: text.encode() for path, text in files.items()} for name, files in PROJECTS.items()}
    for folder in sorted(path for path in EXAMPLES.iterdir() if path.is_dir()):
        files = {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.stat().st_size < LARGEST
        }
        if files:
            found[folder.name] = files
    return found


def mutate(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    kinds = (_insert, _insert, _cut, _flip, _nest, _number, _double, _null, _splice, _encode, _lines)
    for _ in range(chance.randint(1, 4)):
        data = chance.choice(kinds)(data, chance, others)[: 1 << 18]
    return data


def _at(data: bytes, chance: random.Random) -> int:
    return chance.randint(0, len(data))


def _insert(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    at = _at(data, chance)
    return (
        data[:at]
        + chance.choice((*SPICE, bytes([chance.randint(0, 255)])))
        + data[at + chance.choice((0, 0, 1, 5)) :]
    )


def _cut(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    at = _at(data, chance)
    return data[:at] + data[at + chance.choice((1, 10, 100, len(data))) :]


def _flip(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    flipped = bytearray(data)
    for _ in range(chance.randint(1, 8) if flipped else 0):
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def _nest(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    begin, end = chance.choice(NESTS)
    at, depth = _at(data, chance), chance.choice((3, 120, 3000, 20_000))
    return data[:at] + begin * depth + chance.choice((b"", b"x", end * depth)) + data[at:]


def _number(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    digits = [at for at, byte in enumerate(data) if 48 <= byte < 58]
    if not digits:
        return data + chance.choice(NUMBERS)
    at = chance.choice(digits)
    return data[:at] + chance.choice(NUMBERS) + data[at + 1 :]


def _double(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """Keys and sections twice."""
    lines = data.splitlines(keepends=True)
    return data if not lines else data + chance.choice(lines) * chance.choice((1, 2, 500))


def _null(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """Something else where a value stands."""
    marks = [at for at, byte in enumerate(data) if byte in b"=:"]
    if not marks:
        return data
    at = chance.choice(marks) + 1
    end = next((place for place in range(at, len(data)) if data[place] in b",\n}"), len(data))
    return data[:at] + b" " + chance.choice(NULLS) + data[end:]


def _splice(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    other = chance.choice(others)
    return data[: _at(data, chance)] + other[_at(other, chance) :]


def _encode(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(chance.choice(("utf-16", "utf-16-be", "utf-32", "utf-8-sig", "cp037")), "replace")


def _lines(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """No line ends, or another kind of them."""
    return data.replace(b"\n", chance.choice((b" ", b"\r", b"\r\n", b"\x0c", b"\n\n\n")))


@contextmanager
def limited(what: str) -> Iterator[None]:
    def late(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"{what} takes longer than {LIMIT_S} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def rounds(count: int, seed: int) -> Iterator[tuple[str, dict[str, bytes], str]]:
    """Name, files, entry."""
    chance = random.Random(seed)
    known = projects()
    everything = [data for files in known.values() for data in files.values()]
    places = [(path, data) for files in known.values() for path, data in files.items()]
    names = sorted(known)
    for number in range(count):
        name = names[number % len(names)]
        files = dict(known[name])
        for path in chance.sample(sorted(files), min(len(files), chance.randint(1, 4))):
            files[path] = mutate(files[path], chance, everything)
        for _ in range(chance.choice((0, 0, 1, 2))):
            path, data = chance.choice(places)
            files[path] = mutate(data, chance, everything)
        yield f"{seed}:{number} ({name})", files, chance.choice(["", "", *sorted(files)])


def survive(count: int, seed: int) -> tuple[int, float]:
    """How many mutants were detected rather than refused, and the longest time that one took."""
    detected, longest = 0, 0.0
    for name, files, entry in rounds(count, seed):
        began = time.monotonic()
        try:
            with limited(name):
                detect(Source.from_mapping(files, entry), Wishes())
            detected += 1
        except JitneyError as error:
            assert error.message
        except AssertionError:
            raise
        except BaseException as error:
            raise AssertionError(
                f"mutant {name}, entry {entry!r}: {type(error).__name__}: {error}"
            ) from error
        longest = max(longest, time.monotonic() - began)
    return detected, longest


def test_a_thousand_mutants() -> None:
    detected, _ = survive(1_000, 1)
    assert detected > 300


@pytest.mark.slow
def test_ten_thousand_mutants() -> None:
    detected, _ = survive(10_000, 2)
    assert detected > 3_000


NEVER_ENDING = [
    ("main.go", b"<!--" * 2000), ("A.java", b"<!--" * 2000), ("a.kt", b'{"a":' * 20_000), ("a.ts", b"(" * 100_000), ("a.js", b"<a>" * 20_000),
    ("a.lua", b"[[" * 10_000), ("a.sh", b"<<A\n" * 60_000), ("a.rs", b"r#" * 50_000), ("a.cpp", b"{" * 100_000), ("main.py", b"(" * 100_000),
    ("package.json", b"[" * 100_000), ("pom.xml", b"<a>" * 50_000), ("compose.yaml", b"- " * 50_000), ("Dockerfile", b"RUN \\\n" * 50_000),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "text"), NEVER_ENDING, ids=[f"{path} {text[:5]!r}" for path, text in NEVER_ENDING]
)
def test_what_never_ends_is_not_looked_for_again_and_again(path: str, text: bytes) -> None:
    """Each of them took a grammar or a pattern a time that grows with the square of its length."""
    files = {path: text, "main.py": b"print(1)\n"} if path != "main.py" else {path: text}
    is_code = path not in ("package.json", "pom.xml", "compose.yaml", "Dockerfile")
    began = time.process_time()
    with limited(path):
        try:
            detect(Source.from_mapping(files, path if is_code else ""), Wishes())
        except JitneyError as error:
            assert error.message
    assert time.process_time() - began < LIMIT_S
