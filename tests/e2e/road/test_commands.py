"""The commands beside `run`, as a user types them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Jitney

pytestmark = pytest.mark.engine

CHAT = """import os
from openai import OpenAI

client = OpenAI(base_url="http://localhost:11434/v1", api_key=os.environ.get("OPENAI_API_KEY"))
print(client.chat.completions.create(model="llama3.1", messages=[]))
"""


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    path = tmp_path / "chat.py"
    path.write_text(CHAT)
    return path


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_commands_and_flags(shell: str, jitney: Jitney) -> None:
    done = jitney("completion", shell)
    assert done.returncode == 0, done.stderr
    assert b"explain" in done.stdout
    assert b"allow-host" in done.stdout


def test_bash_takes_the_completion(jitney: Jitney) -> None:
    script = jitney("completion", "bash").stdout
    assert subprocess.run(["bash", "-n"], input=script, check=False).returncode == 0


def test_detect_prints_what_the_design_promises(chat: Path, jitney: Jitney) -> None:
    seen = json.loads(jitney("detect", "--json", chat).stdout)
    assert {"language", "version", "frameworks", "mode", "entry", "packages", "models", "evidence"} <= set(
        seen
    )
    assert (seen["language"], seen["frameworks"][0], seen["mode"]) == ("python", "openai", "local-server")
    assert [(p["name"], p["why"]["line"]) for p in seen["packages"]] == [("openai", 2)]
    assert [model["name"] for model in seen["models"]] == ["llama3.1"]


def test_explain_says_where_each_decision_comes_from(chat: Path, jitney: Jitney) -> None:
    said = jitney("explain", "--model", "smollm2", chat).stdout.decode()
    assert "chat.py:2" in said
    assert "127.0.0.1:11434" in said
    dockerfile = jitney("explain", "--dockerfile", chat).stdout.decode()
    assert "# because: " in dockerfile
    assert "\nFROM " in dockerfile


def test_a_saved_plan_builds_the_same_image(chat: Path, jitney: Jitney) -> None:
    plan = jitney("plan", "--json", chat)
    saved = chat.with_name("plan.json")
    saved.write_bytes(plan.stdout)
    first = jitney("build", chat)
    assert first.returncode == 0, first.stderr
    assert jitney("build", saved).stdout == first.stdout
    broken = chat.with_name("broken.json")
    broken.write_text(json.dumps({**json.loads(plan.stdout), "run": 3}))
    refused = jitney("build", broken)
    assert refused.returncode == 2
    assert b"$.run" in refused.stderr


def test_doctor_says_what_is_there(jitney: Jitney) -> None:
    checks = {check["name"]: check for check in json.loads(jitney("doctor", "--json").stdout)["checks"]}
    assert checks["engine"]["state"] == checks["builder"]["state"] == checks["init"]["state"] == "ok"
    told = json.loads(jitney("doctor", "--json", env={"DOCKER_HOST": "unix:///none"}).stdout)
    lame = {check["name"]: check for check in told["checks"]}
    assert lame["engine"]["state"] == "fail"
    assert lame["engine"]["mend"]
    assert told["images"] == {"members": [], "total_bytes": 0}


def test_doctor_shows_what_each_image_adds(chat: Path, jitney: Jitney) -> None:
    jitney("build", chat)
    images = json.loads(jitney("doctor", "--json").stdout)["images"]
    members = {one["name"]: one for one in images["members"]}
    assert sum(one["adds_bytes"] for one in members.values()) <= images["total_bytes"]
    program = next(one for one in members.values() if one["kind"] == "image" and one["parent"])
    assert program["adds_bytes"] <= program["size_bytes"] - members[program["parent"]]["size_bytes"]
    table = jitney("doctor").stdout.decode().splitlines()
    begin = next(number for number, line in enumerate(table) if "each layer counts once" in line)
    assert table[-1].endswith("in all")
    assert any("python:3.13-run" in line for line in table[begin:])


def test_clean_asks_first_and_shows_sizes(chat: Path, jitney: Jitney) -> None:
    jitney("build", chat)
    shown = jitney("clean", "--dry-run", "images")
    assert shown.returncode == 0, shown.stderr
    assert b"jitney/run:" in shown.stdout
    assert b"in all" in shown.stdout
    unasked = jitney("clean", "images")
    assert unasked.returncode == 2
    assert b"--yes" in unasked.stderr
    assert jitney("clean", "--dry-run", "images").stdout == shown.stdout
    assert b"none of images" in jitney("clean", "imges").stderr


def test_unknown_command_names_the_nearest(jitney: Jitney) -> None:
    done = jitney("explian")
    assert done.returncode == 2
    assert b"jitney explain" in done.stderr
