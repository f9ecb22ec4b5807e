"""Front frameworks: what starts a file that defines an app and does not serve it by itself. Data."""

from __future__ import annotations

from typing import NamedTuple

ANYWHERE = "0.0.0.0"  # noqa: S104 (inside a box without a network)


class Front(NamedTuple):
    """modules: top names of imports that say it. builds: calls that make the app, empty: the import is enough. command: the
    start, with {file}, {module}, {app}, {name} (the app's variable). package: what the start needs besides. name: the variable
    that has the app by convention."""

    modules: tuple[str, ...]
    builds: tuple[str, ...]
    command: tuple[str, ...]
    package: str = ""
    name: str = "app"


SERVED = ("--host", ANYWHERE, "--port", "8000")

WITH_RUNNER: tuple[Front, ...] = (
    Front(("streamlit",), (), ("-m", "streamlit", "run", "{file}", "--server.address", ANYWHERE, "--server.headless", "true")),
    Front(("chainlit",), (), ("-m", "chainlit", "run", "{file}", "--headless", "--host", ANYWHERE)),
    Front(("mesop",), (), ("-m", "mesop.bin.bin", "--path={file}", "--prod")),
    Front(("solara",), (), ("-m", "solara", "run", "{file}", "--host", ANYWHERE)),
    Front(("reflex",), ("App",), ("-m", "reflex", "run", "--env", "prod")),
    Front(("marimo",), ("App",), ("-m", "marimo", "run", "{file}", "--headless", "--host", ANYWHERE)),
)  # fmt: skip
"""A file that imports one of these means nothing to `python FILE`: its own runner executes it, whether or not it has a guard."""

OWN_RUNNER = ("streamlit.web", "streamlit.cli", "chainlit.cli")
"""Who imports one of these starts the runner itself, from its guard."""

SERVERS: tuple[Front, ...] = (
    Front(("fastapi", "langserve"), ("FastAPI",), ("-m", "uvicorn", "{app}", *SERVED), "uvicorn"),
    Front(("starlette",), ("Starlette",), ("-m", "uvicorn", "{app}", *SERVED), "uvicorn"),
    Front(("litestar",), ("Litestar",), ("-m", "uvicorn", "{app}", *SERVED), "uvicorn"),
    Front(("blacksheep",), ("Application",), ("-m", "uvicorn", "{app}", *SERVED), "uvicorn"),
    Front(("quart",), ("Quart",), ("-m", "quart", "--app", "{app}", "run", "--host", ANYWHERE)),
    Front(("sanic",), ("Sanic",), ("-m", "sanic", "{app}", "--host", ANYWHERE)),
    Front(("fasthtml",), ("fast_app", "FastHTML"), ("-m", "uvicorn", "{app}", *SERVED), "uvicorn"),
    Front(("flask",), ("Flask",), ("-m", "flask", "--app", "{app}", "run", "--host", ANYWHERE)),
    Front(("bentoml",), ("service", "Service"), ("-m", "bentoml", "serve", "{module}"), "", "svc"),
    Front(("shiny",), ("App",), ("-m", "shiny", "run", "--host", ANYWHERE, "{file}")),
    Front(("panel",), ("servable",), ("-m", "panel", "serve", "{file}", "--address", ANYWHERE)),
    Front(("gradio",), ("Blocks", "ChatInterface", "Interface", "TabbedInterface"),
          ("-c", "from {module} import {name}; {name}.launch(server_name='" + ANYWHERE + "')"), "", ""),
)  # fmt: skip
"""Apps that a server starts, unless the file does so itself; the first one counts."""

GUNICORN = ("-m", "gunicorn", "--bind", f"{ANYWHERE}:8000", "{app}")
