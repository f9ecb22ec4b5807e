"""The contract where something is wrong, too much, or over early."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest

from tests.contract.runtimes.cases import case
from tests.contract.runtimes.subject import COUNT, Json, Subject, refusal

HI: list[Json] = [{"role": "user", "content": "hi"}]

BAD_CHATS: tuple[tuple[Json, str], ...] = (
    ({"messages": None}, "messages"),
    ({"messages": "hi"}, "messages"),
    ({"messages": []}, "messages"),
    ({"messages": ["hi"]}, "messages"),
    ({"messages": [{"role": "wizard", "content": "hi"}]}, "messages"),
    ({"messages": [{"role": "user"}]}, "messages"),
    ({"messages": [{"role": "user", "content": 5}]}, "messages"),
    ({"messages": [{"role": "user", "content": [{"type": "smell"}]}]}, "messages"),
    ({"temperature": "hot"}, "temperature"),
    ({"temperature": -1}, "temperature"),
    ({"temperature": True}, "temperature"),
    ({"top_p": 2}, "top_p"),
    ({"max_tokens": -1}, "max_tokens"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"max_tokens": "5"}, "max_tokens"),
    ({"max_tokens": 1.5}, "max_tokens"),
    ({"max_completion_tokens": -4}, "max_completion_tokens"),
    ({"n": 0}, "n"),
    ({"n": "2"}, "n"),
    ({"n": 1000}, "n"),
    ({"stop": 5}, "stop"),
    ({"stop": [5]}, "stop"),
    ({"stream": "yes"}, "stream"),
    ({"seed": "x"}, "seed"),
    ({"frequency_penalty": "much"}, "frequency_penalty"),
    ({"logit_bias": [1]}, "logit_bias"),
    ({"logprobs": "yes"}, "logprobs"),
    ({"top_logprobs": 2}, "top_logprobs"),
    ({"response_format": {"type": "xml"}}, "response_format"),
    ({"response_format": "json"}, "response_format"),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": 5}}},
        "response_format",
    ),
    ({"tools": "all"}, "tools"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"max_token": 5}, "max_token"),
    ({"temprature": 0.5}, "temprature"),
)
"""What is added to a good request, and the field that the 400 names."""

BAD_COMPLETIONS: tuple[tuple[Json, str], ...] = (
    ({"prompt": 5}, "prompt"),
    ({"prompt": {}}, "prompt"),
    ({"prompt": []}, "prompt"),
    ({"prompt": ["a", 5]}, "prompt"),
    ({"max_tokens": -1}, "max_tokens"),
    ({"max_tokens": [5]}, "max_tokens"),
    ({"n": 0}, "n"),
    ({"temperature": "hot"}, "temperature"),
    ({"logprobs": -1}, "logprobs"),
    ({"best_of": 0}, "best_of"),
    ({"promt": "hi"}, "promt"),
)


def _wrong(it: Subject, path: str, good: Json, rows: tuple[tuple[Json, str], ...]) -> None:
    missed = []
    for more, field in rows:
        reply = it.post(path, {**good, **more})
        error = reply.json().get("error") or {} if reply.status_code == 400 else {}
        param = str(error.get("param") or "")
        if not (param == field or param.startswith((f"{field}.", f"{field}["))):
            missed.append(f"{more}: {reply.status_code} {reply.text[:120]}")
        elif field not in error["message"]:
            missed.append(f"{more}: the message does not name it: {error['message']}")
    assert not missed, "\n".join(missed)


@case("chat")
def bad_requests(it: Subject) -> None:
    """Each wrong field is a 400 that names it, in OpenAI's shape; nothing unknown is ignored."""
    _wrong(it, "/v1/chat/completions", {"model": it.model, "messages": HI, "max_tokens": 1}, BAD_CHATS)
    with pytest.raises(openai.BadRequestError) as caught:
        it.chat("hi", max_tokens=-1)
    assert caught.value.param == "max_tokens"


@case("completions")
def bad_completions(it: Subject) -> None:
    """The same for completions."""
    _wrong(it, "/v1/completions", {"model": it.model, "prompt": "hi", "max_tokens": 1}, BAD_COMPLETIONS)


@case()
def bad_bodies(it: Subject) -> None:
    """What is no JSON object, or leads nowhere."""
    path = "/v1/chat/completions" if "chat" in it.features else "/v1/completions"
    for body in (b"{", b"", b"[1]", b'"hi"', b"\xff\xfe", b'{"a":1}{'):
        refusal(it.post(path, body))
    assert it.post("/v1/nothing/here", {}).status_code == 404
    assert it.get(path).status_code in (404, 405)


@case()
def context_overflow(it: Subject) -> None:
    """More than the context holds: 400 with context_length_exceeded, whole and streamed, and the server goes on."""
    much = "one two three four five six seven eight nine ten " * 1200
    for fields in ({}, {"stream": True}):
        made: dict[str, Any] = {"max_tokens": 4, **fields}
        with pytest.raises(openai.BadRequestError) as caught:
            it.go_on(much, **made)
        assert caught.value.code == "context_length_exceeded", caught.value.body
    assert it.go_on(COUNT, max_tokens=1).tokens == 1


@case()
def eight_at_once(it: Subject) -> None:
    """All are answered, each with its own text."""

    def ask(at: int) -> tuple[str, str]:
        told = it.go_on(f"{COUNT} 9, 1{at}", max_tokens=4, stream=at % 2 == 0)
        return told.text, told.finish

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(ask, range(8)))
    assert all(text for text, _ in together)
    assert {finish for _, finish in together} == {"length"}
    alone = [ask(at) for at in (0, 5)]
    same = sum(one == other for one, other in zip(alone, (together[0], together[5]), strict=True))
    assert same >= 1, f"other requests changed the answers: {together[0]}, {together[5]}; alone {alone}"


@case()
def cancel(it: Subject) -> None:
    """A client that leaves a stream ends the work."""

    def leave() -> None:
        stream = it.go_on_reply(COUNT, max_tokens=1500, stream=True)
        for _ in range(3):
            next(stream)
        stream.close()

    _stops(it, leave)


@case()
def cancel_whole(it: Subject) -> None:
    """So does one that waits for a whole answer no longer."""
    path = "/v1/completions" if "completions" in it.features else "/v1/chat/completions"
    ask: Json = (
        {"prompt": COUNT}
        if "completions" in it.features
        else {"messages": [{"role": "user", "content": COUNT}]}
    )

    def leave() -> None:
        with pytest.raises(httpx.ReadTimeout):
            it.post(path, {"model": it.model, "max_tokens": 1500, "temperature": 0, **ask}, timeout_s=1.5)

    _stops(it, leave)


def _stops(it: Subject, leave: Callable[[], None]) -> None:
    """By the time that its boxes compute; without boxes to look at, by the time that the next request takes."""
    begin = time.monotonic()
    it.go_on("Hello", max_tokens=1)
    free_s = time.monotonic() - begin
    leave()
    begin = time.monotonic()
    it.go_on("Hello", max_tokens=1)
    assert time.monotonic() - begin < 3 * free_s + 2
    if it.cpu_s is None:
        return
    time.sleep(0.5)
    before = it.cpu_s()
    time.sleep(1.5)
    worked = it.cpu_s() - before
    assert worked < 0.4, f"{worked:.2f} s of work in 1.5 s after the client had left"


@case()
def health(it: Subject) -> None:
    """It says that it is ready."""
    assert it.get("/health").status_code == 200
