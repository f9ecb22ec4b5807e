"""Parts of a framework that ask no model do not bring what the framework does by default."""

from __future__ import annotations

import pytest

from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.source import Source


@pytest.mark.parametrize(
    ("code", "mode"),
    [
        ("from beeai_framework.tools.search import wikipedia\nprint(wikipedia.ask())\n", "none"),
        ("from openai.types.chat import ChatCompletion\nprint(ChatCompletion)\n", "none"),
        ("from crewai.utilities.errors import E\nprint(E)\n", "none"),
        ("from crewai.tools import tool\nfrom crewai import Agent\nprint(tool, Agent)\n", "hosted"),
        ("from openai.types.chat import X\nfrom openai import OpenAI\nprint(X, OpenAI())\n", "hosted"),
    ],
)
def test_parts_alone_reach_no_model(code: str, mode: str) -> None:
    assert detect(Source.from_mapping({"ask.py": code}, "ask.py"), Wishes()).mode == mode
