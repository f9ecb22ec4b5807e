"""A model that to_tvm.py compiled, called: tokens in, logits out. Used where it is made and where it is served; there
TVM_USE_RUNTIME_LIB leaves the compiler aside, of which nothing is imported here."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

import numpy as np
import tvm
import tvm_ffi
from safetensors import safe_open
from tvm.runtime.vm import VirtualMachine

ALIGNED = 64
"""Bytes: what compiled code takes for granted of an address."""


class Model:
    """The library, its parameters, and a cache for `slots` texts of at most `context` tokens each; pages of it take memory
    when they are first written. Called by one thread at a time."""

    def __init__(self, folder: str, context: int, slots: int) -> None:
        with open(os.path.join(folder, "jitney-tvm.json"), encoding="utf-8") as file:
            self.about = json.load(file)
        self.context, self.slots = context, slots
        library = tvm.runtime.load_module(os.path.join(folder, "lib.so"))
        self._machine = VirtualMachine(library, tvm.cpu())
        with safe_open(os.path.join(folder, "params.safetensors"), framework="numpy") as numbers:
            names = self.about["parameters"]
            self._parameters = tvm_ffi.convert(
                [tvm.runtime.tensor(numbers.get_tensor(name)) for name in names]
            )
        self._turning = np.array(self.about["turning"], np.float64)
        width, block = self.about["width"], self.about["block"]
        self._memory: list[np.ndarray] = []
        self._keys, self._values = (self._cache(inner) for inner in ((width, block), (block, width)))
        self._sizes = sorted(self.about["sizes"])
        self._steps = {size: self._machine["step_%d" % size] for size in self._sizes}

    def feed(self, tokens: Sequence[int], place: int, slot: int) -> np.ndarray:
        """The text in `slot` has `place` tokens and goes on with these. Returns the logits after the last: (vocabulary,)."""
        assert tokens and place + len(tokens) <= self.context and slot < self.slots, "it fits"
        most = self._sizes[-1]
        logits = None
        for start in range(0, len(tokens), most):
            logits = self.step(tokens[start : start + most], place + start, slot)
        assert logits is not None, "there is a token"
        return logits

    def step(self, tokens: Sequence[int], place: int, slot: int) -> np.ndarray:
        """The same for no more tokens than one call of the library takes."""
        count = len(tokens)
        size = next(size for size in self._sizes if size >= count)
        ids = np.zeros(size, np.int32)
        ids[:count] = tokens
        places = np.full(size, -1, np.int32)
        places[:count] = np.arange(place, place + count)
        angles = places[:, None] * self._turning
        given = (ids, places, _one(slot), _one(count - 1), _small(np.cos(angles)), _small(np.sin(angles)))
        tensors = [tvm.runtime.tensor(one) for one in given]
        logits = self._steps[size](*tensors, self._keys, self._values, self._parameters)
        return logits.numpy()[0, : self.about["vocabulary"]]  # type: ignore[no-any-return]  # of a library without types

    @property
    def most(self) -> int:
        """Tokens that one `step` takes."""
        return int(self._sizes[-1])

    def _cache(self, inner: tuple[int, int]) -> tvm.runtime.Tensor:
        """Zeros that nobody has touched yet."""
        blocks = -(-self.context // self.about["block"])
        size = (self.slots, blocks, self.about["layers"], self.about["kept"], *inner)
        count = int(np.prod(size))
        raw = np.zeros(count + ALIGNED // 4, np.float32)
        first = -raw.ctypes.data % ALIGNED // 4
        self._memory.append(raw)
        return tvm.runtime.from_dlpack(raw[first : first + count].reshape(size))


def _one(number: int) -> np.ndarray:
    return np.array([number], np.int32)


def _small(numbers: np.ndarray) -> np.ndarray:
    return numbers.astype(np.float32)
