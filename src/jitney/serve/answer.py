"""What a runtime says, as events: the one form between it and the three APIs.

Text* | Call* …  then exactly one End
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Literal

import msgspec

Reason = Literal["stop", "length", "tool_calls"]


class Text(msgspec.Struct, frozen=True):
    """A piece of the answer. logprobs: as the runtime gives them, None where nobody asked."""

    text: str
    logprobs: Any = None


class Thought(msgspec.Struct, frozen=True):
    """A piece of what a model that thinks aloud says before its answer."""

    text: str


class Call(msgspec.Struct, frozen=True):
    """A piece of a tool call. id and name stand in its first piece; arguments: a piece of JSON text."""

    index: int
    arguments: str
    id: str = ""
    name: str = ""


class Usage(msgspec.Struct, frozen=True):
    """Tokens. cached: of the prompt, those that were not computed again."""

    prompt: int = 0
    answer: int = 0
    cached: int = 0


class End(msgspec.Struct, frozen=True):
    """Times in milliseconds."""

    reason: Reason
    usage: Usage = Usage()
    prompt_ms: float = 0.0
    answer_ms: float = 0.0


class Begin(msgspec.Struct, frozen=True):
    """What the prompt took; before the first piece, where a request asks the runtime for its timings."""

    usage: Usage


Event = Begin | Text | Thought | Call | End
Events = AsyncGenerator[Event, None]


class Whole(msgspec.Struct, kw_only=True):
    """An answer, gathered."""

    text: str = ""
    thought: str = ""
    calls: list[Call] = []
    logprobs: list[Any] = []
    end: End = End("stop")


def take(whole: Whole, event: Event) -> None:
    """Add one event to what was gathered."""
    if isinstance(event, Text):
        whole.text += event.text
        if isinstance(event.logprobs, dict):
            whole.logprobs += event.logprobs.get("content") or []
    elif isinstance(event, Thought):
        whole.thought += event.text
    elif isinstance(event, End):
        whole.end = event
    elif isinstance(event, Begin):
        return
    elif event.index < len(whole.calls):
        old = whole.calls[event.index]
        whole.calls[event.index] = Call(old.index, old.arguments + event.arguments, old.id, old.name)
    else:
        whole.calls.append(event)
