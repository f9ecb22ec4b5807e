"""Which runtimes are asked, and how each is served: by `jitney serve`, or by who has the URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from jitney.bench.box import cpu_seconds
from tests.contract.runtimes import offered, trouble
from tests.contract.runtimes.cases import CASES
from tests.contract.runtimes.results import Results
from tests.contract.runtimes.served import served
from tests.contract.runtimes.subject import Subject

assert offered and trouble, "importing them adds their cases"

MODEL = "smollm2"
FAST = ("llama.cpp", "transformers", "onnxruntime-genai")
SLOW = ("ctranslate2", "openvino-genai", "vllm", "mistral.rs", "tvm", "triton", "ray-serve", "torchserve")
FAST_ENCODERS, SLOW_ENCODERS = ("transformers",), ("vllm",)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "subject" in metafunc.fixturenames:
        metafunc.parametrize("subject", _runtimes(metafunc.config), indirect=True, scope="session")
    if "runtime" in metafunc.fixturenames:  # served by the test itself
        metafunc.parametrize("runtime", _served(metafunc.config, FAST, SLOW))
    if "encoder" in metafunc.fixturenames:
        names = _served(metafunc.config, FAST_ENCODERS, SLOW_ENCODERS)
        metafunc.parametrize("encoder", names, indirect=True, scope="module")
    if "contract" in metafunc.fixturenames:
        metafunc.parametrize("contract", list(CASES))


def _runtimes(config: pytest.Config) -> list[object]:
    if config.getoption("--contract-url"):
        return [config.getoption("--contract-name")]
    return _served(config, FAST, SLOW)


def _served(config: pytest.Config, fast: tuple[str, ...], slow: tuple[str, ...]) -> list[object]:
    """Those that are named; none where somebody else serves."""
    marks = [pytest.mark.engine, pytest.mark.model]
    named = config.getoption("--contract-runtimes").split(",")
    if config.getoption("--contract-url"):
        return []
    if any(named):
        return [pytest.param(name, marks=marks) for name in (*fast, *slow) if name in named]
    return [
        *(pytest.param(name, marks=marks) for name in fast),
        *(pytest.param(name, marks=[*marks, pytest.mark.slow]) for name in slow),
    ]


@pytest.fixture(scope="session")
def results(pytestconfig: pytest.Config) -> Iterator[Results]:
    path = pytestconfig.getoption("--contract-json")
    found = Results(Path(path) if path else None, MODEL)
    yield found
    found.write()


@pytest.fixture(scope="session")
def subject(request: pytest.FixtureRequest, results: Results) -> Iterator[Subject]:
    """One server a runtime, for all its cases."""
    option = request.config.getoption
    with ExitStack() as stack:
        if option("--contract-url"):
            features = option("--contract-features").split(",")
            box = option("--contract-box")
            clock = (lambda: cpu_seconds((box,))) if box else None
            yield Subject(
                request.param, option("--contract-url"), option("--contract-model"), features, clock
            )
            return
        try:
            one = stack.enter_context(served(request.param, MODEL))
        except (OSError, RuntimeError, httpx.HTTPError) as error:
            results.broken(request.param, str(error))
            raise
        yield one
