"""Several models behind one gateway; what one does not offer is refused by the field's name; the figures of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.serve.runtime import ABOUT, Client, with_gateway

from jitney.serve.errors import Json
from jitney.serve.settings import About, Served

HI: list[Json] = [{"role": "user", "content": "hi"}]
BARE = About(name="bare", runtime="ctranslate2", features=("chat", "completions"))
VECTORS = About(name="minilm", runtime="transformers", features=("embeddings",))
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def several(folder: Path, *abouts: About) -> dict[str, Any]:
    socket = str(folder / "runtime.sock")
    found = tuple(Served(upstream=socket, about=one, aliases=(f"{one.name}-alias",)) for one in abouts)
    return {"models": found, "offers": {"seed": ("llama.cpp", "transformers"), "tools": ("llama.cpp",)}}


def alone(about: About = BARE) -> dict[str, Any]:
    return {"about": about, "offers": {"seed": ("llama.cpp", "transformers")}}


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("tiny", "/v1/chat/completions", 200),
        ("Tiny:latest", "/api/chat", 200),
        ("bare-alias", "/v1/messages", 200),
        ("minilm", "/v1/chat/completions", 400),
        ("tinny", "/v1/chat/completions", 404),
        ("gpt-4o", "/api/chat", 404),
        ("gpt-4o", "/v1/messages", 404),
        ("", "/v1/chat/completions", 400),
    ],
)
def test_each_has_its_name(tmp_path: Path, name: str, path: str, status: int) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask(path, {"model": name, "messages": HI, "max_tokens": 5, "stream": False})
        assert reply.status == status, reply.raw
        if name == "tinny":
            assert "did you mean" in reply.json["error"]["message"]
            assert reply.json["error"]["code"] == "model_not_found"
        if status == 404:
            assert b"tiny" in reply.raw

    with_gateway(tmp_path, work, **several(tmp_path, ABOUT, BARE, VECTORS))


def test_the_one_that_gives_vectors_needs_no_name(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask("/v1/embeddings", {"input": "a"})
        assert (reply.status, reply.json["model"]) == (200, "minilm")

    with_gateway(tmp_path, work, **several(tmp_path, BARE, VECTORS))


def test_the_list_says_what_each_offers(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        listed = {one["id"]: one for one in (await client.ask("/v1/models")).json["data"]}
        assert set(listed) == {"tiny", "bare", "minilm"}
        assert listed["bare"]["runtime"] == "ctranslate2"
        assert listed["bare"]["features"] == ["chat", "completions", "echo"]
        assert "tools" in listed["tiny"]["features"]
        assert (await client.ask("/v1/models/bare")).json["id"] == "bare"
        assert (await client.ask("/v1/models/none")).status == 404
        assert {one["name"] for one in (await client.ask("/api/tags")).json["models"]} == {
            "tiny:latest",
            "bare:latest",
            "minilm:latest",
        }

    with_gateway(tmp_path, work, **several(tmp_path, ABOUT, BARE, VECTORS))


@pytest.mark.parametrize(
    ("extra", "param"),
    [
        ({"seed": 1}, "seed"),
        ({"logprobs": True}, "logprobs"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        ({"repeat_penalty": 1.1}, "repeat_penalty"),
        ({"mirostat": 1}, "mirostat"),
        ({"logit_bias": {"1": 5}}, "logit_bias"),
        ({"grammar": "root ::= x"}, "grammar"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"response_format": "json"}, "response_format"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0].type"),
    ],
)
def test_what_the_runtime_does_not_offer_is_refused_by_its_field(
    tmp_path: Path, extra: Json, param: str
) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask("/v1/chat/completions", {"messages": HI, **extra})
        assert (reply.status, reply.json["error"]["param"]) == (400, param)
        assert client.runtime.asked == []
        if param == "seed":
            assert "llama.cpp, transformers" in reply.json["error"]["message"]

    with_gateway(tmp_path, work, **alone())


@pytest.mark.parametrize(
    "extra",
    [
        {"frequency_penalty": 0, "presence_penalty": 0.0, "repeat_penalty": 1.0, "top_k": 0},
        {"seed": None, "n": None, "stop": None, "logprobs": False, "logit_bias": {}},
        {"user": "me", "metadata": {}, "store": False, "tools": []},
    ],
)
def test_what_asks_for_nothing_is_no_reason_to_refuse(tmp_path: Path, extra: Json) -> None:
    async def work(client: Client) -> None:
        assert (await client.ask("/v1/chat/completions", {"messages": HI, **extra})).status == 200
        assert set(client.runtime.body) == {"messages", "max_tokens", "stream", "stream_options"}

    with_gateway(tmp_path, work, strict=True, **alone())


def test_other_runtimes_are_asked_for_openais_paths_alone(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        said = await client.ask("/api/generate", {"model": "m", "prompt": "hi", "system": "Be kind."})
        assert said.lines[-1]["done"]
        count = await client.ask("/v1/messages/count_tokens", {"model": "m", "messages": HI})
        assert count.json == {"input_tokens": 5}
        await client.ask("/v1/messages", {"model": "m", "max_tokens": 5, "messages": HI})
        assert {path for path, _ in client.runtime.asked} == {"/v1/chat/completions"}
        assert "timings_per_token" not in client.runtime.body
        assert (await client.ask("/tokenize", {"content": "a"})).status == 404
        again = await client.ask("/api/generate", {"prompt": "hi", "context": [1, 2]})
        assert again.status == 400
        assert "context" in again.json["error"]

    with_gateway(tmp_path, work, **alone())


def test_json_is_held_to_a_schema_where_there_are_schemas_only(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        form = {"type": "json_object"}
        assert (
            await client.ask("/v1/chat/completions", {"messages": HI, "response_format": form})
        ).status == 200
        assert client.runtime.body["response_format"] == form
        tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
        await client.ask("/v1/chat/completions", {"messages": HI, "tools": [tool], "tool_choice": "required"})
        assert client.runtime.body["response_format"]["type"] in ("json_schema", "json_object")
        assert "grammar" not in client.runtime.body

    with_gateway(tmp_path, work, **alone(msgspec.structs.replace(BARE, features=("chat", "json-schema"))))


def test_logprobs_of_a_text_come_in_the_same_words_from_every_runtime(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        client.runtime.text_logprobs = {
            "tokens": ["Hel"],
            "token_logprobs": [-0.5],
            "top_logprobs": [{"Hel": -0.5, "Ho": -2.0}],
            "text_offset": [0],
        }
        told = (await client.ask("/v1/completions", {"prompt": "a", "logprobs": 2})).json["choices"][0]
        assert told["logprobs"]["tokens"] == ["Hel", "Hel"]
        assert told["logprobs"]["top_logprobs"][0] == {"Hel": -0.5, "Ho": -2.0}
        assert told["logprobs"]["text_offset"] == [0, 3]

    with_gateway(tmp_path, work, **alone(msgspec.structs.replace(BARE, features=("completions", "logprobs"))))


def test_log_probabilities_of_a_prompt_are_the_runtimes(tmp_path: Path) -> None:
    body = {"prompt": "a", "logprobs": 1, "echo": True}

    async def able(client: Client) -> None:
        client.runtime.pieces = [""]
        client.runtime.text_logprobs = {
            "tokens": ["a", "b"],
            "token_logprobs": [None, -1.0],
            "top_logprobs": [None, {"b": -1.0}],
            "text_offset": [0, 1],
        }
        told = (await client.ask("/v1/completions", body)).json["choices"][0]
        assert client.runtime.body["echo"] is True
        assert told["logprobs"]["token_logprobs"] == [None, -1.0]
        assert told["logprobs"]["top_logprobs"] == [None, {"b": -1.0}]
        assert told["text"] == ""

    async def unable(client: Client) -> None:
        reply = await client.ask("/v1/completions", body)
        assert (reply.status, reply.json["error"]["param"]) == (400, "echo")
        alone = await client.ask("/v1/completions", {"prompt": "a", "echo": True})
        assert alone.json["choices"][0]["text"] == "aHello"

    some = ("completions", "logprobs")
    with_gateway(tmp_path, able, **alone(msgspec.structs.replace(BARE, features=(*some, "echo"))))
    with_gateway(tmp_path, unable, **alone(msgspec.structs.replace(BARE, features=some)))


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions", "/v1/messages", "/v1/responses"])
def test_a_field_that_no_api_has(tmp_path: Path, path: str) -> None:
    body = {"model": "m", "messages": HI, "prompt": "a", "input": "a", "max_tokens": 5, "temprature": 1}
    known = {"/v1/completions": "prompt", "/v1/responses": "input"}.get(path, "messages")
    body = {name: value for name, value in body.items() if name in ("model", known, "temprature")}
    if path == "/v1/messages":
        body["max_tokens"] = 5

    async def strictly(client: Client) -> None:
        reply = await client.ask(path, body)
        assert reply.status == 400
        assert "did you mean temperature" in reply.json["error"]["message"]
        assert client.runtime.asked == []

    async def kindly(client: Client) -> None:
        assert (await client.ask(path, body)).status == 200
        assert client.said == [
            "say: a field of the program's requests is not known here and has no effect: temprature"
        ]

    with_gateway(tmp_path, strictly, strict=True)
    with_gateway(tmp_path, kindly)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/v1/chat/completions", {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}),
        ("/v1/responses", {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}),
        (
            "/v1/messages",
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        ),
        ("/api/chat", PNG),
        ("/api/generate", PNG),
    ],
)
def test_images_reach_a_model_that_sees(tmp_path: Path, path: str, content: Any) -> None:
    text = {"type": "input_text" if path == "/v1/responses" else "text", "text": "What is it?"}
    message: Json = {"role": "user", "content": [text, content]}
    if path.startswith("/api"):
        message = {"role": "user", "content": "What is it?", "images": [content]}
    body = {"model": "m", "messages": [message], "input": [message], "max_tokens": 5}
    if path == "/api/generate":
        body = {"model": "m", "prompt": "What is it?", "images": [content], "stream": False}

    async def seeing(client: Client) -> None:
        assert (await client.ask(path, body)).status == 200
        parts = client.runtime.body["messages"][-1]["content"]
        assert {"type": "text", "text": "What is it?"} in parts
        assert {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}} in parts

    async def blind(client: Client) -> None:
        reply = await client.ask(path, body)
        assert reply.status == 400
        assert b"does not offer images" in reply.raw

    with_gateway(tmp_path, seeing, about=msgspec.structs.replace(ABOUT, features=(*ABOUT.features, "vision")))
    with_gateway(tmp_path, blind)


@pytest.mark.parametrize(
    "url", ["https://example.com/cat.png", "data:image/png;base64,%%%", "data:text/plain;base64,YQ==", 5]
)
def test_an_image_is_in_the_request_or_nowhere(tmp_path: Path, url: object) -> None:
    async def work(client: Client) -> None:
        part = {"type": "image_url", "image_url": {"url": url}}
        reply = await client.ask("/v1/chat/completions", {"messages": [{"role": "user", "content": [part]}]})
        assert (reply.status, reply.json["error"]["param"]) == (400, "messages[0].content[0].image_url")

    with_gateway(tmp_path, work, about=msgspec.structs.replace(ABOUT, features=(*ABOUT.features, "vision")))


RANKER = About(name="ranker", features=("reranking",))


@pytest.mark.parametrize("path", ["/v1/rerank", "/rerank", "/v2/rerank"])
def test_documents_are_ranked(tmp_path: Path, path: str) -> None:
    async def work(client: Client) -> None:
        body = {"model": "r", "query": "q", "documents": ["a", {"text": "abc"}, "ab"], "top_n": 2}
        reply = (await client.ask(path, {**body, "return_documents": True})).json
        assert [one["index"] for one in reply["results"]] == [1, 2]
        assert reply["results"][0] == {"index": 1, "relevance_score": 3, "document": {"text": "abc"}}
        assert reply["usage"]["total_tokens"] == 9
        for wrong, param in (
            ({"query": ""}, "query"),
            ({"documents": []}, "documents"),
            ({"documents": [5]}, "documents[0]"),
        ):
            refused = await client.ask(path, {**body, **wrong})
            assert (refused.status, refused.json["error"]["param"]) == (400, param)

    with_gateway(tmp_path, work, **alone(RANKER))


def test_who_does_not_rank_says_so(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask("/v1/rerank", {"query": "q", "documents": ["a"]})
        assert (reply.status, reply.json["error"]["code"]) == (400, "not_supported")

    with_gateway(tmp_path, work)


def test_figures_for_prometheus(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        await client.ask("/v1/chat/completions", {"model": "tiny", "messages": HI})
        await client.ask("/v1/chat/completions", {"model": "tiny", "messages": HI, "n": 0})
        reply = await client.ask("/metrics")
        text = reply.raw.decode()
        ask = 'gen_ai_operation_name="chat",http_response_status_code="{}",model="tiny"'
        assert f"gen_ai_server_request_duration_seconds_count{{{ask.format(200)}}} 1.0" in text
        assert f"gen_ai_server_request_duration_seconds_count{{{ask.format(400)}}} 1.0" in text
        assert 'le="81.92"' in text
        assert 'gen_ai_server_time_to_first_token_seconds_bucket{le="0.001",model="tiny"}' in text
        assert 'gen_ai_server_time_per_output_token_seconds_count{model="tiny"} 1.0' in text
        assert 'jitney_requests_running{model="bare"} 0.0' in text
        assert 'jitney_answer_tokens_total{model="tiny"} 2.0' in text

    with_gateway(tmp_path, work, **several(tmp_path, ABOUT, BARE))
