"""Hugging Face transformers on PyTorch: safetensors. Causal language models write, encoders give vectors, classifiers rerank."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
import transformers

from .backend import CannotLoadError, Loaded, Settings, Steps, Wish
from .sampling import OFFERS, Logits, walk
from .vectors import embedder, is_sentence_model, reranker
from .words import Words, defaults, folder_of, read_json

Task = Literal["text", "embedding", "reranking"]
_CLASSES = {
    "text": "AutoModelForCausalLM",
    "embedding": "AutoModel",
    "reranking": "AutoModelForSequenceClassification",
}
_OFFSET_POSITIONS = ("roberta", "xlm-roberta", "camembert", "mpnet")
"""Types of models whose first positions are no tokens'."""


def load(settings: Settings) -> Loaded:
    """Nothing is fetched, and no code of the model's is run."""
    torch.set_num_threads(settings.threads)
    torch.set_grad_enabled(False)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    folder = folder_of(settings.model)
    described = read_json(folder / "config.json")
    task = task_of(described, folder, vectors=settings.vectors)
    model = _read_model(folder, described, task, settings)
    context = min(settings.context, _context(described, model.config))
    if task == "embedding":
        return embedder(model, folder, context)
    if task == "reranking":
        return reranker(model, folder, context)
    return _writer(model, folder, context)


def task_of(described: dict[str, Any], folder: Path, *, vectors: bool) -> Task:
    """By what config.json calls the model."""
    names = " ".join(described.get("architectures") or ())
    if vectors or is_sentence_model(folder):
        return "embedding"
    if "ForSequenceClassification" in names:
        return "reranking"
    return (
        "text"
        if "ForCausalLM" in names or "ForConditionalGeneration" in names or "LMHead" in names
        else "embedding"
    )


def _writer(model: Any, folder: Path, context: int) -> Loaded:
    words = Words(folder)

    def generate(prompt: Sequence[int], wish: Wish) -> Steps:
        return walk(_Run(model), prompt, wish, words)

    offers = OFFERS if words.template else OFFERS - {"chat"}
    return Loaded(context, offers, words, generate, defaults=defaults(folder))


def _read_model(folder: Path, described: dict[str, Any], task: Task, settings: Settings) -> Any:
    if "auto_map" in described:
        raise CannotLoadError("it brings code of its own (auto_map in config.json), which is never run")
    if settings.adapters:
        raise CannotLoadError("LoRA adapters are not added here; llama.cpp adds them")
    try:
        model = getattr(transformers, _CLASSES[task]).from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype="auto"
        )
    except (ValueError, OSError, KeyError) as error:
        raise CannotLoadError(f"transformers {transformers.__version__}: {error}") from error
    return model.eval()


def _context(described: dict[str, Any], config: Any) -> int:
    positions = getattr(config.get_text_config(), "max_position_embeddings", None)
    if not positions:
        return 1 << 30
    return int(positions) - (2 if described.get("model_type") in _OFFSET_POSITIONS else 0)


class _Run:
    """One answer: PyTorch keeps keys and values of what was computed."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._cache = transformers.DynamicCache(config=model.config)

    def feed(self, tokens: Sequence[int]) -> Logits:
        with torch.inference_mode():
            made = self._model(
                input_ids=torch.tensor([tokens]),
                past_key_values=self._cache,
                use_cache=True,
                logits_to_keep=1,
            )
        found: Logits = made.logits[0, -1].float().numpy()
        return found

    def close(self) -> None:
        del self._cache
