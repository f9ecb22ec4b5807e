"""The tables of frameworks, and what a program's imports and packages make of them."""

from __future__ import annotations

import re
import time
from pathlib import Path

import msgspec
import pytest

from jitney.config import load
from jitney.detect import detect
from jitney.detect.code import At, Code
from jitney.detect.commands import started
from jitney.detect.frameworks import DATA, Framework, Way, canonical, frameworks, languages, user_rows
from jitney.detect.languages import LANGUAGES
from jitney.detect.match import uses
from jitney.detect.model import Detection, Wishes
from jitney.errors import UsageError
from jitney.languages import names
from jitney.road import wishes
from jitney.source import Source

LOCAL, HOSTED, HERE = "local-server", "hosted", "in-process"


def see(files: dict[str, str | bytes], frameworks: tuple[Framework, ...] = ()) -> Detection:
    return detect(Source.from_mapping(files), Wishes(frameworks=frameworks))


def every() -> list[tuple[str, Framework]]:
    return [(language, row) for language in languages() for row in frameworks(language)]


def test_there_are_enough_and_each_has_its_source() -> None:
    assert len({row.name for _, row in every()}) >= 300
    for language, row in every():
        assert row.source, f"{language}: {row.name}"
        assert not re.search(
            r"pypi\.org|npmjs|crates\.io|docker\.io|ghcr\.io|proxy\.golang", msgspec.json.encode(row).decode()
        )


@pytest.mark.parametrize("language", languages())
def test_a_file_is_of_a_language_and_its_rows_are_told_apart(language: str) -> None:
    known = {one.name for one in LANGUAGES} | set(names()) | {"commands"}
    assert language in known
    rows = frameworks(language)
    assert len({row.name for row in rows}) == len(rows)
    for row in rows:
        assert row.imports or row.commands or any(way.imports or way.starters for way in row.ways), row.name
        for way in row.all_ways:
            assert way.mode != "local-server" or way.port or way.host or way.env or row.kind == "agent", (
                row.name
            )
            assert way.mode != "none" or not (way.host or way.env) or row.rank, row.name


@pytest.mark.parametrize(
    "name",
    [
        "transformers",
        "vllm",
        "sglang",
        "llama-cpp-python",
        "ctranslate2",
        "onnxruntime-genai",
        "mlc-llm",
        "tensorrt-llm",
        "ollama",
        "openai",
        "anthropic",
        "google-genai",
        "mistralai",
        "groq",
        "aws-bedrock",
        "cohere",
        "litellm",
        "langchain",
        "langgraph",
        "llama-index",
        "haystack",
        "dspy",
        "crewai",
        "autogen",
        "agno",
        "smolagents",
        "pydantic-ai",
        "instructor",
        "outlines",
        "guidance",
        "semantic-kernel",
        "spring-ai",
        "langchain4j",
        "ai-sdk",
        "mastra",
        "genkit",
        "node-llama-cpp",
        "transformers.js",
        "web-llm",
        "candle",
        "mistralrs",
        "burn",
        "rig",
        "async-openai",
        "langchaingo",
        "go-openai",
        "llama.cpp",
        "whisper.cpp",
        "streamlit",
        "gradio",
        "chainlit",
        "fastapi",
    ],
)
def test_what_people_name_first_is_there(name: str) -> None:
    assert any(row.name == name for _, row in every())


def test_the_largest_file_is_read_in_a_millisecond() -> None:
    path = max(DATA.glob("*.json"), key=lambda one: one.stat().st_size)
    best = min(_seconds(path.read_bytes()) for _ in range(20))
    assert best < 0.001


def _seconds(data: bytes) -> float:
    begin = time.perf_counter()
    msgspec.json.decode(data, type=tuple[Framework, ...])
    return time.perf_counter() - begin


@pytest.mark.parametrize(
    ("written", "want"),
    [
        ("@ai-sdk/openai", "@ai-sdk.openai"),
        ("npm:openai@^4.1", "openai"),
        ("npm:@anthropic-ai/sdk@0.30", "@anthropic-ai.sdk"),
        ("rig::providers::openai", "rig.providers.openai"),
        ("\\Symfony\\AI\\Agent", "Symfony.AI.Agent"),
        ("package:ollama_dart/ollama_dart.dart", "ollama_dart.ollama_dart.dart"),
        ("github.com/sashabaranov/go-openai", "github.com.sashabaranov.go-openai"),
    ],
)
def test_a_name_in_one_form(written: str, want: str) -> None:
    assert canonical(written) == want


