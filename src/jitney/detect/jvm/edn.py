"""EDN and the data part of Clojure: deps.edn, project.clj. Reads forms; evaluates nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

_TOKEN = re.compile(
    r"""(?P<skip>[\s,]+|;[^\n]*)|(?P<string>\#?"(?:\\.|[^"\\])*")|(?P<discard>\#_|\^|\#\^)|(?P<open>\#?[({\[])"""
    r"""|(?P<close>[)}\]])|(?P<mark>~@|['`~@])|(?P<tag>\#[\w.?/-]+)|(?P<word>\\?[^\s,;"(){}\[\]]+)|(?P<odd>.)""",
    re.S | re.X,
)
_KINDS: dict[str, Literal["map", "list", "vector", "set"]] = {
    "{": "map",
    "(": "list",
    "[": "vector",
    "#{": "set",
    "#(": "list",
}
_CLOSES = {"map": "}", "list": ")", "vector": "]", "set": "}"}


class Form(msgspec.Struct):
    """text: of a string or a word (keywords with their colon). items: of the others; a map's keys and values in turn."""

    kind: Literal["map", "list", "vector", "set", "string", "word"]
    line: int
    text: str = ""
    items: list[Form] = msgspec.field(default_factory=list)
    dropped: int = 0
    """Forms yet to come that are left out: `#_`, and `^` with what it says."""

    def get(self, key: str) -> Form | None:
        """The value behind a key, of a map or of words in turn as in `defproject`."""
        pairs = zip(self.items, self.items[1:], strict=False)
        return next((value for one, value in pairs if one.kind == "word" and one.text == key), None)

    def at(self, *keys: str) -> Form | None:
        found: Form | None = self
        for key in keys:
            found = found.get(key) if found else None
        return found

    def words(self) -> list[str]:
        """Texts of the items that are words or strings."""
        return [one.text for one in self.items if one.kind in ("word", "string")]


class EdnError(ValueError):
    """What is wrong, with line and column."""


def read(text: str) -> list[Form]:
    """The forms of a file. EdnError: brackets that do not match, a string that does not end."""
    stack = [Form("list", 1)]
    for group, word, line, column in _tokens(text):
        if group == "open":
            form = Form(_KINDS[word], line)
            _add(stack[-1], form)
            stack.append(form)
        elif group == "close":
            _close(stack, word, f"{line}:{column}")
        elif group == "discard":
            stack[-1].dropped += 1
        elif group == "odd":
            raise EdnError(f"{line}:{column}: {word!r} does not end")
        elif group in ("string", "word"):
            _add(stack[-1], Form("string" if group == "string" else "word", line, _plain(group, word)))
    if len(stack) > 1:
        raise EdnError(f"{stack[-1].line}:1: {'{' if stack[-1].kind == 'map' else '('} is not closed")
    return stack[0].items


def _close(stack: list[Form], word: str, place: str) -> None:
    form = stack.pop()
    if not stack or _CLOSES[form.kind] != word:
        raise EdnError(f"{place}: {word} closes nothing that is open")


def _tokens(text: str) -> Iterator[tuple[str, str, int, int]]:
    line, start = 1, 0
    for match in _TOKEN.finditer(text):
        yield match.lastgroup or "", match[0], line, match.start() - start + 1
        if breaks := match[0].count("\n"):
            line += breaks
            start = match.start() + match[0].rfind("\n") + 1


def _plain(group: str, word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word.lstrip("#")[1:-1]) if group == "string" else word


def _add(parent: Form, form: Form) -> None:
    if parent.dropped:
        parent.dropped -= 1
    else:
        parent.items.append(form)


def first(forms: list[Form], word: str) -> Form | None:
    """The first list that starts with a word: `(defproject …)`."""
    return next(
        (one for one in forms if one.kind == "list" and one.items and one.items[0].text == word), None
    )


def coordinates(name: str, version: str) -> str:
    """Clojure's `org.clojure/data.json` and `cheshire` → Maven's notation."""
    group, slash, artifact = name.partition("/")
    return f"{group}:{artifact if slash else group}:{version}"
