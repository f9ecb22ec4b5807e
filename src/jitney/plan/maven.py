"""Artifacts, exactly: the lines of a lock, and the poms that make Maven resolve and fetch them. Pure.

A line of Lock.packages is `SCOPE group:artifact:version[:classifier] sha256:HEX`; scopes:
lib       on the program's class path
provided  for its compilation only
TOOL      (`kotlin` …) of the compiler's own class path
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

PLUGIN = "3.8.1"
"""Of maven-dependency-plugin, whatever a Maven brings along."""

LIB, PROVIDED = "lib", "provided"
FOLDERS = {LIB: "/app/lib", PROVIDED: "/tools/lib"}
TOOLS = "/tools/jars"

COMPILERS: dict[str, tuple[str, ...]] = {
    "kotlin": ("org.jetbrains.kotlin:kotlin-compiler-embeddable:{}",),
    "kotlin-script": ("org.jetbrains.kotlin:kotlin-scripting-compiler-embeddable:{}",),
    "kotlin-serialization": ("org.jetbrains.kotlin:kotlin-serialization-compiler-plugin-embeddable:{}",),
    "kotlin-spring": ("org.jetbrains.kotlin:kotlin-allopen-compiler-plugin-embeddable:{}",),
    "kotlin-jpa": ("org.jetbrains.kotlin:kotlin-noarg-compiler-plugin-embeddable:{}",),
    "scala3": ("org.scala-lang:scala3-compiler_3:{}",),
    "scala2": ("org.scala-lang:scala-compiler:{}",),
}
"""What a compiler is made of. Groovy's is the library itself; Clojure's too."""

RUNTIMES: dict[str, tuple[str, ...]] = {
    "kotlin": ("org.jetbrains.kotlin:kotlin-stdlib:{}",),
    "kotlin-script": ("org.jetbrains.kotlin:kotlin-script-runtime:{}",),
    "scala3": ("org.scala-lang:scala3-library_3:{}",),
    "scala2": ("org.scala-lang:scala-library:{}",),
    "groovy": ("org.apache.groovy:groovy:{}",),
    "clojure": ("org.clojure:clojure:{}",),
}
"""What every program of the language has on its class path."""


class Artifact(msgspec.Struct, frozen=True):
    scope: str
    group: str
    name: str
    version: str
    classifier: str = ""
    sha256: str = ""

    @property
    def coordinates(self) -> str:
        tail = f":{self.classifier}" if self.classifier else ""
        return f"{self.group}:{self.name}:{self.version}{tail}"

    @property
    def path(self) -> str:
        """Below a repository in Maven's layout."""
        tail = f"-{self.classifier}" if self.classifier else ""
        return (
            f"{self.group.replace('.', '/')}/{self.name}/{self.version}/{self.name}-{self.version}{tail}.jar"
        )

    @property
    def file(self) -> str:
        """As Maven's dependency plugin names it with its group before it."""
        tail = f"-{self.classifier}" if self.classifier else ""
        return f"{self.group}.{self.name}-{self.version}{tail}.jar"


def read_lines(packages: str) -> list[Artifact]:
    found = []
    for line in packages.splitlines():
        scope, _, rest = line.strip().partition(" ")
        named, _, checksum = rest.partition(" sha256:")
        parts = named.split(":")
        if len(parts) >= 3:
            classifier = parts[3] if len(parts) > 3 else ""
            found.append(Artifact(scope, parts[0], parts[1], parts[2], classifier, checksum))
    return found


def write_lines(artifacts: Iterable[Artifact]) -> str:
    lines = {f"{one.scope} {one.coordinates} sha256:{one.sha256}" for one in artifacts}
    return "".join(f"{line}\n" for line in sorted(lines))


def from_path(scope: str, path: str, sha256: str) -> Artifact:
    """`org/json/json/20240303/json-20240303.jar`, as it lies in a repository. ValueError: no such path."""
    *group, name, version, file = path.split("/")
    base = f"{name}-{version}"
    if not group or not file.startswith(name):
        raise ValueError(path)
    stem = file.removesuffix(".jar")
    classifier = stem[len(base) + 1 :] if stem.startswith(base) else ""
    return Artifact(scope, ".".join(group), name, version, classifier, sha256)


def split(requirement: str) -> tuple[str, str]:
    """Coordinates and scope: `a:b:1@provided` is for the compilation only."""
    coordinates, _, mark = requirement.partition("@")
    return coordinates, PROVIDED if mark == PROVIDED else LIB


def resolving(
    needs: Iterable[str],
    platforms: Iterable[str],
    tools: Iterable[tuple[str, str]],
    repositories: Iterable[str],
) -> dict[str, str]:
    """Poms, path → text: one module for the program, one for each compiler, so that neither's versions move the other's."""
    modules = {"program": _module("program", [_needed(one) for one in needs], platforms, repositories, LIB)}
    for tool, version in tools:
        wanted = [_needed(row.format(version)) for row in COMPILERS.get(tool, ())]
        if wanted:
            modules[f"tool-{tool}"] = _module(f"tool-{tool}", wanted, (), repositories, tool)
    return _reactor(modules)


