"""Fields of a request, checked: each reader gives the value, its default where the field is missing or null, or a 400
that names it."""

from __future__ import annotations

from typing import Any, Protocol

from jitney.serve.errors import ApiError, Json, bad


def text(body: Json, name: str, default: str = "", where: str = "") -> str:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise bad(where + name, f"a string is expected, not {kind_of(value)}")
    return value


def whole(body: Json, name: str, low: int | None = None, where: str = "") -> int | None:
    """An integer, also written as 5.0."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad(where + name, f"an integer is expected, not {kind_of(value)}")
    if low is not None and value < low:
        raise bad(where + name, f"{value} is less than {low}")
    return value


def number(
    body: Json, name: str, low: float | None = None, high: float | None = None, where: str = ""
) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise bad(where + name, f"a number is expected, not {kind_of(value)}")
    if (low is not None and value < low) or (high is not None and value > high):
        raise bad(
            where + name, f"{value} is not between {low} and {high if high is not None else 'infinity'}"
        )
    return value


def flag(body: Json, name: str, default: bool = False) -> bool:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise bad(name, f"true or false is expected, not {kind_of(value)}")
    return value


def table(value: object, where: str) -> Json:
    if not isinstance(value, dict):
        raise bad(where, f"an object is expected, not {kind_of(value)}")
    return value


def listing(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise bad(where, f"an array is expected, not {kind_of(value)}")
    return value


def stops(body: Json, name: str = "stop", where: str = "") -> list[str]:
    """One string or several; empty ones stop nothing."""
    value = body.get(name)
    if value is None:
        return []
    words = [value] if isinstance(value, str) else listing(value, where + name)
    if not all(isinstance(word, str) for word in words):
        raise bad(where + name, "a string or an array of strings is expected")
    return [word for word in words if word]


def refuse(body: Json, names: dict[str, str]) -> None:
    """Fields whose meaning cannot be honoured: name → the reason. False, null and empty ask for nothing."""
    for name, reason in names.items():
        if body.get(name):
            raise bad(name, reason)


def kind_of(value: object) -> str:
    names = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "an array",
        dict: "an object",
    }
    return names.get(type(value), "null")


class Voice(Protocol):
    """Of the gateway: whether unknown fields are refused, and how the user is told of those that are not."""

    @property
    def is_strict(self) -> bool: ...
    def say_once(self, text: str) -> None: ...


def known(body: Json, names: frozenset[str], voice: Voice) -> None:
    """Fields that the API does not have: refused, or dropped and said."""
    unknown = body.keys() - names
    if not unknown:
        return
    name = min(unknown)
    if not voice.is_strict:
        voice.say_once(f"a field of the program's requests is not known here and has no effect: {name}")
        return
    from difflib import get_close_matches

    near = get_close_matches(name, names, 2, 0.6)
    meant = f"; did you mean {' or '.join(near)}?" if near else ""
    raise ApiError(400, f"{name}: there is no such field{meant}", name, "unknown_parameter")
