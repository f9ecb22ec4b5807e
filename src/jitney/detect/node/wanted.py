"""What is installed for a program: what its manifest declares, else what it imports; what nobody knows."""

from __future__ import annotations

import msgspec

from jitney.detect.model import Package, UnknownImport, Wishes
from jitney.detect.node.code import Import
from jitney.detect.node.follow import Program
from jitney.detect.node.manifest import Project
from jitney.detect.node.packages import TOGETHER, is_builtin, is_known, near, split, version_for
from jitney.findings import Evidence


class Wanted:
    """found: by name. unknown: imports of a bare file that no table has. more: features for what a manifest lacks."""

    def __init__(self, project: Project | None, dev: bool) -> None:
        self.project = project
        self.found: dict[str, Package] = {}
        self.unknown: list[UnknownImport] = []
        self.more: list[str] = []
        if project is not None:
            declared = project.dependencies() | (project.dependencies(dev=True) if dev else {})
            for name, spec in declared.items():
                why = Evidence(
                    rule="node.dependency",
                    decides="package",
                    value=f"{name}@{spec}",
                    file=project.manifests[0],
                )
                self.found[name] = Package(name=name, spec=f"@{spec}", why=why)

    def add_imports(self, program: Program, wishes: Wishes) -> None:
        """Each import for the first time; then versions that one package limits for another."""
        wished = {name_of(wish) for wish in wishes.packages}
        for path, item in program.outside:
            name, subpath = split(item.specifier)
            if item.way == "types" or is_builtin(item.specifier) or not self._is_new(name):
                continue
            if is_known(name):
                self._take(name, subpath, path, item)
            elif self.project is None and not item.optional and name not in wished:
                self._refuse(name, path, item)
        if self.project is None:
            self._fit_together()

    def _is_new(self, name: str) -> bool:
        """No package of a scope has capitals (`@docusaurus/Link`): a tool's own module has."""
        if name.startswith("@") and name != name.lower():
            return False
        return bool(name) and name not in self.found and not (self.project and _has(self.project, name))

    def _fit_together(self) -> None:
        for name, (other, spec) in TOGETHER.items():
            if name in self.found and other in self.found and not self.found[other].spec:
                self.found[other] = msgspec.structs.replace(self.found[other], spec=f"@{spec}")

    def _take(self, name: str, subpath: str, path: str, item: Import) -> None:
        spec = version_for(name, subpath, item.names, required=item.way == "require")
        why = Evidence(rule="node.import", decides="package", value=item.specifier, file=path, line=item.line)
        self.found[name] = Package(name=name, spec=f"@{spec}" if spec else "", why=why)
        if self.project is not None:
            self.more.append(f"extra:{name}@{spec}" if spec else f"extra:{name}")

    def _refuse(self, name: str, path: str, item: Import) -> None:
        if all(known.name != name for known in self.unknown):
            self.unknown.append(UnknownImport(name=name, file=path, line=item.line, near=near(name)))

    def add_wishes(self, wishes: Wishes) -> None:
        for wish in wishes.packages:
            name = name_of(wish)
            why = Evidence(rule="flag.package", decides="package", value=wish)
            self.found[name] = Package(name=name, spec=wish.removeprefix(name), why=why)
            self.more += [f"extra:{wish}"] if self.project is not None else []


def name_of(wish: str) -> str:
    """`@scope/name@^1` without its version."""
    return wish[0] + wish[1:].partition("@")[0]


def _has(project: Project, name: str) -> bool:
    """Declared, or a member of the workspace; or a lock says what there is beyond what is declared."""
    members = {data.get("name") for data in project.members.values()}
    declared = project.dependencies() | project.dependencies(dev=True)
    return bool(project.lock) or name in declared or name in members or name == project.own.get("name")
