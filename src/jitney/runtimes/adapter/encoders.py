"""/v1/embeddings and /v1/rerank: what encoders answer."""

from __future__ import annotations

from base64 import b64encode
from struct import pack
from typing import Any

from starlette.requests import Request

from . import checks
from .backend import Loaded, RefusedError
from .exchange import not_offered, only, or_gone
from .requests import inputs, tokens_of
from .work import Work

MOST_INPUTS = 2048
Json = dict[str, Any]


async def embeddings(request: Request, body: Json, loaded: Loaded, work: Work) -> Json:
    """All but the model's name. dimensions: fewer than the model has are cut, and made unit again."""
    if loaded.embed is None:
        raise not_offered(loaded, "embeddings")
    only(body, "model", "input", "encoding_format", "dimensions", "user")
    form = checks.text(body, "encoding_format", "float")
    if form not in ("float", "base64"):
        raise RefusedError("encoding_format", f"float or base64 is expected, not {form!r}")
    lists = _token_lists(body, loaded)
    vectors = await or_gone(request, work.call(loaded.embed, lists))
    size = checks.whole(body, "dimensions", 1, len(vectors[0]))
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(_shorter(vector, size), form)}
        for index, vector in enumerate(vectors)
    ]
    return {"object": "list", "data": data, "usage": _usage(sum(map(len, lists)))}


def _token_lists(body: Json, loaded: Loaded) -> list[list[int]]:
    given = inputs(body.get("input"), "input")
    if len(given) > MOST_INPUTS:
        raise RefusedError("input", f"at most {MOST_INPUTS}, not {len(given)}")
    lists = [tokens_of(one, loaded, "input") for one in given]
    longest = max(map(len, lists))
    if longest > loaded.context:
        told = f"{longest} tokens are more than the {loaded.context} that the model reads"
        raise RefusedError("input", told, code="context_length_exceeded")
    if not all(lists):
        raise RefusedError("input", "it is empty")
    return lists


async def rerank(request: Request, body: Json, loaded: Loaded, work: Work) -> Json:
    """Jina's and Cohere's form, all but the model's name."""
    if loaded.rerank is None:
        raise not_offered(loaded, "reranking")
    only(body, "model", "query", "documents", "top_n", "return_documents")
    query = checks.text(body, "query")
    if not query:
        raise RefusedError("query", "it is missing")
    given = checks.listing(body.get("documents"), "documents")
    documents = [_document(one, at) for at, one in enumerate(given)]
    if not documents:
        raise RefusedError("documents", "there is none")
    most = checks.whole(body, "top_n", 1)
    with_text = checks.flag(body, "return_documents")
    scores, count = await or_gone(request, work.call(loaded.rerank, query, documents))
    results: list[Json] = [
        {"index": at, "relevance_score": scores[at]}
        for at in sorted(range(len(scores)), key=lambda at: -scores[at])[:most]
    ]
    if with_text:
        results = [{**one, "document": {"text": documents[one["index"]]}} for one in results]
    return {"object": "list", "results": results, "usage": _usage(count)}


def _usage(tokens: int) -> Json:
    return {"prompt_tokens": tokens, "total_tokens": tokens}


def _document(one: Any, at: int) -> str:
    if isinstance(one, dict):
        one = one.get("text")
    if not isinstance(one, str):
        raise RefusedError(f"documents[{at}]", "a string is expected")
    return one


def _shorter(vector: list[float], size: int | None) -> list[float]:
    """Cut, and of unit length again."""
    if size is None or size == len(vector):
        return vector
    cut = vector[:size]
    length = sum(value * value for value in cut) ** 0.5 or 1.0
    return [value / length for value in cut]


def _encoded(vector: list[float], form: str) -> list[float] | str:
    return b64encode(pack(f"<{len(vector)}f", *vector)).decode() if form == "base64" else vector
