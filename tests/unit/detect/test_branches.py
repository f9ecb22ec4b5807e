"""What a program does only if it is told to is offered, but does not decide the mode."""

from __future__ import annotations

import pytest

from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.source import Source

TWO = """from openai import OpenAI
import os

{given}
{test}
    client = OpenAI(base_url="http://localhost:11434/v1")
else:
    client = OpenAI()
"""


@pytest.mark.parametrize(
    ("given", "test", "mode"),
    [
        ("p = 'openai'", "if p == 'ollama':", "hosted"),
        ("p = os.getenv('P', 'OpenAI').lower()", "if p == 'ollama':", "hosted"),
        ("p = os.environ.get('P') or 'openai'", "if p in ('ollama', 'local'):", "hosted"),
        ("p = os.getenv('P', 'ollama')", "if p == 'ollama':", "local-server"),
        ("p = input()", "if p == 'ollama':", "local-server"),
        ("p = 'openai'\np = 'ollama'", "if p == 'ollama':", "local-server"),
        ("p = 'openai'", "if p == 'ollama' and os.name:", "local-server"),
    ],
)
def test_a_branch_that_is_not_taken_by_default(given: str, test: str, mode: str) -> None:
    code = TWO.format(given=given, test=test)
    found = detect(Source.from_mapping({"ask.py": code}, "ask.py"), Wishes())
    assert (found.mode, set(found.modes)) == (mode, {"hosted", "local-server"})


def test_match_and_defaults_of_arguments() -> None:
    code = (
        "from openai import OpenAI\n"
        "def make(provider='openai'):\n"
        "    match provider:\n"
        "        case 'ollama' | 'local':\n"
        "            return OpenAI(base_url='http://localhost:11434/v1')\n"
        "        case _:\n"
        "            return OpenAI()\n"
    )
    assert detect(Source.from_mapping({"ask.py": code}, "ask.py"), Wishes()).mode == "hosted"
