"""Which Python file is started, and by whom: name, files, want."""

from __future__ import annotations

import pytest

from jitney.detect import detect
from jitney.detect.model import Detection, Wishes
from jitney.errors import DetectionError
from jitney.source import Source

Files = dict[str, str | bytes]
FASTAPI = "from fastapi import FastAPI\n{0} = FastAPI()\n"
SERVED = ("--host", "0.0.0.0", "--port", "8000")


def see(files: Files) -> Detection:
    return detect(Source.from_mapping(files), Wishes())


@pytest.mark.parametrize(
    ("files", "entry"),
    [
        ({"verify": "#!/usr/bin/env python3\nprint(1)\n", "setup.py": "", "lib/__init__.py": ""}, "verify"),
        ({"tests.py": "", "conftest.py": "", "brain.py": "x = 1\n"}, "brain.py"),
        ({"lora/lora.py": "", "lora/convert.py": "", "lora/requirements.txt": ""}, "lora/lora.py"),
        ({"agent.py": "x = 1\n", "tools.py": "y = 1\n", "prompts.py": "z = 1\n"}, "agent.py"),
        ({"app.py": "import streamlit as st\n", "pages/1_a.py": "import streamlit\n"}, "app.py"),
        ({"pkg/__init__.py": "", "deploy/up.py": "", "scripts/run_it.py": "print(1)\n", "requirements.txt": ""}, None),
        ({"pkg/__init__.py": "", "scripts/go.py": "print(1)\n", "requirements.txt": ""}, "scripts/go.py"),
        ({"setup.py": "from setuptools import setup\nsetup(name='x', entry_points={'console_scripts': ['x = x.y:run']})\n",
          "x/__init__.py": "", "x/y.py": "def run(): ...\n", "main.py": ""}, "x/y.py"),
        ({"pyproject.toml": "[project]\nname='mine'\n[project.scripts]\nother='a:f'\nmine='b:f'\n", "a.py": "", "b.py": ""}, "b.py"),
        ({"cog.yaml": "predict: 'predict.py:P'\n", "predict.py": "", "train.py": "", "main.py": ""}, "predict.py"),
        ({"manage.py": "from django.core.management import x\n", "main.py": ""}, "manage.py"),
        ({"manage.py": "print(1)\n", "main.py": ""}, "main.py"),
    ],
)  # fmt: skip
def test_which_file_is_started(files: Files, entry: str | None) -> None:
    if entry is None:
        with pytest.raises(DetectionError, match="could be the one to start"):
            see(files)
    else:
        assert see(files).entry == entry


