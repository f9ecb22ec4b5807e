"""A tokenizer whose tokens are bytes, and a model that says what it is told: for tests of the adapter."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from jitney.runtimes.adapter.backend import Loaded, Settings, Steps, Wish
from jitney.runtimes.adapter.sampling import OFFERS, Logits, walk
from jitney.runtimes.adapter.words import Words

TEMPLATE = "{% for one in messages %}<{{ one.role }}>{{ one.content }}\n{% endfor %}"


def write_folder(folder: Path) -> Path:
    """A model's folder: 256 tokens of one byte each, in the order of GPT-2's alphabet, and <|im_end|>, which ends an answer."""
    signs = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={sign: at for at, sign in enumerate(signs)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<|im_end|>", special=True)])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"eos_token": "<|im_end|>", "chat_template": TEMPLATE})
    )
    return folder


class Parrot:
    """Goes on with one text, whatever was asked, then ends. fed: tokens computed so far; gate: passed before each token."""

    def __init__(self, folder: Path, text: str, context: int = 512) -> None:
        self.words = Words(write_folder(folder))
        self.text = self.words.encode(text)
        self.context = context
        self.fed = 0
        self.closed = 0
        self.gate = threading.Event()
        self.gate.set()
        self.broken_at = 1 << 30

    def load(self, settings: Settings) -> Loaded:
        self.gate.wait()

        def generate(prompt: Sequence[int], wish: Wish) -> Steps:
            return walk(_Run(self, len(prompt)), prompt, wish, self.words)

        return Loaded(self.context, OFFERS, self.words, generate)


class _Run:
    def __init__(self, parrot: Parrot, prompt: int) -> None:
        self._parrot = parrot
        self._at = -prompt

    def feed(self, tokens: Sequence[int]) -> Logits:
        parrot = self._parrot
        parrot.gate.wait()
        parrot.fed += len(tokens)
        self._at += len(tokens)
        if self._at == parrot.broken_at:
            raise RuntimeError("out of order")
        logits = np.zeros(parrot.words.size, dtype=np.float32)
        end = next(iter(parrot.words.ends))
        logits[parrot.text[self._at] if 0 <= self._at < len(parrot.text) else end] = 9.0
        return logits

    def close(self) -> None:
        self._parrot.closed += 1