def found(language: str, imports: str, strings: str = "", declared: str = "") -> list[tuple[str, str]]:
    at = [At(word, "main", number) for number, word in enumerate(imports.split(), 1)]
    code = Code(imports=at, strings=[At(word, "main", 1) for word in strings.split()])
    packages = [At(word, "manifest", 1) for word in declared.split()]
    return [(use.name, use.way.mode) for use in uses(code, language, (), packages)]


@pytest.mark.parametrize(
    ("name", "language", "imports", "want"),
    [
        ("a client", "python", "openai.OpenAI", [("openai", HOSTED)]),
        ("the longest prefix", "python", "agno.agent.Agent agno.models.ollama.Ollama", [("agno", LOCAL)]),
        ("by itself where no way was met", "python", "agno.agent.Agent", [("agno", HOSTED)]),
        ("a tokenizer reaches no model", "python", "transformers.AutoTokenizer", [("transformers", "none")]),
        ("… beside weights it does", "python", "transformers.AutoTokenizer transformers.AutoModelForCausalLM",
         [("transformers", HERE), ("transformers", "none")]),
        ("what embeds comes last", "python", "sentence_transformers.SentenceTransformer openai.OpenAI",
         [("openai", HOSTED), ("sentence-transformers", HERE)]),
        ("vectors of one vendor, answers of another", "python",
         "langchain_openai.OpenAIEmbeddings langchain_anthropic.ChatAnthropic",
         [("langchain-anthropic", HOSTED), ("langchain-openai", HOSTED)]),
        ("vectors by a way, answers by itself", "python", "llama_index.embeddings.huggingface.HuggingFaceEmbedding llama_index.core.Settings",
         [("llama-index", HOSTED), ("llama-index", HERE)]),
        ("a framework before its client", "python", "openai crewai.Agent", [("crewai", HOSTED), ("openai", HOSTED)]),
        ("a front is last", "python", "streamlit ollama.chat", [("ollama", LOCAL), ("streamlit", "none")]),
        ("no part of a word", "python", "openairport vllmx", []),
        ("class by class", "python", "smolagents.CodeAgent smolagents.TransformersModel", [("smolagents", HERE)]),
        ("Deno's specifier", "typescript", "npm:ollama@0.5", [("ollama", LOCAL)]),
        ("a binding of a page alone", "javascript", "@ai-sdk/react", [("ai-sdk", "none")]),
        ("a binding and a vendor", "javascript", "@ai-sdk/react @ai-sdk/xai ai", [("ai-sdk", HOSTED), ("ai-sdk", "none")]),
        ("Go", "go", "github.com/tmc/langchaingo/llms github.com/tmc/langchaingo/llms/ollama", [("langchaingo", LOCAL)]),
        ("Rust", "rust", "rig.completion.Prompt rig.providers.ollama", [("rig", LOCAL)]),
        ("C#", "csharp", "Microsoft.SemanticKernel LLama", [("llamasharp", HERE), ("semantic-kernel", "none")]),
        ("PHP", "php", "Symfony\\AI\\Platform\\Bridge\\Ollama\\PlatformFactory", [("symfony-ai", LOCAL)]),
        ("a shell's commands", "shell", "llama-cli", [("llama.cpp", HERE)]),
    ],
)  # fmt: skip
def test_frameworks_of_imports(name: str, language: str, imports: str, want: list[tuple[str, str]]) -> None:
    assert found(language, imports) == want, name


def test_a_package_says_the_way_that_no_import_does() -> None:
    chat = "org.springframework.ai.chat.client.ChatClient"
    assert found("java", chat) == [("spring-ai", HOSTED)]
    starter = "org.springframework.ai:spring-ai-starter-model-ollama"
    assert found("java", chat, declared=starter) == [("spring-ai", LOCAL)]
    assert found("kotlin", "", declared=f"{starter}:1.0.0") == [("spring-ai", LOCAL)]
    assert found("python", "", declared="openai") == [], "declared, and never imported"


def test_a_string_makes_the_library_one_for_models() -> None:
    assert found("python", "boto3") == []
    assert found("python", "boto3", "bedrock-runtime") == [("aws-bedrock", HOSTED)]


@pytest.mark.parametrize(
    ("strings", "want"),
    [
        (["vllm", "serve", "Qwen/Qwen3-0.6B"], ["vllm"]),
        (["ollama run llama3.2"], ["ollama"]),
        (["./build/bin/llama-server", "-m", "x.gguf"], ["llama.cpp"]),
        (["sudo ollama serve"], ["ollama"]),
        (["we run ollama run here"], []),
        (["llm", "mods"], []),
    ],
)
def test_engines_that_are_started_by_a_command(strings: list[str], want: list[str]) -> None:
    code = Code(strings=[At(word, "main.py", 1) for word in strings])
    assert [use.name for use in started(code, "python")] == want
    assert started(code, "shell") == [], "there they are imports"


