"""TVM's row and the adapter's side of it, with a stand-in for the compiled model that keeps account of what it computes."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jitney.models.model import ModelInfo, WeightFile, Weights
from jitney.runtimes.protocol import Serving
from jitney.runtimes.tvm import TVM

WEIGHTS = Weights(
    ref="tvm://x",
    format="tvm",
    main="jitney-tvm.json",
    files=(WeightFile(name="lib.so", sha256="0" * 64, bytes=1000),),
    info=ModelInfo(layers=30, kv_width=192, chat_template=True),
)
SERVING = Serving(
    weights=WEIGHTS, model="/models/files/jitney-tvm.json", alias="smollm2", context=1024, slots=2, threads=3
)


def test_its_program_has_the_runner_beside_the_adapter() -> None:
    files = TVM.holder(None).program  # type: ignore[arg-type]  # no facts are looked at
    assert next(iter(files)) == "serve_tvm.py"
    assert {"tvm_run.py", "adapter/with_tvm.py", "adapter/app.py"} <= files.keys()
    assert "apache-tvm==0.27.0.post1" in files["serve_tvm.py"]


def test_threads_and_memory_are_told() -> None:
    assert TVM.env(SERVING)["TVM_NUM_THREADS"] == "3"
    assert TVM.env(SERVING)["OMP_NUM_THREADS"] == "3"
    assert TVM.env(SERVING)["TVM_USE_RUNTIME_LIB"] == "1", "the compiler stays aside"
    one_text = 2 * 4 * 30 * 192 * 1024
    assert TVM.memory_bytes(SERVING) > 2 * one_text
    assert "batching" in TVM.features(WEIGHTS)


class Stand:
    """A compiled model: what it was asked to compute, in order."""

    most = 4

    def __init__(self, folder: str, context: int, slots: int) -> None:
        self.steps: list[tuple[tuple[int, ...], int, int]] = []

    def step(self, tokens: Sequence[int], place: int, slot: int) -> Any:
        self.steps.append((tuple(tokens), place, slot))
        return np.array([float(tokens[-1])], np.float32)


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    stand = types.ModuleType("tvm_run")
    stand.Model = Stand  # type: ignore[attr-defined]  # made here
    monkeypatch.setitem(sys.modules, "tvm_run", stand)
    monkeypatch.delitem(sys.modules, "jitney.runtimes.adapter.with_tvm", raising=False)
    from jitney.runtimes.adapter import with_tvm

    yield with_tvm
    sys.modules.pop("jitney.runtimes.adapter.with_tvm", None)


def test_a_prompt_that_goes_on_where_another_ended_is_not_computed_again(backend: Any) -> None:
    texts = backend._Texts(Path("x"), 64, 2)
    steps = texts._model.steps
    first = backend._Run(texts, [1, 2, 3, 4, 5])
    assert first.feed([1, 2, 3, 4, 5])[0] == 5
    first.feed([6])
    first.close()
    assert steps == [((1, 2, 3, 4), 0, 0), ((5,), 4, 0), ((6,), 5, 0)]
    steps.clear()
    second = backend._Run(texts, [1, 2, 3, 4, 5, 6, 7])
    assert second.feed([1, 2, 3, 4, 5, 6, 7])[0] == 7
    assert steps == [((7,), 6, 0)]
    second.close()


def test_the_same_prompt_computes_its_last_token(backend: Any) -> None:
    texts = backend._Texts(Path("x"), 64, 1)
    for _ in range(2):
        run = backend._Run(texts, [1, 2, 3])
        assert run.feed([1, 2])[-1:].tolist() in ([2.0], [])
        assert run.feed([3])[0] == 3
        run.close()
    assert texts._model.steps[-1] == ((3,), 2, 0)


def test_another_text_takes_the_slot_that_was_idle_longest(backend: Any) -> None:
    texts = backend._Texts(Path("x"), 64, 2)
    long = backend._Run(texts, [1, 2, 3, 4, 5, 6])
    long.feed([1, 2, 3, 4, 5, 6])
    long.close()
    other = backend._Run(texts, [1, 9])
    other.feed([1, 9])
    assert texts._model.steps[-1][2] == 1, "the long text stays where it is"
    at_once = backend._Run(texts, [1, 2, 3, 4, 5, 7])
    at_once.feed([1, 2, 3, 4, 5, 7])
    assert texts._model.steps[-1] == ((7,), 5, 0)


def _folder(path: Path, **changes: object) -> Path:
    (path / "lib.so").write_bytes(b"\x7fELF")
    digest = hashlib.sha256(b"\x7fELF").hexdigest()
    about = {"version": 1, "machine": platform.machine(), "flags": [], "library": digest, **changes}
    (path / "jitney-tvm.json").write_text(json.dumps(about))
    return path


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 2}, "version 2"),
        ({"library": "0" * 64}, "not the library"),
        ({"machine": "m68k"}, "compiled for m68k"),
        ({"flags": ["avx1024"]}, "processors with avx1024"),
    ],
)
def test_a_library_for_elsewhere_is_refused_before_it_is_loaded(
    backend: Any, tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    from jitney.runtimes.adapter.backend import CannotLoadError, Settings

    with pytest.raises(CannotLoadError, match=said):
        backend.load(Settings(model=str(_folder(tmp_path, **changes) / "jitney-tvm.json")))
