"""The contract of what only some runtimes offer."""

from __future__ import annotations

import json
import math
import threading
import time

import jsonschema

from tests.contract.runtimes.cases import case
from tests.contract.runtimes.subject import COUNT, TIMEOUT_S, Json, Subject

CITY: Json = {
    "type": "object",
    "properties": {
        "size": {"enum": ["small", "large"]},
        "people": {"type": "integer", "minimum": 0, "maximum": 99},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 8}, "maxItems": 2},
    },
    "required": ["size", "people", "tags"],
    "additionalProperties": False,
}
WEATHER: Json = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"enum": ["Paris", "Rome"]}, "days": {"type": "integer", "maximum": 9}},
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}
FORCED: Json = {"type": "function", "function": {"name": "weather"}}


def held(schema: Json) -> Json:
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}


@case("seed")
def seed(it: Subject) -> None:
    """The same seed, the same text; other seeds, other texts."""

    def told(number: int) -> str:
        return it.go_on("Once upon a time", max_tokens=8, temperature=1.2, seed=number).text

    assert told(7) == told(7)
    assert len({told(number) for number in (7, 8, 9, 10)}) > 1


@case("logprobs")
def logprobs(it: Subject) -> None:
    """Of each token, with the likeliest beside it; together they are the text."""
    reply = it.chat_reply("Count from one to five.", max_tokens=5, logprobs=True, top_logprobs=3)
    found = reply.choices[0].logprobs.content
    assert len(found) == 5
    assert "".join(one.token for one in found) == reply.choices[0].message.content
    for one in found:
        assert -60 < one.logprob <= 1e-4
        assert len(one.top_logprobs) == 3
        ordered = [top.logprob for top in one.top_logprobs]
        assert ordered == sorted(ordered, reverse=True)
        assert one.top_logprobs[0].token == one.token, "at temperature 0 the likeliest is taken"
        assert sum(math.exp(value) for value in ordered) < 1.001


@case("logprobs")
def logprobs_stream(it: Subject) -> None:
    """Streamed, as many as tokens."""
    chunks = list(it.chat_reply("Count from one to five.", max_tokens=5, logprobs=True, stream=True))
    found = [
        one
        for chunk in chunks
        for choice in chunk.choices
        if choice.logprobs
        for one in choice.logprobs.content
    ]
    assert len(found) == 5
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert "".join(one.token for one in found) == text


@case("logprobs")
def logprobs_completions(it: Subject) -> None:
    """In the lists of the old API."""
    if "completions" not in it.features:
        return
    reply = it.write_reply(COUNT, max_tokens=4, logprobs=2)
    found = reply.choices[0].logprobs
    assert len(found.tokens) == len(found.token_logprobs) == len(found.top_logprobs) == 4
    assert "".join(found.tokens) == reply.choices[0].text


@case("json-schema")
def json_schema(it: Subject) -> None:
    """The answer is of the schema, whole and streamed."""
    for stream in (False, True):
        told = it.chat("Describe Paris as JSON.", response_format=held(CITY), max_tokens=120, stream=stream)
        jsonschema.validate(json.loads(told.text), CITY)
        assert told.finish == "stop"


@case("json-schema")
def json_schema_completions(it: Subject) -> None:
    """So is a completion's."""
    if "completions" in it.features:
        told = it.write("A city as JSON: ", extra_body={"response_format": held(CITY)}, max_tokens=120)
        jsonschema.validate(json.loads(told.text), CITY)


@case("json-schema")
def json_object(it: Subject) -> None:
    """Any object, one that ends."""
    told = it.chat("A cat, as a short JSON object", response_format={"type": "json_object"})
    assert isinstance(json.loads(told.text), dict)


@case("tools")
def tools(it: Subject) -> None:
    """A tool that must be called is called, with arguments of its schema; finish_reason: tool_calls."""
    reply = it.chat_reply("What is the weather in Paris?", tools=[WEATHER], tool_choice=FORCED)
    [call] = reply.choices[0].message.tool_calls
    assert (call.type, call.function.name) == ("function", "weather")
    assert call.id
    jsonschema.validate(json.loads(call.function.arguments), WEATHER["function"]["parameters"])
    assert reply.choices[0].finish_reason == "tool_calls"


