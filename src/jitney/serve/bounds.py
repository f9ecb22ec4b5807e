"""Bounds for what has none: a tiny model that may write a string or an array of any length writes until its cap, and the
JSON is cut. So every string, array and open object in a schema gets a limit, the largest with which the whole answer
still fits the cap. Limits that the schema has stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from jitney.serve.errors import Json, bad
from jitney.serve.patterns import grammatical

CHARACTERS_PER_TOKEN = 2.5
"""Of JSON in the worst case: punctuation and short words. (English prose has about four.)"""
SCALAR = 12
RECURSIONS = 2
"""How often a schema may contain itself before its arrays end and its optional parts go."""
MOST_NODES = 5000
KNOWN_FORMATS = ("date", "time", "date-time", "uuid")
"""Formats that the runtime's grammar has, and which end by themselves."""
_MAPS = ("properties", "$defs", "definitions", "patternProperties")
_ALTERNATIVES = ("anyOf", "oneOf")


class Limits(NamedTuple):
    characters: int
    items: int


_STEPS = (
    Limits(400, 16),
    Limits(256, 10),
    Limits(160, 8),
    Limits(120, 5),
    Limits(80, 4),
    Limits(48, 3),
    Limits(32, 2),
    Limits(20, 1),
)

JSON_OBJECT = r"""
root ::= "{" ws (pair1 ("," ws pair1){0,5})? ws "}"
pair1 ::= key ":" ws value1
value1 ::= string | number | word | "[" ws (value2 ("," ws value2){0,3})? ws "]" | "{" ws (pair2 ("," ws pair2){0,3})? ws "}"
pair2 ::= key ":" ws value2
value2 ::= string | number | word
key ::= "\"" [a-zA-Z_] [a-zA-Z0-9_ -]{0,23} "\""
string ::= "\"" char{0,100} "\""
char ::= [^"\\\x7F\x00-\x1F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})
number ::= "-"? ("0" | [1-9] [0-9]{0,8}) ("." [0-9]{1,6})?
word ::= "true" | "false" | "null"
ws ::= " "?
""".strip()
"""Any JSON object of a size that ends: two levels, six members."""


def bounded(schema: Json, tokens: int, where: str = "schema") -> Json:
    """The schema with limits, its references written out. 400 where a reference leads nowhere or it is too large."""
    room = tokens * CHARACTERS_PER_TOKEN
    for limits in _STEPS:
        walk = _Walk(schema, limits, where)
        result = walk.node(schema)
        if walk.size(result) <= room or limits is _STEPS[-1]:
            return result
    raise AssertionError("the last step returns")


