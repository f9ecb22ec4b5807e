"""Apache TVM: a folder that to_tvm.py made, called through tvm_run.py, which lies beside this package.

One thread computes, a step at a time, in the order in which steps are asked for: several answers take turns, a long prompt
holds up the others by one step. What an answer leaves in its slot is taken up again by a prompt that begins like it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import tvm_run

from .backend import CannotLoadError, Loaded, Settings, Steps, Wish
from .sampling import OFFERS, Logits, walk
from .words import Words, defaults, folder_of, read_json

VERSION = 1
"""Of jitney-tvm.json."""


def load(settings: Settings) -> Loaded:
    folder = folder_of(settings.model)
    about = read_json(folder / "jitney-tvm.json")
    _require_fit(folder, about)
    if settings.adapters:
        raise CannotLoadError("adapters are not merged into compiled models: merge them before compiling")
    os.environ["TVM_NUM_THREADS"] = str(settings.threads)
    words = Words(folder)
    context = min(settings.context, int(about["context"]))
    texts = _Texts(folder, context, settings.slots)

    def generate(prompt: Sequence[int], wish: Wish) -> Steps:
        return walk(_Run(texts, prompt), prompt, wish, words)

    offers = (OFFERS if words.template else OFFERS - {"chat"}) | {"batching"}
    return Loaded(context, offers, words, generate, at_once=settings.slots, defaults=defaults(folder))


def _require_fit(folder: Path, about: dict[str, object]) -> None:
    """A library is code: it is the one that was checked when it was made, and it is for this processor."""
    if about.get("version") != VERSION:
        raise CannotLoadError(
            f"jitney-tvm.json has version {about.get('version')}, and {VERSION} is known here"
        )
    library = folder / "lib.so"
    if hashlib.sha256(library.read_bytes()).hexdigest() != about.get("library"):
        raise CannotLoadError("lib.so is not the library that jitney-tvm.json describes")
    if about.get("machine") != platform.machine():
        raise CannotLoadError(f"it was compiled for {about.get('machine')}, and this is {platform.machine()}")
    wanted = about.get("flags")
    missing = set(wanted if isinstance(wanted, list) else ()) - _flags()
    if missing:
        raise CannotLoadError(f"it was compiled for processors with {', '.join(sorted(missing))}")


def _flags() -> set[str]:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return set(next((line.split() for line in lines if line.startswith("flags")), ()))


class _Texts:
    """The model's slots, each with the tokens that lie in it, least recently used first."""

    def __init__(self, folder: Path, context: int, slots: int) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tvm")
        self._model = self._thread.submit(tvm_run.Model, str(folder), context, slots).result()
        self._idle: dict[int, list[int]] = {slot: [] for slot in range(slots)}
        self._lock = threading.Lock()
        self.most = self._model.most

    def take(self, prompt: Sequence[int]) -> tuple[int, list[int]]:
        """A slot, and what lies in it that the prompt begins with; at least one token of the prompt is left to compute."""
        with self._lock:
            slot = max(self._idle, key=lambda one: _common(self._idle[one], prompt))
            if 2 * _common(self._idle[slot], prompt) < len(
                self._idle[slot]
            ):  # most of another text would be lost
                slot = next(iter(self._idle))
            kept = self._idle.pop(slot)
        return slot, kept[: min(_common(kept, prompt), len(prompt) - 1)]

    def give_back(self, slot: int, text: list[int]) -> None:
        with self._lock:
            self._idle[slot] = text

    def step(self, tokens: Sequence[int], place: int, slot: int) -> Logits:
        found: Logits = self._thread.submit(self._model.step, tokens, place, slot).result()
        return found


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    for at, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return at
    return min(len(one), len(other))


class _Run:
    """One answer: a slot from its first tokens on."""

    def __init__(self, texts: _Texts, prompt: Sequence[int]) -> None:
        self._texts = texts
        self._prompt = prompt
        self._slot: int | None = None
        self._text: list[int] = []
        self._asked = 0

    def feed(self, tokens: Sequence[int]) -> Logits:
        if self._slot is None:
            self._slot, self._text = self._texts.take(self._prompt)
        new = tokens[max(len(self._text) - self._asked, 0) :]
        self._asked += len(tokens)
        logits: Logits = np.zeros(0, np.float32)
        for start in range(0, len(new), self._texts.most):
            part = new[start : start + self._texts.most]
            logits = self._texts.step(part, len(self._text), self._slot)
            self._text.extend(part)
        return logits

    def close(self) -> None:
        if self._slot is not None:
            self._texts.give_back(self._slot, self._text)
            self._slot = None
