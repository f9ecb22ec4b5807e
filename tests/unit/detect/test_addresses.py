"""Which addresses are a model's: by the code in front of them, by port and by path."""

from __future__ import annotations

import ast

import pytest

from jitney.detect import detect
from jitney.detect.addresses import addresses, role_of
from jitney.detect.code import At
from jitney.detect.model import Wishes
from jitney.detect.python.roles import roles
from jitney.source import Source


@pytest.mark.parametrize(
    ("before", "role"),
    [
        ("OpenAI({ baseURL: ", "place"),
        ("client = OpenAI(base_url=", "place"),
        ('os.getenv("OLLAMA_HOST", ', "base"),
        ("option.WithBaseURL(", "place"),
        (".baseUrl(", "place"),
        ("openai_api_base=", "base"),
        ("spring.ai.ollama.base-url=", "base"),
        ("new OllamaApiClient(new Uri(", "base"),
        ("server.Start(ctx, ", "own"),
        ("app.listen(", "own"),
        ("'HTTP-Referer': ", "own"),
        ("console.log(`", "said"),
        ('parser.add_argument("--x", help=', "said"),
        ("QdrantClient(url=", ""),
    ],
)
def test_what_stands_in_front_says_what_an_address_is_for(before: str, role: str) -> None:
    assert role_of("http://localhost:9999", before) == role


def _seen(value: str, role: str = "") -> list[tuple[str, int, bool]]:
    return [(one.host, one.port, one.sure) for one in addresses([At(value, "a.py", 1, role)])]


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("http://localhost:11434", [("localhost", 11434, True)]),
        ("localhost:11434", [("localhost", 11434, True)]),
        ("http://localhost:8000/v1", [("localhost", 8000, True)]),
        ("http://127.0.0.1:8080/completion", [("127.0.0.1", 8080, True)]),
        ("http://localhost:3000", [("localhost", 3000, False)]),
        ("http://localhost:6333", []),
        ("bolt://localhost:7687", []),
        ("http://localhost:3001/mcp", []),
        ("http://localhost:8000/docs", []),
        ("Visit http://localhost:11434 to see it", []),
        ("curl http://localhost:11434/api/generate -d '{}'", [("localhost", 11434, True)]),
        ("https://api.openai.com/v1/chat/completions", [("api.openai.com", 443, True)]),
        ("api.openai.com", [("api.openai.com", 443, True)]),
        ("https://models.example.org/v1/chat/completions", [("models.example.org", 443, True)]),
        ("https://example.org/v1/users", []),
    ],
)
def test_port_and_path_tell_a_models_address_from_others(
    value: str, seen: list[tuple[str, int, bool]]
) -> None:
    assert _seen(value) == seen


def test_a_programs_own_address_and_what_it_only_says_are_no_models() -> None:
    assert _seen("http://localhost:8080", "own") == []
    assert _seen("http://localhost:11434", "said") == []
    assert _seen("http://localhost:9999", "base") == [("localhost", 9999, True)]


def test_a_place_is_a_models_for_a_library_for_models_only() -> None:
    client = "import httpx\nclient = httpx.Client(base_url='http://localhost:9999')\n"
    library = "from openai import OpenAI\nclient = OpenAI(base_url='http://localhost:9999')\n"
    for code, mode in ((client, "none"), (library, "local-server")):
        assert detect(Source.from_mapping({"ask.py": code}, "ask.py"), Wishes()).mode == mode


def test_the_base_of_an_api_counts_where_its_path_stands_elsewhere() -> None:
    both = [At("https://api.vendor.example/v1", "a.py", 1), At("/v1/chat/completions", "a.py", 2)]
    assert [one.host for one in addresses(both)] == ["api.vendor.example"]
    assert addresses(both[:1]) == []


def test_host_and_port_in_strings_of_their_own() -> None:
    path = At("http://${HOST}:${PORT}/v1/chat/completions", "a.js", 3)
    host, port = At("127.0.0.1", "a.js", 1), At("9990", "a.js", 2)
    assert [one[:2] for one in addresses([host, port, path])] == [("127.0.0.1", 9990)]
    assert [one[:2] for one in addresses([host, path])] == [("127.0.0.1", 8080)]
    assert addresses([path]) == addresses([host, port]) == []


def test_pythons_names_and_docstrings_give_roles() -> None:
    tree = ast.parse(
        '"""See http://localhost:8000/docs"""\n'
        'BASE_URL = "http://localhost:9999"\n'
        'client = OpenAI(base_url=os.getenv("X", "http://localhost:9998"))\n'
        'config = {"ollama_base_url": "http://localhost:9997"}\n'
        'print("http://localhost:9996")\n'
        'uvicorn.run("http://localhost:9995")\n'
    )
    found = roles(tree)
    by_line = {
        node.lineno: found.get(id(node), "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and "localhost" in str(node.value)
    }
    assert by_line == {1: "said", 2: "place", 3: "place", 4: "base", 5: "said", 6: "own"}


def test_a_vendors_address_leads_a_library_that_is_local_by_habit() -> None:
    code = (
        'import { createOpenAICompatible } from "@ai-sdk/openai-compatible";\nimport { generateText } from "ai";\n'
        'const one = createOpenAICompatible({ name: "x", baseURL: "https://api.groq.com/openai/v1" });\n'
        "console.log(generateText, one);\n"
    )
    assert detect(Source.from_mapping({"ask.mjs": code}, "ask.mjs"), Wishes()).mode == "hosted"
