"""Whole detections of a few typical programs, reviewed once: `make snap` rewrites them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.source import Source

PROGRAMS: dict[str, tuple[dict[str, str | bytes], str]] = {
    "script-openai": (
        {
            "chat.py": "import os\nfrom dotenv import load_dotenv\nfrom openai import OpenAI\n\nload_dotenv()\n"
            "client = OpenAI(api_key=os.environ['OPENAI_API_KEY'])\nclient.chat.completions.create(model='gpt-4o')\n"
        },
        "chat.py",
    ),
    "script-header": (
        {
            "a.py": '# /// script\n# requires-python = ">=3.12"\n# dependencies = ["ollama"]\n# ///\nimport ollama\n'
        },
        "a.py",
    ),
    "in-process-weights": (
        {
            "gen.py": "from transformers import pipeline\nMODEL = 'HuggingFaceTB/SmolLM2-135M-Instruct'\n"
            "print(pipeline('text-generation', model=MODEL)('Hi'))\n",
            "requirements.txt": "transformers>=5\ntorch\n",
        },
        "gen.py",
    ),
    "folder-with-lock": (
        {
            "uv.lock": "version = 1\n",
            "pyproject.toml": "[project]\nname = 'x'\nrequires-python = '>=3.12'\ndependencies = ['langchain-ollama']\n",
            "main.py": "from langchain_ollama import ChatOllama\nChatOllama(model='llama3.2')\n",
            ".python-version": "3.13\n",
        },
        "",
    ),
    "go-module": (
        {
            "go.mod": "module example.com/chat\n\ngo 1.24\n\nrequire github.com/ollama/ollama v0.5.0\n",
            "go.sum": "",
            "main.go": 'package main\n\nimport "github.com/ollama/ollama/api"\n\nfunc main() {\n'
            '\t_, _ = api.ClientFromEnvironment()\n\t_ = api.ChatRequest{Model: "llama3.2"}\n}\n',
        },
        "",
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_detection(name: str, snapshot: SnapshotAssertion) -> None:
    files, entry = PROGRAMS[name]
    found: dict[str, Any] = msgspec.to_builtins(detect(Source.from_mapping(files, entry), Wishes()))
    assert found == snapshot(extension_class=JSONSnapshotExtension)
