"""Text and tokens of a model: its tokenizer.json, its chat template, the tokens that end an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from tokenizers import Tokenizer

from .backend import CannotLoadError, RefusedError
from .template import Template

_TURN_ENDS = ("<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>", "<|endoftext|>", "</s>", "<|return|>")
"""Tokens by which models end an answer although their configuration names another. Only those that are special are taken."""

Json = dict[str, Any]


class Tokens(Protocol):
    """A tokenizer. special: its special tokens, text → number; json: as tokenizer.json, empty where it has none."""

    @property
    def size(self) -> int: ...
    @property
    def special(self) -> Mapping[str, int]: ...
    @property
    def json(self) -> str: ...
    def encode(self, text: str, *, special: bool) -> list[int]: ...
    def decode(self, tokens: Sequence[int], *, special: bool) -> str: ...
    def piece(self, token: int) -> str:
        """As the vocabulary has it."""
        ...

    def raw(self, token: int) -> bytes:
        """The bytes that it stands for: half a character has bytes and no text."""
        ...


class HubTokens:
    """A tokenizer.json, by the tokenizers library."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = _read_tokenizer(folder)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.size = self._tokenizer.get_vocab_size(with_added_tokens=True)
        added = self._tokenizer.get_added_tokens_decoder()
        self._added = frozenset(added)
        self.special = {one.content: number for number, one in added.items() if one.special}

    @cached_property
    def json(self) -> str:
        return str(self._tokenizer.to_str())

    def encode(self, text: str, *, special: bool) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=special).ids)

    def pair(self, one: str, other: str) -> tuple[list[int], list[int]]:
        """Two texts as a cross-encoder reads them: their tokens, and which of them each belongs to."""
        found = self._tokenizer.encode(one, other)
        return list(found.ids), list(found.type_ids)

    def decode(self, tokens: Sequence[int], *, special: bool) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=not special))

    def piece(self, token: int) -> str:
        return self._tokenizer.id_to_token(token) or ""

    def number(self, piece: str) -> int | None:
        """Of a piece of the vocabulary."""
        found = self._tokenizer.token_to_id(piece)
        return None if found is None else int(found)

    def raw(self, token: int) -> bytes:
        found = self.piece(token)
        if byte := re.fullmatch(r"<0x([0-9A-Fa-f]{2})>", found):
            return bytes([int(byte[1], 16)])
        if token not in self._added and self.is_bytes and all(sign in _BYTES for sign in found):
            return bytes(_BYTES[sign] for sign in found)
        return (found if token in self._added else found.replace("▁", " ")).encode()

    @cached_property
    def is_bytes(self) -> bool:
        described = json.loads(self.json)
        return "ByteLevel" in json.dumps([described.get("pre_tokenizer"), described.get("decoder")])


class Words:
    """Of one model's folder. tokens, template: where they are not as usual in that folder. ends: tokens that end an answer."""

    def __init__(self, folder: str | Path, tokens: Tokens | None = None, template: str = "") -> None:
        folder = Path(folder)
        settings = read_json(folder / "tokenizer_config.json")
        self.tokens = tokens or HubTokens(folder)
        self.ends = _find_ends(folder, settings, self.tokens.special)
        text = _template_text(folder, settings) or template
        names = {name: _token_text(settings.get(name)) for name in ("bos_token", "eos_token")}
        self.template = Template(text, names) if text else None

    @property
    def size(self) -> int:
        return self.tokens.size

    def encode(self, text: str, *, special: bool = True) -> list[int]:
        """special: with the tokens that begin a text; a chat template writes them itself."""
        return self.tokens.encode(text, special=special)

    def decode(self, tokens: Sequence[int]) -> str:
        """Without special tokens."""
        return self.tokens.decode(tokens, special=False)

    def chat(self, messages: list[Json], tools: list[Json] | None = None) -> list[int]:
        """The prompt of a conversation. RefusedError: the template does not take it."""
        if self.template is None:
            raise RefusedError(
                "messages", "this model has no chat template; /v1/completions goes on with a text"
            )
        return self.encode(self.template.render(messages, tools), special=False)

    def name(self, token: int) -> tuple[str, list[int]]:
        """A token as text, and its bytes."""
        raw = self.tokens.raw(token)
        return raw.decode("utf-8", "replace"), list(raw)


def _find_ends(folder: Path, settings: Json, special: Mapping[str, int]) -> frozenset[int]:
    """As the configuration says, the tokenizer's own, and those of the known templates that this tokenizer has."""
    found: set[int] = set()
    for name in ("generation_config.json", "config.json", "genai_config.json"):
        described = read_json(folder / name)
        value = described.get("eos_token_id", (described.get("model") or {}).get("eos_token_id"))
        found.update(value if isinstance(value, list) else () if value is None else (value,))
    names = (_token_text(settings.get("eos_token")), *_TURN_ENDS)
    return frozenset(found | {special[name] for name in names if name in special})


class Stream:
    """Text out of tokens as they come. A character may be several tokens: what is not whole yet is kept back.

    The algorithm of Text Generation Inference and vLLM: decode a short window with and without the new token.
    """

    WINDOW = 6

    def __init__(self, words: Words, prompt: Sequence[int]) -> None:
        self._decode = words.decode
        self._tokens = list(prompt[-self.WINDOW :])
        self._start, self._read = 0, len(self._tokens)

    def take(self, token: int) -> str:
        self._tokens.append(token)
        before = self._decode(self._tokens[self._start : self._read])
        now = self._decode(self._tokens[self._start :])
        if len(now) <= len(before) or now.endswith("�"):
            return ""
        self._start, self._read = self._read, len(self._tokens)
        return now[len(before) :]

    def rest(self) -> str:
        """What was kept back, at the end, without the half of a character."""
        before = self._decode(self._tokens[self._start : self._read])
        return self._decode(self._tokens[self._start :])[len(before) :].rstrip("�")


def read_json(path: Path) -> Json:
    """A file of a model, or an empty object."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise CannotLoadError(f"{path.name} is no JSON: {error}") from error
    return found if isinstance(found, dict) else {}


def defaults(folder: Path) -> dict[str, float]:
    """Of the sampling, by the model's makers, where they sample at all."""
    own = read_json(folder / "generation_config.json")
    names = ("temperature", "top_p", "top_k", "repetition_penalty")
    return {name: own[name] for name in names if own.get("do_sample") and own.get(name) is not None}


def folder_of(model: str) -> Path:
    """The model's folder, given it or its main file."""
    path = Path(model)
    return path if path.is_dir() else path.parent


def _read_tokenizer(folder: Path) -> Tokenizer:
    path = folder / "tokenizer.json"
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        why = "is missing" if not path.exists() else f"cannot be read: {error}"
        raise CannotLoadError(f"tokenizer.json {why}") from error


def _template_text(folder: Path, settings: Json) -> str:
    path = folder / "chat_template.jinja"
    if path.is_file():
        return path.read_text(encoding="utf-8")
    found = (
        settings.get("chat_template") or read_json(folder / "chat_template.json").get("chat_template") or ""
    )
    if isinstance(found, list):  # several, by name
        by_name = {one.get("name"): one.get("template") for one in found if isinstance(one, dict)}
        found = by_name.get("default") or next(iter(by_name.values()), "")
    return str(found)


def _token_text(value: Any) -> str:
    """Named as a string, or as an object of the tokenizer's."""
    return str(value.get("content", "")) if isinstance(value, dict) else str(value or "")


def _byte_signs() -> dict[str, int]:
    """GPT-2's alphabet: each byte as one printable sign."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    odd = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + at): byte for at, byte in enumerate(odd)}


_BYTES = _byte_signs()
