"""MLC-LLM's road with a stand-in for its wheels: a folder of them is found, built in, and called by the real one's words."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Jitney

pytestmark = [pytest.mark.engine, pytest.mark.model, pytest.mark.slow]
STANDIN = Path(__file__).parent / "standin" / "mlc_llm"
ASK = ("run", "--runtime", "mlc-llm", "--max-tokens", "8", "smollm2", "What is 2+2?")


def wheel(folder: Path, name: str, sources: tuple[Path, ...]) -> None:
    """A pure wheel, version 0.20.0.dev7."""
    info = f"{name}-0.20.0.dev7.dist-info"
    with zipfile.ZipFile(folder / f"{name}-0.20.0.dev7-py3-none-any.whl", "w") as archive:
        names = [f"{info}/METADATA", f"{info}/WHEEL", f"{info}/RECORD"]
        archive.writestr(
            names[0], f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 0.20.0.dev7\n"
        )
        archive.writestr(
            names[1], "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        for source in sources:
            names.append(f"{name}/{source.name}")
            archive.write(source, names[-1])
        archive.writestr(names[2], "".join(f"{one},,\n" for one in names))


@pytest.mark.timeout(1500)
def test_a_model_is_converted_compiled_and_served(
    jitney: Jitney, tmp_path: Path, assert_nothing_left: Callable[[], None]
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    wheel(wheels, "mlc_llm", tuple(sorted(STANDIN.glob("*.py"))))
    wheel(wheels, "mlc_ai", ())
    told = {"JITNEY_PYTHON_WHEELS": str(wheels)}
    first = jitney(*ASK, env=told, timeout=1400)
    assert first.returncode == 0, first.stderr.decode()[-3000:]
    assert first.stdout.decode().strip() == "chatml, not computed: What is 2+2?"
    second = jitney(*ASK, env=told)
    assert second.stdout == first.stdout
    assert b"converting" not in second.stderr
    assert_nothing_left()


def test_without_its_wheels_it_says_which_it_needs(jitney: Jitney, tmp_path: Path) -> None:
    wheel(tmp_path, "other", ())
    for told, said in (
        ({}, "nobody said"),
        ({"JITNEY_PYTHON_WHEELS": str(tmp_path)}, "has no mlc_llm-*.whl"),
    ):
        done = jitney(*ASK, env=told)
        assert done.returncode == 125
        assert said in done.stderr.decode()
        assert "python_wheels" in done.stderr.decode()
