"""How an entry is run: by itself, or by the server its front framework wants, with the program's real module
name."""

from __future__ import annotations

from jitney.detect.model import Package
from jitney.detect.python.code import Facts
from jitney.detect.python.packages import normal
from jitney.findings import Evidence
from jitney.source.paths import is_under, name

GRADIO = ("Blocks", "ChatInterface", "Interface", "TabbedInterface")
ANYWHERE = "0.0.0.0"  # noqa: S104 (inside a box without a network)


def command(
    entry: str, workdir: str, facts: Facts, declared: frozenset[str] = frozenset()
) -> tuple[tuple[str, ...], str]:
    """The start without the interpreter, and the package that it needs besides. declared: names that a manifest has."""
    local = entry[len(workdir) :].lstrip("/") if is_under(entry, workdir) else entry
    modules = {item.module.partition(".")[0] for item in facts.imports}
    if name(entry) == "__main__.py" and "/" in local:
        return ("-m", local.removeprefix("src/").rpartition("/")[0].replace("/", ".")), ""
    if ("streamlit" in modules and not facts.main) or (
        "streamlit" in modules and "set_page_config" in facts.builds
    ):
        return (
            "-m",
            "streamlit",
            "run",
            local,
            "--server.address",
            ANYWHERE,
            "--server.headless",
            "true",
        ), ""
    if "chainlit" in modules and not facts.main:
        return ("-m", "chainlit", "run", local, "--headless", "--host", ANYWHERE), ""
    return _server(local.removesuffix(".py").replace("/", "."), facts, declared) or ((local,), "")


def _server(module: str, facts: Facts, declared: frozenset[str]) -> tuple[tuple[str, ...], str] | None:
    """An app that does not start its own server: gunicorn where the program declares it, else its framework's."""
    if _serves(facts):
        return None
    if "FastAPI" in facts.builds:
        app = f"{module}:{facts.builds['FastAPI'] or 'app'}"
        return ("-m", "uvicorn", app, "--host", ANYWHERE, "--port", "8000"), "uvicorn"
    if "Flask" in facts.builds:
        app = f"{module}:{facts.builds['Flask'] or 'app'}"
        if "gunicorn" in declared:
            return ("-m", "gunicorn", "--bind", f"{ANYWHERE}:8000", app), ""
        return ("-m", "flask", "--app", app, "run", "--host", ANYWHERE), ""
    gradio = next((facts.builds[name] for name in GRADIO if facts.builds.get(name)), "")
    if gradio and "launch" not in facts.builds:
        return ("-c", f"from {module} import {gradio}; {gradio}.launch(server_name={ANYWHERE!r})"), ""
    return None


def _serves(facts: Facts) -> bool:
    """The program starts its own server."""
    return "run" in facts.builds or facts.main or "serve" in facts.builds


def with_package(packages: list[Package], extra: str, entry: str) -> list[Package]:
    if not extra or any(normal(package.name) == extra for package in packages):
        return packages
    why = Evidence(rule="python.start", decides="package", value=extra, file=entry)
    return [*packages, Package(name=extra, why=why)]
