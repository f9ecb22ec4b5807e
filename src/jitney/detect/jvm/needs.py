"""Which artifacts a program needs: what it says, else what it imports, by the table. Nothing is taken by guess."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from jitney.detect.code import At
from jitney.detect.data.jvm_imports import artifacts_of, is_standard, near
from jitney.detect.jvm.tree import Tree
from jitney.detect.model import Package, UnknownImport, Wishes
from jitney.detect.notes import Notes
from jitney.errors import DetectionError
from jitney.findings import Evidence
from jitney.source.paths import join, parent, parents

NEWEST = "RELEASE"
"""Maven's word for the newest release: only where the user names an artifact without a version."""


class Needs(msgspec.Struct):
    """packages: name `group:artifact`, spec `:version[:classifier][@provided]`; platforms: BOMs. tool: version of the
    compiler. files: that go along without being compiled. features: for the planner."""

    packages: list[Package] = []
    platforms: list[Package] = []
    features: set[str] = set()
    files: list[str] = []
    unknown: tuple[UnknownImport, ...] = ()
    tool: str = ""


def package(need: str, rule: str, at: At | None = None) -> Package:
    """`group:artifact:version` → Package. DetectionError: it is none."""
    parts = need.split(":")
    if not 2 <= len(parts) <= 4 or not all(
        re.fullmatch(r"[\w.@+-]+(?:@\w+)?|[\[(][\w.,-]+[\])](?:@\w+)?", part) for part in parts
    ):
        where = f"{at.file}:{at.line}: " if at and at.file else ""
        raise DetectionError(
            f"{where}{need!r} names no artifact",
            "expected group:artifact:version, for example org.json:json:20240303",
        )
    spec = ":" + ":".join(parts[2:]) if len(parts) > 2 else ""
    why = Evidence(
        rule=rule, decides="package", value=need, file=at.file if at else "", line=at.line if at else 0
    )
    return Package(name=":".join(parts[:2]), spec=spec, why=why)


def wished_packages(wishes: Wishes) -> list[Package]:
    found = [package(wish, "flag.package") for wish in wishes.packages]
    return [one if one.spec else msgspec.structs.replace(one, spec=f":{NEWEST}") for one in found]


def bare_needs(tree: Tree, reached: list[str], wishes: Wishes, notes: Notes) -> Needs:
    """Of a file and those that it uses: the headers', and where there are none, the imports'."""
    needs = Needs(packages=[], platforms=[], features=set(), files=[])
    for path in reached:
        _add_header(tree, path, needs)
    edn = _deps_edn(tree, reached)
    needs.packages += edn
    wished = wished_packages(wishes)
    if not edn and not any(tree.look(path).header.said for path in reached):
        by_import, unknown = imported(tree, reached)
        needs.packages += by_import
        needs.unknown = () if wished else unknown  # the compiler says which of them it still cannot find
    names = {one.name for one in wished}
    needs.packages = [*(one for one in needs.packages if one.name not in names), *wished]
    if _uses_serialization(tree, reached):
        needs.features.add("plugin:serialization")
    return needs


def _add_header(tree: Tree, path: str, needs: Needs) -> None:
    """What a file says of its own build."""
    header = tree.look(path).header
    needs.packages += [package(_scala(at.value), "header.dependency", at) for at in header.needs]
    needs.platforms += [package(at.value, "header.platform", at) for at in header.platforms]
    needs.features |= {f"repository:{url}" for url in header.repositories if "://" in url}
    needs.features |= {f"javac:{word}" for word in header.compile} | {f"java:{word}" for word in header.run}
    needs.tool = needs.tool or header.tool
    needs.files += _said_files(tree, path)


def _said_files(tree: Tree, path: str) -> list[str]:
    places = (join(parent(path), at.value) for at in tree.look(path).header.sources)
    return [place for place in places if place and tree.source.has(place)]


def _deps_edn(tree: Tree, reached: list[str]) -> list[Package]:
    """What the deps.edn around a Clojure script asks for, that is no part of its project. One that is broken is nothing of its."""
    if not reached or tree.language(reached[0]) != "clojure" or tree.source.alone:
        return []
    for folder in parents(parent(reached[0])):
        path = f"{folder}/deps.edn".lstrip("/")
        if tree.source.has(path):
            return list(_released(tree.source.read_text(path), path))
    return []


def _released(text: str, path: str) -> Iterator[Package]:
    from jitney.detect.jvm import edn

    try:
        forms = edn.read(text)
    except edn.EdnError:
        return
    deps = forms[0].get(":deps") if forms else None
    for name, entry in zip(deps.items[::2], deps.items[1::2], strict=False) if deps else ():
        version = entry.get(":mvn/version")
        if version is not None and name.text != "org.clojure/clojure":
            yield package(edn.coordinates(name.text, version.text), "deps.edn", At("", path, name.line))


def _uses_serialization(tree: Tree, reached: list[str]) -> bool:
    imports = (at.value for path in reached for at in tree.look(path).code.imports)
    return any(one in ("kotlinx.serialization.Serializable", "kotlinx.serialization") for one in imports)


def _scala(need: str) -> str:
    """`com.lihaoyi::ujson:4.0` is made for one series of Scala: `com.lihaoyi:ujson_3:4.0`."""
    group, double, rest = need.partition("::")
    if not double:
        return need
    artifact, colon, version = rest.partition(":")
    return f"{group}:{artifact}_3{colon}{version}"


def imported(tree: Tree, reached: list[str]) -> tuple[list[Package], tuple[UnknownImport, ...]]:
    """Artifacts of the imports, one line of evidence each, and the imports that no row knows."""
    roots = sorted({root for path in reached for root in tree.roots_of(path)})
    packages = {tree.look(path).package for path in reached} - {""}
    found: dict[str, Package] = {}
    unknown: dict[str, UnknownImport] = {}
    for path, at in _imports(tree, reached):
        rows = artifacts_of(at.value)
        if tree.is_own(at.value, roots, packages) or (is_standard(at.value) and not rows):
            continue
        for row in rows:
            one = package(row, "import", at)
            found.setdefault(one.name, one)
        if not rows and not _is_bare_word(at.value, tree.language(path)):
            one_unknown = UnknownImport(name=at.value, file=at.file, line=at.line, near=near(at.value))
            unknown.setdefault(at.value, one_unknown)
    return list(found.values()), tuple(unknown.values())


def _imports(tree: Tree, reached: list[str]) -> list[tuple[str, At]]:
    return [(path, at) for path in reached for at in tree.look(path).code.imports]


def _is_bare_word(dotted: str, language: str) -> bool:
    """A name without a package: of Scala's scope, not of an artifact's."""
    return language == "scala" and "." not in dotted
