"""Stop words, watched for here: the runtime does not say which one ended its answer, and Anthropic's clients are told."""

from __future__ import annotations

from contextlib import aclosing

from jitney.serve.answer import Begin, End, Events, Text, Usage


class Stopped:
    """words: to stop at. word: the one that did, empty while none has."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.word = ""


async def stop_at(events: Events, stopped: Stopped) -> Events:
    """The events up to the first stop word, which is no part of the answer. Text that may begin one is held back."""
    held, pieces, prompt = "", 0, Usage()
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Begin):
                prompt = event.usage
            if not isinstance(event, Text) or not stopped.words:
                if held and isinstance(event, End):
                    yield Text(held)
                yield event
                continue
            pieces += 1
            held += event.text
            at, word = _first(held, stopped.words)
            if word:
                stopped.word = word
                if at:
                    yield Text(held[:at])
                yield End("stop", Usage(prompt.prompt, pieces, prompt.cached))
                return
            sure = len(held) - _may_begin(held, stopped.words)
            if sure:
                yield Text(held[:sure])
                held = held[sure:]


def _first(text: str, words: list[str]) -> tuple[int, str]:
    found = [(text.find(word), word) for word in words if word in text]
    return min(found, default=(-1, ""))


def _may_begin(text: str, words: list[str]) -> int:
    """Length of the longest end of the text that begins a stop word."""
    longest = max(map(len, words)) - 1
    for size in range(min(longest, len(text)), 0, -1):
        if any(word.startswith(text[-size:]) for word in words):
            return size
    return 0
