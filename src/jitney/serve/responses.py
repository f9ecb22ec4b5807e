"""OpenAI: responses, whole and streamed. Conversations are kept in memory, as long as this run lasts, so that
`previous_response_id` and a later GET are honoured."""

from __future__ import annotations

import os
import time
from contextlib import aclosing
from typing import Any

import msgspec

from jitney.serve import checks
from jitney.serve.answer import Call, End, Text, Whole, take
from jitney.serve.chat import Ask, read_chat
from jitney.serve.errors import ApiError, Json, error_body
from jitney.serve.exchange import EVENTS, Exchange, Pieces, gathered, sse
from jitney.serve.request import Reply
from jitney.serve.responses_in import FIELDS, chat_body, conversation

KEPT = 256
KEPT_BYTES = 32 << 20
"""Of conversations as JSON; the oldest go first."""


class Response(msgspec.Struct, kw_only=True):
    """A response being made. body: its object without the output; conversation: the messages that led to it."""

    body: Json
    ask: Ask
    conversation: list[Json]
    keep: bool
    ids: dict[int, str] = {}


async def create(exchange: Exchange) -> Reply | None:
    body = await exchange.body()
    checks.known(body, FIELDS, exchange.gateway)
    model = exchange.choose(checks.text(body, "model"), "chat")
    before = _before(exchange, checks.text(body, "previous_response_id"))
    messages = [*before, *conversation(body)]
    ask = read_chat(chat_body(body, messages), await model.caps(), model.about.name)
    reply = Response(
        body=_blank(body, ask),
        ask=ask,
        conversation=messages,
        keep=checks.flag(body, "store", True),
    )
    if ask.streams:
        pieces = _stream(exchange, reply)
        return await exchange.stream(pieces, EVENTS, lambda error: _broken(reply, error))
    whole = await gathered(model.answer(ask))
    return exchange.whole(_finished(exchange, reply, whole, _output(whole)))


async def kept(exchange: Exchange) -> Reply | None:
    """GET, DELETE of one that was made in this run."""
    found = exchange.gateway.responses.get(exchange.rest)
    if found is None:
        raise ApiError(404, f"there is no response {exchange.rest!r} in this run", "response_id", "not_found")
    if exchange.request.method == "DELETE":
        del exchange.gateway.responses[exchange.rest]
        return exchange.whole({"id": exchange.rest, "object": "response.deleted", "deleted": True})
    return exchange.whole(found["body"])


def _before(exchange: Exchange, previous: str) -> list[Json]:
    if not previous:
        return []
    found = exchange.gateway.responses.get(previous)
    if found is None:
        message = (
            f"previous_response_id: there is no response {previous!r} in this run (kept: store is not false)"
        )
        raise ApiError(400, message, "previous_response_id", "previous_response_not_found")
    return list(found["conversation"])


def new_id(kind: str) -> str:
    return f"{kind}_{os.urandom(16).hex()}"


def _blank(body: Json, ask: Ask) -> Json:
    return {
        "id": new_id("resp"),
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": None,
        "model": ask.model,
        "output": [],
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
        "previous_response_id": body.get("previous_response_id"),
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": body.get("store") is not False,
        "temperature": body.get("temperature", 1.0),
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": body.get("tools") or [],
        "top_logprobs": 0,
        "top_p": body.get("top_p", 1.0),
        "truncation": "disabled",
        "usage": None,
        "user": body.get("user"),
        "metadata": body.get("metadata") or {},
    }


def _part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _message(text: str, identity: str, status: str = "completed") -> Json:
    content = [_part(text)] if status != "in_progress" else []
    return {"id": identity, "type": "message", "status": status, "role": "assistant", "content": content}


def _function_call(call: Call, identity: str, status: str = "completed") -> Json:
    return {
        "id": identity,
        "type": "function_call",
        "status": status,
        "call_id": call.id,
        "name": call.name,
        "arguments": call.arguments,
    }


def _output(whole: Whole) -> list[Json]:
    status = "incomplete" if whole.end.reason == "length" else "completed"
    items: list[Json] = []
    if whole.text or not whole.calls:
        items.append(_message(whole.text, new_id("msg"), status))
    return [*items, *(_function_call(call, new_id("fc"), status) for call in whole.calls)]


def _finished(exchange: Exchange, reply: Response, whole: Whole, output: list[Json]) -> Json:
    """The response's object at its end; kept for those that come back to it."""
    usage = whole.end.usage
    is_cut = whole.end.reason == "length"
    body = {
        **reply.body,
        "status": "incomplete" if is_cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if is_cut else None,
        "output": output,
        "usage": {
            "input_tokens": usage.prompt,
            "input_tokens_details": {"cached_tokens": usage.cached},
            "output_tokens": usage.answer,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": usage.prompt + usage.answer,
        },
    }
    if reply.keep:
        _keep(exchange, reply, whole, body)
    return body


