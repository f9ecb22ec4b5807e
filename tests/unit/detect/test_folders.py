"""Folders with several programs, with manifests of several languages, with none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jitney.detect import detect
from jitney.detect.folder import of_folder
from jitney.detect.model import Wishes
from jitney.detect.notes import Notes
from jitney.detect.programs import locate
from jitney.errors import DetectionError
from jitney.source import Source

Files = dict[str, str | bytes]
JS = "console.log(1)\n"


def package(**fields: object) -> str:
    return json.dumps({"name": "x", **fields})


def language(files: Files) -> str:
    return of_folder(Source.from_mapping(files), Notes()).name


def place(files: Files, **wishes: Any) -> str:
    return locate(Source.from_mapping(files), Wishes(**wishes), Notes())[0].workdir


BACKEND: Files = {"backend/requirements.txt": "openai\n", "backend/main.py": "import openai\n"}
FRONT: Files = {
    "frontend/package.json": package(scripts={"start": "vite"}, devDependencies={"vite": "6"}),
    "frontend/index.html": "<p>",
    "frontend/src/main.ts": JS,
}
SERVER: Files = {"server/package.json": package(scripts={"start": "node a.js"}), "server/a.js": JS}


@pytest.mark.parametrize(
    ("files", "want"),
    [
        (BACKEND, "backend"),
        ({**BACKEND, **FRONT}, "backend"),
        (FRONT, "frontend"),
        ({**BACKEND, "start.sh": "cd backend && python main.py\n"}, "backend"),
        ({**BACKEND, "package.json": package(devDependencies={"husky": "9"})}, "backend"),
        ({**BACKEND, "Makefile": "run:\n\tcd backend && python main.py\n"}, "backend"),
        ({**BACKEND, "tests/requirements.txt": "pytest\n", "tests/test_a.py": ""}, "backend"),
        ({**BACKEND, "app.py": "import openai\n"}, ""),
        ({**BACKEND, "go.mod": "module x\n", "main.go": "package main\n"}, ""),
        ({**BACKEND, "Makefile": "all:\n", "src/a.c": "int main(void) {}\n"}, ""),
        ({"a/one.py": "1\n", "b/two.py": "2\n"}, ""),
    ],
)
def test_the_program_below(files: Files, want: str) -> None:
    assert place(files) == want


def test_programs_below_that_are_alike_are_listed() -> None:
    with pytest.raises(DetectionError) as caught:
        place({**BACKEND, **SERVER, **FRONT})
    assert caught.value.message.splitlines()[1:] == [
        "  backend (python: requirements.txt)",
        "  frontend (javascript, a web site's front: package.json)",
        "  server (javascript: package.json)",
    ]
    assert "jitney run backend" in caught.value.hint
    assert place({**BACKEND, **SERVER}, language="javascript") == "server"


def test_what_a_procfile_starts_is_the_program() -> None:
    assert place({**BACKEND, **SERVER, "Procfile": "web: cd server && npm start\n"}) == "server"
    assert place({**BACKEND, **SERVER, "Procfile": "web: python backend/main.py\n"}) == "backend"


def test_an_entry_below_is_seen_from_its_program() -> None:
    source, wishes = locate(Source.from_mapping({**BACKEND, **SERVER}), Wishes(entry="server/a.js"), Notes())
    assert (source.workdir, wishes.entry) == ("server", "a.js")
    source, wishes = locate(
        Source.from_mapping({**BACKEND, "x.py": "1"}), Wishes(entry="backend/main.py"), Notes()
    )
    assert (source.workdir, wishes.entry) == ("", "backend/main.py"), "the folder has programs of its own"


def test_the_others_are_told() -> None:
    notes = Notes()
    locate(Source.from_mapping({**BACKEND, **FRONT}), Wishes(), notes)
    seen = notes.evidence[0]
    assert (seen.rule, seen.value, seen.losers) == (
        "program.server", "backend (the only one that is no site's front)", ("frontend (javascript, a web site's front: package.json)",)
    )  # fmt: skip


TOOLS = package(scripts={"build": "vite build", "dev": "vite"}, devDependencies={"vite": "6"})


@pytest.mark.parametrize(
    ("files", "want"),
    [
        ({"package.json": TOOLS, "a.js": JS, "composer.json": "{}", "artisan": "", "app/a.php": "<?php"}, "php"),
        ({"package.json": package(main="a.js"), "a.js": JS, "composer.json": "{}", "x.php": "<?php"}, "javascript"),
        ({"package.json": TOOLS, "app/x.js": JS, "Gemfile": "", "config.ru": "", "a.rb": ""}, "ruby"),
        ({"package.json": package(scripts={"start": "node a.js"}), "a.js": JS, "Gemfile": "", "a.rb": ""}, "javascript"),
        ({"Cargo.toml": "[package]\n", "src/lib.rs": "", "pyproject.toml": "", "a/b.py": ""}, "python"),
        ({"Cargo.toml": "[package]\n", "src/main.rs": "", "pyproject.toml": "", "a/b.py": ""}, "rust"),
        ({"Cargo.toml": "[package]\n", "src/lib.rs": "", "package.json": package(), "index.js": JS}, "javascript"),
        ({"Makefile": "", "ext/a.c": "", "Gemfile": "", "a.rb": ""}, "ruby"),
        ({"Makefile": "", "a.c": ""}, "c"),
        (
            {"Procfile": "web: node a.js\n", "requirements.txt": "x", "main.py": "1", "package.json": package(), "a.js": JS},
            "javascript",
        ),
    ],
)  # fmt: skip
def test_manifests_of_several_languages(files: Files, want: str) -> None:
    assert language(files) == want


def test_a_folder_of_pages_is_no_program() -> None:
    with pytest.raises(
        DetectionError, match=r"nothing runnable was found: a static site \(site/index\.html\)"
    ):
        language({"Staticfile": "root: site\n", "site/index.html": "<p>hi"})


def test_a_dockerfile_alone_is_pointed_at() -> None:
    with pytest.raises(DetectionError, match="nothing runnable") as caught:
        language({"Dockerfile": "FROM debian\n"})
    assert "--use-dockerfile" in caught.value.hint


def test_a_script_beside_an_expression_of_nix_is_the_program() -> None:
    files = {"default.nix": "{ }: { }\n", "verify": "#!/usr/bin/env python3\nprint(1)\n"}
    found = detect(Source.from_mapping(files), Wishes())
    assert (found.language, found.entry) == ("python", "verify")
    assert [one.value for one in found.evidence if one.decides == "language"] == ["python"]
