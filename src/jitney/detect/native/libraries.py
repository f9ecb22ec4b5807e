"""Debian packages and flags that a native program needs, each with the line that says so."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from jitney.detect.data.native import CMAKE, LINKED, MODULES, ONLY_SID, PART_OF_C, of_header
from jitney.detect.model import Package
from jitney.detect.native.cmake import CMake
from jitney.findings import Evidence


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
    boost = [name for name, _, _ in project.packages if name.lower().startswith("boost:")]
    for name, file, line in project.packages:
        head, _, part = name.lower().partition(":")
        if head == "boost" and boost:
            apt = f"libboost-{part.replace('_', '-')}-dev" if part else "libboost-dev"
            needs.add(apt if re.fullmatch(r"[a-z-]+", apt) and part not in ("headers", "optional_components", "required")
                      else "libboost-dev", "native.cmake", name, file, line)  # fmt: skip
        elif not part and head in CMAKE:
            needs.add(CMAKE[head], "native.cmake", name, file, line)
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
