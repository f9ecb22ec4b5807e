"""`jitney serve`: the vendor's client, several models, keys, deaths, ends."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openai
import pytest

from jitney.engine.protocol import Engine
from tests.conftest import Jitney
from tests.e2e.hosting.conftest import Service, wait_for

Serve = Callable[..., Service]
SUM = "What is 2+2?"
STORY = "Tell a very long story."


def boxes(engine: Engine, url: str, jitney: Jitney) -> list[str]:
    """Containers of the service's models."""
    where = url.removesuffix("/v1")
    rows = json.loads(jitney("ps", "--json").stdout)
    return [row["container"] for row in rows if row["url"] == where and row["kind"] == "model"]


def test_one_model_over_the_vendors_client(serve: Serve, jitney: Jitney) -> None:
    service = serve("smollm2")
    assert "4" in service.ask(SUM)
    assert [model.id for model in service.client().models.list()] == ["smollm2"]
    pieces = service.stream(SUM, tokens=16)
    assert "4" in "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
    vector = service.client().embeddings.create(model="smollm2", input="a cat").data[0].embedding
    assert len(vector) == 576
    base = service.url.removesuffix("/v1")
    assert urllib.request.urlopen(f"{base}/health").status == 200
    assert b"gen_ai" in urllib.request.urlopen(f"{base}/metrics").read()
    shown = json.loads(jitney("ps", "--json").stdout)
    assert base in {row["url"] for row in shown}
    assert b"llama" in jitney("logs", "smollm2").stdout.lower()
    code, said = service.end()
    assert code == 130
    assert "ending" in said


def test_two_models_are_told_apart(serve: Serve) -> None:
    service = serve("first=smollm2", "vectors=minilm")
    assert {model.id for model in service.client().models.list()} == {"first", "vectors"}
    assert "4" in service.ask(SUM, model="first")
    assert len(service.client().embeddings.create(model="vectors", input="a cat").data[0].embedding) == 384
    with pytest.raises(openai.NotFoundError, match="first"):
        service.ask(SUM, model="firts")


def test_a_key_is_asked_for(serve: Serve, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("s3cret\n")
    service = serve("--api-key", key, "smollm2")
    with pytest.raises(openai.AuthenticationError):
        service.ask(SUM)
    done = service.client("s3cret").chat.completions.create(
        model="smollm2", messages=[{"role": "user", "content": SUM}], max_tokens=4
    )
    assert done.choices[0].message.content
    for path in ("cmdline", "environ"):
        for process in Path("/proc").glob("[0-9]*"):
            try:
                assert b"s3cret" not in (process / path).read_bytes()
            except OSError:
                continue


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--host", "0.0.0.0", "smollm2"), 2, "--api-key"),
        (("smollm2", "smollm2"), 2, "two models would be called smollm2"),
        (("--api-key", "/nowhere", "smollm2"), 2, "/nowhere"),
        (("smolm2",), 125, "did you mean smollm2"),
        (("--runtime", "vlm", "smollm2"), 2, "vllm"),
    ],
)
def test_what_cannot_be_served_is_told(
    jitney: Jitney, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = jitney("serve", "--port", "0", *arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_a_taken_port_is_told(jitney: Jitney) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = jitney("serve", "--port", str(other.getsockname()[1]), "smollm2")
    assert done.returncode == 75
    assert b"is taken" in done.stderr


def test_a_dead_runtime_is_replaced_and_the_client_sees_nothing(
    serve: Serve, engine: Engine, jitney: Jitney
) -> None:
    service = serve("smollm2")
    first = service.ask(SUM)
    for _ in range(2):
        (box,) = boxes(engine, service.url, jitney)
        engine.kill(box, "SIGKILL")
        assert service.ask(SUM) == first
    assert "started again" in service.end()[1]


def test_a_death_in_the_midst_of_an_answer_is_an_error(serve: Serve, engine: Engine, jitney: Jitney) -> None:
    service = serve("smollm2")
    stream = service.stream(STORY, tokens=4000)
    (box,) = boxes(engine, service.url, jitney)

    def read() -> None:
        for number, _ in enumerate(stream):
            if number == 5:
                engine.kill(box, "SIGKILL")

    with pytest.raises(openai.APIError):
        read()
    assert "4" in service.ask(SUM)


def test_one_that_dies_again_and_again_is_given_up(serve: Serve, engine: Engine, jitney: Jitney) -> None:
    service = serve("smollm2")
    end = time.monotonic() + 60
    while service.process.poll() is None and time.monotonic() < end:
        for box in boxes(engine, service.url, jitney):
            engine.kill(box, "SIGKILL")
        time.sleep(0.2)
    code, said = service.end()
    assert code == 125
    assert "given up" in said


def test_ctrl_c_lets_an_answer_finish(serve: Serve) -> None:
    service = serve("smollm2")
    stream = service.stream(STORY, tokens=150)
    reasons = []
    for number, piece in enumerate(stream):
        if number == 3:
            service.process.send_signal(signal.SIGINT)
        reasons += [choice.finish_reason for choice in piece.choices if choice.finish_reason]
    assert reasons in (["length"], ["stop"])
    assert service.process.wait(10) == 130


def test_killed_it_leaves_nothing_and_its_port_is_free(
    serve: Serve, assert_nothing_left: Callable[[], None], tmp_path: Path
) -> None:
    service = serve("smollm2", env={"TMPDIR": str(tmp_path)})
    port = int(service.url.split(":")[2].split("/")[0])
    assert list(tmp_path.iterdir())
    service.process.kill()
    service.process.communicate()
    assert_nothing_left()

    def is_free() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    wait_for(is_free, 3)
    wait_for(lambda: not list(tmp_path.iterdir()), 10)


def test_in_the_background_until_it_is_stopped(
    jitney: Jitney, assert_nothing_left: Callable[[], None]
) -> None:
    done = jitney("serve", "--port", "0", "-d", "--threads", "1", "mine=smollm2")
    assert done.returncode == 0, done.stderr
    run, url = done.stdout.decode().split()
    try:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1", url)
        assert urllib.request.urlopen(f"{url}/models").status == 200
        assert b"mine | " in jitney("logs", "mine").stdout
    finally:
        stopped = jitney("stop", "mine")
    assert stopped.stdout.decode().strip() == run
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{url}/models")
    assert_nothing_left()


def test_many_at_once(serve: Serve) -> None:
    service = serve("smollm2")
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda _: service.ask(SUM), range(16)))
    assert all("4" in text for text in said)


def test_a_program_asks_any_runtime(jitney: Jitney, tmp_path: Path) -> None:
    """Without a change in code: the same program, another runtime."""
    (tmp_path / "ask.py").write_text(
        "# /// script\n# dependencies = ['openai']\n# ///\nfrom openai import OpenAI\n"
        "r = OpenAI().chat.completions.create(model='gpt-4o-mini', temperature=0, max_tokens=24,\n"
        "    messages=[{'role': 'user', 'content': 'What is the capital of France?'}])\n"
        "print(r.choices[0].message.content)\n"
    )
    done = jitney("run", "--model", "smollm2", "--runtime", "transformers", tmp_path / "ask.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
