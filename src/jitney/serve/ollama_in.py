"""What Ollama's calls have in common: models that programs made of others, options, durations."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from jitney.serve import checks
from jitney.serve.answer import End
from jitney.serve.errors import Json, bad
from jitney.serve.exchange import Exchange

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

    def __init__(self, exchange: Exchange, body: Json) -> None:
        about = exchange.gateway.settings.about
        self.body = body
        self.model = checks.text(body, "model") or checks.text(body, "name") or about.name
        self.made = exchange.gateway.created.get(plain_name(self.model), {})
        self._started = time.monotonic_ns()
        exchange.gateway.note(self.model)

    @classmethod
    async def read(cls, exchange: Exchange) -> Asked:
        return cls(exchange, await exchange.body())

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
    messages = [_message(one, f"messages[{at}]") for at, one in enumerate(given)]
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


def _message(one: Any, where: str) -> Json:
    one = checks.table(one, where)
    if one.get("images"):
        raise bad(f"{where}.images", "this model reads no images")
    made = {"role": one.get("role"), "content": one.get("content") or ""}
    if one.get("tool_calls"):
        made["tool_calls"] = one["tool_calls"]
    if one.get("role") == "tool":
        made["tool_call_id"] = one.get("tool_call_id") or one.get("tool_name") or one.get("name")
    return made


def plain_name(name: str) -> str:
    """`llama3:latest` is `llama3`."""
    return name.removesuffix(":latest").lower()


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
