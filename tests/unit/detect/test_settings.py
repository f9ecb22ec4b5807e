"""Files of settings beside a program name its model and where that is; nothing else of them is kept."""

from __future__ import annotations

import pytest

from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.detect.settings import settings
from jitney.source import Source

CODE = "from openai import OpenAI\nprint(OpenAI().models.list())\n"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".env", "OPENAI_API_KEY=sk-secret\nOPENAI_BASE_URL=http://localhost:9999/x\nLLM_MODEL=qwen3:0.6b\n"),
        ("config.yaml", "llm:\n  base_url: 'http://localhost:9999/x'  # here\n  model: qwen3:0.6b\n"),
        ("settings.toml", '[llm]\nbase_url = "http://localhost:9999/x"\nmodel = "qwen3:0.6b"\n'),
        ("config.json", '{\n  "api_base": "http://localhost:9999/x",\n  "model": "qwen3:0.6b"\n}\n'),
        (
            "config/application.properties",
            "spring.ai.x.base-url=http://localhost:9999/x\nchat.model=qwen3:0.6b\n",
        ),
    ],
)
def test_address_and_model_of_a_file_of_settings(file: str, text: str) -> None:
    found = detect(Source.from_mapping({"ask.py": CODE, file: text}), Wishes())
    assert found.mode == "local-server"
    assert [one.name for one in found.models] == ["qwen3:0.6b"]
    assert [one.port for one in found.endpoints if one.kind == "local"] == [9999]
    assert found.models[0].why.file == file


@pytest.mark.parametrize(
    "files",
    [
        {".env.example": "OPENAI_BASE_URL=http://localhost:9999\n"},
        {".env": "# OPENAI_BASE_URL=http://localhost:9999\n"},
        {".env": "DATABASE_URL=http://localhost:9999\nOPENAI_BASE_URL=\nOTHER=gpt-4\nUSE_MODEL=true\n"},
        {"config.yaml": "openai:\n  model: gpt-4o\nollama:\n  model: llama3.2\n"},
        {"package.json": '{\n "base_url": "http://localhost:9999"\n}\n'},
    ],
)
def test_what_is_no_setting_of_a_model(files: dict[str, str | bytes]) -> None:
    seen = settings(Source.from_mapping({"ask.py": CODE, **files}))
    assert (seen.strings, seen.models) == ([], [])


def test_secrets_are_not_kept() -> None:
    text = "OPENAI_API_KEY=sk-secret\nOPENAI_BASE_URL=http://user:word@localhost:9999/v1\n"
    seen = settings(Source.from_mapping({"ask.py": CODE, ".env": text}))
    assert (seen.strings, seen.models) == ([], [])
