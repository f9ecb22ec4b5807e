"""An import whose name is used nowhere does not say what reaches the model."""

from __future__ import annotations

from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.source import Source


def _seen(code: str) -> tuple[str, tuple[str, ...], list[str]]:
    found = detect(Source.from_mapping({"ask.py": code}, "ask.py"), Wishes())
    return found.mode, found.frameworks, [one.name for one in found.packages]


def test_a_client_that_is_only_imported_reaches_no_model_but_is_installed() -> None:
    mode, frameworks, packages = _seen("import sys\nfrom openai import OpenAI\nprint(sys.argv)\n")
    assert (mode, frameworks) == ("none", ())
    assert "openai" in packages


def test_names_used_by_another_name_or_in_an_annotation_count() -> None:
    for code in (
        "import openai as ai\nclient = ai.OpenAI()\n",
        "from openai import OpenAI\ndef ask(client: 'OpenAI') -> None: ...\n",
        "from openai import *\nclient = OpenAI()\n",
        "from openai import OpenAI\n__all__ = ['OpenAI']\n",
    ):
        assert _seen(code)[:2] == ("hosted", ("openai",)), code


def test_a_module_of_ones_own_is_not_the_library_of_its_name() -> None:
    files: dict[str, str | bytes] = {
        "app.py": "from agents import team\nprint(team())\n",
        "agents.py": "from anthropic import Anthropic\ndef team():\n    return Anthropic()\n",
    }
    found = detect(Source.from_mapping(files, "app.py"), Wishes())
    assert found.frameworks == ("anthropic",)


def test_an_example_in_the_librarys_own_checkout_uses_the_library() -> None:
    files: dict[str, str | bytes] = {
        "examples/ask.py": "from openai import OpenAI\nprint(OpenAI())\n",
        "src/openai/__init__.py": "class OpenAI: ...\n",
        "pyproject.toml": '[project]\nname = "openai"\nversion = "1"\n',
    }
    found = detect(Source.from_mapping(files, "examples/ask.py"), Wishes())
    assert (found.mode, found.frameworks) == ("hosted", ("openai",))
