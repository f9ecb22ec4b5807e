"""Every language that is a table is sound: it reads, its patterns compile, its words are filled in, an example runs it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from jitney.detect.languages import LANGUAGES, by_ending
from jitney.languages import LanguageTable, names, table, tables

EXAMPLES = Path(__file__).parents[3] / "examples"
PLACEHOLDERS = {"entry", "stem", "folder", "out", "outdir", "sources"}


@pytest.fixture(params=names())
def language(request: pytest.FixtureRequest) -> LanguageTable:
    return table(request.param)


def _patterns(language: LanguageTable) -> Iterator[str]:
    code = language.code
    yield from (*code.imports, *code.local, *code.env, *code.models)
    yield from (*language.marks, *language.standard, *language.version_files.values())
    yield language.main


def _commands(language: LanguageTable) -> Iterator[tuple[str, ...]]:
    yield language.run.argv
    if language.compile is not None:
        yield from language.compile.commands
        for commands in language.compile.project.values():
            yield from commands


def test_patterns_compile_and_have_their_word(language: LanguageTable) -> None:
    for pattern in _patterns(language):
        re.compile(pattern, re.MULTILINE)
    code = language.code
    for pattern in (*code.imports, *code.local, *code.env, *language.version_files.values()):
        assert re.compile(pattern).groups >= 1, pattern


def test_a_file_is_known_by_every_ending(language: LanguageTable) -> None:
    builtin = {ending for known in LANGUAGES for ending in known.endings}
    shared = {ending for other in tables().values() if other is not language for ending in other.endings}
    for ending in language.endings:
        assert ending.startswith(".")
        assert ending not in builtin
        if ending not in shared:
            assert by_ending(f"program{ending}") == language.name


def test_no_table_takes_anothers_name(language: LanguageTable) -> None:
    others = [other for other in tables().values() if other is not language]
    taken = {word for other in others for word in (other.name, *other.aliases)}
    assert not taken & {language.name, *language.aliases}


def test_words_of_commands_are_known_placeholders(language: LanguageTable) -> None:
    for command in _commands(language):
        scripts = "\n".join(command)
        assert {word for word in re.findall(r"(?<![$\w{])\{(\w+)\}", scripts)} <= PLACEHOLDERS


def test_where_it_comes_from(language: LanguageTable) -> None:
    """A base provider has it, or says why not."""
    for tools in (language.debian, language.registry):
        assert tools.version or tools.missing, f"{language.name} says neither a version nor what is missing"
        if not tools.version:
            assert not (tools.run or tools.build or tools.run_image or tools.build_image)
    assert language.debian.version or language.registry.version
    if language.debian.version:
        made = (*language.debian.build, *language.debian.run, *language.debian.adds)
        assert made, f"{language.name}: no package brings it"
    if language.registry.version:
        assert language.registry.build_image or language.registry.run_image


def test_what_is_compiled_ends_where_the_run_looks(language: LanguageTable) -> None:
    if language.compile is None:
        return
    assert language.compile.commands, f"{language.name}: nothing makes the program"
    started = " ".join(language.run.argv)
    place = "{out}" if "{out}" in started else "{outdir}"
    assert place in started
    for commands in (language.compile.commands, *language.compile.project.values()):
        assert any(place in word or "{outdir}" in word for command in commands for word in command)


def test_every_language_that_runs_here_has_an_example() -> None:
    """The example's own source is of that language: the gallery shows no language that nothing runs."""
    shown = set()
    for path in EXAMPLES.glob("*/expect.toml"):
        source = tomllib.loads(path.read_text(encoding="utf-8"))["source"]
        files = [path.parent / source] if source != "." else list(path.parent.iterdir())
        endings = {file.suffix for file in files}
        shown |= {one.name for one in tables().values() if endings & set(one.endings)}
    missing = [one.name for one in tables().values() if one.debian.version and one.name not in shown]
    assert not missing


def test_a_table_with_an_unknown_column_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(
            {"name": "x", "title": "X", "endings": [".x"], "run": {"argv": ["x"]}, "compiler": "x"},
            LanguageTable,
        )
