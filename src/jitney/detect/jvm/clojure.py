"""Leiningen's project.clj and Clojure's own deps.edn: what they depend on, where code lies, which namespace is started."""

from __future__ import annotations

from jitney.detect.code import At
from jitney.detect.jvm import edn
from jitney.detect.jvm.project import ALONE, Project, folders
from jitney.detect.notes import Notes
from jitney.errors import DetectionError
from jitney.source import Source

_CORE = "org.clojure:clojure:"
_OWN_JAVA = ":java-source-paths"
_RUNS = (":run", ":run-m", ":main", ":start", ":server")
"""Names that people give to the alias which starts a program."""


def forms_of(source: Source, path: str) -> list[edn.Form]:
    """DetectionError: brackets that do not match."""
    try:
        return edn.read(source.read_text(path))
    except edn.EdnError as error:
        raise DetectionError(f"{path}:{error}: it cannot be read", ALONE) from error


def lein_project(source: Source, folder: str, notes: Notes) -> Project:
    """DetectionError: no `defproject`, brackets that do not match."""
    path = f"{folder}/project.clj".lstrip("/")
    said = edn.first(forms_of(source, path), "defproject")
    if said is None:
        raise DetectionError(f"{path} has no `defproject`", ALONE)
    main = said.get(":main")
    java = said.get(_OWN_JAVA)
    return _project(
        "leiningen",
        source,
        folder,
        path,
        needed=[
            At(_dependency(one), path, one.line)
            for one in _items(said.get(":dependencies"))
            if _is_needed(one)
        ],
        paths=[*_texts(said.get(":source-paths"), "src"), *_texts(said.get(":resource-paths"), "resources")],
        mains=[main.text] if main is not None and main.text not in ("", "nil", "false") else [],
        repositories=_places(said.get(":repositories")),
        beyond=[f"{path}:{java.line}: {_OWN_JAVA}: Java beside Clojure"] if java else [],
    )


def deps_project(source: Source, folder: str, notes: Notes) -> Project:
    """DetectionError: brackets that do not match."""
    path = f"{folder}/deps.edn".lstrip("/")
    forms = forms_of(source, path)
    said = forms[0] if forms else edn.Form("map", 1)
    deps = said.get(":deps")
    needed, beyond = [], []
    for name, entry in zip(deps.items[::2], deps.items[1::2], strict=False) if deps else ():
        version = entry.get(":mvn/version")
        if version is not None:
            needed.append(At(edn.coordinates(name.text, version.text), path, name.line))
        elif entry.kind == "map":
            beyond.append(f"{path}:{name.line}: {name.text}, which is no released artifact")
    return _project(
        "deps.edn",
        source,
        folder,
        path,
        needed=needed,
        paths=_texts(said.get(":paths"), "src", "resources"),
        mains=_mains(source, folder, said),
        repositories=_places(said.get(":mvn/repos")),
        beyond=beyond,
    )


def _project(
    manager: str, source: Source, folder: str, path: str, *, needed: list[At], paths: list[str], mains: list[str],
    repositories: list[str], beyond: list[str],
) -> Project:  # fmt: skip
    """Clojure itself is the compiler here: its version is the tool's."""
    core = next((at.value.removeprefix(_CORE) for at in needed if at.value.startswith(_CORE)), "")
    roots = folders(source, folder, paths)
    code = [root for root in roots if any(one.endswith((".clj", ".cljc")) for one in source.files(root))]
    return Project(
        manager=manager,
        root=folder,
        module=folder,
        manifests=(path,),
        roots=roots,
        own=code,
        mains=[f"-m {main}" for main in mains],
        languages={"clojure"},
        tools={"clojure": core} if core else {},
        repositories=repositories,
        needed=[at for at in needed if not at.value.startswith(_CORE)],
        beyond=beyond,
    )


def _items(form: edn.Form | None) -> list[edn.Form]:
    return [one for one in form.items if one.kind == "vector"] if form is not None else []


def _is_needed(one: edn.Form) -> bool:
    scope = one.get(":scope")
    return len(one.items) > 1 and one.items[1].kind == "string" and (scope is None or scope.text != "test")


def _dependency(one: edn.Form) -> str:
    """`[cheshire "5.13.0" :exclusions …]`."""
    scope = one.get(":scope")
    return edn.coordinates(one.items[0].text, one.items[1].text) + (
        "@provided" if scope is not None and scope.text == "provided" else ""
    )


def _texts(form: edn.Form | None, *usual: str) -> list[str]:
    found = [one.text for one in form.items if one.kind == "string"] if form is not None else []
    return found or list(usual)


def _places(form: edn.Form | None) -> list[str]:
    """Every address in it, however it is written."""
    found, todo = [], [form] if form is not None else []
    while todo:
        one = todo.pop()
        found += [one.text] if one.kind == "string" and "://" in one.text else []
        todo += reversed(one.items)
    return found


def _mains(source: Source, folder: str, said: edn.Form) -> list[str]:
    """Of the aliases, those that are called like a start first; then what build.clj puts into a jar."""
    aliases = said.get(":aliases")
    pairs = list(zip(aliases.items[::2], aliases.items[1::2], strict=False)) if aliases else []
    pairs.sort(key=lambda pair: _RUNS.index(pair[0].text) if pair[0].text in _RUNS else len(_RUNS))
    found = [main for name, alias in pairs if name.text in _RUNS and (main := _main_of(alias))]
    return list(dict.fromkeys([*found, *_built(source, folder)]))


def _main_of(alias: edn.Form) -> str:
    options = alias.get(":main-opts")
    words = options.words() if options else []
    return words[words.index("-m") + 1] if "-m" in words[:-1] else ""


def _built(source: Source, folder: str) -> list[str]:
    """`:main` of tools.build: a symbol, or a string."""
    path = f"{folder}/build.clj".lstrip("/")
    todo = forms_of(source, path) if source.has(path) else []
    found = []
    while todo:
        one = todo.pop()
        main = one.get(":main")
        found += [main.text.replace("_", "-")] if main is not None and "." in main.text else []
        todo += one.items
    return found
