"""An import whose name is used nowhere does not say what reaches the model."""

from __future__ import annotations

import ast

from jitney.detect import detect
from jitney.detect.code import At
from jitney.detect.model import Wishes
from jitney.detect.python.unused import taken
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


def test_what_is_taken_from_a_module_tells_how_it_is_used() -> None:
    code = "import ast\nimport outlines as o\nfrom openai import OpenAI\nmodel = o.from_openai(OpenAI())\nx.from_none()\n"
    assert taken(ast.parse(code), "ask.py") == [At("outlines.from_openai", "ask.py", 4)]
