"""Threads that help, memory that is there."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from jitney.config import Config
from jitney.errors import ModelError
from jitney.facts.hardware import load_average, memory_available
from jitney.hosting.limits import require_all, require_memory, threads_for
from jitney.models.layout import View
from jitney.models.model import ModelInfo, WeightFile, Weights
from jitney.runtimes.llamacpp import LlamaCpp
from jitney.runtimes.protocol import Serving
from jitney.runtimes.server import Hosted

INFO = ModelInfo(
    architecture="llama",
    parameters=8_000_000_000,
    quantisation="Q8_0",
    layers=32,
    kv_width=1024,
    vocabulary=128_000,
    embedding=4096,
)
WEIGHTS = Weights(
    ref="r",
    format="gguf",
    main="m.gguf",
    files=(WeightFile(name="m.gguf", sha256="0" * 64, bytes=8 << 30),),
    info=INFO,
)
HOSTED = Hosted(
    runtime=LlamaCpp(),
    serving=Serving(weights=WEIGHTS, model="/models/files/m.gguf", alias="big", context=8192),
    view=View(key="k", path="/p", main="/models/files/m.gguf"),
    image="i",
)


@pytest.mark.parametrize(
    ("cores", "load", "parameters", "want"),
    [
        (2, 0.0, 135_000_000, 1),
        (16, 0.0, 135_000_000, 1),
        (16, 0.0, 700_000_000, 2),
        (2, 0.0, 8_000_000_000, 1),
        (16, 0.0, 8_000_000_000, 15),
        (16, 10.4, 8_000_000_000, 6),
        (16, 40.0, 8_000_000_000, 1),
        (1, 0.0, 0, 1),
    ],
)
def test_no_more_threads_than_have_work_and_a_core(
    cores: int, load: float, parameters: int, want: int
) -> None:
    assert threads_for(cores, load, parameters) == want


def test_too_large_is_told_in_numbers_with_what_would_fit() -> None:
    with pytest.raises(ModelError) as caught:
        require_memory(HOSTED, 6 << 30, Config())
    assert "8.6 GB of weights" in caught.value.message
    assert "6.4 GB are free" in caught.value.message
    assert "Q6_K 6.6 GB" in caught.value.hint
    assert "--ctx-size 2048" in caught.value.hint


def test_what_fits_is_let_through() -> None:
    require_memory(HOSTED, 64 << 30, Config())
    require_memory(HOSTED, 0, Config())  # nobody knows


def test_a_limit_below_the_weights_is_refused() -> None:
    with pytest.raises(ModelError, match="--memory allows"):
        require_memory(HOSTED, 64 << 30, Config(memory_bytes=1 << 30))


def test_several_models_have_to_fit_together() -> None:
    other = msgspec.structs.replace(HOSTED)
    require_all({"a": HOSTED}, 12 << 30)
    with pytest.raises(ModelError, match=r"together \(a .* GB, b .* GB\)"):
        require_all({"a": HOSTED, "b": other}, 12 << 30)


def test_memory_and_load_are_read_from_the_kernel(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal:       100 kB\nMemAvailable:        64 kB\n")
    (tmp_path / "proc/loadavg").write_text("1.25 0.5 0.1 1/2 3\n")
    assert memory_available(tmp_path) == 65536
    assert load_average(tmp_path) == 1.25
    assert memory_available(tmp_path / "none") == 0
    assert load_average(tmp_path / "none") == 0.0
