"""Dockerfile, compose file and the like as evidence: what is taken from them, what is only shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from jitney.detect import detect
from jitney.detect.model import Detection, Wishes
from jitney.detect.recipes import read_recipes
from jitney.detect.recipes.command import commands, entry_of
from jitney.detect.recipes.dockerfile import expand, parse
from jitney.detect.recipes.images import language_of, server_of
from jitney.detect.recipes.yamltree import BrokenYaml, load
from jitney.errors import DetectionError
from jitney.findings import Evidence
from jitney.source import Source, open_source

HELLO = "print('hello')\n"


def seen(files: dict[str, str], entry: str = "") -> Detection:
    return detect(Source.from_mapping(dict(files), entry), Wishes())


def why(found: Detection, field: str) -> Evidence:
    return next(one for one in found.evidence if one.decides == field)


STARTS = [
    ("dockerfile exec", {"Dockerfile": 'FROM x\nCMD ["python", "serve.py"]\n'}, "dockerfile.cmd", 2),
    ("dockerfile shell", {"Dockerfile": "FROM x\n\nCMD exec python -u serve.py\n"}, "dockerfile.cmd", 3),
    ("entrypoint", {"Dockerfile": 'FROM x\nENTRYPOINT ["python"]\nCMD ["serve.py"]\n'}, "dockerfile.entrypoint", 2),
    ("absolute", {"Dockerfile": 'FROM x\nWORKDIR /app\nCMD ["python", "/app/serve.py"]\n'}, "dockerfile.cmd", 3),
    ("module", {"Containerfile": 'FROM x\nCMD ["python", "-m", "serve"]\n'}, "dockerfile.cmd", 2),
    ("server", {"Dockerfile": 'FROM x\nCMD ["uvicorn", "serve:app", "--port", "80"]\n'}, "dockerfile.cmd", 2),
    ("earlier stage", {"Dockerfile": "FROM x AS base\nCMD python serve.py\nFROM base\nUSER 1\n"}, "dockerfile.cmd", 2),
    ("compose", {"compose.yaml": "services:\n  web:\n    build: .\n    command: python serve.py\n"}, "compose.command", 4),
    ("compose elsewhere", {"compose.yaml": "services:\n  web:\n    build: {context: ./}\n    entrypoint: [python, serve.py]\n"},
     "compose.command", 4),
    ("script", {"Dockerfile": 'FROM x\nCMD ["./start.sh"]\n', "start.sh": "set -e\nexec python serve.py\n"},
     "dockerfile.cmd", 2),
]  # fmt: skip


@pytest.mark.parametrize(("name", "recipe", "rule", "line"), STARTS, ids=[row[0] for row in STARTS])
def test_a_recipe_beats_a_guess(name: str, recipe: dict[str, str], rule: str, line: int) -> None:
    found = seen({"main.py": HELLO, "serve.py": HELLO, **recipe})
    assert found.entry == "serve.py"
    decided = why(found, "entry")
    assert (decided.rule, decided.line) == (rule, line)
    assert any("main.py" in loser for loser in decided.losers)


def test_a_procfile_beats_a_manifest_and_a_dockerfile_does_not() -> None:
    project = {
        "index.js": "1", "web.js": "2", "package.json": '{"name": "x", "scripts": {"start": "node index.js"}}'
    }  # fmt: skip
    assert seen({**project, "Procfile": "web: node web.js\n"}).entry == "web.js"
    found = seen({**project, "Dockerfile": 'FROM node:20\nCMD ["node", "web.js"]\n'})
    assert found.entry == "index.js"
    assert "dockerfile.cmd: " in "".join(why(found, "entry").losers)


def test_a_makefile_or_a_readme_helps_only_where_nothing_else_does() -> None:
    two = {
        "alpha.py": "if __name__ == '__main__':\n    pass\n",
        "beta.py": "if __name__ == '__main__':\n    pass\n",
    }
    with pytest.raises(DetectionError):
        seen(two)
    assert seen({**two, "Makefile": "PY := python3\nrun: deps\n\t@$(PY) beta.py\n"}).entry == "beta.py"
    readme = "# X\n```bash\npip install x\n$ python beta.py --fast\n```\n"
    found = seen({**two, "README.md": readme})
    assert found.entry == "beta.py"
    assert why(found, "entry").place == "README.md:4"
    assert seen({"main.py": HELLO, "beta.py": HELLO, "README.md": readme}).entry == "main.py"


def test_the_version_of_the_image_counts_where_nothing_else_says_one() -> None:
    found = seen({"main.py": HELLO, "Dockerfile": "# syntax=x\nFROM python:3.11-slim\n"})
    assert found.version == "3.11"
    assert why(found, "version").place == "Dockerfile:2"
    found = seen({"main.py": HELLO, ".python-version": "3.12\n", "Dockerfile": "FROM python:3.11-slim\n"})
    assert found.version == "3.12"
    assert "dockerfile.from: 3.11 (Dockerfile:1)" in why(found, "version").losers


def test_an_image_of_another_language_says_nothing_of_this_one() -> None:
    assert seen({"main.py": HELLO, "Dockerfile": "FROM node:20\nCMD python main.py\n"}).version == ""


def test_words_of_the_recipes_own_world_are_not_taken() -> None:
    taken = seen({"cli.py": HELLO, "Dockerfile": 'FROM x\nCMD ["python", "cli.py", "serve", "--fast"]\n'})
    assert taken.start[-3:] == ("cli.py", "serve", "--fast")
    left = seen({"cli.py": HELLO, "Dockerfile": "FROM x\nCMD python cli.py --port $PORT --in /data/x\n"})
    assert left.start == ("cli.py",)


def test_a_model_server_beside_it_is_a_mode_and_a_port() -> None:
    compose = """
