"""Answers held to a JSON schema, by llguidance: which tokens may come next, computed from the schema and the tokenizer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from .backend import ANY_OBJECT, RefusedError
from .words import Words

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

OBJECT = r"""
start: "{" BLANK (pair1 ("," BLANK pair1){0,5})? BLANK "}"
pair1: KEY ":" BLANK value1
value1: value2 | "[" BLANK (value2 ("," BLANK value2){0,3})? BLANK "]" | "{" BLANK (pair2 ("," BLANK pair2){0,3})? BLANK "}"
pair2: KEY ":" BLANK value2
value2: TEXT | NUMBER | "true" | "false" | "null"
KEY: /"[a-zA-Z_][a-zA-Z0-9_ -]{0,23}"/
TEXT: /"([^"\\\x00-\x1f\x7f]|\\(["\\\/bfnrt]|u[0-9a-fA-F]{4})){0,100}"/
NUMBER: /-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?/
BLANK: /[ ]?/
"""
"""Any object of a size that ends: two levels, six members."""

MOST_WHOLE = 10**15
_TOKENIZERS: WeakKeyDictionary[Words, Any] = WeakKeyDictionary()


class Grammar:
    """Of one answer. RefusedError: the schema is none, or has words that cannot be honoured."""

    def __init__(self, words: Words, schema: Mapping[str, Any]) -> None:
        import llguidance
        import llguidance.numpy

        if words not in _TOKENIZERS:
            _TOKENIZERS[words] = llguidance.LLTokenizer(
                words.tokens.json, eos_token=min(words.ends, default=None)
            )
        tokenizer = _TOKENIZERS[words]
        if schema == ANY_OBJECT:
            text = llguidance.LLMatcher.grammar_from_lark(OBJECT)
        else:
            compact = {**bounded(schema), "x-guidance": {"whitespace_flexible": False}}
            text = llguidance.LLMatcher.grammar_from_json_schema(json.dumps(compact))
        self._matcher = llguidance.LLMatcher(tokenizer, text)
        if told := self._matcher.get_error():
            raise RefusedError(
                "response_format", f"the schema cannot be honoured: {told.strip().splitlines()[0]}"
            )
        self._mask = llguidance.numpy.allocate_token_bitmask(1, tokenizer.vocab_size)
        self._fill = llguidance.numpy.fill_next_token_bitmask
        self._apply = llguidance.numpy.apply_token_bitmask_inplace

    @property
    def is_over(self) -> bool:
        """Nothing may follow."""
        return bool(self._matcher.is_stopped())

    def masked(self, logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The same buffer, with -inf for what may not come next. Logits beyond the tokenizer's are no tokens."""
        self._fill(self._matcher, self._mask, 0)
        self._apply(logits, self._mask[0])
        logits[self._mask.shape[1] * 32 :] = float("-inf")
        return logits

    def take(self, token: int) -> None:
        self._matcher.consume_token(token)


def bounded(schema: Any) -> Any:
    """The schema with a size for whole numbers that have none: a small model writes digits until its limit."""
    if isinstance(schema, list):
        return [bounded(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    made = {
        key: value if key in ("enum", "const", "default", "examples") else bounded(value)
        for key, value in schema.items()
    }
    limits = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "enum", "const"}
    if made.get("type") == "integer" and not limits & made.keys():
        made |= {"minimum": -MOST_WHOLE, "maximum": MOST_WHOLE}
    return made
