"""A user's own Dockerfile, built by the real engine and run in the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import Jitney, leftovers

from jitney.config import Config
from jitney.engine.protocol import Engine
from jitney.facts.collect import collect

pytestmark = pytest.mark.engine

DOCKERFILE = """# syntax=docker/dockerfile:1
ARG BASE
FROM ${BASE} AS build
ARG WORD=hello
RUN echo "$WORD from the build" > /made
FROM ${BASE}
RUN echo "app:x:4242:4343::/:/bin/sh" >> /etc/passwd
COPY --from=build /made /src/made
COPY . /app/
ENV WHO=docker
WORKDIR /app
EXPOSE 8080
VOLUME /data
HEALTHCHECK CMD true
USER app
ENTRYPOINT ["/bin/sh", "say.sh"]
CMD ["one", "two words"]
"""
SAY = """echo "$#:$2:$(id -u):$(id -g):$(pwd):$WHO"; cat /src/made; ls -a /app; echo x > /data/x && echo wrote
echo y > /app/y || echo read-only; ls /sys/class/net; exit 3
"""


@pytest.fixture
def program(tmp_path: Path, engine: Engine) -> Path:
    bases = [base for base in collect(engine, Config()).bases if base.key.startswith("debian/debian:13-full")]
    if not bases:
        pytest.fail("the base debian:13-full is not there: jitney run any shell script makes it")
    files = {"Dockerfile": DOCKERFILE.replace("ARG BASE\n", f"ARG BASE={bases[0].ref}\n"), "say.sh": SAY,
             ".env": "secret", ".dockerignore": ".env\n"}  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_it_is_built_and_run_and_nothing_is_left(program: Path, jitney: Jitney, engine: Engine) -> None:
    done = jitney("run", "--use-dockerfile", "--ephemeral", program)
    said = done.stdout.decode()
    assert done.returncode == 3, done.stderr
    assert said.startswith("2:two words:4242:4343:/app:docker\nhello from the build\n")
    assert ".env" not in said.split()
    assert {"wrote", "read-only", "lo"} <= set(said.split())
    told = done.stderr.decode()
    assert all(word in told for word in ("VOLUME /data", "EXPOSE 8080", "HEALTHCHECK"))
    assert leftovers(engine) == []


def test_arguments_build_arguments_and_the_file_itself(program: Path, jitney: Jitney) -> None:
    done = jitney(
        "run",
        "-q",
        "--ephemeral",
        "--use-dockerfile",
        "--build-arg",
        "WORD=bye",
        program / "Dockerfile",
        "mine",
    )
    assert done.stdout.decode().startswith("1::4242:4343:/app:docker\nbye from the build\n")


def test_an_image_that_nobody_has(program: Path, jitney: Jitney) -> None:
    (program / "Dockerfile").write_text("FROM nobody.invalid/has:1\n")
    done = jitney("run", "--use-dockerfile", program)
    assert done.returncode == 125
    assert b"Dockerfile:1: nobody.invalid/has:1 is not on this engine" in done.stderr