class _Walk:
    """One pass over a schema with one choice of limits."""

    def __init__(self, root: Json, limits: Limits, where: str) -> None:
        self._root = root
        self._limits = limits
        self._where = where
        self._within: list[str] = []
        self._nodes = 0

    def node(self, schema: Any) -> Json:
        if schema is True or schema == {}:
            return self._anything()
        if not isinstance(schema, dict):
            raise bad(self._where, "a JSON schema is an object")
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise bad(
                self._where, f"the schema has over {MOST_NODES} parts once its references are written out"
            )
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return self._referred(reference)
        made = {
            key: value
            for key, value in schema.items()
            if key not in (*_MAPS, "$schema", "$id", "title", "default")
        }
        for key in (*_ALTERNATIVES, "allOf"):
            if key in made:
                made[key] = self._each(made[key])
        self._bound_kind(schema, made)
        return made

    def _bound_kind(self, schema: Json, made: Json) -> None:
        kind = schema.get("type")
        kinds = kind if isinstance(kind, list) else [kind]
        if "enum" in schema or "const" in schema:
            return
        if "string" in kinds:
            self._bound_string(schema, made)
        if "array" in kinds or "items" in schema or "prefixItems" in schema:
            self._bound_array(schema, made)
        if "object" in kinds or "properties" in schema:
            self._bound_object(schema, made)

    def _bound_string(self, schema: Json, made: Json) -> None:
        most = max(self._limits.characters, schema.get("minLength") or 0)
        pattern = made.pop("pattern", None)
        said = grammatical(pattern, self._limits.characters) if isinstance(pattern, str) else None
        if said is not None:
            made["pattern"] = said
        elif schema.get("format") not in KNOWN_FORMATS:
            made.setdefault("maxLength", most)

    def _bound_array(self, schema: Json, made: Json) -> None:
        if "prefixItems" in schema:
            made["prefixItems"] = self._each(schema["prefixItems"])
            return
        deep = self._is_recursive(schema.get("items"))
        made["items"] = {"type": "null"} if deep else self.node(schema.get("items", {}))
        most = 0 if deep else max(self._limits.items, schema.get("minItems") or 0)
        made["maxItems"] = 0 if deep else schema.get("maxItems", most)

    def _bound_object(self, schema: Json, made: Json) -> None:
        required = schema.get("required") or []
        properties = schema.get("properties") or {}
        if not isinstance(properties, dict):
            raise bad(self._where, "properties is an object")
        kept = {
            name: part
            for name, part in properties.items()
            if name in required or not self._is_recursive(part)
        }
        made["properties"] = {name: self.node(part) for name, part in kept.items()}
        more = schema.get("additionalProperties")
        if properties and not isinstance(more, dict):
            made["additionalProperties"] = False
        elif isinstance(more, dict) and more:
            made["additionalProperties"] = self.node(more)
        elif not properties and more is not False:
            made["additionalProperties"] = self._anything()

    def _each(self, parts: Any) -> list[Json]:
        if not isinstance(parts, list):
            raise bad(self._where, "anyOf, oneOf, allOf and prefixItems are arrays")
        living = [part for part in parts if not self._is_recursive(part)] or parts
        return [self.node(part) for part in living]

    def _anything(self) -> Json:
        text = {"type": "string", "maxLength": self._limits.characters}
        return {"anyOf": [text, {"type": "number"}, {"type": "boolean"}, {"type": "null"}]}

    def _referred(self, reference: str) -> Json:
        self._within.append(reference)
        try:
            if self._within.count(reference) > RECURSIONS + 2:
                raise bad(self._where, f"{reference} contains itself without an end")
            return self.node(_follow(self._root, reference, self._where))
        finally:
            self._within.pop()

    def _is_recursive(self, part: Any) -> bool:
        """A reference that has been written out often enough."""
        return isinstance(part, dict) and self._within.count(str(part.get("$ref"))) >= RECURSIONS

    def size(self, schema: Any) -> float:
        """Characters of the longest value, roughly."""
        if not isinstance(schema, dict):
            return SCALAR
        if "const" in schema:
            return len(str(schema["const"])) + 2
        if "enum" in schema:
            return max((len(str(one)) for one in schema["enum"]), default=0) + 2
        for key in _ALTERNATIVES:
            if key in schema:
                return max((self.size(part) for part in schema[key]), default=SCALAR)
        return sum(self.size(part) for part in schema.get("allOf", ())) + self._own_size(schema)

    def _own_size(self, schema: Mapping[str, Any]) -> float:
        size = 0.0
        for name, part in schema.get("properties", {}).items():
            size += len(name) + 6 + self.size(part)
        if isinstance(schema.get("additionalProperties"), dict):
            size += self._limits.items * (24 + self.size(schema["additionalProperties"]))
        if "items" in schema:
            size += schema.get("maxItems", 0) * (2 + self.size(schema["items"]))
        size += sum(self.size(part) for part in schema.get("prefixItems", ()))
        if "maxLength" in schema:
            size += schema["maxLength"] + 2
        return size or SCALAR


def _follow(root: Json, reference: str, where: str) -> Json:
    """A pointer inside the same schema: `#/$defs/Name`."""
    if not re.match(r"#(/|$)", reference):
        raise bad(where, f"$ref {reference!r} leads outside the schema")
    found: Any = root
    for part in reference.lstrip("#").strip("/").split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if name and (not isinstance(found, dict) or name not in found):
            raise bad(where, f"$ref {reference!r} leads nowhere")
        found = found[name] if name else found
    if not isinstance(found, dict):
        raise bad(where, f"$ref {reference!r} is no schema")
    return found
