"""What Ollama's calls have in common: models that programs made of others, options, durations."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from jitney.serve import checks
from jitney.serve.answer import End
from jitney.serve.errors import Json, bad
from jitney.serve.exchange import Exchange
from jitney.serve.models import plain_name
from jitney.serve.pictures import of_base64

_DONE = {"stop": "stop", "length": "length", "tool_calls": "stop"}
_OPTIONS = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "typical_p",
    "seed",
    "stop",
    "repeat_penalty",
    "repeat_last_n",
    "presence_penalty",
    "frequency_penalty",
    "mirostat",
    "mirostat_tau",
    "mirostat_eta",
)
"""Options that change the answer. The others (num_ctx, num_gpu, num_thread, num_batch, num_keep, use_mmap …) say how a server
shall use its machine, and that is settled here."""


class Asked:
    """A request for a model's answer. made: what a program made of the model (create): its system text, parameters, messages."""

    def __init__(self, exchange: Exchange, body: Json, feature: str) -> None:
        name = checks.text(body, "model") or checks.text(body, "name")
        self.body = body
        self.model = name or exchange.choose(name, feature).about.name
        exchange.choose(self.model, feature)
        self.offers = exchange.model.offers
        self.made = exchange.gateway.models.made.get(plain_name(self.model), {})
        self._started = time.monotonic_ns()

    @classmethod
    async def read(cls, exchange: Exchange, feature: str = "chat") -> Asked:
        return cls(exchange, await exchange.body(), feature)

    def options(self) -> Json:
        given = checks.table(self.body.get("options") or {}, "options")
        return {**(self.made.get("parameters") or {}), **given}

    def sampling(self) -> Json:
        """Options in the words of chat completions. num_predict: -1 and -2 set no limit, so ours counts."""
        options = self.options()
        made: Json = {name: options[name] for name in _OPTIONS if options.get(name) is not None}
        most = checks.whole(options, "num_predict", where="options.")
        if most is not None and most > 0:
            made["max_tokens"] = most
        return made

    def system(self) -> str:
        return checks.text(self.body, "system") or str(self.made.get("system") or "")

    def form(self) -> Json | None:
        """`format`: "json", or a schema."""
        wanted: Any = self.body.get("format")
        if wanted in (None, ""):
            return None
        if wanted == "json":
            return {"type": "json_object"}
        if isinstance(wanted, dict):
            return {"type": "json_schema", "json_schema": {"name": "answer", "schema": wanted}}
        raise bad("format", f'"json" or a JSON schema is expected, not {wanted!r}')

    def nanoseconds(self) -> int:
        return time.monotonic_ns() - self._started

    def head(self) -> Json:
        return {"model": self.model, "created_at": now()}

    def ending(self, end: End) -> Json:
        return {
            "done": True,
            "done_reason": _DONE[end.reason],
            "total_duration": self.nanoseconds(),
            "load_duration": 0,
            "prompt_eval_count": end.usage.prompt,
            "prompt_eval_duration": int(end.prompt_ms * 1e6),
            "eval_count": end.usage.answer,
            "eval_duration": int(end.answer_ms * 1e6),
        }

    def loaded(self, empty: Json) -> Json:
        """The answer to an empty request, which only loads a model, or with keep_alive 0 unloads it."""
        reason = "unload" if self.body.get("keep_alive") in (0, "0", "0s") else "load"
        return {**self.head(), **empty, "done": True, "done_reason": reason}


def chat_body(asked: Asked) -> Json:
    given = checks.listing(asked.body["messages"], "messages")
    messages = [_message(asked, one, f"messages[{at}]") for at, one in enumerate(given)]
    messages = [*(asked.made.get("messages") or []), *messages]
    system = str(asked.made.get("system") or "")
    if system and not any(one["role"] == "system" for one in messages):
        messages.insert(0, {"role": "system", "content": system})
    body: Json = {"model": asked.model, **asked.sampling(), "messages": messages}
    if asked.body.get("tools"):
        body["tools"] = asked.body["tools"]
    if (form := asked.form()) is not None:
        body["response_format"] = form
    return body


def _message(asked: Asked, one: Any, where: str) -> Json:
    one = checks.table(one, where)
    made = {"role": one.get("role"), "content": one.get("content") or ""}
    if one.get("images"):
        made["content"] = with_images(asked, checks.text(one, "content"), one["images"], f"{where}.images")
    if one.get("tool_calls"):
        made["tool_calls"] = one["tool_calls"]
    if one.get("role") == "tool":
        made["tool_call_id"] = one.get("tool_call_id") or one.get("tool_name") or one.get("name")
    return made


def with_images(asked: Asked, text: str, images: Any, where: str) -> list[Json]:
    """A message's parts, of its text and of images in base64. 400: this model sees none."""
    asked.offers.need("vision", where)
    found = [of_base64(one, f"{where}[{at}]") for at, one in enumerate(checks.listing(images, where))]
    return [*found, {"type": "text", "text": text}]


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
