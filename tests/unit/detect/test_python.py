"""Python programs and what is seen in them: name, files, wishes, what must hold."""

from __future__ import annotations

from typing import Any

import pytest

from jitney.detect import detect
from jitney.detect.model import Detection, Wishes
from jitney.errors import DetectionError
from jitney.source import Source


def see(files: dict[str, str | bytes], entry: str = "", **wishes: Any) -> Detection:
    return detect(Source.from_mapping(files, entry), Wishes(**wishes))


def names(found: Detection) -> dict[str, str]:
    return {package.name: package.spec for package in found.packages}


def errors(found: Detection) -> list[str]:
    return [finding.code for finding in found.findings if finding.level == "error"]


@pytest.mark.parametrize(
    ("code", "want"),
    [
        ("import openai", {"openai"}),
        ("from PIL import Image\nimport yaml, cv2", {"Pillow", "PyYAML", "opencv-python-headless"}),
        ("from google import genai", {"google-genai"}),
        ("from llama_index.llms.ollama import Ollama", {"llama-index-llms-ollama"}),
        ("import os, json, sys", set()),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n import torch", set()),
        ("from agno.models.openai import OpenAIChat", {"agno", "openai"}),
        ("from transformers import AutoModelForCausalLM", {"transformers", "torch"}),
        (
            "from transformers import pipeline\npipeline('x', device_map='auto')",
            {"transformers", "torch", "accelerate"},
        ),
        (
            "from fastapi import FastAPI, UploadFile\napp = FastAPI()",
            {"fastapi", "python-multipart", "uvicorn"},
        ),
        ("try:\n import torch\nexcept ImportError:\n torch = None", {"torch"}),
        ("try:\n import strange_thing\nexcept ImportError:\n pass", set()),
    ],
)
def test_packages_from_imports(code: str, want: set[str]) -> None:
    found = see({"chat.py": code}, "chat.py")
    assert set(names(found)) == want
    assert found.manager == "imports" and not found.unknown


def test_an_unknown_import_is_never_guessed() -> None:
    found = see({"a.py": "\nimport opanai\n"}, "a.py")
    assert [(unknown.name, unknown.line) for unknown in found.unknown] == [("opanai", 2)]
    assert "openai" in found.unknown[0].near and not found.packages
    assert not see({"a.py": "import opanai\n"}, "a.py", packages=("opanai==1",)).unknown


def test_local_modules_are_followed_and_shadow_packages() -> None:
    files: dict[str, str | bytes] = {
        "main.py": "from lib import a\nimport redis",
        "lib/__init__.py": "",
        "lib/a.py": "from . import b",
        "lib/b.py": "import httpx",
        "redis.py": "",
    }
    assert set(names(see(files, "main.py"))) == {"httpx"}


def test_a_namespace_folder_does_not_shadow_an_installed_package() -> None:
    assert set(names(see({"main.py": "import ollama", "ollama/example.py": ""}, "main.py"))) == {"ollama"}


def test_a_package_of_the_repository_above_goes_along() -> None:
    files: dict[str, str | bytes] = {
        "examples/basic/run.py": "from swarm import Swarm",
        "examples/other/x.py": "",
        "swarm/__init__.py": "from openai import OpenAI",
        "swarm/data.json": "{}",
        "setup.cfg": "[metadata]\nname=swarm\n[options]\ninstall_requires =\n    openai>=1.33\npython_requires = >=3.10\n",
    }
    found = see(files, "examples/basic/run.py")
    assert names(found) == {"openai": ">=1.33"} and found.version == ">=3.10"
    assert set(found.takes) == {"examples/basic/run.py", "swarm/__init__.py", "swarm/data.json", "setup.cfg"}
    assert "pythonpath:" in found.features


