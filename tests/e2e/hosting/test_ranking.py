"""Reranking: a real cross-encoder, small and made by hand, by the transformers runtime. Its scores are BERT's, computed beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Jitney
from tests.e2e.hosting.conftest import Service
from tests.unit.models import cross_encoder

pytestmark = pytest.mark.engine
QUERY = "capital of france"
DOCUMENTS = ["a dog eats bread", "paris is the capital of france", "rivers run north", "unheard words"]


@pytest.fixture
def ranker(jitney: Jitney, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "ranker"
    folder.mkdir()
    cross_encoder.write(folder)
    yield folder
    jitney("rm", folder)


def test_documents_are_ranked(ranker: Path, serve: Callable[..., Service]) -> None:
    service = serve(ranker)
    path = f"{service.url}/rerank"
    body: dict[str, Any] = {"model": "ranker", "query": QUERY, "documents": DOCUMENTS}
    told = httpx.post(path, json=body, timeout=60).json()
    numbers = cross_encoder.made()
    want = [cross_encoder.score(numbers, QUERY, one) for one in DOCUMENTS]
    got = {one["index"]: one["relevance_score"] for one in told["results"]}
    assert [got[at] for at in range(len(DOCUMENTS))] == pytest.approx(want, abs=1e-4)
    order = [one["index"] for one in told["results"]]
    assert order == sorted(range(len(DOCUMENTS)), key=lambda at: -want[at])
    assert "document" not in told["results"][0]
    assert told["usage"]["total_tokens"] > len(DOCUMENTS) * 5
    best = httpx.post(path, json={**body, "top_n": 1, "return_documents": True}, timeout=60).json()
    assert best["results"] == [{**told["results"][0], "document": {"text": DOCUMENTS[order[0]]}}]
    refusals(path, body)
    other_questions(service)


def refusals(path: str, body: dict[str, Any]) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"query": ""}, "query"),
        ({"documents": []}, "documents"),
        ({"documents": "a"}, "documents"),
        ({"documents": ["a", 5]}, "documents[1]"),
        ({"documents": ["a", "bread " * 40]}, "documents[1]"),  # longer than it reads
        ({"top_n": 0}, "top_n"),
        ({"flavour": 1}, "flavour"),
    ]
    for fields, param in wrong:
        refused = httpx.post(path, json={**body, **fields}, timeout=60)
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, param), refused.text


def other_questions(service: Service) -> None:
    """What a ranker is not asked."""
    for path, asked in (
        ("chat/completions", {"messages": [{"role": "user", "content": "hi"}]}),
        ("embeddings", {"input": "hi"}),
    ):
        refused = httpx.post(f"{service.url}/{path}", json={"model": "ranker", **asked}, timeout=60)
        assert refused.status_code == 400, refused.text
        assert "ranker" in refused.json()["error"]["message"]


def test_a_prompt_is_refused_with_how_to_ask(ranker: Path, jitney: Jitney) -> None:
    done = jitney("run", ranker, "What is the capital of France?")
    assert done.returncode not in (0, 1)
    assert b"ranks documents: it has no answer to a prompt" in done.stderr
    assert b"/v1/rerank" in done.stderr
    chat = jitney("chat", ranker, stdin=b"hi\n")
    assert b"is for reranking: it does not chat" in chat.stderr
