"""What a request asks for, checked: 400 that names the field for what is wrong, unknown, or not offered by this runtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import checks
from .backend import Loaded, RefusedError, Wish

Json = dict[str, Any]
ROLES = ("system", "developer", "user", "assistant", "tool")
MOST_CHOICES = 16
MOST_STOPS = 16
MOST_ALTERNATIVES = 20

_SAMPLING = frozenset([
    "model", "stream", "stream_options", "max_tokens", "temperature", "top_p", "top_k", "min_p", "seed", "stop", "n",
    "presence_penalty", "frequency_penalty", "repetition_penalty", "repeat_penalty", "logit_bias", "logprobs",
    "response_format", "user",
])  # fmt: skip
_WITHOUT_EFFECT = frozenset([
    "metadata", "store", "service_tier", "reasoning_effort", "verbosity", "prediction", "parallel_tool_calls",
    "safety_identifier", "prompt_cache_key",
])  # fmt: skip
"""Taken, since they change no answer."""

_DEFAULTS = {"temperature": 0.8, "top_p": 0.95, "top_k": 40}
_CHAT = (
    _SAMPLING
    | _WITHOUT_EFFECT
    | {"messages", "max_completion_tokens", "top_logprobs", "tools", "tool_choice"}
)
_TEXT = _SAMPLING | {"prompt", "echo", "suffix", "best_of"}

_NEEDS = (
    ("seed", "seed"),
    ("presence_penalty", "penalties"),
    ("frequency_penalty", "penalties"),
    ("logit_bias", "logit-bias"),
    ("logprobs", "logprobs"),
    ("top_logprobs", "logprobs"),
    ("echo", "echo"),
    ("min_p", "min-p"),
    ("tools", "tools"),
)
"""Field → what has to be offered for it. False, 0, null and empty ask for nothing, except in `_ALWAYS`."""
_ALWAYS = ("seed",)


@dataclass(frozen=True)
class Ask:
    """prompts: token lists, each answered `count` times. stop: strings that end an answer; echo: text that goes before it."""

    prompts: tuple[tuple[int, ...], ...]
    wish: Wish
    stop: tuple[str, ...]
    count: int
    streams: bool
    with_usage: bool
    echo: tuple[str, ...] = ()

    def numbered(self, index: int) -> Wish:
        """For another choice: a seed of its own, where there is one."""
        seed = self.wish.seed
        return (
            replace(self.wish, seed=(seed + index) & 0xFFFFFFFF) if seed is not None and index else self.wish
        )


def read_chat(body: Json, loaded: Loaded, most: int) -> Ask:
    """most: tokens of any answer."""
    _known(body, _CHAT)
    _offered(body, loaded, "chat")
    if body.get("tool_choice") not in (None, "none", "auto"):
        raise RefusedError("tool_choice", "this runtime cannot be made to call a tool")
    assert loaded.words is not None, "who chats has words"
    prompt = loaded.words.chat(_messages(body.get("messages")), body.get("tools") or None)
    asked = checks.whole(body, "max_completion_tokens", 1) or checks.whole(body, "max_tokens", 1)
    told = None
    if checks.flag(body, "logprobs"):
        told = checks.whole(body, "top_logprobs", 0, MOST_ALTERNATIVES) or 0
    elif body.get("top_logprobs"):
        raise RefusedError("top_logprobs", "only together with logprobs: true")
    return _ask(body, loaded, (prompt,), min(asked or most, most), told, "messages")


def read_text(body: Json, loaded: Loaded, most: int) -> Ask:
    _known(body, _TEXT)
    _offered(body, loaded, "completions")
    for name in ("suffix",):
        if body.get(name):
            raise RefusedError(name, "this runtime fills no middle")
    if (best := checks.whole(body, "best_of", 1)) and best > (checks.whole(body, "n", 1) or 1):
        raise RefusedError("best_of", "more than n answers are not made")
    assert loaded.words is not None, "who writes has words"
    given = body.get("prompt")
    if given is None:
        raise RefusedError("prompt", "it is missing")
    prompts = [_prompt(one, loaded) for one in inputs(given, "prompt")]
    echo = tuple(loaded.words.decode(prompt) for prompt in prompts) if checks.flag(body, "echo") else ()
    told = checks.whole(body, "logprobs", 0, MOST_ALTERNATIVES)
    tells_prompt = bool(echo) and told is not None
    if tells_prompt and "prompt-logprobs" not in loaded.offers:
        raise RefusedError(
            "echo", "log probabilities of the prompt are not computed: without logprobs, please"
        )
    asked = checks.whole(body, "max_tokens", 1)
    ask = _ask(body, loaded, tuple(prompts), min(asked or most, most), told, "prompt")
    return replace(ask, echo=echo, wish=replace(ask.wish, tells_prompt=tells_prompt))


def _ask(
    body: Json, loaded: Loaded, prompts: Sequence[list[int]], most: int, told: int | None, where: str
) -> Ask:
    """most: tokens of each answer; told: alternatives per token; where: the field that the prompts came from."""
    longest = max(map(len, prompts))
    if not all(prompts):
        raise RefusedError(where, "it is empty")
    if longest >= loaded.context:
        raise RefusedError(
            where,
            f"{longest} tokens are more than the context has room for: {loaded.context} for prompt and answer",
            code="context_length_exceeded",
        )
    options = checks.table(body.get("stream_options") or {}, "stream_options")
    return Ask(
        prompts=tuple(map(tuple, prompts)),
        wish=_wish(body, loaded, min(most, loaded.context - longest), told),
        stop=_stops(body),
        count=checks.whole(body, "n", 1, MOST_CHOICES) or 1,
        streams=checks.flag(body, "stream"),
        with_usage=checks.flag(options, "include_usage"),
    )


def _wish(body: Json, loaded: Loaded, tokens: int, told: int | None) -> Wish:
    """Where the request says nothing, the model's makers do, else llama.cpp's server, so that runtimes answer alike."""
    own = {**_DEFAULTS, **loaded.defaults}

    def pick(name: str, low: float, high: float, default: float) -> float:
        value = checks.number(body, name, low, high)
        return own.get(name, default) if value is None else value

    top_k = checks.whole(body, "top_k", -1)
    repeated = checks.number(body, "repeat_penalty", 0.01, 10)
    repetition = pick("repetition_penalty", 0.01, 10, 1.0) if repeated is None else repeated
    seed = checks.whole(body, "seed")
    return Wish(
        max_tokens=tokens,
        temperature=pick("temperature", 0, 100, 0.8),
        top_p=pick("top_p", 0, 1, 1.0),
        top_k=max(0, int(own.get("top_k", 0)) if top_k is None else top_k),
        min_p=pick("min_p", 0, 1, 0.0),
        seed=None if seed is None else seed & 0xFFFFFFFF,
        presence=checks.number(body, "presence_penalty", -10, 10) or 0.0,
        frequency=checks.number(body, "frequency_penalty", -10, 10) or 0.0,
        repetition=repetition,
        logprobs=told,
        schema=_schema(body.get("response_format"), loaded),
        bias=_bias(body, loaded),
    )


def _schema(wanted: Any, loaded: Loaded) -> Json | None:
    """response_format: a schema, or any object."""
    if wanted is None:
        return None
    wanted = checks.table(wanted, "response_format")
    kind = wanted.get("type", "text")
    if kind == "text":
        return None
    if kind not in ("json_object", "json_schema"):
        raise RefusedError(
            "response_format.type", f"text, json_object or json_schema is expected, not {kind!r}"
        )
    if "json-schema" not in loaded.offers:
        raise RefusedError("response_format", "this runtime cannot hold an answer to a schema")
    if kind == "json_object":
        return checks.table(wanted.get("schema") or {"type": "object"}, "response_format.schema")
    where = "response_format.json_schema"
    return checks.table(checks.table(wanted.get("json_schema"), where).get("schema"), f"{where}.schema")


def _bias(body: Json, loaded: Loaded) -> dict[int, float]:
    made: dict[int, float] = {}
    given = checks.table(body.get("logit_bias") or {}, "logit_bias")
    for name in given:
        if not name.isdecimal() or loaded.words is None or int(name) >= loaded.words.size:
            raise RefusedError("logit_bias", f"{name!r} is no token of this model")
        made[int(name)] = checks.number(given, name, -100, 100) or 0.0
    return made


def _stops(body: Json) -> tuple[str, ...]:
    value = body.get("stop")
    words = [] if value is None else [value] if isinstance(value, str) else checks.listing(value, "stop")
    if not all(isinstance(word, str) for word in words):
        raise RefusedError("stop", "a string or an array of strings is expected")
    if len(words) > MOST_STOPS:
        raise RefusedError("stop", f"at most {MOST_STOPS}, not {len(words)}")
    return tuple(word for word in words if word)


def _known(body: Json, names: frozenset[str]) -> None:
    for name, value in body.items():
        if name not in names and value is not None:
            raise RefusedError(name, "this runtime does not know the field")


def _offered(body: Json, loaded: Loaded, what: str) -> None:
    if what not in loaded.offers:
        where = "messages" if what == "chat" else "prompt"
        raise RefusedError(where, f"this model offers {', '.join(sorted(loaded.offers))}, and not {what}")
    for name, needed in _NEEDS:
        asked = body.get(name) is not None if name in _ALWAYS else bool(body.get(name))
        if asked and needed not in loaded.offers:
            raise RefusedError(name, "this runtime does not offer it")


def _messages(given: Any) -> list[Json]:
    """As every chat template takes them: content is text."""
    found = checks.listing(given, "messages")
    if not found:
        raise RefusedError("messages", "there is none")
    return [_message(checks.table(one, f"messages[{at}]"), f"messages[{at}]") for at, one in enumerate(found)]


def _message(one: Json, where: str) -> Json:
    role = one.get("role")
    if role not in ROLES:
        raise RefusedError(f"{where}.role", f"one of {', '.join(ROLES)} is expected, not {role!r}")
    content = one.get("content")
    if content is None and not one.get("tool_calls"):
        raise RefusedError(f"{where}.content", "it is missing")
    if isinstance(content, list):
        content = "\n".join(_part(part, f"{where}.content[{at}]") for at, part in enumerate(content))
    elif content is not None and not isinstance(content, str):
        raise RefusedError(f"{where}.content", f"a string is expected, not {checks.kind_of(content)}")
    return {**one, "role": "system" if role == "developer" else role, "content": content or ""}


def _part(part: Any, where: str) -> str:
    part = checks.table(part, where)
    if part.get("type", "text") != "text":
        raise RefusedError(f"{where}.type", f"this runtime reads text only, not {part['type']!r}")
    return checks.text(part, "text")


def inputs(value: Any, where: str) -> list[Any]:
    """A string, tokens, or several of either, as a list of them."""
    if isinstance(value, str):
        return [value]
    found = checks.listing(value, where)
    if not found:
        raise RefusedError(where, "it is empty")
    return [found] if all(_is_token(one) for one in found) else found


def tokens_of(one: Any, loaded: Loaded, where: str) -> list[int]:
    """Of a text or of tokens."""
    assert loaded.words is not None, "what has tokens has words"
    if isinstance(one, str):
        return loaded.words.encode(one)
    if not isinstance(one, list) or not all(_is_token(each) for each in one):
        raise RefusedError(where, "a string or an array of tokens is expected")
    if any(each >= loaded.words.size for each in one):
        raise RefusedError(where, f"tokens of this model are below {loaded.words.size}")
    return one


def _prompt(one: Any, loaded: Loaded) -> list[int]:
    return tokens_of(one, loaded, "prompt")


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