@pytest.mark.parametrize(
    ("files", "manager", "want"),
    [
        ({"requirements.txt": "openai>=1 # x\n-r more.txt\n", "more.txt": "rich==14\n"}, "requirements",
         {"openai": ">=1", "rich": "==14"}),
        ({"requirements.txt": "uvicorn[standard]>=0.30; python_version > '3.8'\n"}, "requirements",
         {"uvicorn": "[standard]>=0.30; python_version > '3.8'"}),
        ({"requirements.txt": "a==1 \\\n  --hash=sha256:00\n--trusted-host x\n"}, "requirements", {"a": "==1"}),
        ({"requirements.txt": "git+https://host/o/tool.git@v1\n"}, "requirements",
         {"tool": " @ git+https://host/o/tool.git@v1"}),
        ({"pyproject.toml": "[project]\nname='x'\ndependencies=['httpx>=0.28']\n"}, "pyproject", {"httpx": ">=0.28"}),
        ({"pyproject.toml": "[tool.poetry.dependencies]\npython='^3.11'\nopenai='^1.2'\nrich='~13.1'\nx='^0.3'\n"},
         "poetry", {"openai": ">=1.2,<2", "rich": ">=13.1,<13.2", "x": ">=0.3,<0.4"}),
        ({"pyproject.toml": "[tool.ruff]\nline-length=100\n", "requirements.txt": "rich\n"}, "requirements", {"rich": ""}),
        ({"Pipfile": "[packages]\nopenai='*'\nrich={version='>=13', extras=['jupyter']}\n"}, "pipenv",
         {"openai": "", "rich": "[jupyter]>=13"}),
        ({"setup.py": "from setuptools import setup\nD=['rich>1']\nsetup(install_requires=D)"}, "setup", {"rich": ">1"}),
        ({"environment.yml": "name: x\ndependencies:\n  - python=3.12\n  - numpy=1.26\n  - pip:\n    - openai==1\n"},
         "conda", {"numpy": "==1.26.*", "openai": "==1"}),
        ({"uv.lock": "", "pyproject.toml": "[project]\nname='x'\ndependencies=['rich']\n"}, "uv", {"rich": ""}),
    ],
)  # fmt: skip
def test_manifests(files: dict[str, str | bytes], manager: str, want: dict[str, str]) -> None:
    found = see({"main.py": "print(1)", **files})
    assert (found.manager, names(found), errors(found)) == (manager, want, [])


def test_a_script_header_beats_the_manifest_of_the_folder() -> None:
    block = '# /// script\n# requires-python = ">=3.12"\n# dependencies = ["rich>=13"]\n# ///\nimport rich\n'
    found = see({"a.py": block, "requirements.txt": "openai\n"}, "a.py")
    assert (found.manager, names(found), found.version) == ("pep723", {"rich": ">=13"}, ">=3.12")
    assert found.packages[0].why.place == "a.py:3"


