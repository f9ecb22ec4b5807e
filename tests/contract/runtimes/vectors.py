"""The contract of models that give vectors, and of those that rank."""

from __future__ import annotations

import base64
import math
from struct import unpack
from typing import Any

import openai
import pytest

from tests.contract.runtimes.subject import Json, Subject, refusal

NEAR, NEARER, FAR = "a cat", "a kitten", "a stock exchange"

BAD: tuple[tuple[Json, str], ...] = (
    ({"input": None}, "input"),
    ({"input": []}, "input"),
    ({"input": 5}, "input"),
    ({"input": ["a", {}]}, "input"),
    ({"encoding_format": "hex"}, "encoding_format"),
    ({"dimensions": 0}, "dimensions"),
    ({"dimensions": "all"}, "dimensions"),
    ({"inputs": "a"}, "inputs"),
)


def _vectors(it: Subject, texts: str | list[str], **fields: Any) -> list[list[float]]:
    reply = it.client.embeddings.create(model=it.model, input=texts, **{"encoding_format": "float", **fields})
    assert [one.index for one in reply.data] == list(range(len(reply.data)))
    assert reply.usage.prompt_tokens > 0
    return [one.embedding for one in reply.data]


def _likeness(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def meaning(it: Subject) -> None:
    """Unit vectors, and what means the same lies near."""
    one, two, far = _vectors(it, [NEAR, NEARER, FAR])
    assert all(abs(math.hypot(*vector) - 1) < 1e-3 for vector in (one, two, far))
    assert _likeness(one, two) > 0.5 > 0.3 > _likeness(one, far)


def order(it: Subject) -> None:
    """Each text has its own vector whoever stands beside it."""
    alone = _vectors(it, NEAR)[0]
    together = _vectors(it, [FAR, "a much longer text about nothing at all " * 4, NEAR])
    assert _likeness(alone, together[2]) > 0.999


def forms(it: Subject) -> None:
    """base64 holds the same numbers; fewer dimensions are a unit vector again."""
    plain = _vectors(it, NEAR)[0]
    body = {"model": it.model, "input": NEAR, "encoding_format": "base64"}
    packed = base64.b64decode(it.post("/v1/embeddings", body).json()["data"][0]["embedding"])
    assert unpack(f"<{len(plain)}f", packed) == pytest.approx(plain, abs=1e-6)
    short = _vectors(it, NEAR, dimensions=32)[0]
    assert len(short) == 32
    assert abs(math.hypot(*short) - 1) < 1e-3


def wrong(it: Subject) -> None:
    """400 with the field's name; a text is not written."""
    missed = []
    for more, field in BAD:
        reply = it.post("/v1/embeddings", {"model": it.model, "input": "a", **more})
        error = reply.json().get("error") or {} if reply.status_code == 400 else {}
        if not str(error.get("param") or "").startswith(field):
            missed.append(f"{more}: {reply.status_code} {reply.text[:120]}")
    assert not missed, "\n".join(missed)
    refusal(
        it.post("/v1/chat/completions", {"model": it.model, "messages": [{"role": "user", "content": "hi"}]})
    )


def too_long(it: Subject) -> None:
    """More than the model reads is refused or cut, never an error of the server's, and it goes on."""
    try:
        assert len(_vectors(it, "one two three four five " * 3000)) == 1
    except openai.BadRequestError as error:
        assert error.code == "context_length_exceeded", error.body
    assert len(_vectors(it, NEAR)) == 1


VECTORS = (meaning, order, forms, wrong, too_long)
