"""The contract, a function a case: what every runtime that writes text keeps, and what holds where it offers more.

A case raises AssertionError. `@case("feature")` is asked where the runtime offers that; elsewhere its refusal is (refusals.py).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tests.contract.runtimes.subject import COUNT, Subject, Told

Check = Callable[[Subject], None]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """feature: that it needs; empty: it holds for all. about: its docstring."""

    name: str
    feature: str
    check: Check
    about: str


CASES: dict[str, Case] = {}


def case(feature: str = "") -> Callable[[Check], Check]:
    def note(check: Check) -> Check:
        name = check.__name__.replace("_", "-")
        about = (check.__doc__ or "").strip()
        CASES[name] = Case(name=name, feature=feature, check=check, about=about)
        return check

    return note


@case()
def models(it: Subject) -> None:
    """The model is listed, and found by its name."""
    assert it.model in [one.id for one in it.client.models.list()]
    assert it.client.models.retrieve(it.model).id == it.model


@case("chat")
def chat(it: Subject) -> None:
    """A chat is answered, with a role, a true count and the model's name."""
    reply = it.chat_reply("Say hi.", max_tokens=6)
    assert reply.choices[0].message.role == "assistant"
    assert reply.choices[0].message.content
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    assert 1 <= reply.usage.completion_tokens <= 6
    assert reply.usage.prompt_tokens > 5
    assert reply.object == "chat.completion"
    more = it.chat(
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}], max_tokens=2
    )
    assert more.text


@case("completions")
def completions(it: Subject) -> None:
    """A text goes on; several prompts give several choices, in order."""
    reply = it.client.completions.create(
        model=it.model, prompt=["The capital of France is", COUNT], max_tokens=5, temperature=0
    )
    assert [choice.index for choice in reply.choices] == [0, 1]
    assert "9" in reply.choices[1].text
    assert reply.choices[0].text
    assert reply.object == "text_completion"


@case()
def knows(it: Subject) -> None:
    """It is this model that answers: it knows the capital of France. (Weights of four bits may know it in a chat only.)"""
    said = it.go_on("The capital of France is", max_tokens=6).text
    if "Paris" not in said and "chat" in it.features:
        said += it.chat("What is the capital of France?", max_tokens=24).text
    assert "Paris" in said, said


def _same(streamed: Told, told: Told) -> None:
    assert streamed.text == told.text
    assert streamed.finish == told.finish
    assert streamed.usage == told.usage
    assert len(streamed.pieces) > 1, "one piece is no stream"


@case("chat")
def chat_stream(it: Subject) -> None:
    """Streamed: the same text as whole, one finish_reason, the usage last and only when asked for."""
    told = it.chat("Count from one to five.", max_tokens=12)
    options = {"include_usage": True}
    _same(it.chat("Count from one to five.", max_tokens=12, stream=True, stream_options=options), told)
    assert it.chat("Count from one to five.", max_tokens=2, stream=True).usages == []
    last = list(it.chat_reply("Hi", max_tokens=2, stream=True, stream_options=options))[-1]
    assert last.usage is not None
    assert last.choices == []


@case("completions")
def completions_stream(it: Subject) -> None:
    """The same for completions."""
    told = it.write(COUNT, max_tokens=12)
    _same(it.write(COUNT, max_tokens=12, stream=True, stream_options={"include_usage": True}), told)


@case()
def stop(it: Subject) -> None:
    """The text ends before the stop, also one over borders of tokens, whole and streamed; finish_reason: stop."""
    free = it.go_on(COUNT, max_tokens=24)
    assert free.finish == "length"
    mark = free.text[7:11]
    assert len(mark) == 4, free.text
    want = free.text[: free.text.index(mark)]
    for words in (mark, ["never seen", mark]):
        told = it.go_on(COUNT, max_tokens=24, stop=words)
        assert (told.text, told.finish) == (want, "stop")
        assert told.tokens < 24, "it wrote on behind the stop"
    streamed = it.go_on(COUNT, max_tokens=24, stop=[mark], stream=True)
    assert (streamed.text, streamed.finish) == (want, "stop")


@case()
def max_tokens(it: Subject) -> None:
    """Exactly so many, and finish_reason: length."""
    for count in (1, 7):
        told = it.go_on(COUNT, max_tokens=count)
        assert (told.tokens, told.finish) == (count, "length")
    if "chat" in it.features:
        assert it.chat("Tell me a story.", max_completion_tokens=5).tokens == 5


@case("chat")
def finish_reason(it: Subject) -> None:
    """An answer that ends by itself says stop, one that was cut says length."""
    ended = it.chat("What is 2+2? Answer with a single number.", max_tokens=160)
    assert ended.finish == ("stop" if ended.tokens < 160 else "length")
    cut = it.chat("What is 2+2? Answer with a single number.", max_tokens=1)
    assert cut.finish == ("length" if ended.tokens > 1 else "stop")


@case()
def temperature_zero(it: Subject) -> None:
    """The same three times."""
    assert len({it.go_on("Once upon a time", max_tokens=10).text for _ in range(3)}) == 1


@case()
def temperature(it: Subject) -> None:
    """It counts: eight answers at 1.5 are not one."""
    told = {it.go_on("Once upon a time", max_tokens=5, temperature=1.5).text for _ in range(8)}
    assert len(told) > 1
    narrow = {
        it.go_on("Once upon a time", max_tokens=5, temperature=1.5, top_p=0.0001).text for _ in range(3)
    }
    assert len(narrow) == 1, "top_p near 0 leaves the likeliest token"


@case()
def unicode_whole(it: Subject) -> None:
    """Characters of several tokens come whole, and a cut in their midst leaves no broken one."""
    written = ""
    for ask in ("🎉" * 10, "你好，" * 8, "naïve café, " * 6):
        texts = [it.go_on(ask, max_tokens=count).text for count in (4, 5, 9)]
        assert not any("\N{REPLACEMENT CHARACTER}" in text for text in texts), texts
        streamed = it.go_on(ask, max_tokens=9, stream=True)
        assert not any("\N{REPLACEMENT CHARACTER}" in piece for piece in streamed.pieces), streamed.pieces
        assert streamed.text == texts[-1]
        written += streamed.text
    if "completions" in it.features:
        assert any(ord(letter) > 127 for letter in written), "nothing of several tokens was written"


@case()
def no_temperature(it: Subject) -> None:
    """Null is the same as nothing."""
    assert (
        it.go_on(COUNT, max_tokens=2, temperature=None, stop=None, n=None, seed=None, user="me").tokens == 2
    )


@case()
def several(it: Subject) -> None:
    """n answers, numbered, each counted."""
    reply = it.go_on_reply(COUNT, max_tokens=3, n=2)
    assert [choice.index for choice in reply.choices] == [0, 1]
    assert reply.usage.completion_tokens == 6