def test_a_lock_beats_requirements_and_says_so() -> None:
    found = see(
        {"main.py": "", "uv.lock": "", "pyproject.toml": "[project]\nname='x'\n", "requirements.txt": "rich"}
    )
    assert (found.manager, found.lock) == ("uv", "uv.lock")
    assert "python.managers" in [finding.code for finding in found.findings]


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"uv.lock": "", "poetry.lock": "", "pyproject.toml": "[project]\nname='x'\n"}, "python.locks"),
        ({"pyproject.toml": "[project\n"}, "toml.broken"),
        ({"requirements.txt": "-r gone.txt\n"}, "python.requirements.missing"),
        ({"requirements.txt": "=== what\n"}, "python.requirement"),
        ({"requirements.txt": "-e ../outside\n"}, "python.local"),
        ({"environment.yml": "dependencies:\n  - xeus-cling=0.6\n"}, "conda.only"),
        ({".python-version": "3.10\n", "pyproject.toml": "[project]\nname='x'\nrequires-python='>=3.12'\n"},
         "python.version.contradiction"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(files: dict[str, str | bytes], code: str) -> None:
    found = see({"main.py": "", **files})
    assert code in errors(found)
    assert all(
        finding.file or code == "python.locks" for finding in found.findings if finding.level == "error"
    )


@pytest.mark.parametrize(
    ("files", "wish", "version"),
    [
        ({".python-version": "3.12\n"}, "", "3.12"),
        ({"runtime.txt": "python-3.11.4\n"}, "", "3.11.4"),
        ({".tool-versions": "nodejs 20\npython 3.12.1\n"}, "", "3.12.1"),
        ({"mise.toml": "[tools]\npython='3.12'\n"}, "", "3.12"),
        ({".python-version": "3.12\n"}, "3.13", "3.13"),
        ({}, "", ""),
    ],
)
def test_versions(files: dict[str, str | bytes], wish: str, version: str) -> None:
    assert see({"main.py": "", **files}, version=wish).version == version


@pytest.mark.parametrize(
    ("files", "entry", "start"),
    [
        ({"odd.py": ""}, "odd.py", ("odd.py",)),
        ({"main.py": "", "lib.py": ""}, "main.py", ("main.py",)),
        ({"a.py": "", "b.py": "if __name__ == '__main__': pass"}, "b.py", ("b.py",)),
        ({"pkg/__main__.py": "", "pkg/__init__.py": ""}, "pkg/__main__.py", ("-m", "pkg")),
        ({"Procfile": "web: python serve.py --x", "serve.py": "", "main.py": ""}, "serve.py", ("serve.py", "--x")),
        ({"a.py": "", "api.py": "from fastapi import FastAPI\nservice = FastAPI()"}, "api.py",
         ("-m", "uvicorn", "api:service", "--host", "0.0.0.0", "--port", "8000")),
        ({"ui.py": "import streamlit as st\nst.title('x')"}, "ui.py",
         ("-m", "streamlit", "run", "ui.py", "--server.address", "0.0.0.0", "--server.headless", "true")),
    ],
)  # fmt: skip
def test_entries(files: dict[str, str | bytes], entry: str, start: tuple[str, ...]) -> None:
    found = see(files)
    assert (found.entry, found.start) == (entry, start)


def test_two_entries_alike_are_listed() -> None:
    with pytest.raises(DetectionError) as error:
        see({"a.py": "if __name__ == '__main__': pass", "b.py": "if __name__ == '__main__': pass"})
    assert "a.py" in error.value.message and "b.py" in error.value.message and "--entry" in error.value.hint


@pytest.mark.parametrize(
    ("code", "mode", "framework", "ports"),
    [
        ("import ollama\nollama.chat(model='llama2')", "local-server", "ollama", {11434}),
        ("from langchain_ollama import ChatOllama", "local-server", "langchain-ollama", {11434}),
        ("from openai import OpenAI\nOpenAI()", "hosted", "openai", set()),
        (
            "from openai import OpenAI\nOpenAI(base_url='http://localhost:1234/v1')",
            "local-server",
            "openai",
            {1234},
        ),
        (
            "import requests\nrequests.post('http://localhost:11434/api/generate')",
            "local-server",
            "requests",
            {11434},
        ),
        ("import requests\nrequests.get('https://example.com')", "none", "", set()),
        (
            "from litellm import completion\ncompletion(model='ollama/llama3')",
            "local-server",
            "litellm",
            {11434},
        ),
        (
            "from transformers import pipeline\npipeline('x', model='a/b')",
            "in-process",
            "transformers",
            set(),
        ),
        ("import instructor, openai", "hosted", "instructor", set()),
        ("print('hello')", "none", "", set()),
    ],
)
def test_modes(code: str, mode: str, framework: str, ports: set[int]) -> None:
    found = see({"a.py": code}, "a.py")
    assert (found.mode, found.framework) == (mode, framework)
    assert {end.port for end in found.endpoints if end.kind == "local"} == ports


@pytest.mark.parametrize(
    ("code", "name", "kind", "file"),
    [
        ("from transformers import AutoModel as A\nM='o/m'\nA.from_pretrained(M)", "o/m", "weights", ""),
        (
            "from huggingface_hub import hf_hub_download\nhf_hub_download('o/m', 'x.bin')",
            "o/m",
            "weights",
            "x.bin",
        ),
        ("import openai\nopenai.chat(model='gpt-4o')", "gpt-4o", "served", ""),
        ("import openai,os\nopenai.chat(model=os.getenv('M', 'gpt-x'))", "gpt-x", "served", ""),
        ("import openai\nopenai.embeddings.create(model='text-3')", "text-3", "embedding", ""),
        ("from llama_cpp import Llama\nLlama(model_path='./m.gguf')", "./m.gguf", "weights", ""),
        (
            "import requests\nrequests.post('http://localhost:1/', json={'model': 'qwen'})",
            "qwen",
            "served",
            "",
        ),
    ],
)
def test_models(code: str, name: str, kind: str, file: str) -> None:
    found = see({"a.py": code}, "a.py")
    assert [(use.name, use.kind, use.file) for use in found.models] == [(name, kind, file)]


def test_variables_and_secrets() -> None:
    found = see({"a.py": "import os\nos.environ['A_TOKEN']; os.getenv('B'); os.environ['C'] = '1'"}, "a.py")
    assert (found.env, found.secrets) == (("A_TOKEN", "B"), ("A_TOKEN",))


def test_system_packages() -> None:
    found = see({"a.py": "import soundfile"}, "a.py", apt=("jq",))
    assert [package.name for package in found.system] == ["jq", "libsndfile1"]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"README.md": "words"}, "nothing runnable"),
    ],
)
def test_other_languages_are_named(files: dict[str, str | bytes], says: str) -> None:
    with pytest.raises(DetectionError) as error:
        see(files)
    assert says in error.value.message and "supported: " in error.value.message


