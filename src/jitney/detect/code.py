"""What any language's code says, in one form: imports, strings, variables read, models named."""

from __future__ import annotations

import re

import msgspec

from jitney.detect.model import ModelUse

SECRET = re.compile(r"(?:^|_)(?:API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS)$")
PLACE = re.compile(
    r"(?:https?|wss?)://(\[?[A-Za-z0-9.:_-]+?\]?)(?::(\d{1,5}))?(?=[/\s\"'?#)]|$)|^(localhost|127\.0\.0\.1|0\.0\.0\.0):(\d{1,5})"
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "[::1]", "host.docker.internal"})  # noqa: S104


class At(msgspec.Struct, frozen=True):
    """A word of the code and where it stands. role: of a string, what it is for (addresses.role_of)."""

    value: str
    file: str
    line: int
    role: str = ""


class Code(msgspec.Struct):
    """imports: dotted as the language writes them, imported names appended (`openai.OpenAI`). uses: the same of names that the
    code takes from a module where it needs them (`outlines.from_openai`); they say how it is used, not what is installed."""

    imports: list[At] = msgspec.field(default_factory=list)
    uses: list[At] = msgspec.field(default_factory=list)
    strings: list[At] = msgspec.field(default_factory=list)
    env: list[At] = msgspec.field(default_factory=list)
    models: list[ModelUse] = msgspec.field(default_factory=list)


def is_secret(name: str) -> bool:
    return bool(SECRET.search(name.upper()))