def test_fronts_stand_apart_and_decide_nothing() -> None:
    page = see({"app.py": "import streamlit as st\nst.write('x')\n"})
    assert (page.fronts, page.frameworks, page.mode) == (("streamlit",), (), "none")
    chat = see(
        {"app.py": "import gradio as gr\nimport ollama\ngr.Interface(ollama.chat, 'text', 'text').launch()\n"}
    )
    assert (chat.fronts, chat.frameworks, chat.mode) == (("gradio",), ("ollama",), LOCAL)


def test_a_name_taken_from_a_module_says_how_it_is_used() -> None:
    hosted = (
        "import outlines\nfrom openai import OpenAI\nmodel = outlines.from_openai(OpenAI(), 'gpt-4o-mini')\n"
    )
    assert (see({"a.py": hosted}).framework, see({"a.py": hosted}).modes) == ("outlines", (HOSTED,))
    here = "import outlines\nmodel = outlines.from_transformers(load(), tok())\n"
    assert see({"a.py": here}).modes == (HERE,)


def test_embeddings_here_and_answers_of_a_vendor_are_both_said() -> None:
    code = "from sentence_transformers import SentenceTransformer\nfrom openai import OpenAI\nOpenAI(), SentenceTransformer('all-MiniLM-L6-v2')\n"
    found = see({"a.py": code})
    assert (found.framework, found.modes) == ("openai", (HOSTED, HERE))


def test_a_tag_of_ollamas_library_leads_to_this_machine() -> None:
    code = "from openai import OpenAI\nOpenAI().chat.completions.create(model='llama3.2:1b', messages=[])\n"
    assert see({"a.py": code}).modes == (LOCAL, HOSTED)


def test_a_program_that_computes_itself() -> None:
    code = '#include <stdio.h>\nint main(){ puts("-t temperature, -z path to tokenizer"); return 0; }\n'
    assert see({"run.c": code}).mode == HERE


def test_rows_of_the_user_stand_beside_the_tables() -> None:
    row = Framework(name="ourllm", kind="client", imports=("ourllm",), mode="hosted", host="llm.example.com")
    found = see({"a.py": "import ourllm\nourllm.ask()\n"}, frameworks=(row,))
    assert (found.frameworks, found.mode) == (("ourllm",), HOSTED)
    assert [end.host for end in found.endpoints] == ["llm.example.com"]
    other = Framework(name="openai", kind="client", imports=("openai",), mode="local-server", port=9000)
    assert see({"a.py": "import openai\nopenai.chat()\n"}, frameworks=(other,)).mode == LOCAL, (
        "instead of the table's"
    )


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ({"name": "x", "kind": "client", "mode": "sometimes"}, "mode"),
        ({"name": "x", "kind": "database", "mode": "none"}, "kind"),
        ({"name": "x", "kind": "client", "mode": "none", "modul": 1}, "modul"),
    ],
)
def test_a_row_that_is_wrong_says_where(row: dict[str, object], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        user_rows([row], "jitney.toml")


def test_a_way_that_reaches_no_model_generates_nothing() -> None:
    assert not Way(mode="none").generates and not Way(mode="hosted", embeds=True).generates


@pytest.mark.parametrize(
    ("names", "want"), [("AutoTokenizer", "none"), ("AutoTokenizer, env", "none"), ("pipeline, env", HERE)]
)
def test_javascript_by_the_names_it_takes(names: str, want: str) -> None:
    code = f'import {{ {names} }} from "@huggingface/transformers";\nrun({names});\n'
    assert see({"ask.mjs": code}).mode == want
    assert see({"ask.ts": code.replace("@hugging", "npm:@hugging"), "deno.json": "{}"}).mode == want


def test_rows_in_jitney_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    lines = [
        "[[frameworks]]",
        'name = "ours"',
        'kind = "client"',
        'imports = ["ourllm"]',
        'mode = "local-server"',
        "port = 7000",
    ]
    (tmp_path / "jitney.toml").write_text("\n".join(lines))
    asked = wishes(load(tmp_path, {}))
    found = detect(Source.from_mapping({"a.py": "import ourllm\nourllm.ask()\n"}), asked)
    assert (found.frameworks, found.mode, found.endpoints[0].port) == (("ours",), LOCAL, 7000)
    (tmp_path / "jitney.toml").write_text("\n".join([*lines[:2], 'kind = "oracle"']))
    with pytest.raises(UsageError, match="kind"):
        wishes(load(tmp_path, {}))