def test_twice_the_same() -> None:
    files: dict[str, str | bytes] = {"main.py": "import openai, torch, yaml", "lib.py": "import httpx"}
    assert see(files) == see(files)


def test_a_folder_named_by_an_ordinary_word_is_the_programs_own() -> None:
    assert not names(see({"main.py": "from agents.one import x", "agents/one.py": ""}, "main.py"))
    assert set(names(see({"main.py": "from agents import Agent"}, "main.py"))) == {"openai-agents"}


@pytest.mark.parametrize(
    "manifest",
    [
        {"requirements.txt": "-e ./lib\nrich\n"},
        {
            "pyproject.toml": "[project]\nname='x'\ndependencies=['rich','l']\n[tool.uv.sources]\nl={path='lib'}\n"
        },
    ],
)
def test_a_local_project_goes_along_with_its_packages(manifest: dict[str, str | bytes]) -> None:
    library: dict[str, str | bytes] = {
        "lib/setup.py": "setup(install_requires=['httpx'])",
        "lib/m/__init__.py": "",
    }
    found = see({"main.py": "import m", **library, **manifest})
    assert set(names(found)) == {"rich", "httpx"}
    assert "pythonpath:lib" in found.features and "lib/m/__init__.py" in found.takes


LLM = "from huggingface_hub import hf_hub_download\n"


@pytest.mark.parametrize(
    ("code", "want"),
    [
        ("R, F = 'a/b', 'c.gguf'\nREPO = 'a/b'\nhf_hub_download(REPO, filename='c.gguf')", ("a/b", "c.gguf")),
        ("REPO = 'a/b'\nFILE = 'c.gguf'\nhf_hub_download(REPO, FILE)", ("a/b", "c.gguf")),
        (
            "F = 'c.gguf'\nfrom transformers import AutoModelForCausalLM as A\nA.from_pretrained('a/b', gguf_file=F)",
            ("a/b", "c.gguf"),
        ),
    ],
)
def test_the_file_within_a_repository_is_seen(code: str, want: tuple[str, str]) -> None:
    found = see({"chat.py": LLM + code}, "chat.py")
    assert want in [(use.name, use.file) for use in found.models]


def test_a_program_that_only_names_weights_loads_them_itself() -> None:
    found = see({"chat.py": LLM + "print(hf_hub_download('a/b', 'c.gguf'))"}, "chat.py")
    assert (found.mode, found.modes) == ("in-process", ("in-process",))
    assert see({"chat.py": "from huggingface_hub import list_models"}, "chat.py").mode == "none"


@pytest.mark.parametrize(
    "module",
    [
        "xllamacpp",
        "llama_cpp",
        "gpt4all",
        "ctranslate2",
        "onnxruntime_genai",
        "mistralrs",
        "vllm",
        "openvino_genai",
    ],
)
def test_libraries_that_load_weights(module: str) -> None:
    found = see({"chat.py": f"import {module}"}, "chat.py")
    assert found.mode == "in-process"
    assert found.framework.replace("-python", "").replace("-", "_") == module
    assert not found.unknown


@pytest.mark.parametrize(
    ("code", "manifest", "want"),
    [
        ("from flask import Flask\nweb = Flask(__name__)", "flask\ngunicorn", "-m gunicorn --bind 0.0.0.0:8000 app:web"),
        ("from flask import Flask\nweb = Flask(__name__)", "flask", "-m flask --app app:web run --host 0.0.0.0"),
        ("import gradio as gr\nwith gr.Blocks() as demo:\n  pass\n", "gradio",
         "-c from app import demo; demo.launch(server_name='0.0.0.0')"),
        ("import gradio as gr\nui = gr.Interface(print)\nui.launch()", "gradio", "app.py"),
    ],
)  # fmt: skip
def test_servers_are_started(code: str, manifest: str, want: str) -> None:
    assert " ".join(see({"app.py": code, "requirements.txt": manifest}).start) == want


def test_limits_ask_for_nothing() -> None:
    found = see(
        {"main.py": "", "requirements.txt": "-c limits.txt\nrich\n", "limits.txt": "rich<14\nsix==1\n"}
    )
    assert names(found) == {"rich": ""}
    assert [(one.name, one.spec) for one in found.constraints] == [("rich", "<14"), ("six", "==1")]


