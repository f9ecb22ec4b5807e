"""Imports → packages: conditions, alternatives, local modules, what calls and addresses imply, the table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jitney.detect import detect
from jitney.detect.data import python_imports
from jitney.detect.data.python_imports import distribution
from jitney.detect.model import Detection, Wishes
from jitney.source import Source


def seen(code: str, **files: str) -> Detection:
    beside = {name + ".py": text for name, text in files.items()}
    return detect(Source.from_mapping({"main.py": code, **beside}), Wishes())


def names(found: Detection) -> list[str]:
    return [one.name for one in found.packages]


@pytest.mark.parametrize(
    ("code", "want"),
    [
        ("try:\n    import ujson as json\nexcept ImportError:\n    import orjson as json\n", ["ujson"]),
        ("try:\n    import tomllib\nexcept ImportError:\n    import tomli as tomllib\n", []),
        ("try:\n    import nobodys_thing\nexcept ImportError:\n    import orjson\n", ["orjson"]),
        ("try:\n    from urllib2 import urlopen\nexcept ImportError:\n    import httpx\n", ["httpx"]),
        ("try:\n    import rich\nexcept ImportError:\n    rich = None\n", ["rich"]),
        ("from contextlib import suppress\nwith suppress(ImportError):\n    import nobodys_thing\n", []),
        ("import typing\nif typing.TYPE_CHECKING:\n    import torch\n", []),
        (
            "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    import rich\nelse:\n    import torch\n",
            ["rich"],
        ),
        ("import sys\nif sys.version_info >= (3, 11):\n    import tomllib\nelse:\n    import tomli\n", []),
        ("import sys\nif sys.version_info[0] == 2:\n    import urllib2\n", []),
        ("import sys\nif sys.platform == 'win32':\n    import win32api\nelse:\n    import rich\n", ["rich"]),
        ("import platform\nif platform.system() == 'Windows':\n    import win32api\n", []),
        ("import sys\nif sys.platform.startswith('win'):\n    import win32api\n", []),
        (
            "import importlib\nx = importlib.import_module('rich.console')\ny = __import__('httpx')\n",
            ["rich", "httpx"],
        ),
        ("import importlib, sys\nx = importlib.import_module(sys.argv[1])\n", []),
        ("x = '''\nimport torch\n'''  # import torch\n", []),
        ("def f():\n    import rich\n", ["rich"]),
        ("import google.colab\n", []),
    ],
)
def test_conditions(code: str, want: list[str]) -> None:
    found = seen(code)
    assert (names(found), found.unknown) == (want, ())


@pytest.mark.parametrize(
    ("code", "want"),
    [
        ("import pandas as pd\npd.read_excel('a.xlsx')\n", ["pandas", "openpyxl"]),
        ("import pandas as pd\npd.DataFrame().to_parquet('a')\n", ["pandas", "pyarrow"]),
        ("from fastapi.templating import Jinja2Templates\nJinja2Templates('x')\n", ["fastapi", "jinja2"]),
        (
            "from sqlalchemy import create_engine\ncreate_engine('postgresql+asyncpg://u@db/x')\n",
            ["SQLAlchemy", "asyncpg"],
        ),
        (
            "import psycopg\nfrom sqlalchemy import create_engine\ncreate_engine('postgresql://u@db/x')\n",
            ["psycopg", "SQLAlchemy"],
        ),
        (
            "from langchain.chat_models import init_chat_model\ninit_chat_model('openai:gpt-5')\n",
            ["langchain", "langchain-openai"],
        ),
        (
            "from langchain.chat_models import init_chat_model\ninit_chat_model('x', model_provider='ollama')\n",
            ["langchain", "langchain-ollama"],
        ),
        ("from agno.models.xai import xAI\n", ["agno", "openai"]),
        ("from agno.agent import Agent\n", ["agno"]),
        ("from langchain_community.document_loaders import PyPDFLoader\n", ["langchain-community", "pypdf"]),
        (
            "from langchain.document_loaders import PyPDFLoader\n",
            ["langchain", "langchain-community", "pypdf"],
        ),  # as it was before 0.2
        ("from strands.models.litellm import LiteLLMModel\n", ["strands-agents", "litellm"]),
        (
            "from llama_index.core import VectorStoreIndex\n",
            ["llama-index-core", "llama-index-llms-openai", "llama-index-embeddings-openai"],
        ),
        ("from transformers import BertModel\n", ["transformers", "torch"]),
        ("from transformers import TFBertModel, AutoTokenizer\n", ["transformers"]),
        ("from crewai import LLM\nLLM(model='gemini/gemini-3')\n", ["crewai", "google-genai"]),
        ("from bs4 import BeautifulSoup\nBeautifulSoup('', 'lxml')\n", ["beautifulsoup4", "lxml"]),
        ("import cgi\n", ["legacy-cgi"]),
        ("import distutils.core\n", ["setuptools"]),
    ],
)
def test_what_the_code_needs_besides(code: str, want: list[str]) -> None:
    assert [name.lower() for name in names(seen(code))] == [name.lower() for name in want]


def test_a_removed_module_is_brought_back_only_where_it_is_missing() -> None:
    assert seen("import cgi\n").packages[0].spec == '; python_version >= "3.13"'


@pytest.mark.parametrize(
    ("code", "files", "want"),
    [
        ("from agents import tool\n", {"agents/tool": ""}, []),  # the folder has what is imported
        (
            "from agents import Agent\n",
            {"agents/tool": ""},
            ["openai-agents"],
        ),  # it has not: an installed package comes first
        ("import agents\n", {"agents/__init__": ""}, []),
        ("import redis\n", {"redis": ""}, []),
        ("import helper\n", {"src/helper": "import httpx\n"}, ["httpx"]),
        (
            "import helper\n",
            {"backend/lib/helper": "import httpx\n"},
            ["httpx"],
        ),  # some tool puts its folder on the path
        ("import openai\n", {"examples/openai": ""}, ["openai"]),  # not on the path
        ("from . import helper\n", {"helper": "import httpx\n"}, ["httpx"]),
    ],
)
def test_local_modules(code: str, files: dict[str, str], want: list[str]) -> None:
    found = seen(code, **files)
    assert (names(found), found.unknown) == (want, ())


def test_a_script_finds_what_lies_beside_it() -> None:
    files = {"app/run.py": "import redis\n", "app/redis.py": "import httpx\n"}
    assert names(detect(Source.from_mapping(files, "app/run.py", ""), Wishes())) == ["httpx"]


def test_an_unknown_name_is_shown_with_line_and_near_names_and_not_installed() -> None:
    found = seen("import os\nimport streamlt\n")
    assert not found.packages
    assert [(one.name, one.line) for one in found.unknown] == [("streamlt", 2)]
    assert "streamlit" in found.unknown[0].near


@pytest.mark.parametrize(
    "code", ["print 'hello'\n", "try:\n    f()\nexcept ValueError, e:\n    pass\n", "raise ValueError, 'x'\n"]
)
def test_python_2_is_said_clearly(code: str) -> None:
    finding = next(one for one in seen(code).findings if one.code == "python.two")
    assert "Python 2" in finding.message and "2to3" in finding.hint


def test_a_module_of_python_2_is_said_clearly() -> None:
    found = seen("import urllib2\nurllib2.urlopen('x')\n")
    assert [(one.level, one.code) for one in found.findings] == [
        ("error", "python.two")
    ] and not found.unknown


@pytest.mark.parametrize(
    ("module", "want"),
    [
        ("google.genai.types", "google-genai"),
        ("google.cloud.storage.Client", "google-cloud-storage"),
        ("google.cloud.speech_v1", "google-cloud-speech"),
        ("google", ""),
        ("azure.ai.inference.models", "azure-ai-inference"),
        ("llama_index.llms.ollama", "llama-index-llms-ollama"),
        ("llama_index.llms.OpenAI", "llama-index"),
        ("llama_index.core.llms", "llama-index-core"),
        ("langchain_openai.ChatOpenAI", "langchain-openai"),
        ("cv2", "opencv-python-headless"),
        ("IPython.display", "ipython"),
        ("utils", ""),
        ("config.settings", ""),
        ("nobodys_thing", ""),
    ],
)
def test_the_longest_prefix_decides(module: str, want: str) -> None:
    assert distribution(module) == want


def test_the_data_files_are_those_the_tool_makes() -> None:
    """They have a date, no name twice, and no module of the standard library."""
    folder = Path(python_imports.__file__).parent
    table = json.loads((folder / "python_imports.json").read_text())
    listed = (folder / "python_names.txt").read_text().split()
    assert table["made"] >= "2026-11-21" and len(listed) == len(set(listed)) and listed == sorted(listed)
    assert not {"asyncio", "json", "utils", "config"} & set(listed)


def test_the_users_file_comes_before_the_tables() -> None:
    code = Source.from_mapping({"main.py": "import fitz\nimport inside.the.image\nimport inside.other\n"})
    own = (("fitz", "our-fitz>=2"), ("inside", ""), ("inside.other", "other"))
    found = detect(code, Wishes(imports=own))
    assert [one.name + one.spec for one in found.packages] == ["our-fitz>=2", "other"]
    assert not found.unknown


def test_an_old_name_asks_for_the_version_that_has_it() -> None:
    code = "from langchain.tools import tool\nfrom moviepy.editor import VideoFileClip\nfrom langchain.chains import LLMChain\n"
    assert sorted(one.name + one.spec for one in seen(code).packages) == ["langchain<1", "moviepy<2"]
    assert [one.name + one.spec for one in seen("from langchain.agents import create_agent\n").packages] == [
        "langchain"
    ]
