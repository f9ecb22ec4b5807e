"""Words of a user stand in a Dockerfile whole, or not at all."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitney.errors import PlanError
from jitney.facts.model import EngineFacts
from jitney.plan.model import Base, BuildPlan, Instruction, Mount, Stage
from jitney.render import context_files, image_tag, render_dockerfile, trace

OLD = EngineFacts(name="docker", version="20.10.24", buildkit=True)
NEW = EngineFacts(name="docker", version="28.5.2", buildkit=True, heredoc=True, copy_link=True)
BASE = Base(key="debian/python:3.13-run", ref="jitney-debian/python:3.13-run", digest="sha256:1")


def plan_of(*instructions: Instruction) -> BuildPlan:
    return BuildPlan(stages=(Stage(name="run", base=BASE, instructions=instructions),))


def line_of(instruction: Instruction, engine: EngineFacts = OLD) -> str:
    lines = render_dockerfile(plan_of(instruction), engine).splitlines()
    assert len(lines) == 2, "one instruction is one line, whatever its words"
    return lines[1]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_run_takes_any_word_unchanged(words: list[str]) -> None:
    line = line_of(Instruction(op="run", args=tuple(words)))
    assert json.loads(line.removeprefix("RUN ")) == words
    assert "<<" not in line


def shell_words(text: str) -> str:
    """What Docker's shell lexer makes of a word: a backslash keeps the next character, nothing else is special here."""
    assert not re.search(r"(?<!\\)(?:\\\\)*[\"'$\s]", text), "nothing is left to expand"
    return re.sub(r"\\(.)", r"\1", text)


PRINTABLE = st.text(st.characters(min_codepoint=32, exclude_categories=["Cc", "Cs"]), min_size=1)


@given(PRINTABLE, PRINTABLE)
def test_copy_takes_any_name_that_has_no_line_break(source: str, target: str) -> None:
    line = line_of(Instruction(op="copy", args=(source, target)))
    assert [shell_words(word) for word in json.loads(line.removeprefix("COPY "))] == [source, target]


@pytest.mark.parametrize("word", ["a\nRUN evil", "a\rb", "\x00", "\x7f"])
@pytest.mark.parametrize("op", ["copy", "workdir"])
def test_a_line_break_where_none_can_be_said_is_refused(op: str, word: str) -> None:
    with pytest.raises(PlanError, match="control character"):
        line_of(msgspec.convert({"op": op, "args": [word, word]}, Instruction))


@pytest.mark.parametrize(
    "instruction",
    [
        Instruction(op="user", args=("0:0\nRUN x",)),
        Instruction(op="run", args=("x",), mounts=(Mount(kind="cache", source="a,target=/", target="/c"),)),
        Instruction(op="run", args=("x",), mounts=(Mount(kind="secret", source="a", target="/c d"),)),
        Instruction(op="copy", args=("a", "b"), stage="x --link"),
        Instruction(op="env", args=("A B", "c")),
    ],
)
def test_words_of_ours_are_held_to_plain_characters(instruction: Instruction) -> None:
    with pytest.raises(PlanError):
        line_of(instruction)


def test_env_is_one_value_with_its_spaces_and_dollars() -> None:
    assert line_of(Instruction(op="env", args=("A", 'x $HOME "y"'))) == 'ENV A="x\\ \\$HOME\\ \\"y\\""'


def test_copy_link_only_between_stages_and_only_where_it_works() -> None:
    own = Instruction(op="copy", args=("/a", "/a"), stage="run")
    assert line_of(own, NEW) == 'COPY --link --from=run ["/a", "/a"]'
    assert line_of(own, OLD) == 'COPY --from=run ["/a", "/a"]'
    assert "--link" not in line_of(Instruction(op="copy", args=("a", "/a")), NEW)


def test_no_dialect_that_docker_20_10_lacks() -> None:
    mounts = (
        Mount(kind="cache", source="jitney-apt-lists", target="/l"),
        Mount(kind="bind", source="f", target="/f"),
    )
    text = render_dockerfile(plan_of(Instruction(op="run", args=("a", "<<EOF"), mounts=mounts)), OLD)
    assert not re.search(r"^#|--link|<<|--exclude|--network", text, re.MULTILINE)
    assert "type=cache,id=jitney-apt-lists,target=/l,sharing=locked" in text


def test_mounts_without_buildkit_are_refused() -> None:
    mounts = (Mount(kind="cache", source="jitney-uv", target="/c"),)
    with pytest.raises(PlanError, match="BuildKit"):
        render_dockerfile(
            plan_of(Instruction(op="run", args=("a",), mounts=mounts)), EngineFacts(name="docker")
        )


def test_every_line_has_its_cause() -> None:
    lines = trace(plan_of(Instruction(op="run", args=("a",), why=("packages.imports",))), OLD)
    assert [why for _, why in lines] == [(), ("packages.imports",)]
    assert "".join(f"{line}\n" for line, _ in lines) == render_dockerfile(
        plan_of(Instruction(op="run", args=("a",))), OLD
    )


def test_the_tag_follows_the_content_and_nothing_else() -> None:
    first = plan_of(Instruction(op="run", args=("a",), why=("chat.py:1",)))
    tag = image_tag(first)
    assert re.fullmatch(r"jitney/run:[0-9a-f]{24}", tag)
    assert image_tag(plan_of(Instruction(op="run", args=("a",), why=("chat.py:9",)))) == tag
    renamed = msgspec.structs.replace(BASE, ref="other:1")
    stage = msgspec.structs.replace(first.stages[0], base=renamed)
    assert image_tag(msgspec.structs.replace(first, stages=(stage,))) == tag
    stage = msgspec.structs.replace(first.stages[0], base=msgspec.structs.replace(BASE, digest="sha256:2"))
    assert image_tag(msgspec.structs.replace(first, stages=(stage,))) != tag
    assert image_tag(plan_of(Instruction(op="run", args=("b",)))) != tag
    assert image_tag(msgspec.structs.replace(first, files={"a": "b"})) != tag
    assert image_tag(msgspec.structs.replace(first, source_digest="sha256:3")) != tag


def test_generated_files_are_the_context() -> None:
    assert context_files(BuildPlan(stages=(), files={"b": "é", "a": ""})) == {"a": b"", "b": "é".encode()}
