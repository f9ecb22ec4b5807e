"""What `jitney detect` and `jitney explain` print: reviewed once, and it fits on a screen for every example."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from jitney.cli.shown import LINES, WIDTH, everything, sentence, show
from jitney.detect import detect
from jitney.detect.model import Detection, Endpoint, ModelUse, Package, UnknownImport, Wishes
from jitney.findings import Evidence
from jitney.plan.model import BuildPlan, Plan, RunPlan
from jitney.source import Source

EXAMPLES = Path(__file__).parents[3] / "examples"


def saw(rule: str, decides: str, value: str, file: str = "", line: int = 0, *losers: str) -> Evidence:
    return Evidence(rule=rule, decides=decides, value=value, file=file, line=line, losers=losers)


HOSTED = Detection(
    language="python",
    version=">=3.11",
    frameworks=("openai",),
    mode="hosted",
    modes=("hosted", "local-server"),
    entry="app/chat.py",
    start=("chat.py",),
    workdir="app",
    manager="requirements",
    packages=tuple(
        Package(name=name, spec=">=1.0", why=saw("python.requirements", "package", name, "app/requirements.txt", line))
        for line, name in enumerate(("openai", "rich", "httpx", "pydantic", "tenacity", "tiktoken", "numpy"), 1)
    ),
    models=(ModelUse(name="gpt-4o", kind="served", why=saw("model.named", "model", "gpt-4o", "app/chat.py", 7)),),
    endpoints=(Endpoint(kind="hosted", host="api.openai.com", port=443, why=saw("endpoint.default", "endpoint", "openai", "app/chat.py", 2)),),
    unknown=(UnknownImport(name="nobody", file="app/chat.py", line=4),),
    env=("OPENAI_API_KEY",),
    secrets=("OPENAI_API_KEY",),
    evidence=(
        saw("language.manifest", "language", "python", "app/requirements.txt", 0, "javascript (app/package.json)"),
        saw("dockerfile.cmd", "entry", "app/chat.py", "app/Dockerfile", 9, "python.entry.name: app/main.py", "readme: python main.py"),
        saw("python.version.pyproject", "version", ">=3.11", "app/pyproject.toml", 4, "dockerfile.from: 3.9 (app/Dockerfile:1)"),
        saw("framework.import", "framework", "openai", "app/chat.py", 2),
        saw("mode.framework", "mode", "hosted", "app/chat.py", 2, "local-server"),
        saw("dockerfile.apt", "recipe", "a hint, not installed: ffmpeg", "app/Dockerfile", 3),
    ),
)  # fmt: skip
PLAN = Plan(
    language="python",
    version="3.13",
    build=BuildPlan(stages=()),
    run=RunPlan(argv=("python3", "chat.py")),
    evidence=(saw("base.python", "base", "Python 3.13 for >=3.11"), saw("delivery.stream", "delivery", "stream: 0.1 MB")),
)  # fmt: skip
HOSTILE = Detection(
    language="python",
    entry="a b\x1b[31m\n.py",
    mode="none",
    evidence=(saw("source.file", "entry", "a b\x1b[31m\n.py", "a b\x1b[31m\n.py"),),
)


def test_detect(snapshot: SnapshotAssertion) -> None:
    assert show(HOSTED, "app") == snapshot


def test_explain(snapshot: SnapshotAssertion) -> None:
    assert show(HOSTED, "app/", PLAN) == snapshot


def test_all(snapshot: SnapshotAssertion) -> None:
    assert show(HOSTED, "app", PLAN, whole=True) == snapshot


def test_names_do_not_move_the_terminal(snapshot: SnapshotAssertion) -> None:
    said = show(HOSTILE, HOSTILE.entry)
    assert "\x1b" not in said
    assert said == snapshot


def test_colour_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in show(HOSTED, "app", PLAN)
    monkeypatch.setattr("jitney.cli.shown.wants_colour", lambda: True)
    assert "\x1b[1mlanguage" in show(HOSTED, "app", PLAN)


def test_the_json_has_what_the_screen_has() -> None:
    shown = {(row.decides, row.value) for row in everything(HOSTED, PLAN)}
    assert {(row.decides, row.value) for row in (*HOSTED.evidence, *PLAN.evidence)} <= shown
    assert ("package", "tiktoken>=1.0") in shown
    assert sentence(HOSTED, "app", PLAN).startswith(
        "app is a Python 3.13 program that calls a hosted model or "
    )


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()))
def test_it_fits_on_a_screen(name: str) -> None:
    folder = EXAMPLES / name
    files: dict[str, str | bytes] = {
        f"examples/{name}/{path.relative_to(folder)}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    found = detect(Source.from_mapping(files, workdir=f"examples/{name}"), Wishes())
    lines = show(found, f"examples/{name}").splitlines()
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= WIDTH, max(lines, key=len)
    assert f"examples/{name} is a" in lines[0]
