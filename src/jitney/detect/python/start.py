"""How an entry is run: by itself, or by the server its front framework wants, with the program's real module
name."""

from __future__ import annotations

import ast

from jitney.detect.model import Package
from jitney.detect.python.code import Facts, parse
from jitney.detect.python.fronts import ANYWHERE, GUNICORN, OWN_RUNNER, SERVERS, WITH_RUNNER, Front
from jitney.detect.python.packages import normal
from jitney.findings import Evidence
from jitney.source import Source
from jitney.source.paths import is_under, name, parent

Start = tuple[tuple[str, ...], str]
_LAUNCHES = frozenset({"launch", "run", "serve", "run_server", "run_app", "run_simple", "serve_forever"})
_SERVING = frozenset({"uvicorn", "hypercorn", "waitress", "gevent", "werkzeug", "granian", "web", "daphne"})


def command(
    source: Source, entry: str, workdir: str, facts: Facts, declared: frozenset[str] = frozenset()
) -> Start:
    """The start without the interpreter, and the package that it needs besides. declared: names that a manifest has."""
    local = entry[len(workdir) :].lstrip("/") if is_under(entry, workdir) else entry
    if name(entry) == "__main__.py" and "/" in local:
        return ("-m", local.removeprefix("src/").rpartition("/")[0].replace("/", ".")), ""
    if name(entry) == "manage.py" and any(item.module.startswith("django") for item in facts.imports):
        return (local, "runserver", "--noreload", "0.0.0.0:8000"), ""
    if name(entry) == "agent.py" and is_agent(facts) and not facts.main:
        return _agents(local), ""
    return _by_runner(local, facts) or _by_server(source, entry, local, facts, declared) or ((local,), "")


def _agents(local: str) -> tuple[str, ...]:
    """ADK's server loads packages of agents by the folder that holds them: the one above, where the program's own is one."""
    words = ("api_server", "--host", ANYWHERE, "--port", "8000")
    if "/" in local:
        return ("-m", "google.adk.cli", *words, parent(parent(local)) or ".")
    call = f"sys.argv = ['adk', *{words!r}, os.path.dirname(os.getcwd())]; runpy.run_module('google.adk.cli', run_name='__main__')"
    return ("-c", f"import os, runpy, sys; {call}")


def is_agent(facts: Facts) -> bool:
    """A module of Google's ADK: its own command line loads the package around it."""
    return any(item.module.startswith("google.adk") for item in facts.imports)


def _by_runner(local: str, facts: Facts) -> Start | None:
    modules = {item.module.partition(".")[0] for item in facts.imports if not item.optional}
    starts_itself = facts.main and any(item.module.startswith(OWN_RUNNER) for item in facts.imports)
    for front in () if starts_itself else WITH_RUNNER:
        if modules & set(front.modules) and (
            not front.builds or any(one in facts.builds for one in front.builds)
        ):
            return tuple(word.format(file=local) for word in front.command), front.package
    return None


def _by_server(
    source: Source, entry: str, local: str, facts: Facts, declared: frozenset[str]
) -> Start | None:
    """An app that does not start its own server: gunicorn where the program declares it for Flask, else its framework's."""
    found = front_of(facts)
    if found is None:
        return None
    front, variable = found
    module = local.removesuffix(".py").removesuffix("/__init__").removeprefix("src/").replace("/", ".")
    if not all(part.isidentifier() for part in module.split(".")) or not variable.isidentifier():
        return None
    if _serves(source, entry, facts, variable):
        return None
    template = GUNICORN if "flask" in front.modules and "gunicorn" in declared else front.command
    words = {"file": local, "module": module, "app": f"{module}:{variable}", "name": variable}
    return tuple(word.format(**words) for word in template), front.package


def front_of(facts: Facts) -> tuple[Front, str] | None:
    """The front whose app a file makes, and the variable that holds it."""
    modules = {item.module.partition(".")[0] for item in facts.imports}
    for front in SERVERS:
        made = [one for one in front.builds if one in facts.builds]
        if made and modules & set(front.modules):
            variable = next((facts.builds[one] for one in made if facts.builds[one]), front.name)
            return front, variable
    return None


def _serves(source: Source, entry: str, facts: Facts, variable: str) -> bool:
    """The program starts its own server: from its guard, or by a call on the app or a server's module. `agent.run(…)` in the
    midst of an endpoint is none."""
    if facts.main:
        return True
    try:
        tree = parse(source.read_text(entry))
    except SyntaxError:
        return False
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(_is_serving(call, variable) for call in calls)


def _is_serving(call: ast.Call, variable: str) -> bool:
    if isinstance(call.func, ast.Name):
        given = [word.id for word in call.args if isinstance(word, ast.Name)]
        return call.func.id in ("serve", "run_simple", "run_app") and (variable in given or not call.args)
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _LAUNCHES:
        return False
    return bool(_names(call.func.value) & {variable, *_SERVING})


def _names(node: ast.expr) -> set[str]:
    """The names that an expression is made of, calls in a chain too: `demo.queue().launch()`."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def with_package(packages: list[Package], extra: str, entry: str) -> list[Package]:
    if not extra or any(normal(package.name) == extra for package in packages):
        return packages
    why = Evidence(rule="python.start", decides="package", value=extra, file=entry)
    return [*packages, Package(name=extra, why=why)]