@case("tools")
def tools_stream(it: Subject) -> None:
    """The same in pieces."""
    with it.client.chat.completions.stream(
        model=it.model,
        messages=[{"role": "user", "content": "The weather in Rome?"}],
        tools=[WEATHER],
        tool_choice=FORCED,
    ) as stream:
        list(stream)
        final = stream.get_final_completion().choices[0]
    arguments = json.loads(final.message.tool_calls[0].function.arguments)
    jsonschema.validate(arguments, WEATHER["function"]["parameters"])
    assert final.finish_reason == "tool_calls"


@case("tools")
def tools_result(it: Subject) -> None:
    """What a tool said goes back, and is answered; with tool_choice none there is no call."""
    call = {
        "id": "c1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city": "Rome", "days": 1}'},
    }
    talk: list[Json] = [
        {"role": "user", "content": "The weather in Rome?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "Sunny, 31 degrees"},
    ]
    reply = it.chat_reply(talk, tools=[WEATHER], tool_choice="none", max_tokens=8)
    assert reply.choices[0].message.content
    assert not reply.choices[0].message.tool_calls


@case("penalties")
def penalties(it: Subject) -> None:
    """They count: commas that were written often come less. (Runtimes differ in whether the prompt's count too.)"""
    free = it.go_on(COUNT, max_tokens=24).text
    same = it.go_on(COUNT, max_tokens=24, frequency_penalty=0, presence_penalty=0).text
    assert same == free, "penalties of 0 change something"
    told = it.go_on(COUNT, max_tokens=24, frequency_penalty=2.0, presence_penalty=2.0).text
    assert told.count(",") < free.count(","), f"penalties change nothing: {told!r}"


@case("logit-bias")
def logit_bias(it: Subject) -> None:
    """A token that is forbidden does not come: found by its number among those of a text."""
    before = it.go_on(COUNT, max_tokens=6).text
    many = {
        str(number): -100 for number in range(32, 46)
    }  # SmolLM2's digits, GPT-2's order: 0 is 32, 9 is 41
    after = it.go_on(COUNT, max_tokens=6, logit_bias=many).text
    assert after != before, "nothing changed"


@case("echo")
def echo(it: Subject) -> None:
    """The prompt stands before the answer."""
    assert it.write(COUNT, max_tokens=3, extra_body={"echo": True}).text.startswith(COUNT)


@case("grammar")
def grammar(it: Subject) -> None:
    """An answer is held to a grammar (GBNF)."""
    form = 'root ::= "yes" | "no"'
    assert it.chat("Is Paris a city?", extra_body={"grammar": form}, max_tokens=8).text in ("yes", "no")


@case("chat")
def anthropic(it: Subject) -> None:
    """Anthropic's API answers too."""
    body = {
        "model": it.model,
        "max_tokens": 4,
        "temperature": 0,
        "messages": [{"role": "user", "content": COUNT}],
    }
    reply = it.post("/v1/messages", body).json()
    assert (reply["type"], reply["role"], reply["stop_reason"]) == ("message", "assistant", "max_tokens")
    assert reply["usage"]["output_tokens"] == 4


@case("chat")
def responses(it: Subject) -> None:
    """So does `responses`."""
    reply = it.client.responses.create(model=it.model, input="Say hi.", max_output_tokens=16)
    assert reply.output_text


@case("chat")
def ollama(it: Subject) -> None:
    """And Ollama's."""
    body = {
        "model": it.model,
        "stream": False,
        "messages": [{"role": "user", "content": COUNT}],
        "options": {"num_predict": 4, "temperature": 0},
    }
    reply = it.post("/api/chat", body).json()
    assert reply["message"]["content"]
    assert (reply["done_reason"], reply["eval_count"]) == ("length", 4)


@case("batching")
def batching(it: Subject) -> None:
    """Two answers grow at the same time: the second begins before the first ends."""
    ends: list[float] = []
    begun = threading.Event()

    def first() -> None:
        for chunk in it.go_on_reply(COUNT, max_tokens=60, stream=True):
            begun.set()
            if chunk.choices and chunk.choices[0].finish_reason:
                ends.append(time.monotonic())

    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(TIMEOUT_S)
    next(iter(it.go_on_reply("Once upon a time", max_tokens=4, stream=True)))
    second_began = time.monotonic()
    thread.join()
    assert second_began < ends[0], "the second waited for the first"
