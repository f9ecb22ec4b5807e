"""Encoders on PyTorch: embeddings by sentence-transformers' own description of a model (modules.json, 1_Pooling/config.json),
and cross-encoders that score a query with a document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from .backend import CannotLoadError, Loaded, RefusedError
from .words import HubTokens, Words, read_json

BATCH_TOKENS = 4096
"""Tokens computed at once, padding included."""

_MODULES = ("Transformer", "Pooling", "Normalize")
Json = dict[str, Any]


def embedder(model: Any, folder: Path, context: int) -> Loaded:
    """Unit vectors, pooled as the model's makers say, else by the mean of its last layer."""
    for module in _modules(folder):
        if module not in _MODULES:
            raise CannotLoadError(f"its vectors go through a layer that is not known here: {module}")
    pool = _pooling(folder)
    words = Words(folder)
    limit = read_json(folder / "sentence_bert_config.json").get("max_seq_length")
    context = min(context, int(limit or context))

    def embed(lists: Sequence[Sequence[int]]) -> list[list[float]]:
        made: dict[int, list[float]] = {}
        for numbers in batches(lists):
            tokens, mask = padded([lists[number] for number in numbers])
            with torch.inference_mode():
                states = model(input_ids=tokens, attention_mask=mask).last_hidden_state.float()
                vectors = torch.nn.functional.normalize(pool(states, mask), dim=-1)
            made |= zip(numbers, vectors.tolist(), strict=True)
        return [made[number] for number in range(len(lists))]

    return Loaded(context, frozenset(["embeddings"]), words, embed=embed)


def reranker(model: Any, folder: Path, context: int) -> Loaded:
    """Scores between 0 and 1: the sigmoid of a model's one number, or the chance of the second of two classes."""
    classes = int(model.config.num_labels)
    if classes not in (1, 2):
        raise CannotLoadError(f"it sorts into {classes} classes: a reranker has one or two")
    tokens = HubTokens(folder)

    def rerank(query: str, documents: Sequence[str]) -> tuple[list[float], int]:
        pairs = [tokens.pair(query, document) for document in documents]
        for at, (found, _) in enumerate(pairs):
            if len(found) > context:
                told = f"{len(found)} tokens with the query are more than the {context} that the model reads"
                raise RefusedError(f"documents[{at}]", told, code="context_length_exceeded")
        made: dict[int, float] = {}
        for numbers in batches([found for found, _ in pairs]):
            ids, mask = padded([pairs[number][0] for number in numbers])
            kinds, _ = padded([pairs[number][1] for number in numbers])
            more = {"token_type_ids": kinds} if getattr(model.config, "type_vocab_size", 0) > 1 else {}
            with torch.inference_mode():
                logits = model(input_ids=ids, attention_mask=mask, **more).logits.float()
                scores = logits[:, 0].sigmoid() if classes == 1 else logits.softmax(-1)[:, 1]
            made |= zip(numbers, scores.tolist(), strict=True)
        return [made[number] for number in range(len(pairs))], sum(len(found) for found, _ in pairs)

    return Loaded(context, frozenset(["reranking"]), rerank=rerank)


def batches(lists: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Numbers of lists that are computed together: of like length, so that little is padding."""
    order = sorted(range(len(lists)), key=lambda number: len(lists[number]))
    batch: list[int] = []
    for number in order:
        if batch and len(lists[number]) * (len(batch) + 1) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def padded(lists: Sequence[Sequence[int]]) -> tuple[Any, Any]:
    """Tokens and their mask, as two matrices."""
    longest = max(map(len, lists))
    rows = [[*one, *[0] * (longest - len(one))] for one in lists]
    mask = [[1] * len(one) + [0] * (longest - len(one)) for one in lists]
    return torch.tensor(rows), torch.tensor(mask)


def is_sentence_model(folder: Path) -> bool:
    return (folder / "modules.json").exists() or (folder / "1_Pooling").is_dir()


def _modules(folder: Path) -> list[str]:
    """The layers behind each other, by the last word of their types."""
    import json

    path = folder / "modules.json"
    if not path.exists():
        return []
    return [
        str(one.get("type", "")).rpartition(".")[2] for one in json.loads(path.read_text(encoding="utf-8"))
    ]


def _pooling(folder: Path) -> Callable[[Any, Any], Any]:
    said = read_json(folder / "1_Pooling" / "config.json")
    modes = [name for name, value in said.items() if name.startswith("pooling_mode_") and value is True]
    if len(modes) > 1:
        raise CannotLoadError(f"its vectors are pooled in {len(modes)} ways at once: {', '.join(modes)}")
    mode = str(
        said.get("pooling_mode") or (modes[0].removeprefix("pooling_mode_") if modes else "mean_tokens")
    )
    known: dict[str, Callable[[Any, Any], Any]] = {
        "mean": _mean, "mean_tokens": _mean, "cls": _first, "cls_token": _first, "max": _most, "max_tokens": _most,
        "lasttoken": _last, "mean_sqrt_len_tokens": _mean,
    }  # fmt: skip
    if mode not in known:
        raise CannotLoadError(f"its vectors are pooled in a way that is not known here: {mode}")
    return known[mode]


def _mean(states: Any, mask: Any) -> Any:
    """Unit length comes after it, so mean_sqrt_len is the same."""
    weights = mask.unsqueeze(-1).float()
    return (states * weights).sum(1) / weights.sum(1)


def _first(states: Any, mask: Any) -> Any:
    return states[:, 0]


def _most(states: Any, mask: Any) -> Any:
    return states.masked_fill(mask.unsqueeze(-1) == 0, float("-inf")).amax(1)


def _last(states: Any, mask: Any) -> Any:
    return states[torch.arange(len(states)), mask.sum(1) - 1]
