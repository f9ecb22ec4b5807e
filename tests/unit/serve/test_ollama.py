"""Ollama's own API through the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.serve.runtime import Client, with_gateway

from jitney.serve.errors import Json

HI = [{"role": "user", "content": "hi"}]
TOOL = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}


def test_it_says_what_it_is(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        assert (await client.ask("/")).raw == b"Ollama is running"
        assert (await client.ask("/", method="HEAD")).status == 200
        assert (await client.ask("/api/version")).json["version"]

    with_gateway(tmp_path, work)


def test_chat_streams_lines_unless_told_otherwise(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask("/api/chat", {"model": "llama3", "messages": HI})
        assert reply.kind == "application/x-ndjson"
        *pieces, last = reply.lines
        assert "".join(one["message"]["content"] for one in pieces) == "Hello"
        assert not any(one["done"] for one in pieces)
        assert (last["done"], last["done_reason"], last["model"]) == (True, "stop", "llama3")
        assert (last["prompt_eval_count"], last["eval_count"], last["eval_duration"]) == (5, 2, 4_000_000)
        whole = (await client.ask("/api/chat", {"model": "llama3", "messages": HI, "stream": False})).json
        assert (whole["message"]["content"], whole["done"]) == ("Hello", True)

    with_gateway(tmp_path, work)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"num_predict": 7}, {"max_tokens": 7}),
        ({"num_predict": -1}, {"max_tokens": 512}),
        ({"temperature": 0, "seed": 3, "top_k": 5}, {"temperature": 0, "seed": 3, "top_k": 5}),
        ({"stop": ["a", "b"], "repeat_penalty": 1.1}, {"stop": ["a", "b"], "repeat_penalty": 1.1}),
        ({"num_ctx": 4096, "num_gpu": 1, "num_thread": 2}, {"max_tokens": 512}),
    ],
)
def test_options(tmp_path: Path, options: Json, wanted: Json) -> None:
    async def work(client: Client) -> None:
        for path, body in (("/api/chat", {"messages": HI}), ("/api/generate", {"prompt": "hi"})):
            await client.ask(path, {"model": "m", "options": options, **body})
            assert wanted.items() <= client.runtime.body.items()

    with_gateway(tmp_path, work)


def test_generate_goes_through_the_template_and_gives_its_context(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        body = {"model": "m", "prompt": "hi", "system": "be kind", "stream": False}
        reply = (await client.ask("/api/generate", body)).json
        prompt = "<system>be kind<user>hi<assistant>"
        assert client.runtime.body["prompt"] == prompt
        assert reply["response"] == "Hello"
        assert reply["context"] == [ord(one) for one in prompt + "Hello"]
        again = {"model": "m", "prompt": "more", "context": reply["context"], "stream": False}
        await client.ask("/api/generate", again)
        assert client.runtime.body["prompt"] == reply["context"] + [
            ord(one) for one in "<user>more<assistant>"
        ]

    with_gateway(tmp_path, work)


@pytest.mark.parametrize(
    ("extra", "prompt"),
    [
        ({"raw": True}, "hi"),
        (
            {"template": "{{ if .System }}S {{ .System }} {{ end }}U {{ .Prompt }} A {{ .Response }}x"},
            "U hi A ",
        ),
        ({"template": "{{ .Prompt }}!"}, "hi!"),
    ],
)
def test_raw_prompts_and_templates(tmp_path: Path, extra: Json, prompt: str) -> None:
    async def work(client: Client) -> None:
        await client.ask("/api/generate", {"model": "m", "prompt": "hi", **extra})
        assert client.runtime.body["prompt"] == prompt

    with_gateway(tmp_path, work)


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate"])
def test_json_and_schemas(tmp_path: Path, path: str) -> None:
    async def work(client: Client) -> None:
        body: Json = {"model": "m", "messages": HI, "prompt": "hi"}
        await client.ask(path, {**body, "format": "json"})
        assert client.runtime.body["grammar"].startswith("root")
        schema = {"type": "object", "properties": {"a": {"type": "string"}}}
        await client.ask(path, {**body, "format": schema})
        asked = client.runtime.body
        held = asked.get("json_schema") or asked["response_format"]["json_schema"]["schema"]
        assert held["properties"]["a"]["maxLength"] > 0
        assert (await client.ask(path, {**body, "format": "xml"})).json["error"].startswith("format:")

    with_gateway(tmp_path, work)


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/api/generate", {"model": "m"}, "load"),
        ("/api/generate", {"model": "m", "prompt": "", "keep_alive": 0}, "unload"),
        ("/api/chat", {"model": "m", "messages": []}, "load"),
    ],
)
def test_an_empty_request_loads(tmp_path: Path, path: str, body: Json, reason: str) -> None:
    async def work(client: Client) -> None:
        reply = (await client.ask(path, body)).json
        assert (reply["done"], reply["done_reason"]) == (True, reason)
        assert client.runtime.asked == []

    with_gateway(tmp_path, work)


def test_tools_are_called_with_objects(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        client.runtime.pieces = ['<tool_call>{"name": "weather", "arguments": {"a": 1}}</tool_call>']
        first, last = (await client.ask("/api/chat", {"model": "m", "messages": HI, "tools": [TOOL]})).lines
        assert first["message"]["tool_calls"][0]["function"]["arguments"] == {"a": 1}
        assert last["done"]

    with_gateway(tmp_path, work)


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/api/generate", {"model": "m", "prompt": "x", "images": ["aa"]}, "does not offer images"),
        (
            "/api/chat",
            {"model": "m", "messages": [{"role": "user", "content": "x", "images": ["a"]}]},
            "does not offer images",
        ),
        (
            "/api/generate",
            {"model": "m", "prompt": "x", "template": "{{ range .Messages }}"},
            "is not understood",
        ),
        ("/api/generate", {"model": "m", "prompt": "x", "context": "abc"}, "context:"),
        ("/api/push", {"model": "m"}, "no registry"),
        ("/api/create", {"model": "m", "files": {"a.gguf": "sha256:0"}}, "weights cannot be handed over"),
        ("/api/pull", {}, "model: it is missing"),
        ("/api/nothing", {}, "is no path"),
    ],
)
def test_refusals_in_ollamas_words(tmp_path: Path, path: str, body: Json, words: str) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask(path, body)
        assert reply.status in (400, 403, 404)
        assert list(reply.json) == ["error"]
        assert words in reply.json["error"]

    with_gateway(tmp_path, work)


def test_models_that_were_asked_for_pulled_or_made_are_listed(tmp_path: Path) -> None:
    async def names(client: Client) -> list[str]:
        return [one["name"] for one in (await client.ask("/api/tags")).json["models"]]

    async def work(client: Client) -> None:
        assert await names(client) == ["tiny:latest"]
        assert [one["status"] for one in (await client.ask("/api/pull", {"name": "llama3"})).lines][
            -1
        ] == "success"
        made: Json = {
            "model": "mario",
            "from": "llama3",
            "system": "You are Mario",
            "parameters": {"temperature": 0},
        }
        assert (await client.ask("/api/create", {**made, "stream": False})).json == {"status": "success"}
        assert (await client.ask("/api/copy", {"source": "mario", "destination": "luigi:1"})).status == 200
        assert await names(client) == ["tiny:latest", "llama3:latest", "mario:latest", "luigi:1"]
        assert (await client.ask("/api/delete", {"model": "llama3"}, "DELETE")).status == 200
        assert "llama3:latest" not in await names(client)
        shown = (await client.ask("/api/show", {"model": "mario"})).json
        assert shown["system"] == "You are Mario"
        assert shown["model_info"]["general.architecture"] == "llama"
        assert (await client.ask("/api/ps")).json["models"][0]["name"] == "tiny:latest"

    with_gateway(tmp_path, work)


@pytest.mark.parametrize(
    "made",
    [
        {"system": "You are Mario", "parameters": {"temperature": 0}},
        {"modelfile": 'FROM llama3\nPARAMETER temperature 0\nSYSTEM """You are Mario"""\n'},
    ],
)
def test_a_model_that_was_made_speaks_as_it_was_told(tmp_path: Path, made: dict[str, Any]) -> None:
    async def work(client: Client) -> None:
        await client.ask("/api/create", {"model": "mario", **made})
        await client.ask("/api/chat", {"model": "mario:latest", "messages": HI})
        assert client.runtime.body["messages"][0] == {"role": "system", "content": "You are Mario"}
        assert client.runtime.body["temperature"] == 0
        await client.ask("/api/generate", {"model": "mario", "prompt": "hi"})
        assert client.runtime.body["prompt"].startswith("<system>You are Mario")

    with_gateway(tmp_path, work)


def test_vectors(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        many = (await client.ask("/api/embed", {"model": "m", "input": ["a", "b"]})).json
        assert many["embeddings"] == [[3.0, 4.0, 0.0]] * 2
        assert (await client.ask("/api/embeddings", {"model": "m", "prompt": "a"})).json == {
            "embedding": [3.0, 4.0, 0.0]
        }
        assert (await client.ask("/api/embed", {"model": "m"})).json["embeddings"] == []

    with_gateway(tmp_path, work)
