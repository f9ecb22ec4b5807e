"""Programs without a name: first lines, editors' lines, words, and what parsers decide."""

from __future__ import annotations

import io
import random
import time

import pytest

from jitney.source import open_source
from jitney.source.grammar import only, unread
from jitney.source.sniff import Sniffed, identify, interpreter, sniff
from jitney.source.words import known, ranking, weights


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("#!/usr/bin/env -S FOO=1 uv run --script\n", "uv"),
        ("#!/usr/bin/env python2.6\n", "python"),
        ("#! /opt/bin/node --harmony\n", "node"),
        ("#!/bin/sh\n# the next line is for the shell\nexec tclsh \"$0\" \"$@\"\n", "tclsh"),
        ("#!/bin/sh\n':' //; exec \"$(command -v node)\" --x \"$0\" \"$@\"\n", "sh"),
        ("#!/bin/bash\n\"exec\" \"/usr/bin/ruby\" -x \"$0\" \"$@\"\n", "bash"),
        ("#!/bin/sh\nexec /usr/local/bin/guile -s \"$0\" \"$@\"\n!#\n", "guile"),
        ("#!/bin/sh\nexec ls\n", "sh"),
        ("print(1)\n", ""),
    ],
)  # fmt: skip
def test_the_interpreter_of_a_first_line(text: str, program: str) -> None:
    assert interpreter(text) == program


@pytest.mark.parametrize(
    ("text", "language", "line"),
    [
        ("# vim: set ft=python ts=4:\nx = 1\n", "python", 1),
        ("x\n" * 20 + "// vim: filetype=rust\n", "rust", 21),
        ("// -*- mode: c++; tab-width: 4 -*-\nint x;\n", "cpp", 1),
        ("/* -*- C -*- */\nint x;\n", "c", 1),
        ("#!/unknown\n;; -*- emacs-lisp -*-\n", "emacslisp", 2),
        ("# vi: syntax=ruby\n", "ruby", 1),
    ],
)
def test_modelines(text: str, language: str, line: int) -> None:
    found = identify(text)
    assert found is not None
    assert (found.language, found.rule, found.line) == (language, "language.modeline", line)


def test_a_modeline_in_the_middle_or_of_no_language_is_none() -> None:
    assert identify("x\n" * 10 + "# vim: ft=python\n" + "x\n" * 10) is None
    assert identify("# vim: ft=helpfile\n") is None


PROGRAMS = {
    "python": "from openai import OpenAI\n\nclient = OpenAI()\n\ndef ask(question: str) -> str:\n    reply = client.responses.create(\n        model='gpt-4o', input=question)\n    return reply.output_text\n\nif __name__ == '__main__':\n    print(ask('hi'))\n",
    "javascript": "import OpenAI from 'openai';\n\nconst client = new OpenAI();\n\nasync function ask(question) {\n  const reply = await client.responses.create({ model: 'gpt-4o', input: question });\n  return reply.output_text;\n}\n\nask('hi').then((answer) => console.log(answer));\n",
    "typescript": "import OpenAI from 'openai';\n\nconst client = new OpenAI();\n\nasync function ask(question: string): Promise<string> {\n  const reply = await client.responses.create({ model: 'gpt-4o', input: question });\n  return reply.output_text;\n}\n\nask('hi').then((answer) => console.log(answer));\n",
    "go": "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() {\n\tname := os.Getenv(\"MODEL\")\n\tif name == \"\" {\n\t\tname = \"gpt-4o\"\n\t}\n\tfmt.Println(name)\n}\n",
    "rust": "use std::env;\n\n#[derive(Debug)]\nstruct Ask<'a> {\n    model: &'a str,\n}\n\nfn main() {\n    let model = env::var(\"MODEL\").unwrap_or_else(|_| \"gpt-4o\".to_string());\n    println!(\"{:?}\", Ask { model: &model });\n}\n",
    "java": "package chat;\n\nimport java.util.List;\n\npublic class Chat {\n    private final List<String> words = List.of(\"a\", \"b\");\n\n    public static void main(String[] args) {\n        System.out.println(new Chat().words);\n    }\n}\n",
    "kotlin": "package chat\n\nimport java.io.File\n\ndata class Ask(val model: String, val words: List<String>)\n\nfun main(args: Array<String>) {\n    val ask = Ask(\"gpt-4o\", args.toList())\n    ask.words.forEach { println(it) }\n    println(File(\".\").listFiles()?.size ?: 0)\n}\n",
    "c": "#include <stdio.h>\n#include <stdlib.h>\n\nstruct ask { const char *model; int n; };\n\nint main(int argc, char **argv) {\n    struct ask *one = malloc(sizeof *one);\n    one->model = argc > 1 ? argv[1] : \"gpt-4o\";\n    printf(\"%s\\n\", one->model);\n    free(one);\n    return 0;\n}\n",
    "cpp": "#include <iostream>\n#include <vector>\n\nnamespace chat {\ntemplate <typename T>\nclass Ask {\npublic:\n    explicit Ask(const std::vector<T> &words) : words_(words) {}\nprivate:\n    std::vector<T> words_;\n};\n}\n\nint main() { std::cout << 1 << std::endl; }\n",
}  # fmt: skip


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_program_of_each_language_is_known_with_what_shows_it(language: str) -> None:
    found = identify(PROGRAMS[language])
    assert found is not None
    assert found.language == language
    assert found.value


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_same_without_its_first_and_last_lines(language: str) -> None:
    """As a window of a longer file: no import, no `package main`, an end within a block."""
    lines = PROGRAMS[language].splitlines()
    window = "\n".join(lines[3:-1]) + "\n"
    assert sniff((window + window).encode()) == language


