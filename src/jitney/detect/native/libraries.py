"""Debian packages and flags that a native program needs, each with the line that says so."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from jitney.detect.data.native import CMAKE, LINKED, MODULES, ONLY_SID, PART_OF_C, of_header
from jitney.detect.model import Package
from jitney.detect.native.cmake import CMake
from jitney.detect.notes import Notes
from jitney.findings import Evidence
from jitney.source import Source


class Needs(msgspec.Struct):
    """apt: package → why. modules, flags: for a program that has no build system, in the order met."""

    apt: dict[str, Evidence] = msgspec.field(default_factory=dict)
    modules: list[str] = msgspec.field(default_factory=list)
    flags: list[str] = msgspec.field(default_factory=list)

    def add(self, packages: str, rule: str, value: str, file: str, line: int) -> None:
        for name in packages.split():
            why = Evidence(rule=rule, decides="system", value=value, file=file, line=line)
            self.apt.setdefault(name, why)

    @property
    def packages(self) -> tuple[Package, ...]:
        return tuple(Package(name=name, why=self.apt[name]) for name in sorted(self.apt))

    @property
    def suite(self) -> str:
        """`sid` where a library is in no older Debian."""
        return "sid" if ONLY_SID & set(self.apt) else ""


def of_headers(found: Iterable[tuple[str, str, int]], needs: Needs) -> None:
    """(header, file, line) of includes that lie nowhere in the source."""
    for header, file, line in found:
        if header in PART_OF_C:
            _once(needs.flags, PART_OF_C[header].split())
        row = of_header(header)
        if row is None:
            continue
        needs.add(row.apt, "native.header", header, file, line)
        _once(needs.modules, row.modules.split())
        _once(needs.flags, row.flags.split())


def _once(into: list[str], words: list[str]) -> None:
    into += [word for word in words if word not in into]


def of_cmake(project: CMake, needs: Needs) -> None:
    _found_packages(project, needs)
    for name, file, line in project.fetched:
        known = FETCHED.get(name.lower(), name.lower())
        if known in CMAKE:
            needs.add(CMAKE[known], "native.fetched", name, file, line)
    for name, file, line in project.modules:
        if name in MODULES:
            needs.add(MODULES[name], "native.module", name, file, line)
    for word, file, line in project.links:
        name = word.removeprefix("-l")
        if name in LINKED and (word.startswith("-l") or re.fullmatch(r"[a-z0-9_.-]+", word)):
            needs.add(LINKED[name], "native.link", word, file, line)


def _found_packages(project: CMake, needs: Needs) -> None:
    """What find_package asks for; of Boost the components, where they are named."""
    boost = any(name.lower().startswith("boost:") for name, _, _ in project.packages)
    for name, file, line in project.packages:
        head, _, part = name.lower().partition(":")
        if head == "boost" and boost:
            needs.add(_boost(part), "native.cmake", name, file, line)
        elif not part and head in CMAKE:
            needs.add(CMAKE[head], "native.cmake", name, file, line)


def _boost(part: str) -> str:
    apt = f"libboost-{part.replace('_', '-')}-dev"
    is_library = re.fullmatch(r"[a-z-]+", apt) and part not in (
        "",
        "headers",
        "optional_components",
        "required",
    )
    return apt if is_library else "libboost-dev"


MANAGERS = ("vcpkg.json", "conanfile.txt", "conanfile.py")
"""Manifests of C++'s package managers, which are in no registry that is reached here: Debian has most of what they name."""


def of_managers(source: Source, folder: str, needs: Needs, notes: Notes) -> list[str]:
    """Packages that vcpkg.json and conanfile.* ask for, by CMake's names; the files that were read. What Debian is not known to
    have is told."""
    read = [path for file in MANAGERS if source.has(path := f"{folder}/{file}".lstrip("/"))]
    for path in read:
        for name, line in _asked(source.read_text(path), path, notes):
            plain = re.sub(r"^lib(?=curl|uv\b)", "", name.lower()).replace("-", "_")
            known = next(
                (one for one in (FETCHED.get(name.lower(), ""), name.lower(), plain) if one in CMAKE), ""
            )
            if known:
                needs.add(CMAKE[known], "native.manager", name, path, line)
            else:
                message = f"{path}:{line}: no Debian package is known for {name}"
                notes.tell(
                    "warning", "native.package", message, file=path, line=line, hint="name it: --apt PACKAGE"
                )
    return read


def _asked(text: str, path: str, notes: Notes) -> list[tuple[str, int]]:
    """Names with the line that has them."""
    if path.endswith(".json"):
        names = _vcpkg(text, path, notes)
    elif path.endswith(".txt"):
        block = re.search(r"(?ms)^\[requires\]\s*$(.*?)(?=^\[|\Z)", text)
        names = re.findall(r"(?m)^[ \t]*([\w.+-]+)/", block[1]) if block else []
    else:
        names = re.findall(r"[\"']([\w.+-]+)/[\w.\[\]<>=-]+(?:@[^\"']*)?[\"']", text)
    lines = text.splitlines()
    return [
        (name, next((at for at, line in enumerate(lines, 1) if name in line), 1))
        for name in dict.fromkeys(names)
    ]


def _vcpkg(text: str, path: str, notes: Notes) -> list[str]:
    import json

    try:
        listed = json.loads(text).get("dependencies", [])
    except (json.JSONDecodeError, AttributeError, RecursionError) as error:
        line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        message = f"{path}:{line}:{column}: no JSON object: {getattr(error, 'msg', 'expected {')}"
        notes.tell("error", "vcpkg.json", message, file=path, line=line)
        return []
    named = (
        [one.get("name") if isinstance(one, dict) else one for one in listed]
        if isinstance(listed, list)
        else []
    )
    return [one for one in named if isinstance(one, str) and not one.startswith("vcpkg-")]


FETCHED = {"json": "nlohmann_json", "nlohmann": "nlohmann_json", "nlohmannjson": "nlohmann_json", "cpp-httplib": "httplib",
           "llama.cpp": "llama", "llama_cpp": "llama", "googletest": "gtest", "libcurl": "curl"}  # fmt: skip
"""What people call a project that they fetch → its CMake package."""


def of_text(text: str, file: str, needs: Needs) -> None:
    """Makefiles, meson.build, configure.ac: linker names and pkg-config modules, wherever they stand."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        for name in re.findall(r"(?:^|\s)-l([A-Za-z0-9_.+-]+)", line):
            if name in LINKED:
                needs.add(LINKED[name], "native.link", f"-l{name}", file, number)
        if re.search(r"pkg-config|PKG_CONFIG|PKG_CHECK_MODULES|dependency\(", line):
            for name in re.findall(r"[A-Za-z0-9_.+-]+", line):
                if name in MODULES:
                    needs.add(MODULES[name], "native.module", name, file, number)
                elif "dependency(" in line and name.lower() in CMAKE:
                    needs.add(CMAKE[name.lower()], "native.module", name, file, number)
