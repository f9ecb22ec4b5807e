# /// script
# requires-python = ">=3.11"
# dependencies = ["anthropic>=2.12", "ollama>=0.6", "openai>=3.54", "pydantic>=2"]
# ///
"""Runs inside a sandbox, beside a real model: the vendors' own clients and their stream helpers ask for everything that
docs/api.md promises. One line a check: `ok NAME`, or `failed NAME: why`."""

# mypy: ignore-errors
# (a program as users write them, against clients whose types allow for every answer that there is)

from __future__ import annotations

import json
import traceback
import urllib.error
import urllib.request
from collections.abc import Callable

import anthropic
import ollama
import openai
from pydantic import BaseModel

GPT = openai.OpenAI(max_retries=0)
CLAUDE = anthropic.Anthropic(max_retries=0)
LLAMA = ollama.Client()
HI = [{"role": "user", "content": "Say hi."}]
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "weather", "description": "The weather", "parameters": CITY}}
FORCED = {"type": "function", "function": {"name": "weather"}}
CHECKS: dict[str, Callable[[], None]] = {}


class Step(BaseModel):
    explanation: str
    output: str


class Solution(BaseModel):
    steps: list[Step]
    answer: str


def check(work: Callable[[], None]) -> Callable[[], None]:
    CHECKS[work.__name__] = work
    return work


@check
def chat():
    reply = GPT.chat.completions.create(model="gpt-4o", messages=HI, max_tokens=5)
    assert reply.model == "gpt-4o"
    assert reply.choices[0].message.content
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage.completion_tokens == 5


@check
def chat_stream():
    options = {"include_usage": True}
    chunks = list(
        GPT.chat.completions.create(model="m", messages=HI, max_tokens=5, stream=True, stream_options=options)
    )
    assert "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)
    assert chunks[-1].usage.completion_tokens == 5


@check
def chat_forced_tool():
    reply = GPT.chat.completions.create(model="m", messages=HI, tools=[TOOL], tool_choice=FORCED)
    call = reply.choices[0].message.tool_calls[0]
    assert call.function.name == "weather"
    assert isinstance(json.loads(call.function.arguments)["city"], str)
    assert reply.choices[0].finish_reason == "tool_calls"


@check
def chat_forced_tool_stream():
    with GPT.chat.completions.stream(model="m", messages=HI, tools=[TOOL], tool_choice=FORCED) as stream:
        kinds = {event.type for event in stream}
        call = stream.get_final_completion().choices[0].message.tool_calls[0]
    assert "tool_calls.function.arguments.delta" in kinds
    assert "city" in json.loads(call.function.arguments)


@check
def chat_parsed():
    ask = [{"role": "user", "content": "Solve 8x + 31 = 2"}]
    reply = GPT.chat.completions.parse(model="m", messages=ask, response_format=Solution)
    assert isinstance(reply.choices[0].message.parsed, Solution)


@check
def chat_parsed_stream():
    ask = [{"role": "user", "content": "Solve 8x + 31 = 2"}]
    with GPT.chat.completions.stream(model="m", messages=ask, response_format=Solution) as stream:
        assert any(event.type == "content.delta" for event in stream)
        assert isinstance(stream.get_final_completion().choices[0].message.parsed, Solution)


@check
def chat_json():
    form = {"type": "json_object"}
    reply = GPT.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "A cat, as JSON"}], response_format=form
    )
    assert isinstance(json.loads(reply.choices[0].message.content), dict)


@check
def completions():
    reply = GPT.completions.create(
        model="m", prompt=["The capital of France is", "1 2 3"], max_tokens=4, temperature=0
    )
    assert reply.choices[0].text.startswith(" Paris")
    assert len(reply.choices) == 2
    pieces = GPT.completions.create(
        model="m", prompt="The capital of France is", max_tokens=4, temperature=0, stream=True
    )
    assert "".join(one.choices[0].text for one in pieces).startswith(" Paris")


@check
def embeddings():
    reply = GPT.embeddings.create(model="text-embedding-3-small", input=["a cat", "a stock exchange"])
    assert len(reply.data) == 2
    assert len(reply.data[0].embedding) == len(reply.data[1].embedding) > 100
    assert reply.data[0].embedding != reply.data[1].embedding


@check
def models():
    assert "gpt-4o" in [one.id for one in GPT.models.list()]
    assert GPT.models.retrieve("anything").id == "anything"


@check
def responses():
    reply = GPT.responses.create(model="m", input="Say hi.", instructions="Be kind.", max_output_tokens=5)
    assert reply.output_text
    assert reply.status == "incomplete"
    again = GPT.responses.create(
        model="m", input="Again.", previous_response_id=reply.id, max_output_tokens=5
    )
    assert again.usage.input_tokens > reply.usage.input_tokens
    assert GPT.responses.retrieve(reply.id).id == reply.id


@check
def responses_stream():
    with GPT.responses.stream(model="m", input="Solve 8x + 31 = 2", text_format=Solution) as stream:
        kinds = [event.type for event in stream]
        assert isinstance(stream.get_final_response().output_parsed, Solution)
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"