@pytest.mark.parametrize(
    ("files", "start"),
    [
        ({"src/web.py": FASTAPI.format("api")}, ("-m", "uvicorn", "web:api", *SERVED)),
        ({"my-app/main.py": FASTAPI.format("app")}, ("-m", "uvicorn", "main:app", *SERVED, "--app-dir", "my-app")),
        ({"main.py": FASTAPI.format("app") + "import agent\n@app.get('/')\ndef f(): return agent.run('x')\n"},
         ("-m", "uvicorn", "main:app", *SERVED)),
        ({"main.py": FASTAPI.format("app") + "import uvicorn\nuvicorn.run(app)\n"}, ("main.py",)),
        ({"main.py": "from fastapi import FastAPI\ndef make():\n    app = FastAPI()\n    return app\n"},
         ("-m", "uvicorn", "main:make", *SERVED, "--factory")),
        ({"main.py": "from fastapi import FastAPI\ndef make(name):\n    app = FastAPI()\n    return app\n"}, ("main.py",)),
        ({"main.py": "import gradio as gr\ndef make():\n    ui = gr.Interface(f, 'text', 'text')\n    return ui\n"}, ("main.py",)),
        ({"main.py": "from flask import Flask\ndef create():\n    web = Flask('x')\n    return web\n"},
         ("-m", "flask", "--app", "main:create", "run", "--host", "0.0.0.0")),
        ({"main.py": "from flask import Flask\nweb = Flask('x')\n", "requirements.txt": "flask\ngunicorn\n"},
         ("-m", "gunicorn", "--bind", "0.0.0.0:8000", "main:web")),
        ({"app.py": "import streamlit as st\ndef main(): st.title('x')\nif __name__ == '__main__':\n    main()\n"},
         ("-m", "streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.headless", "true")),
        ({"app.py": "import sys\nfrom streamlit.web import cli\nif __name__ == '__main__':\n    cli.main()\n"}, ("app.py",)),
        ({"app.py": "import streamlit, subprocess\nif __name__ == '__main__':\n    subprocess.run(['ls'])\n"},
         ("-m", "streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.headless", "true")),
        ({"app.py": "import streamlit, subprocess\nif __name__ == '__main__':\n    subprocess.run(['streamlit', 'run', 'x.py'])\n"},
         ("app.py",)),
        ({"app.py": "import gradio as gr\nwith gr.Blocks() as demo: ...\ndemo.queue().launch()\n"}, ("app.py",)),
        ({"app.py": "import gradio as gr\nui = gr.Interface(f, 'text', 'text')\n"},
         ("-c", "from app import ui; ui.launch(server_name='0.0.0.0')")),
        ({"app.py": "import chainlit as cl\n@cl.on_message\nasync def f(m): ...\n"},
         ("-m", "chainlit", "run", "app.py", "--headless", "--host", "0.0.0.0")),
        ({"manage.py": "from django.core.management import x\n"}, ("manage.py", "runserver", "--noreload", "0.0.0.0:8000")),
        ({"team/agent.py": "from google.adk.agents import Agent\nroot_agent = Agent()\n", "team/__init__.py": ""},
         ("-m", "google.adk.cli", "api_server", *SERVED, ".")),
        ({"a/agent.py": "from google.adk import Agent\nroot_agent = 1\n", "b/agent.py": "from google.adk import Agent\nroot_agent = 1\n",
          "a/sub/agent.py": "from google.adk import Agent\nroot_agent = 1\n", "pyproject.toml": ""},
         ("-m", "google.adk.cli", "api_server", *SERVED, ".")),
        ({"rxconfig.py": "import reflex as rx\n", "chat/__init__.py": "", "chat/chat.py": "import reflex as rx\napp = rx.App()\n"},
         ("-m", "reflex", "run", "--env", "prod")),
        ({"src/pkg/__init__.py": "", "src/pkg/__main__.py": "from .cli import run\n", "src/pkg/cli.py": "def run(): ...\n"},
         ("-m", "pkg")),
    ],
)  # fmt: skip
def test_who_starts_it(files: Files, start: tuple[str, ...]) -> None:
    found = see(files)
    assert found.start == start
    if start[0] == "-m" and any(path.startswith("src/") for path in files):
        assert "pythonpath:src" in found.features


@pytest.mark.parametrize(
    ("line", "files", "entry", "start"),
    [
        ("web: gunicorn site.wsgi --log-file -", {"site/wsgi.py": ""}, "site/wsgi.py", ("-m", "gunicorn", "site.wsgi", "--log-file", "-")),
        ("web: python manage.py migrate && gunicorn web.app:create()", {"web/app.py": "", "manage.py": ""}, "web/app.py",
         ("-m", "gunicorn", "web.app:create()")),
        ("web: cd src && python bot.py", {"src/bot.py": ""}, "src/bot.py", ("src/bot.py",)),
        ("web: uvicorn api:app --port $PORT", {"api.py": FASTAPI.format("app")}, "api.py", ("-m", "uvicorn", "api:app", *SERVED)),
        ("worker: python bot.py --loud", {"bot.py": ""}, "bot.py", ("bot.py", "--loud")),
        ("web: python gone.py", {"main.py": ""}, "main.py", ("main.py",)),
    ],
)  # fmt: skip
def test_a_procfile(line: str, files: Files, entry: str, start: tuple[str, ...]) -> None:
    found = see({**files, "Procfile": line})
    assert (found.entry, found.start) == (entry, start)


def test_names_of_files_reach_no_code_unquoted() -> None:
    files: Files = {"x'; import os; y.py": "import gradio as gr\nui = gr.Interface(f, 'text', 'text')\n"}
    assert see(files).start == ("x'; import os; y.py",)
