"""Schemas with bounds: what a tiny model may write ends."""

from __future__ import annotations

from typing import Any

import pytest

from jitney.serve.bounds import bounded
from jitney.serve.errors import ApiError, Json
from jitney.serve.patterns import grammatical

STEP = {"type": "object", "properties": {"explanation": {"type": "string"}}, "required": ["explanation"]}


def schema(**properties: Any) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}


def test_strings_and_arrays_get_limits() -> None:
    made = bounded(schema(name={"type": "string"}, tags={"type": "array", "items": {"type": "string"}}), 1024)
    assert 0 < made["properties"]["name"]["maxLength"] <= 400
    assert 0 < made["properties"]["tags"]["maxItems"] <= 16
    assert made["properties"]["tags"]["items"]["maxLength"] > 0
    assert made["additionalProperties"] is False


def test_limits_that_are_there_stay() -> None:
    given = schema(
        name={"type": "string", "maxLength": 7000, "minLength": 2},
        tags={"type": "array", "items": {"type": "integer"}, "maxItems": 90},
    )
    made = bounded(given, 100)
    assert made["properties"]["name"]["maxLength"] == 7000
    assert made["properties"]["tags"]["maxItems"] == 90


@pytest.mark.parametrize(
    "leaf",
    [
        {"enum": ["a", "b"]},
        {"const": 4},
        {"type": "integer"},
        {"type": "boolean"},
        {"type": "string", "format": "date"},
        {"type": "string", "pattern": "^[a-z]{2}$"},
    ],
)
def test_what_is_bounded_by_itself_is_left(leaf: Json) -> None:
    assert bounded(schema(x=leaf), 100)["properties"]["x"] == leaf


def test_formats_and_patterns_that_the_grammar_lacks() -> None:
    made = bounded(
        schema(a={"type": "string", "format": "uri"}, b={"type": "string", "pattern": "[a-z]{2}"}), 1024
    )
    assert made["properties"]["a"]["maxLength"] > 0
    assert made["properties"]["b"]["pattern"] == "^[a-z]{2}$"


def test_less_room_means_lower_limits() -> None:
    given = schema(a={"type": "string"}, b={"type": "array", "items": STEP})
    small, large = bounded(given, 60), bounded(given, 4000)
    assert small["properties"]["a"]["maxLength"] < large["properties"]["a"]["maxLength"]
    assert small["properties"]["b"]["maxItems"] < large["properties"]["b"]["maxItems"]


def test_a_least_length_is_never_above_the_most() -> None:
    made = bounded(
        schema(a={"type": "string", "minLength": 900}, b={"type": "array", "items": {}, "minItems": 40}), 50
    )
    assert made["properties"]["a"]["maxLength"] == 900
    assert made["properties"]["b"]["maxItems"] == 40


def test_references_are_written_out() -> None:
    given = {**schema(steps={"type": "array", "items": {"$ref": "#/$defs/Step"}}), "$defs": {"Step": STEP}}
    made = bounded(given, 1024)
    assert "$defs" not in made
    assert made["properties"]["steps"]["items"]["properties"]["explanation"]["maxLength"] > 0


def test_a_schema_that_contains_itself_ends() -> None:
    node = schema(value={"type": "integer"}, children={"type": "array", "items": {"$ref": "#/$defs/Node"}})
    made = bounded({"$ref": "#/$defs/Node", "$defs": {"Node": node}}, 1024)
    assert "$ref" not in str(made)
    depth = 0
    while made["properties"]["children"]["maxItems"]:
        made, depth = made["properties"]["children"]["items"], depth + 1
    assert 0 < depth < 4


def test_of_alternatives_those_that_end_stay() -> None:
    tree = schema(left={"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]})
    made = bounded({"$ref": "#/$defs/Tree", "$defs": {"Tree": tree}}, 1024)
    assert "$ref" not in str(made)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("^[a-z]{2}$", "^[a-z]{2}$"),
        ("[A-Z]{2}\\d{2}", "^[A-Z]{2}[0-9]{2}$"),
        ("^\\w+@[\\w.-]+$", "^[A-Za-z0-9_]{1,9}@[A-Za-z0-9_.-]{1,9}$"),
        ("a*b+?c{3,}", "^a{0,9}b{1,9}c{3,9}$"),
        ("(?:ab|c)*", "^(ab|c){0,9}$"),
        ("[*+]\\.", "^[*+]\\.$"),
        ("(?=x)y", None),
        ("\\bword\\b", None),
        ("^a|^b", None),
    ],
)
def test_patterns_in_the_words_of_the_grammar(pattern: str, said: str | None) -> None:
    assert grammatical(pattern, 9) == said


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"$ref": "#/$defs/None"}, "leads nowhere"),
        ({"$ref": "https://example.com/x"}, "leads outside"),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}, "without an end"),
        (schema(x={"type": "object", "properties": [1]}), "properties is an object"),
        (schema(x="string"), "is an object"),
    ],
)
def test_a_schema_that_is_none_is_refused_by_name(given: Json, words: str) -> None:
    with pytest.raises(ApiError, match=words) as caught:
        bounded(given, 100, "tools[0].function.parameters")
    assert caught.value.status == 400
    assert caught.value.param == "tools[0].function.parameters"