@check
def responses_tool_stream():
    tool = {"type": "function", "name": "weather", "parameters": CITY, "strict": False}
    choice = {"type": "function", "name": "weather"}
    with GPT.responses.stream(model="m", input="hi", tools=[tool], tool_choice=choice) as stream:
        for _ in stream:
            pass
        call = stream.get_final_response().output[0]
    assert (call.type, call.name) == ("function_call", "weather")
    assert "city" in json.loads(call.arguments)


@check
def bad_requests():
    for body, field in (
        ({"temperature": "hot"}, "temperature"),
        ({"tool_choice": "required"}, "tool_choice"),
    ):
        try:
            GPT.chat.completions.create(model="m", messages=HI, **body)
        except openai.BadRequestError as error:
            assert error.param == field
        else:
            raise AssertionError(field)


@check
def side_calls():
    for call in (lambda: GPT.moderations.create(input="x"), lambda: GPT.images.generate(prompt="x")):
        try:
            call()
        except openai.NotFoundError as error:
            assert error.code == "unsupported_endpoint"
        else:
            raise AssertionError("answered")


@check
def messages():
    reply = CLAUDE.messages.create(model="claude-x", max_tokens=5, messages=HI, system="Be kind.")
    assert reply.content[0].text
    assert (reply.stop_reason, reply.model) == ("max_tokens", "claude-x")
    assert CLAUDE.messages.count_tokens(model="m", messages=HI).input_tokens > 5


@check
def messages_stream():
    with CLAUDE.messages.stream(model="m", max_tokens=5, messages=HI) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == final.content[0].text
    assert final.usage.output_tokens == 5
    assert final.usage.input_tokens > 5
    first = next(iter(CLAUDE.messages.create(model="m", max_tokens=3, messages=HI, stream=True)))
    assert first.message.usage.input_tokens == final.usage.input_tokens


@check
def messages_stopped():
    ask = [{"role": "user", "content": "Count: 1, 2, 3, 4"}]
    reply = CLAUDE.messages.create(model="m", max_tokens=60, messages=ask, stop_sequences=["e", "a", "1"])
    assert reply.stop_reason == "stop_sequence"
    assert reply.stop_sequence in ("e", "a", "1")
    assert reply.usage.input_tokens > 5


@check
def messages_tool_stream():
    tool = {"name": "weather", "input_schema": CITY}
    choice = {"type": "tool", "name": "weather"}
    with CLAUDE.messages.stream(
        model="m", max_tokens=200, messages=HI, tools=[tool], tool_choice=choice
    ) as stream:
        final = stream.get_final_message()
    assert final.stop_reason == "tool_use"
    assert "city" in final.content[0].input


@check
def messages_on_the_bare_base():
    request = urllib.request.Request(
        str(CLAUDE.base_url).rstrip("/") + "/messages",
        json.dumps({"model": "m", "max_tokens": 3, "messages": HI}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as reply:
        assert json.load(reply)["type"] == "message"


@check
def ollama_chat():
    reply = LLAMA.chat(model="llama3", messages=HI, options={"num_predict": 5})
    assert reply.message.content
    assert (reply.done_reason, reply.eval_count) == ("length", 5)
    assert reply.eval_duration > 0
    pieces = list(LLAMA.chat(model="llama3", messages=HI, options={"num_predict": 5}, stream=True))
    assert "".join(one.message.content for one in pieces)
    assert pieces[-1].done


@check
def ollama_generate():
    first = LLAMA.generate(model="llama3", prompt="My name is Ann.", options={"num_predict": 5})
    then = LLAMA.generate(
        model="llama3", prompt="Who am I?", context=first.context, options={"num_predict": 5}
    )
    assert then.prompt_eval_count > len(first.context)
    assert "".join(
        one.response
        for one in LLAMA.generate(model="m", prompt="hi", stream=True, options={"num_predict": 5})
    )
    assert LLAMA.generate(model="m").done_reason == "load"


@check
def ollama_schema():
    reply = LLAMA.generate(model="m", prompt="Solve 8x + 31 = 2", format=Solution.model_json_schema())
    Solution.model_validate_json(reply.response)
    said = LLAMA.chat(model="m", messages=[{"role": "user", "content": "A cat, as JSON"}], format="json")
    assert isinstance(json.loads(said.message.content), dict)


@check
def ollama_models():
    LLAMA.pull("llama3")
    LLAMA.create(model="mario", from_="llama3", system="You are Mario.")
    LLAMA.copy("mario", "luigi")
    listed = [one.model for one in LLAMA.list().models]
    assert {"llama3:latest", "mario:latest", "luigi:latest"} <= set(listed)
    LLAMA.delete("luigi")
    assert "luigi:latest" not in [one.model for one in LLAMA.list().models]
    assert LLAMA.show("mario").details.format == "gguf"
    assert LLAMA.ps().models


@check
def ollama_vectors():
    assert len(LLAMA.embed(model="nomic-embed-text", input=["a", "b"]).embeddings) == 2
    assert len(LLAMA.embeddings(model="nomic-embed-text", prompt="a").embedding) > 100


if __name__ == "__main__":
    for name, work in CHECKS.items():
        try:
            work()
            print(f"ok {name}", flush=True)
        except Exception:  # noqa: BLE001  each check is to be heard
            print(f"failed {name}: {' | '.join(traceback.format_exc().splitlines()[-6:])}", flush=True)