def _keep(exchange: Exchange, reply: Response, whole: Whole, body: Json) -> None:
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in whole.calls
    ]
    said: Json = {"role": "assistant", "content": whole.text, **({"tool_calls": calls} if calls else {})}
    responses = exchange.gateway.responses
    conversation = [*reply.conversation, said]
    size = len(msgspec.json.encode(conversation))
    responses[body["id"]] = {"body": body, "conversation": conversation, "bytes": size}
    while len(responses) > KEPT or sum(one["bytes"] for one in responses.values()) > KEPT_BYTES:
        del responses[next(iter(responses))]


class _Events:
    """Server-sent events in order, numbered."""

    def __init__(self) -> None:
        self._number = -1

    def __call__(self, kind: str, **fields: Any) -> bytes:
        self._number += 1
        return sse({"type": kind, "sequence_number": self._number, **fields}, kind)


def _broken(reply: Response, error: ApiError) -> bytes:
    told = error_body(error, "openai")["error"]
    failed = {**reply.body, "status": "failed", "error": {"code": "server_error", "message": told["message"]}}
    return sse({"type": "response.failed", "sequence_number": 1 << 20, "response": failed}, "response.failed")


class _Items:
    """The output items of a stream: opened when their first piece comes, closed at the end, in their order."""

    def __init__(self, event: _Events) -> None:
        self._event = event
        self._ids: list[tuple[str, int]] = []

    def piece(self, part: Text | Call, whole: Whole) -> list[bytes]:
        """whole: with this piece."""
        key = -1 if isinstance(part, Text) else part.index
        found = next((at for at, (_, one) in enumerate(self._ids) if one == key), None)
        out: list[bytes] = []
        if found is None:
            found = len(self._ids)
            self._ids.append((new_id("msg" if key < 0 else "fc"), key))
            out += self._open(found, part)
        identity = self._ids[found][0]
        at: Json = {"item_id": identity, "output_index": found}
        if isinstance(part, Text):
            delta = {**at, "content_index": 0, "delta": part.text, "logprobs": []}
            return [*out, self._event("response.output_text.delta", **delta)]
        if part.arguments:
            out.append(self._event("response.function_call_arguments.delta", **at, delta=part.arguments))
        return out

    def _open(self, index: int, part: Text | Call) -> list[bytes]:
        identity = self._ids[index][0]
        if isinstance(part, Call):
            item = _function_call(Call(part.index, "", part.id, part.name), identity, "in_progress")
            return [self._event("response.output_item.added", output_index=index, item=item)]
        item = _message("", identity, "in_progress")
        where: Json = {"item_id": identity, "output_index": index, "content_index": 0}
        return [
            self._event("response.output_item.added", output_index=index, item=item),
            self._event("response.content_part.added", **where, part=_part("")),
        ]

    def close(self, whole: Whole) -> tuple[list[Json], list[bytes]]:
        """The items as they ended, and the events that say so."""
        status = "incomplete" if whole.end.reason == "length" else "completed"
        items: list[Json] = []
        out: list[bytes] = []
        for index, (identity, key) in enumerate(self._ids):
            at: Json = {"item_id": identity, "output_index": index}
            if key < 0:
                item = _message(whole.text, identity, status)
                where: Json = {**at, "content_index": 0}
                out += [
                    self._event("response.output_text.done", **where, text=whole.text, logprobs=[]),
                    self._event("response.content_part.done", **where, part=_part(whole.text)),
                ]
            else:
                call = whole.calls[key]
                item = _function_call(call, identity, status)
                done = {**at, "name": call.name, "arguments": call.arguments}
                out.append(self._event("response.function_call_arguments.done", **done))
            out.append(self._event("response.output_item.done", output_index=index, item=item))
            items.append(item)
        return items, out


async def _stream(exchange: Exchange, reply: Response) -> Pieces:
    event = _Events()
    items = _Items(event)
    whole = Whole()
    is_open = False
    async with aclosing(exchange.model.answer(reply.ask)) as events:
        async for part in events:
            if not is_open:
                is_open = True
                yield event("response.created", response=reply.body)
                yield event("response.in_progress", response=reply.body)
            take(whole, part)
            if isinstance(part, Text | Call):
                for piece in items.piece(part, whole):
                    yield piece
            elif isinstance(part, End) and not whole.text and not whole.calls:
                for piece in items.piece(Text(""), whole):
                    yield piece
    output, pieces = items.close(whole)
    for piece in pieces:
        yield piece
    body = _finished(exchange, reply, whole, output)
    kind = "response.incomplete" if whole.end.reason == "length" else "response.completed"
    yield event(kind, response=body)
