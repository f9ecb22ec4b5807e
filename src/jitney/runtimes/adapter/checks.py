"""Fields of a request, each read once: the value, its default where it is missing or null, or a 400 that names it."""

from __future__ import annotations

from typing import Any

from .backend import RefusedError

Json = dict[str, Any]


def text(body: Json, name: str, default: str = "") -> str:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise RefusedError(name, f"a string is expected, not {kind_of(value)}")
    return value


def whole(body: Json, name: str, low: int | None = None, high: int | None = None) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise RefusedError(name, f"an integer is expected, not {kind_of(value)}")
    _within(name, value, low, high)
    return value


def number(body: Json, name: str, low: float, high: float) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
        raise RefusedError(name, f"a number is expected, not {kind_of(value)}")
    _within(name, value, low, high)
    return float(value)


def _within(name: str, value: float, low: float | None, high: float | None) -> None:
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = f"at least {low}" if high is None else f"between {low} and {high}"
        raise RefusedError(name, f"{value} is not {bounds}")


def flag(body: Json, name: str) -> bool:
    value = body.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise RefusedError(name, f"true or false is expected, not {kind_of(value)}")
    return value


def table(value: Any, where: str) -> Json:
    if not isinstance(value, dict):
        raise RefusedError(where, f"an object is expected, not {kind_of(value)}")
    return value


def listing(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise RefusedError(where, f"an array is expected, not {kind_of(value)}")
    return value


def kind_of(value: Any) -> str:
    names = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "an array",
        dict: "an object",
    }
    return names.get(type(value), "null")