@pytest.mark.parametrize(
    "text",
    [
        "just words",
        "# Title\n\nThis is a page about programs. It has a list:\n\n- one\n- two\n\nAnd it ends here, with more words.\n"
        * 3,
        '{"name": "x", "version": "1.0", "dependencies": {"a": "1"}, "list": [1, 2, 3]}\n',
        "name: x\non: push\njobs:\n  build:\n    runs-on: ubuntu\n    steps:\n      - run: make\n      - run: test\n",
        "",
        "\n\n\n",
    ],
)
def test_what_is_no_program_is_not_taken_for_one(text: str) -> None:
    assert identify(text) is None


def test_only_what_a_language_has_alone_counts_and_not_in_comments_or_strings() -> None:
    typed = "// x: string\nconst a = 'interface X {';\nfunction f(b: number) { return b as unknown }\n"
    assert [kind for kind, _ in only(typed, "typescript")][:1] == ["type_annotation"]
    plain = "// interface X { y: string }\nconst a = 'as const';\nfunction f(b) { return b }\n"
    assert only(plain, "typescript") == []
    assert sniff((plain * 4).encode()) == "javascript"
    quoted = (
        '#include <stdio.h>\n/* class A: public B */\nint main(void) { puts("std::cout <<"); return 0; }\n'
    )
    assert sniff((quoted * 3).encode()) == "c"
    assert unread(quoted, "c") == 0


def test_what_is_said_can_be_checked() -> None:
    found = identify(PROGRAMS["typescript"])
    assert found == Sniffed(
        "typescript",
        "language.words",
        "type annotation, which javascript has not",
        5,
        found.losers if found else (),
    )


def test_standard_input_that_was_guessed_says_so() -> None:
    source = open_source("-", stdin=io.BytesIO(PROGRAMS["python"].encode()))
    assert source.entry == "main.py"
    assert any("taken for python" in one.message for one in source.findings)
    named = open_source("-", stdin=io.BytesIO(b"#!/usr/bin/env python3\nprint(1)\n"))
    assert not named.findings


def test_the_table_of_words_is_sound() -> None:
    table = weights()
    assert set(PROGRAMS) - {"typescript", "cpp"} <= set(table.languages)
    assert len(table.bias) == len(table.languages)
    for pairs in table.features.values():
        assert len(pairs) % 2 == 0
        assert all(number < len(table.languages) for number in pairs[::2])
    assert ranking(known("")) == []


@pytest.mark.parametrize("seed", range(20))
def test_any_text_is_answered(seed: int) -> None:
    """Half a program, another's other half, brackets, NULs: an answer or none, and soon."""
    chance = random.Random(seed)
    texts = list(PROGRAMS.values())
    parts = [chance.choice(texts)[: chance.randrange(400)] for _ in range(4)]
    parts += [
        "{" * chance.randrange(3000),
        "\x00\ud800"[: seed % 2],
        "(" * chance.randrange(900),
        "'\"`" * seed,
    ]
    chance.shuffle(parts)
    text = "".join(parts).encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    assert isinstance(sniff(text.encode()), str)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("blanks", ["\n" * 100_000, " " * 100_000, " \n" * 50_000])
def test_a_long_run_of_blanks_takes_no_time(blanks: str) -> None:
    began = time.monotonic()
    sniff(f"a = b{blanks}x".encode())
    assert time.monotonic() - began < 5