services:
  app:
    build: .
    environment:
      OPENAI_BASE_URL: http://llm:11434/v1
  llm:
    image: ollama/ollama:latest
"""
    found = seen({"main.py": "import openai\nopenai.OpenAI()\n", "compose.yaml": compose})
    assert found.mode == "local-server"
    assert "hosted" in found.modes
    assert 11434 in [end.port for end in found.endpoints if end.kind == "local"]


def test_system_packages_are_a_hint_and_never_installed() -> None:
    found = seen(
        {
            "main.py": HELLO,
            "Dockerfile": "FROM x\nRUN apt-get update && apt-get install -y --no-install-recommends \\\n  ffmpeg \\\n # why\n  libsndfile1=1.2 && rm -rf /x\n",
        }
    )
    assert found.system == ()
    assert any("ffmpeg libsndfile1" in one.value for one in found.evidence if one.decides == "recipe")


def test_go_is_told_its_package_by_the_build() -> None:
    files = {"go.mod": "module x\n\ngo 1.24\n", "cmd/a/main.go": "package main\nfunc main() {}\n",
             "cmd/b/main.go": "package main\nfunc main() {}\n"}  # fmt: skip
    found = seen(
        {**files, "Dockerfile": "FROM golang:1.24\nRUN CGO_ENABLED=0 go build -o /x ./cmd/b\nFROM scratch\n"}
    )
    assert found.entry == "cmd/b"


BROKEN = [
    ("compose.yaml", "services:\n  a: [1, 2\n  b: 3\n", "line"),
    (".devcontainer/devcontainer.json", '{"image": }', "column"),
    ("Dockerfile", "RUN x\n", "FROM"),
    ("mise.toml", "[tools\n", "TOML"),
    ("compose.yaml", "a: " + "[" * 5000, "nested"),
]


@pytest.mark.parametrize(
    ("path", "text", "word"), BROKEN, ids=[row[0] + str(n) for n, row in enumerate(BROKEN)]
)
def test_a_broken_recipe_is_a_warning_with_its_place(path: str, text: str, word: str) -> None:
    found = seen({"main.py": HELLO, path: text})
    told = [one.message for one in found.findings if one.level == "warning"]
    assert len(told) == 1
    assert path in told[0]
    assert word in told[0]


def test_dockerfile_grammar() -> None:
    text = """# escape=`
