"""Packagings of models that serve a Python class: Cog's cog.yaml, Truss's config.yaml. Manifests, and they name the program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jitney.detect.model import Package
from jitney.detect.notes import Notes
from jitney.detect.python.manifest import Manifest
from jitney.detect.python.requirements import Reading
from jitney.detect.python.tables import parse_yaml
from jitney.findings import Evidence
from jitney.source import Source
from jitney.source.paths import join

if TYPE_CHECKING:
    from jitney.detect.recipes.yamltree import Node

_REFERENCE = re.compile(r"([\w./-]+\.py):([A-Za-z_]\w*)")
_DEBIAN = re.compile(r"[a-z0-9][a-z0-9.+-]+")
_GONE = {"libgl1-mesa-glx": "libgl1", "libgl1-mesa-dev": "libgl1", "python-dev": "", "python3-dev": ""}
"""Debian packages that examples still name and newer releases have no more, or under another name."""


def is_truss(source: Source, head: str) -> bool:
    """Not every config.yaml is a Truss: the class that is served has its usual place."""
    return source.has(f"{head}config.yaml") and source.has(f"{head}model/model.py")


def read_cog(source: Source, path: str, reading: Reading, notes: Notes) -> Manifest:
    """`build.python_version`, `python_requirements` or `python_packages`, `system_packages`, and `predict`."""
    tree = parse_yaml(source, path, notes)
    build = tree.get("build")
    found = _common(build.get("python_requirements"), path, reading)
    _packages(build.get("python_packages"), found, path)
    _system(build.get("system_packages"), found, path)
    found.reading.add(
        "cog", path, 1
    )  # every image that Cog builds has it: the program imports its classes from there
    version = build.get("python_version")
    _python(found, version, version.text, path)
    match = _REFERENCE.fullmatch((tree.get("predict") if tree.get("predict").text else tree.get("run")).text)
    entry = join(path.rpartition("/")[0], match[1]) if match else None
    if match and entry and source.has(entry):
        found.entry = entry
        # what its own images start; the variable is what they say the class with
        found.start = ("-c", f"import os, runpy; os.environ.setdefault('COG_PREDICT_TYPE_STUB', {match[0]!r}); "
                             "runpy.run_module('cog.server.http', run_name='__main__')")  # fmt: skip
    return found


def read_truss(source: Source, path: str, reading: Reading, notes: Notes) -> Manifest | None:
    """`python_version: py311`, `requirements` or `requirements_file`, `system_packages`. None: another tool's config.yaml."""
    tree = parse_yaml(source, path, notes)
    if not any(
        key in tree.pairs for key in ("model_name", "python_version", "requirements", "model_metadata")
    ):
        return None
    found = _common(tree.get("requirements_file"), path, reading, "truss")
    _packages(tree.get("requirements"), found, path)
    _system(tree.get("system_packages"), found, path)
    version = tree.get("python_version")
    series = re.fullmatch(r"py(\d)(\d+)", version.text)
    _python(found, version, f"{series[1]}.{series[2]}" if series else "", path)
    folder, file = (
        tree.get("model_module_dir").text or "model",
        tree.get("model_class_filename").text or "model.py",
    )
    entry = join(path.rpartition("/")[0], f"{folder}/{file}")
    found.entry = entry if entry and source.has(entry) else ""
    notes.tell("warning", "python.truss", f"{found.entry or path}: a class that Truss's server calls; run by itself it is defined and "
               "nothing more", hint="hand over a program that uses it", file=found.entry or path)  # fmt: skip
    return found


def _common(requirements: Node, path: str, reading: Reading, manager: str = "cog") -> Manifest:
    """A manifest that leaves the packages to a requirements file, where it names one."""
    if requirements.text:
        reading.option("-r", requirements.text, path, requirements.line, 0)
    found = Manifest("requirements" if requirements.text and reading.files else manager, reading)
    found.files.append(path)
    found.requires_file, found.requires_by = path, manager
    return found


def _packages(listed: Node, found: Manifest, path: str) -> None:
    for item in listed.items:
        if item.text.startswith("-"):
            name, _, value = item.text.partition(" ")
            found.reading.option(name, value.strip(), path, item.line, 0)
        elif item.text:
            found.reading.add(item.text, path, item.line)


def _system(listed: Node, found: Manifest, path: str) -> None:
    for item in listed.items:
        name = _GONE.get(item.text, item.text)
        if _DEBIAN.fullmatch(name):
            why = Evidence(
                rule="python.system.manifest", decides="system", value=item.text, file=path, line=item.line
            )
            found.system.append(Package(name=name, why=why))


def _python(found: Manifest, node: Node, version: str, path: str) -> None:
    if re.fullmatch(r"\d+(?:\.\d+){0,2}", version):
        found.requires = f"=={version}" + ("" if version.count(".") == 2 else ".*")
        found.requires_line = node.line