@pytest.mark.parametrize(
    ("line", "level", "code"),
    [
        ("--index-url https://index.example/simple", "error", "python.index"),
        ("--extra-index-url=https://index.example/whl/cu124", "note", "python.torch.index"),
        ("--find-links ./wheels", "error", "python.index"),
        ("--pre", "warning", "python.option"),
        ("--no-binary :all:", "warning", "python.option"),
    ],
)
def test_options_are_followed_or_named(line: str, level: str, code: str) -> None:
    found = see({"main.py": "", "requirements.txt": f"rich\n{line}\n"})
    assert [(one.level, one.code, one.line) for one in found.findings] == [(level, code, 2)]
    assert line.replace("=", " ") in found.findings[0].message


@pytest.mark.parametrize(
    ("constraint", "want"),
    [
        ("^2.0 || ^3.0", ">=2.0,<4"),
        (">=1,<2", ">=1,<2"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("*", ""),
    ],
)
def test_poetrys_constraints(constraint: str, want: str) -> None:
    manifest = f"[tool.poetry.dependencies]\npython='^3.11'\nrich='{constraint}'\n"
    assert names(see({"main.py": "", "pyproject.toml": manifest})) == {"rich": want}


def test_poetrys_choice_by_python_becomes_markers() -> None:
    manifest = (
        "[tool.poetry.dependencies]\nrich=[{version='^13', python='<3.12'},{version='^14', python='>=3.12'}]\n"
        "[tool.poetry.group.dev.dependencies]\npytest='*'\n[tool.poetry.group.docs]\noptional=true\n"
    )
    found = see({"main.py": "", "pyproject.toml": manifest})
    assert [package.spec for package in found.packages] == [
        ">=13,<14 ; python_version < '3.12'",
        ">=14,<15 ; python_version >= '3.12'",
    ]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", "[project]\nname='x'\ndependencies=['idna']\n[[tool.uv.index]]\nname='corp'\nurl='https://corp.example'\n"),
        ("pyproject.toml", "[tool.poetry]\nname='x'\n[tool.poetry.dependencies]\nidna='*'\n[[tool.poetry.source]]\nname='corp'\nurl='https://corp.example'\n"),
        ("Pipfile", "[[source]]\nname='pypi'\nurl='https://x.example'\n[[source]]\nname='corp'\nurl='https://corp.example'\n[packages]\nidna='*'\n"),
    ],
)  # fmt: skip
def test_an_index_of_the_manifests_own_is_told_and_not_used(path: str, text: str) -> None:
    found = detect(Source.from_mapping({"main.py": "import idna\n", path: text}), Wishes())
    told = [finding for finding in found.findings if finding.code == "python.index"]
    assert [(one.level, "'corp'" in one.message, one.file) for one in told] == [("warning", True, path)]


@pytest.mark.parametrize(
    ("settings", "held"),
    [
        ("[tool.uv]\npackage = false\n", "uv.lock"),
        ("[tool.poetry]\nname = 'x'\n", "poetry.lock"),
        (
            "[build-system]\nrequires = ['poetry-core']\nbuild-backend = 'poetry.core.masonry.api'\n",
            "poetry.lock",
        ),
        ("[tool.uv]\npackage = false\n[tool.poetry]\nname = 'x'\n", ""),
        ("", ""),
    ],
)
def test_of_two_locks_the_one_holds_that_the_manifest_is_written_for(settings: str, held: str) -> None:
    files = {
        "main.py": "print(1)\n",
        "pyproject.toml": f"[project]\nname = 'x'\nversion = '1'\n{settings}",
        "uv.lock": "version = 1\n",
        "poetry.lock": "",
    }
    found = detect(Source.from_mapping(files, "main.py"), Wishes())
    levels = {finding.level for finding in found.findings if finding.code.startswith("python.")}
    assert levels == ({"warning"} if held else {"error"})
    assert not held or found.lock == held


def test_an_address_in_two_words_is_one() -> None:
    code = (
        "import http.client\na = http.client.HTTPConnection('localhost', 11434)\n"
        "b = http.client.HTTPSConnection('api.openai.com')\n"
    )
    found = detect(Source.from_mapping({"ask.py": code}, "ask.py"), Wishes())
    assert {(one.kind, one.host, one.port) for one in found.endpoints} >= {
        ("local", "", 11434),
        ("hosted", "api.openai.com", 443),
    }
