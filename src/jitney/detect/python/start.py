"""How an entry is run: by itself, or by the server its front framework wants, with the program's real module
name."""

from __future__ import annotations

from jitney.detect.model import Package
from jitney.detect.python.code import Facts
from jitney.detect.python.packages import normal
from jitney.findings import Evidence
from jitney.source.paths import is_under, name

ANYWHERE = "0.0.0.0"  # noqa: S104 (inside a box without a network)


def command(entry: str, workdir: str, facts: Facts) -> tuple[tuple[str, ...], str]:
    """The start without the interpreter, and the package that it needs besides."""
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
    module = local.removesuffix(".py").replace("/", ".")
    if "FastAPI" in facts.builds and not _serves(facts):
        app = facts.builds["FastAPI"] or "app"
        return ("-m", "uvicorn", f"{module}:{app}", "--host", ANYWHERE, "--port", "8000"), "uvicorn"
    if "Flask" in facts.builds and not _serves(facts):
        app = facts.builds["Flask"] or "app"
        return ("-m", "flask", "--app", f"{module}:{app}", "run", "--host", ANYWHERE), ""
    return (local,), ""


def _serves(facts: Facts) -> bool:
    """The program starts its own server."""
    return "run" in facts.builds or facts.main or "serve" in facts.builds


def with_package(packages: list[Package], extra: str, entry: str) -> list[Package]:
    if not extra or any(normal(package.name) == extra for package in packages):
        return packages
    why = Evidence(rule="python.start", decides="package", value=extra, file=entry)
    return [*packages, Package(name=extra, why=why)]
