"""Limits and openings."""

from __future__ import annotations

import pytest

from jitney.config import Config
from jitney.detect.model import Detection, Endpoint
from jitney.errors import PlanError
from jitney.facts.model import EngineFacts, Facts
from jitney.findings import Evidence
from jitney.plan import Taken, make_plan, measure
from jitney.plan.model import Lock, ModelPlan
from jitney.source import Source

MIB = 1 << 20
WHY = Evidence(rule="endpoint.address", decides="endpoint", value="x", file="chat.py", line=3)
PROGRAM = Detection(language="python", entry="chat.py", takes=("chat.py",))


def facts(memory: int = 24 << 30, *, shares: bool = True) -> Facts:
    return Facts(engine=EngineFacts(memory_bytes=memory, cpus=8, shares_files=shares))


@pytest.mark.parametrize("memory", [64 * MIB, 512 * MIB, 2 << 30, 8 << 30])
@pytest.mark.parametrize("source", [0, 5 * MIB, 31 * MIB])
def test_full_file_systems_stay_below_the_memory_limit(memory: int, source: int) -> None:
    plan = make_plan(PROGRAM, facts(), Config(memory_bytes=memory), Lock(), taken=Taken(bytes=source))
    assert sum(plan.sandbox.tmpfs.values()) < memory
    assert plan.sandbox.tmpfs["/src"] > source
    assert set(plan.sandbox.tmpfs) == {"/tmp", "/home/jitney", "/src", "/run/secrets"}


def test_memory_is_two_gigabytes_more_with_weights_and_never_the_whole_machine() -> None:
    assert make_plan(PROGRAM, facts(), Config(), Lock()).sandbox.memory_bytes == 2 << 30
    weights = ModelPlan(ref="m", bytes=3 << 30)
    assert make_plan(PROGRAM, facts(), Config(), Lock(), weights).sandbox.memory_bytes == 5 << 30
    assert make_plan(PROGRAM, facts(1 << 30), Config(), Lock()).sandbox.memory_bytes <= 0.8 * (1 << 30)
    served = ModelPlan(ref="m", bytes=3 << 30, serve=True)
    assert make_plan(PROGRAM, facts(), Config(), Lock(), served).sandbox.memory_bytes == 2 << 30


def test_large_sources_are_mounted_where_the_engine_sees_files() -> None:
    large = Taken(bytes=33 * MIB)
    assert make_plan(PROGRAM, facts(), Config(), Lock(), taken=large).run.delivery == "mount"
    assert make_plan(PROGRAM, facts(shares=False), Config(), Lock(), taken=large).run.delivery == "stream"
    assert "/src" not in make_plan(PROGRAM, facts(), Config(), Lock(), taken=large).sandbox.tmpfs


def test_only_the_ports_that_the_program_calls_are_relayed() -> None:
    calls = Detection(
        language="python",
        entry="chat.py",
        endpoints=(
            Endpoint(kind="local", port=8000, why=WHY),
            Endpoint(kind="hosted", host="api.example", port=443, why=WHY),
            Endpoint(kind="env", name="MY_LLM_URL", why=WHY),
            Endpoint(kind="env", name="OPENAI_API_KEY", why=WHY),
        ),
    )
    served = ModelPlan(ref="m", serve=True)
    plan = make_plan(calls, facts(), Config(), Lock(), served)
    assert plan.model is not None
    assert [relay.port for relay in plan.model.relays] == [8000]
    assert plan.run.env["OPENAI_BASE_URL"] == "http://127.0.0.1:8000/v1"
    assert plan.run.env["MY_LLM_URL"] == "http://127.0.0.1:8000/v1"
    assert plan.run.env["OPENAI_API_KEY"] == "jitney"
    quiet = make_plan(PROGRAM, facts(), Config(), Lock(), served)
    assert quiet.model is not None
    assert [relay.port for relay in quiet.model.relays] == [11434]
    assert "OPENAI_BASE_URL" not in make_plan(PROGRAM, facts(), Config(), Lock()).run.env


def test_allowed_hosts_have_ports() -> None:
    plan = make_plan(PROGRAM, facts(), Config(allow_hosts=("b.example", "a.example:80")), Lock())
    assert plan.sandbox.allow_hosts == ("a.example:80", "b.example:443")


def test_what_is_taken_is_measured_and_hashed_only_for_compiled_languages() -> None:
    source = Source.from_mapping({"main.go": "package main\n", "chat.py": "x = 1\n"}, entry="main.go")
    go = measure(source, Detection(language="go", entry=".", takes=("main.go",)))
    assert (go.bytes, go.files) == (13, 1)
    assert go.digest == source.digest(["main.go"])
    assert measure(source, PROGRAM).digest == ""


def test_a_language_without_a_planner_is_refused() -> None:
    with pytest.raises(PlanError, match="nonesuch"):
        make_plan(Detection(language="nonesuch"), facts(), Config(), Lock())
