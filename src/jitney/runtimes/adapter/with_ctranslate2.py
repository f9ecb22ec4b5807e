"""CTranslate2: a folder with model.bin. The library chooses tokens itself, so it offers what its own options can say:
no seed (its generators are seeded once per thread), no masks (no JSON schemas), no biases, no log probabilities of others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ctranslate2

from .backend import CannotLoadError, Loaded, Settings, Step, Steps, Wish
from .words import Words, folder_of, read_json

OFFERS = frozenset(["chat", "completions", "echo"])


def load(settings: Settings) -> Loaded:
    folder = folder_of(settings.model)
    words = Words(folder)
    generator = _read_model(folder, settings)
    own = read_json(folder / "config.json").get("max_position_embeddings")
    context = min(settings.context, int(own or settings.context))

    def generate(prompt: Sequence[int], wish: Wish) -> Steps:
        return _steps(generator, words, prompt, wish)

    return Loaded(context, OFFERS if words.template else OFFERS - {"chat"}, words, generate)


def _read_model(folder: Path, settings: Settings) -> Any:
    try:
        return ctranslate2.Generator(
            str(folder), device="cpu", inter_threads=1, intra_threads=settings.threads, compute_type="auto"
        )
    except (RuntimeError, ValueError) as error:
        raise CannotLoadError(f"ctranslate2 {ctranslate2.__version__}: {error}") from error


def _steps(generator: Any, words: Words, prompt: Sequence[int], wish: Wish) -> Steps:
    """The library stops where `steps` is closed: its own loop asks after each token."""
    greedy = wish.temperature == 0
    steps = generator.generate_tokens(
        [words.tokens.piece(token) for token in prompt],
        max_length=wish.max_tokens,
        sampling_topk=1 if greedy else wish.top_k,
        sampling_topp=1.0 if greedy else max(wish.top_p, 1e-6),
        sampling_temperature=1.0 if greedy else wish.temperature,
        repetition_penalty=wish.repetition,
        end_token=sorted(words.ends) or None,
    )
    try:
        for step in steps:
            yield Step(step.token_id)
    finally:
        steps.close()