ARG V=3.11
FROM --platform=linux/amd64 python:${V}-slim AS Build
ENV A=1 B="two words" C=$A
RUN <<EOF
FROM nothing
EOF
RUN echo a `
# a comment within

  b
FROM build
COPY --from=build --chown=1:1 /x /y
COPY --from=other/image:1 /x /y
"""
    file = parse(text)
    assert [stage.image for stage in file.stages] == ["python:3.11-slim", "build"]
    assert file.images() == [("python:3.11-slim", 3), ("other/image:1", 14)]
    run = [one for one in file.stages[0].instructions if one.op == "RUN"]
    assert run[0].here == ("FROM nothing",)
    assert run[1].text == "echo a b"
    assert [stage.name for stage in file.line_of_descent(file.stages[1])] == ["", "build"]


def test_a_variable_that_holds_itself_ends() -> None:
    assert len(expand("$A", {"A": "$A$A"})) <= 4096


IMAGES = [
    ("python:3.11-slim", ("python", "3.11")),
    ("registry:5000/mirror/python:3.12.1", ("python", "3.12.1")),
    ("node:20-alpine", ("javascript", "20")),
    ("node:lts", ("javascript", "")),
    ("golang:1.22.3-bookworm", ("go", "1.22.3")),
    ("eclipse-temurin:21-jre", ("java", "21")),
    ("openjdk:8-jdk", ("java", "8")),
    ("maven:3.9-eclipse-temurin-17", ("java", "17")),
    ("gradle:8.5-jdk21", ("java", "21")),
    ("gradle:8.5", ("java", "")),
    ("registry.example/devcontainers/python:1-3.12-bookworm", ("python", "3.12")),
    ("debian:12", ("", "")),
    ("mypython:3", ("", "")),
    ("python", ("python", "")),
]


@pytest.mark.parametrize(("image", "said"), IMAGES)
def test_what_an_image_says(image: str, said: tuple[str, str]) -> None:
    assert language_of(image) == said


def test_servers_by_their_image() -> None:
    assert server_of("ollama/ollama:0.5") == ("ollama", 11434)
    assert server_of("ollama-ui/web") == ("", 0)


def test_commands_of_a_line() -> None:
    line = ("sh", "-c", "cd app && A=1 exec poetry run python main.py; echo done")
    assert commands(line)[0] == ("app", ("python", "main.py"))
    source = Source.from_mapping({"app/main.py": HELLO})
    assert entry_of(source, line) == ("app/main.py", ())
    assert entry_of(source, ("python", "../../etc/passwd.py")) == ("", ())


def test_an_alias_that_multiplies_itself_costs_nothing() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert len(load("\n".join(lines)).pairs) == 30
    with pytest.raises(BrokenYaml):
        load("a: b: c")


def test_a_linked_recipe_outside_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("FROM python:3.9\n")
    home = tmp_path / "home"
    home.mkdir()
    (home / "main.py").write_text(HELLO)
    (home / "Dockerfile").symlink_to("../outside")
    assert read_recipes(open_source(str(home))) == []


def test_where_detection_ends_a_dockerfile_is_offered() -> None:
    with pytest.raises(DetectionError) as caught:
        seen({"readme.xyz": "nothing", "Dockerfile": "FROM x\n"})
    assert "--use-dockerfile" in caught.value.hint


def test_a_service_counts_from_the_folder_that_it_is_built_in() -> None:
    compose = "services:\n  api:\n    build: ./api\n    command: python serve.py\n"
    source = Source.from_mapping({"api/serve.py": HELLO, "compose.yaml": compose})
    (start,) = [one for one in read_recipes(source) if one.kind == "start"]
    assert entry_of(source, start.words, start.folder) == ("api/serve.py", ())
