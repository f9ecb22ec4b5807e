"""A real llama.cpp server in its box, asked by a program in another box that has no network."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from jitney import disk, road
from jitney.bases import ensure
from jitney.cli.report import Report
from jitney.config import Config, load
from jitney.engine.protocol import Engine
from jitney.errors import ModelError
from jitney.facts.collect import collect
from jitney.facts.model import Facts
from jitney.models.alias import builtin
from jitney.models.fetch import fetch
from jitney.models.layout import Want, library_view
from jitney.models.model import Weights
from jitney.models.reference import parse
from jitney.models.storage.store import Store
from jitney.plan.model import SandboxPlan
from jitney.runtimes.beside import Beside, start_beside
from jitney.runtimes.gateway import RUNTIME_DIR, SOCKET, gateway_base
from jitney.runtimes.llamacpp import BASE
from jitney.runtimes.server import host_plainly, weights_mounts
from jitney.sandbox.box import box_spec
from jitney.sandbox.job import Job, Relay
from jitney.sandbox.run import Session
from jitney.sandbox.stdio import Stdio

pytestmark = [pytest.mark.engine, pytest.mark.model]
PYTHON = "debian/python:3.13-run"
ASK = """
import json, urllib.request
body = json.dumps({"model": "gpt-4o", "prompt": "The capital of France is", "max_tokens": 6, "temperature": 0})
headers = {"Content-Type": "application/json"}
reply = urllib.request.urlopen(urllib.request.Request("http://localhost:11434/v1/completions", body.encode(), headers))
print(json.load(reply)["choices"][0]["text"])
"""


EMBED = """
import json, urllib.request
body = json.dumps({"model": "nomic-embed-text", "input": ["a cat", "a dog"]})
reply = json.load(urllib.request.urlopen("http://localhost:11434/api/embed", body.encode()))
print(len(reply["embeddings"][0]), reply["embeddings"][0] != reply["embeddings"][1])
"""


class World(msgspec.Struct):
    """What every test here starts from."""

    engine: Engine
    config: Config
    facts: Facts
    store: Store
    weights: Weights

    def start(self, session: Session, weights: Weights | None = None) -> Beside:
        hosted = host_plainly(self.store, weights or self.weights, self.facts, self.config)
        return start_beside(session, self.engine, hosted, self.facts, self.config)


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    config = load(None, {})
    facts = collect(engine, config)
    for key in dict.fromkeys((BASE, PYTHON, gateway_base(facts, config))):
        if facts.base(key) is None:
            base = ensure(engine, key, facts, config, print)
            facts = msgspec.structs.replace(facts, bases=(*facts.bases, base))
    road.ensure_gateway(facts, config, engine, Report())
    store = Store(config.data / "store")
    weights = fetch(store, parse("smollm2", builtin(), Path()), config.python_index)
    yield World(engine, config, facts, store, weights)


def image(world: World) -> str:
    base = world.facts.base(PYTHON)
    assert base is not None
    return base.ref


def run(world: World, session: Session, beside: Beside, *argv: str, relay: int = 11434) -> tuple[int, str]:
    """A program's box with the model's socket: its exit code and output."""
    out = bytearray()
    box = session.park(box_spec(SandboxPlan(), image(world), mounts=(beside.mount,)))
    relays = (Relay(port=relay, path=SOCKET),)
    job = Job(argv=argv, env={"PATH": "/usr/local/bin:/usr/bin:/bin"}, relays=relays)
    session.submit(box, job, Stdio(stdin=None, stdout=out.extend, stderr=out.extend))
    return session.wait(box, signals=False).exit_code, out.decode()


def test_a_program_without_network_gets_an_answer(
    world: World, assert_nothing_left: Callable[[], None]
) -> None:
    with Session(world.engine) as session:
        beside = world.start(session)
        beside.wait_ready()
        exit_code, out = run(world, session, beside, "python3", "-c", ASK)
        assert (exit_code, out[:6]) == (0, " Paris")
        assert beside.verdict() is None
    assert_nothing_left()


def test_it_is_ready_within_a_second_or_so(world: World) -> None:
    with Session(world.engine) as session:
        beside = world.start(session)
        beside.wait_ready()
        assert 0 < beside.ready_s < 10, "not a benchmark: only that nobody waits for a slow poll"


def test_the_program_cannot_replace_or_remove_the_socket(world: World) -> None:
    code = f"import os; os.unlink({SOCKET!r})"
    with Session(world.engine) as session:
        beside = world.start(session)
        beside.wait_ready()
        exit_code, out = run(world, session, beside, "python3", "-c", code)
        assert exit_code == 1
        assert "Read-only file system" in out
        assert run(world, session, beside, "python3", "-c", ASK)[0] == 0


@pytest.mark.parametrize("which", ["model", "gateway"])
def test_the_other_boxes_are_as_locked_as_the_programs(world: World, which: str) -> None:
    with Session(world.engine) as session:
        beside = world.start(session)
        server = beside.model if which == "model" else beside.gateway
        host = world.engine.inspect(server.box.container)
    text = json.dumps(host)
    assert '"NetworkDisabled": true' in text
    assert re.search(r'"ReadonlyRootfs": true', text)
    assert re.search(r'"CapDrop": \["ALL"\]', text)
    assert re.search(r'"Memory": [1-9]', text)
    assert "llama-server" not in text, "the command is in a frame, not in the container's config"
    assert "jitney.serve" not in text


def test_the_program_sees_the_gateways_socket_and_not_the_models(world: World) -> None:
    code = f"import os; print(os.listdir('/run/jitney'), os.path.exists({RUNTIME_DIR!r}))"
    with Session(world.engine) as session:
        beside = world.start(session)
        beside.wait_ready()
        assert run(world, session, beside, "python3", "-c", code) == (0, "['model.sock'] False\n")


def test_vectors_and_text_at_once(world: World) -> None:
    """A second server, started when the first vectors are asked for; pooling is fixed at the start of one."""
    with Session(world.engine) as session:
        beside = world.start(session)
        beside.wait_ready()
        exit_code, out = run(world, session, beside, "python3", "-c", EMBED)
        assert (exit_code, out) == (0, "576 True\n")
        assert run(world, session, beside, "python3", "-c", ASK)[1].startswith(" Paris")
        assert beside.verdict() is None


def test_the_cap_of_an_answer_without_a_limit_is_said(world: World) -> None:
    said: list[str] = []
    code = ASK.replace('"max_tokens": 6, ', "").replace("The capital of France is", "1, 2, 3, 4, 5, 6, 7, 8,")
    with Session(world.engine, say=said.append) as session:
        beside = world.start(session)
        beside.wait_ready()
        assert run(world, session, beside, "python3", "-c", code)[0] == 0
    assert len(said) == 1
    assert "cut at 512 tokens" in said[0]


def test_weights_it_cannot_load_are_told_at_once_with_its_words(
    world: World, tmp_path: Path, assert_nothing_left: Callable[[], None]
) -> None:
    path = tmp_path / "strange.gguf"
    path.write_bytes(world.store.path(world.weights).read_bytes().replace(b"llama", b"lloma"))
    store = Store(tmp_path / "store")
    strange = fetch(store, parse(str(path), {}, tmp_path))
    with Session(world.engine) as session:
        started = time.monotonic()
        hosted = host_plainly(store, strange, world.facts, world.config)
        beside = start_beside(session, world.engine, hosted, world.facts, world.config)
        with pytest.raises(ModelError, match=r"could not serve strange: .*lloma"):
            beside.wait_ready()
        assert time.monotonic() - started < 20
    assert_nothing_left()


def test_a_server_that_dies_under_the_program_is_noticed(world: World) -> None:
    with Session(world.engine) as session:
        beside = world.start(session)
        beside.wait_ready()
        world.engine.kill(beside.model.box.container)
        exit_code, out = run(world, session, beside, "python3", "-c", ASK)
        assert exit_code == 1
        assert "HTTP Error 502" in out
        verdict = beside.verdict()
        assert verdict is not None
        assert "llama.cpp died" in verdict.message


def test_a_gateway_that_dies_under_the_program_is_told_from_its_model(world: World) -> None:
    with Session(world.engine) as session:
        beside = world.start(session)
        beside.wait_ready()
        world.engine.kill(beside.gateway.box.container)
        assert run(world, session, beside, "python3", "-c", ASK)[0] == 1
        verdict = beside.verdict()
        assert verdict is not None
        assert verdict.message.startswith("the gateway died")


def test_weights_reach_a_daemon_that_sees_no_files(
    world: World, assert_nothing_left: Callable[[], None]
) -> None:
    blind = msgspec.structs.replace(world.facts.engine, shares_files=False)
    world.facts = msgspec.structs.replace(world.facts, engine=blind)
    before = {item.name for item in disk.volumes(world.engine)}
    with Session(world.engine) as session:
        beside = world.start(session)
        beside.wait_ready()
        assert run(world, session, beside, "python3", "-c", ASK)[1].startswith(" Paris")
    assert_nothing_left()
    for item in disk.volumes(world.engine):
        if item.name not in before:
            assert disk.remove_volume(world.engine, item.name), (
                "kept for the next run, and removed by `jitney clean`"
            )


def test_a_library_finds_its_files_read_only(world: World) -> None:
    view = library_view(world.store, (Want(weights=world.weights, repo="org/tiny", file="asked.gguf"),))
    code = (
        "import glob, os; from pathlib import Path\n"
        "hub = Path(os.environ['HF_HOME']) / 'hub' / 'models--org--tiny'\n"
        "revision = (hub / 'refs/main').read_text()\n"
        "file = hub / 'snapshots' / revision / 'asked.gguf'\n"
        "print(file.read_bytes()[:4], file.stat().st_size)\n"
        "same = Path.home() / '.cache/huggingface/hub/models--org--tiny/snapshots' / revision / 'asked.gguf'\n"
        "print(same.stat().st_ino == file.stat().st_ino)\n"
        "(Path.home() / '.cache/other').mkdir()\n"
        "file.write_bytes(b'')\n"
    )
    out = bytearray()
    with Session(world.engine) as session:
        home = "/home/jitney"
        mounts = weights_mounts(session, world.engine, view, world.facts, image(world), home)
        box = session.park(box_spec(SandboxPlan(), image(world), mounts=mounts))
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": home, **view.env()}
        session.submit(
            box, Job(argv=("python3", "-c", code), env=env), Stdio(stdout=out.extend, stderr=out.extend)
        )
        assert session.wait(box, signals=False).exit_code == 1
    text = out.decode()
    assert "b'GGUF' 98362432\nTrue\n" in text
    assert "Read-only file system" in text
