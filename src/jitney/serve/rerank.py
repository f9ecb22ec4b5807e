"""Reranking, in the words that Jina's and Cohere's APIs share: a query, documents, and how well each answers it."""

from __future__ import annotations

import os
from typing import Any

from jitney.serve import checks
from jitney.serve.errors import ApiError, Json, bad
from jitney.serve.exchange import Exchange
from jitney.serve.request import Reply

MOST_DOCUMENTS = 1000
FIELDS = frozenset(
    [
        "model",
        "query",
        "documents",
        "top_n",
        "return_documents",
        "max_chunks_per_doc",
        "max_tokens_per_doc",
        "rank_fields",
    ]
)


async def rerank(exchange: Exchange) -> Reply | None:
    body = await exchange.body()
    checks.known(body, FIELDS, exchange.gateway)
    model = exchange.choose(checks.text(body, "model"), "reranking")
    model.offers.need("reranking", "model")
    query = checks.text(body, "query")
    if not query:
        raise bad("query", "it is missing")
    given = checks.listing(body.get("documents"), "documents")
    texts = [_text(one, f"documents[{at}]") for at, one in enumerate(given)]
    if not texts or len(texts) > MOST_DOCUMENTS:
        raise bad("documents", f"1 to {MOST_DOCUMENTS} are expected, not {len(texts)}")
    most = checks.whole(body, "top_n", 1) or len(texts)
    with model.meter.asking():
        asked = {"model": model.about.name, "query": query, "documents": texts, "top_n": len(texts)}
        found = await model.upstream.rerank(asked)
    results = _ranked(found, len(texts))[:most]
    if checks.flag(body, "return_documents"):
        results = [{**one, "document": {"text": texts[one["index"]]}} for one in results]
    usage = found.get("usage") or {}
    tokens = usage.get("total_tokens") or usage.get("prompt_tokens") or 0
    return exchange.whole(
        {
            "id": f"rerank-{os.urandom(12).hex()}",
            "object": "list",
            "model": checks.text(body, "model") or model.about.name,
            "results": results,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
            "meta": {"tokens": {"input_tokens": tokens}},
        }
    )


def _text(one: Any, where: str) -> str:
    if isinstance(one, dict):
        return checks.text(one, "text", where=f"{where}.")
    if not isinstance(one, str):
        raise bad(where, f"a string, or an object with text, is expected, not {checks.kind_of(one)}")
    return one


def _ranked(found: Json, count: int) -> list[Json]:
    """The best first. 502: not one result for each document."""
    results = found.get("results") or found.get("data") or []
    ranked = [
        {"index": one["index"], "relevance_score": one.get("relevance_score", one.get("score", 0.0))}
        for one in results
    ]
    if sorted(one["index"] for one in ranked) != list(range(count)):
        raise ApiError(502, "the model server did not rank every document")
    return sorted(ranked, key=lambda one: -float(one["relevance_score"]))
