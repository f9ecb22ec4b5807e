"""OpenVINO GenAI: a folder with openvino_model.xml. Its continuous batching computes all answers of the moment together; the
library chooses the tokens itself."""

from __future__ import annotations

import itertools
import json
import random
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import openvino_genai as genai

from .backend import ANY_OBJECT, CannotLoadError, Loaded, RefusedError, Settings, Step, Steps, Wish
from .words import HubTokens, Tokens, Words, folder_of

OFFERS = frozenset(["chat", "completions", "echo", "seed", "penalties", "json-schema", "min-p", "batching"])
CHUNK = 256
"""Tokens computed at once, over all answers."""

_OBJECT = r"""
root ::= "{" ws (pair1 ("," ws pair1){0,5})? ws "}"
pair1 ::= key ":" ws value1
value1 ::= value2 | "[" ws (value2 ("," ws value2){0,3})? ws "]" | "{" ws (pair2 ("," ws pair2){0,3})? ws "}"
pair2 ::= key ":" ws value2
value2 ::= string | number | "true" | "false" | "null"
key ::= "\"" [a-zA-Z_] [a-zA-Z0-9_ -]{0,23} "\""
string ::= "\"" char{0,100} "\""
char ::= [^"\\\x7F\x00-\x1F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})
number ::= "-"? ("0" | [1-9] [0-9]{0,8}) ("." [0-9]{1,6})?
ws ::= " "?
"""
"""Any object of a size that ends: two levels, six members."""


def load(settings: Settings) -> Loaded:
    folder = folder_of(settings.model)
    pipeline = _read_model(folder, settings)
    tokenizer = pipeline.get_tokenizer()
    has_own = (folder / "tokenizer.json").exists()
    tokens: Tokens = _OwnTokens(tokenizer)
    if has_own:
        tokens = HubTokens(folder)
    words = Words(folder, tokens, tokenizer.chat_template or "")
    words.ends |= {tokenizer.get_eos_token_id()}
    engine = _Engine(pipeline, words.ends)
    offers = OFFERS if words.template else OFFERS - {"chat"}
    return Loaded(settings.context, offers, words, engine.generate, at_once=settings.slots)


def _read_model(folder: Path, settings: Settings) -> Any:
    plan = genai.SchedulerConfig()
    plan.max_num_seqs = settings.slots
    plan.max_num_batched_tokens = CHUNK
    plan.dynamic_split_fuse = True
    try:
        return genai.ContinuousBatchingPipeline(
            str(folder), plan, "CPU", {"INFERENCE_NUM_THREADS": settings.threads}
        )
    except RuntimeError as error:
        raise CannotLoadError(f"openvino-genai {genai.__version__}: {error}") from error


class _Engine:
    """Who waits for a token computes a step, for all."""

    def __init__(self, pipeline: Any, ends: frozenset[int]) -> None:
        self._pipeline = pipeline
        self._ends = ends
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def generate(self, prompt: Sequence[int], wish: Wish) -> Steps:
        handle = self._add(prompt, wish)
        running = genai.GenerationStatus.RUNNING
        try:
            while True:
                with self._lock:
                    if not handle.can_read() and handle.get_status() == running:
                        self._pipeline.step()
                    made = handle.read() if handle.can_read() else {}
                    over = not handle.can_read() and handle.get_status() != running
                for token in made[0].generated_ids if made else ():
                    yield Step(token)
                if over:
                    return
                if not made:
                    yield None
        finally:
            with self._lock:
                if handle.get_status() == running:
                    handle.cancel()
                    self._pipeline.step()

    def _add(self, prompt: Sequence[int], wish: Wish) -> Any:
        """A schema is compiled in the request's first step, which is done here: its faults are nobody else's."""
        tokens = openvino.Tensor(np.asarray([prompt], dtype=np.int64))
        with self._lock:
            handle = self._pipeline.add_request(next(self._numbers), tokens, self._config(wish))
            if wish.schema is not None:
                try:
                    self._pipeline.step()
                except RuntimeError as error:
                    handle.cancel()
                    told = str(error).strip().splitlines()[0].rpartition("cpp:")[2].lstrip("0123456789: ")
                    raise RefusedError("response_format", f"the schema cannot be honoured: {told}") from error
        return handle

    def _config(self, wish: Wish) -> Any:
        config = genai.GenerationConfig()
        config.max_new_tokens = wish.max_tokens
        config.stop_token_ids = set(self._ends)
        config.eos_token_id = min(self._ends)
        config.presence_penalty, config.frequency_penalty = wish.presence, wish.frequency
        config.repetition_penalty = wish.repetition
        if wish.temperature > 0:
            config.do_sample = True
            config.temperature, config.top_p, config.min_p = (
                wish.temperature,
                max(wish.top_p, 1e-6),
                wish.min_p,
            )
            if wish.top_k:
                config.top_k = wish.top_k
            config.rng_seed = random.getrandbits(31) if wish.seed is None else wish.seed
        else:
            config.do_sample = False
        if wish.schema == ANY_OBJECT:
            config.structured_output_config = genai.StructuredOutputConfig(grammar=_OBJECT)
        elif wish.schema is not None:
            config.structured_output_config = genai.StructuredOutputConfig(
                json_schema=json.dumps(wish.schema)
            )
        return config


class _OwnTokens:
    """The tokenizer that OpenVINO computes: a model that was read from a GGUF has no other."""

    json = ""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.special = {
            text: number
            for text, number in (
                (tokenizer.get_eos_token(), tokenizer.get_eos_token_id()),
                (tokenizer.get_bos_token(), tokenizer.get_bos_token_id()),
            )
            if text and number >= 0
        }
        self.size = 1 << 31

    def encode(self, text: str, *, special: bool) -> list[int]:
        found = self._tokenizer.encode(text, add_special_tokens=special).input_ids
        return [int(token) for token in found.data[0]]

    def decode(self, tokens: Sequence[int], *, special: bool) -> str:
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=not special))

    def piece(self, token: int) -> str:
        return self.decode([token], special=True)

    def raw(self, token: int) -> bytes:
        return self.piece(token).encode()
