"""Hugging Face transformers on PyTorch: safetensors, any causal language model that the library knows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers

from .backend import CannotLoadError, Loaded, Settings, Steps, Wish
from .sampling import OFFERS, Logits, walk
from .words import Words, defaults, folder_of, read_json


def load(settings: Settings) -> Loaded:
    """Nothing is fetched, and no code of the model's is run."""
    torch.set_num_threads(settings.threads)
    torch.set_grad_enabled(False)
    transformers.logging.set_verbosity_error()
    folder = folder_of(settings.model)
    words = Words(folder)
    model = _read_model(folder, settings)
    context = min(settings.context, _context(model.config))

    def generate(prompt: Sequence[int], wish: Wish) -> Steps:
        return walk(_Run(model), prompt, wish, words)

    offers = OFFERS if words.template else OFFERS - {"chat"}
    return Loaded(context, offers, words, generate, defaults=defaults(folder))


def _read_model(folder: Path, settings: Settings) -> Any:
    config = read_json(folder / "config.json")
    if "auto_map" in config:
        raise CannotLoadError(
            "the model brings code of its own (auto_map in config.json), which is never run"
        )
    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype="auto"
        )
    except (ValueError, OSError, KeyError) as error:
        raise CannotLoadError(f"transformers {transformers.__version__}: {error}") from error
    for adapter in settings.adapters:
        model.load_adapter(adapter)
    return model.eval()


def _context(config: Any) -> int:
    return int(getattr(config, "max_position_embeddings", None) or 1 << 30)


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