def fetching(artifacts: list[Artifact], repositories: Iterable[str]) -> dict[str, str]:
    """Poms that fetch exactly these, and nothing that they ask for in their turn."""
    modules = {}
    for scope in sorted({one.scope for one in artifacts}):
        wanted = [_exact(one) for one in artifacts if one.scope == scope]
        folder = FOLDERS.get(scope, TOOLS)
        step = _step(
            "copy",
            "copy-dependencies",
            f"<outputDirectory>{folder}</outputDirectory><prependGroupId>true</prependGroupId>",
        )
        modules[scope] = _pom(scope, wanted, (), repositories, step)
    return _reactor(modules)


def places(artifacts: Iterable[Artifact]) -> str:
    """Where each lies in a local repository, and where it goes: what `checksums` then checks."""
    lines = {f"{one.path} {FOLDERS.get(one.scope, TOOLS)}/{one.file}" for one in artifacts}
    return "".join(f"{line}\n" for line in sorted(lines))


def checksums(artifacts: Iterable[Artifact]) -> str:
    """For `sha256sum -c`."""
    lines = {f"{one.sha256}  {FOLDERS.get(one.scope, TOOLS)}/{one.file}" for one in artifacts}
    return "".join(f"{line}\n" for line in sorted(lines))


def _reactor(modules: dict[str, str]) -> dict[str, str]:
    listed = "".join(f"<module>{name}</module>" for name in modules)
    head = f"{_HEAD}<artifactId>all</artifactId><version>1</version><packaging>pom</packaging>"
    files = {f"poms/{name}/pom.xml": text for name, text in modules.items()}
    return {**files, "poms/pom.xml": f"{head}<modules>{listed}</modules></project>\n"}


_HEAD = '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>jitney</groupId>'


def _module(
    name: str, wanted: list[str], platforms: Iterable[str], repositories: Iterable[str], scope: str
) -> str:
    """Lists of class paths: what runs, and with what only the compilation sees."""
    steps = _step("run", "build-classpath", _class_path(scope, "runtime"))
    if scope == LIB:
        steps += _step("all", "build-classpath", _class_path("all", "test"))
    return _pom(name, wanted, platforms, repositories, steps)


def _class_path(file: str, scope: str) -> str:
    return f"<includeScope>{scope}</includeScope><outputFile>${{basedir}}/{file}.classpath</outputFile>"


def _pom(
    name: str, wanted: list[str], platforms: Iterable[str], repositories: Iterable[str], steps: str
) -> str:
    boms = "".join(_bom(one) for one in platforms)
    places = "".join(
        f"<repository><id>own{number}</id><url>{escape(url)}</url></repository>"
        for number, url in enumerate(sorted(set(repositories)))
    )
    return (
        f"{_HEAD}<artifactId>{escape(name)}</artifactId><version>1</version><packaging>pom</packaging>\n"
        f"<repositories>{places}</repositories>\n"
        f"<dependencyManagement><dependencies>{boms}</dependencies></dependencyManagement>\n"
        f"<dependencies>\n{''.join(wanted)}</dependencies>\n"
        "<build><plugins><plugin><groupId>org.apache.maven.plugins</groupId>"
        f"<artifactId>maven-dependency-plugin</artifactId><version>{PLUGIN}</version>"
        f"<executions>{steps}</executions></plugin></plugins></build></project>\n"
    )


def _step(name: str, goal: str, configuration: str) -> str:
    return (
        f"<execution><id>{name}</id><phase>validate</phase><goals><goal>{goal}</goal></goals>"
        f"<configuration>{configuration}</configuration></execution>"
    )


def _needed(requirement: str) -> str:
    coordinates, scope = split(requirement)
    group, name, version, classifier = (*coordinates.split(":"), "", "")[:4]
    inner = f"<scope>{PROVIDED}</scope>" if scope == PROVIDED else ""
    return _dependency(group, name, version, classifier, inner)


def _exact(one: Artifact) -> str:
    nothing = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>"
    return _dependency(one.group, one.name, one.version, one.classifier, nothing)


def _bom(coordinates: str) -> str:
    group, name, version = (*coordinates.split(":"), "", "")[:3]
    return _dependency(group, name, version, "", "<type>pom</type><scope>import</scope>")


def _dependency(group: str, name: str, version: str, classifier: str, inner: str) -> str:
    parts = {"groupId": group, "artifactId": name, "version": version, "classifier": classifier}
    told = "".join(f"<{tag}>{escape(value)}</{tag}>" for tag, value in parts.items() if value)
    return f"<dependency>{told}{inner}</dependency>\n"


def escape(word: str) -> str:
    """For XML's text."""
    return word.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def scala_series(version: str) -> str:
    return "scala2" if re.match(r"2\.", version) else "scala3"
