"""Names of models, told apart from other words."""

from __future__ import annotations

import pytest

from jitney.detect import detect
from jitney.detect.code import At, Code
from jitney.detect.model import Wishes
from jitney.detect.names import EMBEDS, FAMILIES, TAGGED, complete, is_name
from jitney.source import Source

OPENAI = "from openai import OpenAI\nimport os\nclient = OpenAI()\n"


def named(text: str, file: str = "ask.py") -> list[tuple[str, str]]:
    found = detect(Source.from_mapping({file: text}), Wishes())
    return [(use.name, use.kind) for use in found.models]


@pytest.mark.parametrize(
    ("name", "code", "want"),
    [
        ("a literal", "client.chat.completions.create(model='gpt-4o', messages=[])", [("gpt-4o", "served")]),
        ("a constant", "MODEL = 'gpt-4o'\nclient.chat(model=MODEL)", [("gpt-4o", "served")]),
        ("what is taken where a variable is not set", "client.chat(model=os.getenv('MODEL', 'gpt-4o'))", [("gpt-4o", "served")]),
        ("an embedding model", "client.embeddings.create(model='text-embedding-3-small', input='x')",
         [("text-embedding-3-small", "embedding")]),
        ("JSON in a string", "import requests\nrequests.post(u, data='{\"model\": \"llama3\", \"stream\": false}')", [("llama3", "served")]),
        ("a word that is nothing else", "ask('gpt-4o-mini', 'hello')", [("gpt-4o-mini", "served")]),
        ("no word of a library", "client.chat(mode='fast', name='gpt')", []),
        ("a place-holder", "client.chat(model='<your-model>')", []),
        ("a table of prices", "P = {" + ", ".join(f"'gpt-4-{n}': {n}" for n in range(20)) + "}\nclient.models.list()", []),
    ],
)  # fmt: skip
def test_models_of_a_program(name: str, code: str, want: list[tuple[str, str]]) -> None:
    assert named(OPENAI + code + "\n") == want, name


def test_in_other_languages() -> None:
    typescript = "import ollama from 'ollama';\nasync function run(m: string) { await ollama.chat({ model: m }); }\nrun('llama3.1:8b');\n"
    assert named(typescript, "ask.ts") == [("llama3.1:8b", "served")]
    go = 'package main\nimport "net/http"\nfunc main() { http.Post("http://localhost:11434/api/chat", "", s(`{"model":"llama3"}`)) }\n'
    assert named(go, "main.go") == [("llama3", "served")]


@pytest.mark.parametrize(
    "name",
    [
        "sentence-transformers/all-MiniLM-L6-v2",
        "BAAI/bge-m3",
        "intfloat/multilingual-e5-large",
        "nomic-embed-text",
        "voyage-3",
    ],
)
def test_names_of_embedding_models(name: str) -> None:
    assert EMBEDS.search(name)


@pytest.mark.parametrize(
    "name",
    ["meta-llama/Llama-3.2-1B", "gpt-4o", "mistral-large-latest", "stage5", "bigger-gtest", "gemma3:1b"],
)
def test_names_of_others(name: str) -> None:
    assert not EMBEDS.search(name)


def test_words_that_nothing_else_can_be() -> None:
    for word in (
        "gpt-4.1-nano",
        "claude-sonnet-4-5",
        "gemini-2.5-flash",
        "o3-mini",
        "mistral-small-latest",
        "grok-4",
    ):
        assert FAMILIES.fullmatch(word), word
    for word in ("gpt", "claude", "gemini", "o3", "command", "mistral", "gpt-neo-data.csv x"):
        assert not FAMILIES.fullmatch(word), word
    assert TAGGED.fullmatch("qwen2.5-coder:32b") and not TAGGED.fullmatch("localhost:8000")
    assert is_name("gpt-4o") and not is_name("fp32") and not is_name("{model}")


def test_words_alone_count_only_where_something_asks() -> None:
    code = Code(strings=[At("gpt-4o", "a", 1)])
    complete(code, asks=False)
    assert code.models == []
    complete(code, asks=True)
    assert [use.name for use in code.models] == ["gpt-4o"]
