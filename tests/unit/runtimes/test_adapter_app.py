"""The adapter over HTTP: a real server, a real tokenizer, a model that says what it is told."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from tests.unit.runtimes.adapter_parts import Parrot

from jitney.runtimes.adapter.app import make_app
from jitney.runtimes.adapter.backend import (
    CannotLoadError,
    Load,
    Loaded,
    Segment,
    Settings,
    Speech,
    Transcript,
)

Json = dict[str, Any]
CHAT = "/v1/chat/completions"
TEXT = "/v1/completions"
HI = [{"role": "user", "content": "hi"}]


@contextmanager
def served(load: Load, failures: list[str] | None = None) -> Iterator[httpx.Client]:
    """A client of the adapter on a port of its own."""
    told = failures if failures is not None else []
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        app = make_app(load, Settings(model="", alias="parrot", most_tokens=64), told.append)
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            base = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with httpx.Client(base_url=base, timeout=20) as client:
                wait_for(lambda: server.started)
                yield client
        finally:
            server.should_exit = True
            thread.join()


def wait_for(condition: Any, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def is_ready(client: httpx.Client) -> bool:
    return client.get("/health").status_code == 200


@pytest.fixture
def parrot(tmp_path: Path) -> Parrot:
    return Parrot(tmp_path, "日本語 and 🗼. That is all.")


@pytest.fixture
def client(parrot: Parrot) -> Iterator[httpx.Client]:
    with served(parrot.load) as client:
        wait_for(lambda: is_ready(client))
        yield client


def events(text: str) -> list[Json]:
    lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def test_loading_then_ready(tmp_path: Path) -> None:
    parrot = Parrot(tmp_path, "x")
    parrot.gate.clear()
    with served(parrot.load) as client:
        assert client.get("/health").status_code == 503
        refused = client.post(CHAT, json={"messages": HI})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "loading")
        parrot.gate.set()
        wait_for(lambda: is_ready(client))


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (CannotLoadError("no such architecture"), "no such architecture"),
        (MemoryError(), "not enough memory"),
        (RuntimeError("libx.so"), "RuntimeError: libx.so"),
    ],
)
def test_a_model_that_cannot_be_loaded(error: Exception, says: str) -> None:
    def load(settings: Settings) -> Loaded:
        raise error

    failures: list[str] = []
    with served(load, failures) as client:
        wait_for(lambda: failures)
        assert says in failures[0]
        assert client.get("/health").status_code == 503


def test_a_whole_answer(client: httpx.Client) -> None:
    found = client.post(CHAT, json={"messages": HI, "temperature": 0, "logprobs": True}).json()
    choice = found["choices"][0]
    assert choice["message"] == {
        "role": "assistant",
        "content": "日本語 and 🗼. That is all.",
        "refusal": None,
    }
    assert choice["finish_reason"] == "stop"
    assert found["usage"]["completion_tokens"] == len("日本語 and 🗼. That is all.".encode()) + 1
    assert found["usage"]["prompt_tokens"] == len("<user>hi\n")
    told = choice["logprobs"]["content"]
    assert bytes(byte for one in told for byte in one["bytes"]).decode() == choice["message"]["content"]


def test_a_streamed_answer(client: httpx.Client) -> None:
    asked = {"prompt": "hi", "temperature": 0, "stream": True, "stream_options": {"include_usage": True}}
    found = events(client.post(TEXT, json=asked).text)
    texts = [one["choices"][0]["text"] for one in found if one["choices"]]
    assert "".join(texts) == "日本語 and 🗼. That is all."
    assert texts[:3] == ["日", "本", "語"]
    assert [one["choices"][0]["finish_reason"] for one in found if one["choices"]][-1] == "stop"
    assert found[-1]["choices"] == []
    assert found[-1]["usage"]["total_tokens"] == 2 + 33


LIMITS = (
    ("max_tokens in a character", {"max_tokens": 4}, "日", "length"),
    ("stop over tokens", {"stop": ["and", "語 a"]}, "日本", "stop"),
    ("the end comes just in time", {"max_tokens": 33}, "日本語 and 🗼. That is all.", "stop"),
)


@pytest.mark.parametrize(("name", "more", "text", "reason"), LIMITS, ids=[row[0] for row in LIMITS])
@pytest.mark.parametrize("stream", [False, True])
def test_where_an_answer_ends(
    client: httpx.Client, name: str, more: Json, text: str, reason: str, stream: bool
) -> None:
    reply = client.post(TEXT, json={"prompt": "hi", "temperature": 0, "stream": stream, **more})
    found = events(reply.text) if stream else [reply.json()]
    choices = [one["choices"][0] for one in found]
    assert "".join(choice["text"] for choice in choices) == text
    assert choices[-1]["finish_reason"] == reason


def test_several_prompts_and_answers(client: httpx.Client) -> None:
    found = client.post(
        TEXT, json={"prompt": ["a", "bc"], "n": 2, "max_tokens": 3, "temperature": 0, "echo": True}
    ).json()
    assert [one["text"] for one in found["choices"]] == ["a日", "a日", "bc日", "bc日"]
    assert [one["index"] for one in found["choices"]] == [0, 1, 2, 3]
    assert found["usage"] == {"prompt_tokens": 3, "completion_tokens": 12, "total_tokens": 15}


@pytest.mark.parametrize("stream", [False, True])
def test_log_probabilities_of_the_prompt(client: httpx.Client, stream: bool) -> None:
    """With echo: what a perplexity is computed from. The first token has none."""
    asked = {
        "prompt": "日b",
        "max_tokens": 2,
        "temperature": 0,
        "echo": True,
        "logprobs": 1,
        "stream": stream,
    }
    reply = client.post(TEXT, json=asked)
    choices = [one["choices"][0] for one in (events(reply.text) if stream else [reply.json()])]
    told = [one["logprobs"] for one in choices if one["logprobs"]]
    values = [value for one in told for value in one["token_logprobs"]]
    assert len(values) == 4 + 2
    assert values[0] is None
    assert all(value < 0 for value in values[1:])
    assert "".join(one["text"] for one in choices).startswith("日b")


BAD: tuple[tuple[str, Json, str], ...] = (
    (CHAT, {}, "messages"),
    (CHAT, {"messages": []}, "messages"),
    (CHAT, {"messages": [{"role": "x", "content": "y"}]}, "messages[0].role"),
    (
        CHAT,
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        "messages[0].content[0].type",
    ),
    (CHAT, {"messages": HI, "temperature": -1}, "temperature"),
    (CHAT, {"messages": HI, "temperature": True}, "temperature"),
    (CHAT, {"messages": HI, "max_tokens": 0}, "max_tokens"),
    (CHAT, {"messages": HI, "n": 99}, "n"),
    (CHAT, {"messages": HI, "temprature": 1}, "temprature"),
    (CHAT, {"messages": HI, "tools": [{}]}, "tools"),
    (CHAT, {"messages": HI, "tool_choice": "required"}, "tool_choice"),
    (CHAT, {"messages": HI, "top_logprobs": 2}, "top_logprobs"),
    (CHAT, {"messages": HI, "logit_bias": {"9999": 1}}, "logit_bias"),
    (CHAT, {"messages": HI, "response_format": {"type": "xml"}}, "response_format.type"),
    (CHAT, {"messages": HI, "stop": [1]}, "stop"),
    (CHAT, {"messages": HI, "stream": "yes"}, "stream"),
    (CHAT, {"messages": HI, "stream_options": {"include_usage": 1}}, "include_usage"),
    (TEXT, {}, "prompt"),
    (TEXT, {"prompt": ""}, "prompt"),
    (TEXT, {"prompt": [5, "x"]}, "prompt"),
    (TEXT, {"prompt": [99999]}, "prompt"),
    (TEXT, {"prompt": "x", "suffix": "y"}, "suffix"),
    (TEXT, {"prompt": "x", "best_of": 3}, "best_of"),
)


@pytest.mark.parametrize(("path", "body", "field"), BAD, ids=[f"{row[2]} {at}" for at, row in enumerate(BAD)])
def test_a_bad_request_names_its_field(client: httpx.Client, path: str, body: Json, field: str) -> None:
    reply = client.post(path, json=body)
    error = reply.json()["error"]
    assert (reply.status_code, error["param"], error["type"]) == (400, field, "invalid_request_error")
    assert error["message"].startswith(f"{field}: ")


@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_longer_than_the_context(client: httpx.Client, stream: bool) -> None:
    reply = client.post(TEXT, json={"prompt": "x" * 512, "stream": stream})
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "context_length_exceeded")


def test_the_context_cuts_an_answer(client: httpx.Client) -> None:
    found = client.post(TEXT, json={"prompt": "x" * 502, "temperature": 0}).json()
    assert (found["usage"]["completion_tokens"], found["choices"][0]["finish_reason"]) == (10, "length")


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("POST", CHAT, b"{", 400),
        ("POST", CHAT, b"[]", 400),
        ("POST", CHAT, b"[" * 100_000, 400),
        ("POST", CHAT, b" " * ((32 << 20) + 1), 413),
        ("GET", CHAT, None, 405),
        ("POST", "/v1/images", b"{}", 404),
        ("POST", "/v1/embeddings", b'{"input": "x"}', 404),
        ("POST", "/v1/rerank", b'{"query": "x"}', 404),
        ("POST", "/v1/audio/transcriptions", b"", 404),
        ("GET", "/v1/models/other", None, 404),
        ("GET", "/v1/models/parrot", None, 200),
    ],
)
def test_what_is_not_answered(
    client: httpx.Client, method: str, path: str, content: bytes | None, status: int
) -> None:
    reply = client.request(method, path, content=content)
    assert reply.status_code == status
    assert status == 200 or reply.json()["error"]["message"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_stops_the_work(tmp_path: Path, stream: bool) -> None:
    parrot = Parrot(tmp_path, "a" * 60)
    with served(parrot.load) as client:
        wait_for(lambda: is_ready(client))
        parrot.gate.clear()
        with pytest.raises(httpx.ReadTimeout):
            client.post(TEXT, json={"prompt": "hi", "temperature": 0, "stream": stream}, timeout=0.3)
        time.sleep(0.2)
        parrot.gate.set()
        wait_for(lambda: parrot.closed == 1)
        assert parrot.fed <= 3, "the prompt of two tokens, and at most the one that was being computed"


def test_who_waits_and_leaves_is_not_computed(tmp_path: Path) -> None:
    parrot = Parrot(tmp_path, "ab")
    with served(parrot.load) as client, ThreadPoolExecutor(1) as pool:
        wait_for(lambda: is_ready(client))
        parrot.gate.clear()
        first = pool.submit(client.post, TEXT, json={"prompt": "hi", "temperature": 0})
        time.sleep(0.1)
        with pytest.raises(httpx.ReadTimeout):
            client.post(TEXT, json={"prompt": "ho", "temperature": 0}, timeout=0.3)
        parrot.gate.set()
        assert first.result().json()["choices"][0]["text"] == "ab"
        assert parrot.fed == 4, "two of the prompt, two of the answer: the end itself is not fed"


def test_eight_at_once(client: httpx.Client) -> None:
    def ask(number: int) -> str:
        asked = {"prompt": "x" * (number + 1), "temperature": 0, "stream": number % 2 == 0}
        reply = client.post(TEXT, json=asked)
        found = events(reply.text) if asked["stream"] else [reply.json()]
        return "".join(one["choices"][0]["text"] for one in found)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {"日本語 and 🗼. That is all."}


def test_a_library_that_fails(client: httpx.Client, parrot: Parrot) -> None:
    """Before the first token: a status; in the midst: an event, and no end as if all were well."""
    parrot.broken_at = 0
    reply = client.post(TEXT, json={"prompt": "hi", "stream": True})
    assert (reply.status_code, "out of order" in reply.text) == (500, True)
    parrot.broken_at = 5
    text = client.post(TEXT, json={"prompt": "hi", "temperature": 0, "stream": True}).text
    assert "[DONE]" not in text
    assert "out of order" in json.loads(text.split("\n\n")[-2].removeprefix("data: "))["error"]["message"]
    parrot.broken_at = 1 << 30
    assert client.post(TEXT, json={"prompt": "hi", "temperature": 0}).status_code == 200, "it goes on"


def test_an_answer_that_fits_a_schema(client: httpx.Client) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"enum": ["x"]}},
        "required": ["a"],
        "additionalProperties": False,
    }
    asked = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    found = client.post(CHAT, json={"messages": HI, "temperature": 0, "response_format": asked}).json()
    assert json.loads(found["choices"][0]["message"]["content"]) == {"a": "x"}
    assert found["choices"][0]["finish_reason"] == "stop"


def embedding(settings: Settings, parrot: Parrot) -> Loaded:
    def embed(lists: Any) -> list[list[float]]:
        return [[0.6, 0.8] for _ in lists]

    def rerank(query: str, documents: Any) -> tuple[list[float], int]:
        return [len(document) / 10 for document in documents], 7

    return Loaded(8, frozenset(["embeddings", "reranking"]), parrot.words, embed=embed, rerank=rerank)


def test_vectors_and_orders(parrot: Parrot) -> None:
    with served(lambda settings: embedding(settings, parrot)) as client:
        wait_for(lambda: is_ready(client))
        found = client.post("/v1/embeddings", json={"input": ["a", "bcd"]}).json()
        assert [one["embedding"] for one in found["data"]] == [[0.6, 0.8], [0.6, 0.8]]
        assert found["usage"]["prompt_tokens"] == 4
        cut = client.post("/v1/embeddings", json={"input": "a", "dimensions": 1}).json()
        assert cut["data"][0]["embedding"] == [1.0]
        packed = client.post("/v1/embeddings", json={"input": "a", "encoding_format": "base64"}).json()
        assert packed["data"][0]["embedding"] == "mpkZP83MTD8="
        for body, field in (
            ({"input": "x" * 9}, "input"),
            ({"input": []}, "input"),
            ({"input": "a", "dimensions": 3}, "dimensions"),
            ({"input": "a", "encoding_format": "x"}, "encoding_format"),
            ({"input": "a", "odd": 1}, "odd"),
        ):
            assert client.post("/v1/embeddings", json=body).json()["error"]["param"] == field
        asked = {
            "query": "q",
            "documents": ["a", {"text": "bcd"}, "ef"],
            "top_n": 2,
            "return_documents": True,
        }
        ranked = client.post("/v1/rerank", json=asked).json()
        assert ranked["results"] == [
            {"index": 1, "relevance_score": 0.3, "document": {"text": "bcd"}},
            {"index": 2, "relevance_score": 0.2, "document": {"text": "ef"}},
        ]
        refused = client.post("/v1/chat/completions", json={"messages": HI})
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "messages")


def hearing(settings: Settings) -> Loaded:
    def transcribe(sound: bytes, speech: Speech) -> Transcript:
        words = f" {len(sound)} {speech.language}"
        return Transcript("en", 61.5, iter([Segment(0.0, 1.25, " Hello"), Segment(60.0, 61.5, words)]))

    return Loaded(448, frozenset(["transcription"]), transcribe=transcribe)


def test_transcriptions() -> None:
    with served(hearing) as client:
        wait_for(lambda: is_ready(client))

        def ask(**fields: str) -> httpx.Response:
            return client.post("/v1/audio/transcriptions", files={"file": ("a.wav", b"12345")}, data=fields)

        assert ask(model="x", language="de").json() == {"text": "Hello 5 de"}
        assert ask(response_format="text").text == "Hello 5\n"
        assert "2\n00:01:00,000 --> 00:01:01,500\n5" in ask(response_format="srt").text
        assert ask(response_format="vtt").text.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.250\nHello")
        assert ask(response_format="verbose_json").json()["duration"] == 61.5
        for fields, field in (({"response_format": "x"}, "response_format"), ({"odd": "1"}, "odd")):
            assert ask(**fields).json()["error"]["param"] == field
        assert ask(temperature="hot").json()["error"]["param"] == "temperature"
        empty = client.post("/v1/audio/transcriptions", files={"file": ("a.wav", b"")})
        assert (empty.status_code, empty.json()["error"]["param"]) == (400, "file")
