"""Which modes a program offers, primary first."""

from __future__ import annotations

import pytest

from jitney.detect import detect
from jitney.detect.model import Detection, Wishes
from jitney.detect.modes import VENDORS
from jitney.source import Source

LOCAL, HOSTED, HERE, NONE = "local-server", "hosted", "in-process", "none"


def see(files: dict[str, str | bytes], entry: str = "") -> Detection:
    return detect(Source.from_mapping(files, entry), Wishes())


@pytest.mark.parametrize(
    ("name", "code", "want"),
    [
        ("a vendor's client", "import openai\nopenai.OpenAI().models.list()", (HOSTED,)),
        ("told to stay here", "import openai\nopenai.OpenAI(base_url='http://localhost:8000/v1').models.list()", (LOCAL, HOSTED)),
        ("a server's client", "import ollama\nollama.chat('llama3')", (LOCAL,)),
        ("weights", "from llama_cpp import Llama\nLlama('x.gguf')", (HERE,)),
        ("a tokenizer alone", "from transformers import AutoTokenizer\nAutoTokenizer.from_pretrained('gpt2')", (NONE,)),
        ("tiktoken alone", "import tiktoken\ntiktoken.get_encoding('cl100k_base')", (NONE,)),
        ("a tokenizer beside a vendor", "import openai\nfrom transformers import AutoTokenizer\nAutoTokenizer, openai.chat()", (HOSTED,)),
        ("vectors here, answers there", "import ollama\nfrom fastembed import TextEmbedding\nTextEmbedding(), ollama.chat()",
         (LOCAL, HERE)),
        ("a model's name says the server", "import litellm\nlitellm.completion(model='ollama/llama3')", (LOCAL, HOSTED)),
        ("a variable of Ollama's", "import openai, os\nopenai.OpenAI(base_url=os.environ['OLLAMA_URL']).chat()", (HOSTED, LOCAL)),
        ("plain HTTP and a vendor's variable", "import requests, os\nrequests.post(os.environ['OPENAI_BASE_URL'])", (HOSTED,)),
        ("plain HTTP and a path", "import requests, sys\nrequests.post(sys.argv[1] + '/v1/chat/completions')", (HOSTED,)),
        ("plain HTTP alone", "import requests, os\nrequests.post(os.environ['SHOP_URL'])", (NONE,)),
        ("a variable, and nobody is asked", "import os\nprint(os.environ['OPENAI_API_KEY'])", (NONE,)),
        ("a front alone", "import fastapi\napp = fastapi.FastAPI()", (NONE,)),
        ("an engine that is started", "import subprocess\nsubprocess.run(['vllm', 'serve', 'Qwen/Qwen3-0.6B'])", (HERE,)),
        ("nothing", "print('hello')", (NONE,)),
    ],
)  # fmt: skip
def test_modes(name: str, code: str, want: tuple[str, ...]) -> None:
    assert see({"ask.py": code + "\n"}).modes == want, name


def test_plain_http_is_the_framework_of_what_has_no_other() -> None:
    found = see(
        {"ask.py": "import httpx, os\nhttpx.post(os.environ['OPENAI_BASE_URL'] + '/chat/completions')\n"}
    )
    assert (found.framework, found.mode, [end.name for end in found.endpoints]) == (
        "httpx",
        HOSTED,
        ["OPENAI_BASE_URL"],
    )


def test_the_evidence_says_rule_and_place() -> None:
    found = see({"ask.py": "import os\nimport ollama\nollama.chat()\n"})
    seen = next(one for one in found.evidence if one.decides == "mode")
    assert (seen.rule, seen.value, seen.file, seen.line) == ("mode.framework", LOCAL, "ask.py", 2)


def test_variables_of_vendors() -> None:
    for name in (
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "AZURE_OPENAI_ENDPOINT",
        "GROQ_API_KEY",
        "LLM_BASE_URL",
        "CO_API_KEY",
    ):
        assert VENDORS.fullmatch(name), name
    for name in ("DATABASE_URL", "API_KEY", "BASE_URL", "MY_OPENAI_TEST", "HOST", "COMPANY_URL"):
        assert not VENDORS.fullmatch(name), name


@pytest.mark.parametrize(
    ("script", "want"),
    [
        ("llama-cli -m x.gguf -p hello", HERE),
        ("./build/bin/whisper-cli -m x.bin a.wav", HERE),
        ("ollama run llama3", LOCAL),
        ("if command -v whisper-cli >/dev/null; then echo there; fi", NONE),
        ("which ollama", NONE),
    ],
)
def test_a_shell_uses_what_it_runs_not_what_it_asks_for(script: str, want: str) -> None:
    assert see({"ask.sh": f"#!/bin/sh\n{script}\n"}).mode == want
