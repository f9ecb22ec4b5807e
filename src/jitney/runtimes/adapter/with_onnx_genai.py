"""ONNX Runtime GenAI: a folder with genai_config.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime_genai as og

from .backend import CannotLoadError, Loaded, Settings, Steps, Wish
from .sampling import OFFERS, Logits, walk
from .words import Words, folder_of, read_json


def load(settings: Settings) -> Loaded:
    folder = folder_of(settings.model)
    words = Words(folder)
    described = read_json(folder / "genai_config.json").get("model") or {}
    context = min(settings.context, int(described.get("context_length") or settings.context))
    model = _read_model(str(folder), settings.threads)

    def generate(prompt: Sequence[int], wish: Wish) -> Steps:
        return walk(_Run(model, len(prompt) + wish.max_tokens), prompt, wish, words)

    offers = OFFERS if words.template else OFFERS - {"chat"}
    return Loaded(context, offers, words, generate)


def _read_model(folder: str, threads: int) -> Any:
    options = {"intra_op_num_threads": threads, "inter_op_num_threads": 1}
    try:
        config = og.Config(folder)
        config.overlay(json.dumps({"model": {"decoder": {"session_options": options}}}))
        return og.Model(config)
    except RuntimeError as error:
        raise CannotLoadError(f"onnxruntime-genai {og.__version__}: {error}") from error


class _Run:
    """One answer. length: tokens that its cache of keys and values has room for."""

    def __init__(self, model: Any, length: int) -> None:
        wishes = og.GeneratorParams(model)
        wishes.set_search_options(max_length=length, do_sample=False, batch_size=1)
        self._generator = og.Generator(model, wishes)

    def feed(self, tokens: Sequence[int]) -> Logits:
        self._generator.append_tokens(np.asarray(tokens, dtype=np.int32)[None])
        found: Logits = np.asarray(self._generator.get_logits(), dtype=np.float32)[0, -1]
        return found

    def close(self) -> None:
        del self._generator
