"""Sealed stages: built once by themselves, kept under their own hash, shared by programs that have them in common."""

from __future__ import annotations

import msgspec
from tests.unit.plan.test_sandbox_plan import facts

from jitney.config import Config
from jitney.engine.fake import FakeEngine
from jitney.plan.model import Base, BuildPlan, Instruction, Lock, Mount, Stage
from jitney.plan.python import split_made
from jitney.resolve.seal import alone, seal, sealed_ref

BASE = Base(key="debian/python:3.13-build", ref="base", digest="sha256:1")
MADE = Stage(
    name="made-six",
    base=BASE,
    instructions=(
        Instruction(
            op="run",
            args=("true",),
            mounts=(Mount(kind="bind", source="made/six.txt", target="/dev/jitney/requirements.txt"),),
        ),
    ),
    why=("building six, which has no wheel",),
    sealed=True,
)


def plan(other: str, six: str = "six==1.17.0\n") -> BuildPlan:
    """A program with a sealed stage and something of its own."""
    last = Stage(name="run", base=BASE, instructions=(Instruction(op="run", args=(other,)),))
    return BuildPlan(stages=(MADE, last), files={"made/six.txt": six, "requirements.txt": other})


def engine() -> FakeEngine:
    fake = FakeEngine()
    fake.add_image("base", {})
    return fake


def test_two_programs_share_what_was_built_once() -> None:
    fake, said = engine(), list[str]()
    for other in ("a", "b"):
        sealed = seal(plan(other), fake, facts(), Config(), said.append, said.append)
        first, last = sealed.stages
        assert (first.name, first.base.ref, first.instructions) == (
            "made-six", sealed_ref(plan(other), MADE), ())  # fmt: skip
        assert last == plan(other).stages[-1]
    (request,) = fake.builds
    assert set(request.context) == {"made/six.txt"}
    assert said.count("building six, which has no wheel (once for all programs)") == 1


def test_another_version_or_base_is_another_image() -> None:
    one = sealed_ref(plan("a"), MADE)
    assert sealed_ref(plan("a", "six==1.16.0\n"), MADE) != one
    moved = msgspec.structs.replace(MADE, base=Base(key=BASE.key, ref="base", digest="sha256:2"))
    assert sealed_ref(plan("a"), moved) != one
    assert sealed_ref(plan("another program"), MADE) == one


def test_a_stage_alone_has_nothing_of_the_program() -> None:
    bare = alone(plan("a"), MADE)
    assert list(bare.files) == ["made/six.txt"]
    assert [stage.base for stage in bare.stages] == [BASE]


def test_no_cache_builds_it_anew() -> None:
    fake = engine()
    for _ in "12":
        seal(plan("a"), fake, facts(), Config(no_cache=True), lambda _: None, lambda _: None)
    assert len(fake.builds) == 2


def test_requirements_are_split_by_who_has_wheels() -> None:
    packages = "click==8.1.0 \\\n    --hash=sha256:1\nLlama_Cpp.Python==0.3.0 \\\n    --hash=sha256:2 \\\n    --hash=sha256:3\n"
    wheels, made = split_made(Lock(packages=packages, sdists=("llama-cpp-python",)))
    assert wheels == "click==8.1.0 \\\n    --hash=sha256:1\n"
    assert made == {
        "llama-cpp-python": "Llama_Cpp.Python==0.3.0 \\\n    --hash=sha256:2 \\\n    --hash=sha256:3\n"
    }
