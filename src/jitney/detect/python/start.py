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
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LAUNCHES = frozenset({"launch", "run", "serve", "run_server", "run_app", "run_simple", "serve_forever"})
_SERVING = frozenset({"uvicorn", "hypercorn", "waitress", "gevent", "werkzeug", "granian", "web", "daphne"})


def command(
    source: Source, entry: str, workdir: str, facts: Facts, declared: frozenset[str] = frozenset()
) -> Start:
    """The start without the interpreter, and the package that it needs besides. declared: names that a manifest has."""
    local = entry[len(workdir) :].lstrip("/") if is_under(entry, workdir) else entry
    return (
        _by_name(local, facts)
        or _by_runner(local, facts)
        or _by_server(source, entry, local, facts, declared)
        or ((local,), "")
    )


def _by_name(local: str, facts: Facts) -> Start | None:
    """Files whose name says who starts them."""
    if name(local) == "__main__.py" and "/" in local:
        return ("-m", local.removeprefix("src/").rpartition("/")[0].replace("/", ".")), ""
    if name(local) == "manage.py" and _imports(facts, "django"):
        return (local, "runserver", "--noreload", f"{ANYWHERE}:8000"), ""
    if name(local) == "agent.py" and is_agent(facts) and not facts.main:
        return _agents(local), ""
    return None


def _agents(local: str) -> tuple[str, ...]:
    """ADK's server loads packages of agents by the folder that holds them: the one above, where the program's own is one."""
    words = ("api_server", "--host", ANYWHERE, "--port", "8000")
    if "/" in local:
        return ("-m", "google.adk.cli", *words, parent(parent(local)) or ".")
    call = f"sys.argv = ['adk', *{words!r}, os.path.dirname(os.getcwd())]; runpy.run_module('google.adk.cli', run_name='__main__')"
    return ("-c", f"import os, runpy, sys; {call}")


def is_agent(facts: Facts) -> bool:
    """A module of Google's ADK: its own command line loads the package around it."""
    return _imports(facts, "google.adk")


def _imports(facts: Facts, module: str) -> bool:
    return any(item.module == module or item.module.startswith(f"{module}.") for item in facts.imports)


def runner_of(facts: Facts) -> Front | None:
    """The front whose own runner executes a file, unless that starts it itself."""
    modules = {item.module.partition(".")[0] for item in facts.imports if not item.optional}
    for front in WITH_RUNNER:
        if modules & set(front.modules) and (not front.builds or facts.builds.keys() & set(front.builds)):
            return None if facts.main and _runs_itself(facts, front) else front
    return None


def _runs_itself(facts: Facts, front: Front) -> bool:
    """From its guard: by the runner's own module, or as another process."""
    if any(item.module.startswith(OWN_RUNNER) for item in facts.imports):
        return True
    words = {word for at in facts.code.strings for word in at.value.split()[:1]}
    return _imports(facts, "subprocess") and bool(words & set(front.modules))


def _by_runner(local: str, facts: Facts) -> Start | None:
    front = runner_of(facts)
    return (tuple(word.format(file=local) for word in front.command), front.package) if front else None


def front_of(facts: Facts) -> tuple[Front, str] | None:
    """The front whose app a file makes, and the variable that holds it."""
    modules = {item.module.partition(".")[0] for item in facts.imports}
    for front in SERVERS:
        made = [one for one in front.builds if one in facts.builds]
        if made and modules & set(front.modules):
            variable = next((facts.builds[one] for one in made if facts.builds[one]), front.name)
            return front, variable
    return None


def _by_server(
    source: Source, entry: str, local: str, facts: Facts, declared: frozenset[str]
) -> Start | None:
    """An app that does not start its own server: gunicorn where the program declares it for Flask, else its framework's."""
    found = front_of(facts)
    tree = _tree(source, entry) if found and not facts.main else None
    if found is None or tree is None or _serves(tree, found[1]):
        return None
    front, variable = found
    is_factory = variable not in _top_names(tree)
    words = _words(front, local, _factory(tree, variable, front) if is_factory else variable)
    if words is None:
        return None
    template = _template(front, declared, is_factory=is_factory)
    if is_factory and template[1] == "gunicorn":
        words["app"] += "()"
    if words["folder"]:
        template = (*template, "--app-dir", "{folder}")
    return tuple(word.format(**words) for word in template), front.package


def _template(front: Front, declared: frozenset[str], *, is_factory: bool) -> tuple[str, ...]:
    """gunicorn where the program declares it for Flask, else the front's own; uvicorn has to be told of a function."""
    if "flask" in front.modules and "gunicorn" in declared:
        return GUNICORN
    return (*front.command, "--factory") if is_factory and front.package == "uvicorn" else front.command


def _words(front: Front, local: str, variable: str) -> dict[str, str] | None:
    """What stands in a template. A folder whose name is none of a module's has to be named by itself: uvicorn can do that."""
    module = local.removesuffix(".py").removesuffix("/__init__").removeprefix("src/")
    folder, _, stem = module.rpartition("/")
    if all(part.isidentifier() for part in module.split("/")):
        folder, stem = "", module.replace("/", ".")
    elif front.package != "uvicorn":
        return None  # only uvicorn can be told where to look
    if not variable.isidentifier() or not stem.rpartition(".")[2].isidentifier():
        return None
    return {"file": local, "module": stem, "app": f"{stem}:{variable}", "name": variable, "folder": folder}


def _tree(source: Source, path: str) -> ast.Module | None:
    try:
        return parse(source.read_text(path))
    except SyntaxError:
        return None


def _top_names(tree: ast.Module) -> set[str]:
    """Variables of the module itself."""
    nodes = [node for part in tree.body if not isinstance(part, _SCOPES) for node in ast.walk(part)]
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _factory(tree: ast.Module, variable: str, front: Front) -> str:
    """The function of the module that makes the app and returns it; empty: none does, or nothing can call it."""
    functions = [part for part in tree.body if isinstance(part, ast.FunctionDef)]
    if "flask" not in front.modules and front.package != "uvicorn":
        return ""
    return next((one.name for one in functions if not _needs_words(one) and variable in _returned(one)), "")


def _needs_words(function: ast.FunctionDef) -> bool:
    """Whether it has an argument without a default."""
    words = function.args
    return len(words.posonlyargs + words.args) > len(words.defaults) or None in words.kw_defaults


def _returned(function: ast.FunctionDef) -> set[str]:
    values = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    return {value.id for value in values if isinstance(value, ast.Name)}


def _serves(tree: ast.Module, variable: str) -> bool:
    """The program starts its own server, by a call on the app or a server's module. `agent.run(…)` in the midst of an endpoint
    is none."""
    return any(_is_serving(node, variable) for node in ast.walk(tree) if isinstance(node, ast.Call))


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
