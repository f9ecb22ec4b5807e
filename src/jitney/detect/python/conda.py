"""environment.yml: its pip part, the packages that the Python index has under the same name, and an error
for the rest.

Conda writes these files in a fixed shape (`conda env export`): a list under `dependencies`, a nested list
under `pip`. That
shape is read line by line; anything else in that list is a finding, never a guess.
"""

from __future__ import annotations

import re

from jitney.detect.data.python_imports import PACKAGES
from jitney.detect.notes import Notes
from jitney.detect.python.packages import normal
from jitney.detect.python.requirements import Reading
from jitney.detect.python.tables import line_of, read_toml, table, texts
from jitney.source import Source

_ITEM = re.compile(r"(\s*)-\s+(.*?)\s*")
_NOT_NEEDED = frozenset({"pip", "setuptools", "wheel", "ca-certificates", "openssl", "certifi", "python"})
_RENAMED = {
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "opencv": "opencv-python-headless",
    "faiss-cpu": "faiss-cpu",
}


def read_conda(source: Source, path: str, reading: Reading, notes: Notes) -> str:
    """Adds packages to the reading. Returns what Python has to be, as a PEP 440 specifier."""
    known = {normal(name) for name in PACKAGES.values()}
    section, requires, pip_indent = "", "", -1
    for number, raw in enumerate(source.read_text(path).splitlines(), 1):
        line = re.sub(r"(^|\s)#.*", "", raw).rstrip()
        if top := re.match(r"([A-Za-z_-]+)\s*:", line):
            section, pip_indent = top[1], -1
            continue
        item = _ITEM.fullmatch(line)
        if section != "dependencies" or not line.strip():
            continue
        if item is None:
            notes.tell(
                "error", "conda.shape", f"{path}:{number}: expected `- NAME=VERSION`", file=path, line=number
            )
            continue
        indent, text = len(item[1]), item[2].strip("\"'")
        if text == "pip:":
            pip_indent = indent
        elif pip_indent >= 0 and indent > pip_indent:
            _pip(text, reading, path, number)
        else:
            requires = _conda_package(text, known, reading, notes, (path, number)) or requires
    return requires


def read_pixi(source: Source, path: str, reading: Reading, notes: Notes) -> str:
    """pixi.toml: what it has from conda by the same rules, its part for the Python index as it is."""
    data = read_toml(source, path, notes)
    known = {normal(name) for name in PACKAGES.values()}
    requires = ""
    for name, value in table(data, "dependencies").items():
        version = str(value.get("version", "*")) if isinstance(value, dict) else str(value)
        place = (path, line_of(source, path, name))
        if name.lower() == "python":
            requires = "" if version == "*" else version if version[0] in "<>=!~" else f"=={version}"
        else:
            _conda_package(name, known, reading, notes, place)
    for name, value in table(data, "pypi-dependencies").items():
        line = line_of(source, path, name)
        if not isinstance(value, dict):
            reading.add(name + ("" if value == "*" else str(value)), path, line)
        elif isinstance(value.get("path"), str):
            reading.add(f"./{value['path']}", path, line)
        elif isinstance(value.get("git"), str):
            reading.add(f"{name} @ git+{value['git']}", path, line)
        else:
            version, extras = str(value.get("version", "*")), ",".join(texts(value.get("extras")))
            reading.add(f"{name}[{extras}]" + ("" if version == "*" else version), path, line)
    return requires


def _pip(text: str, reading: Reading, path: str, number: int) -> None:
    match = re.match(r"-r\s+(\S+)", text)
    if match:
        reading.option("-r", match[1], path, number, 0)
    elif not text.startswith("-"):
        reading.add(text, path, number)


def _conda_package(text: str, known: set[str], reading: Reading, notes: Notes, place: tuple[str, int]) -> str:
    """Returns Python's specifier where the line is about Python."""
    path, number = place
    match = re.fullmatch(r"(?:[\w.-]+::)?([A-Za-z0-9_.-]+)\s*(==|=|>=|<=|>|<|~=)?\s*([^=\s]*)(?:=\S+)?", text)
    if match is None:
        notes.tell(
            "error", "conda.shape", f"{path}:{number}: `{text}` is no conda package", file=path, line=number
        )
        return ""
    name, sign, version = match[1].lower(), match[2] or "", match[3]
    if name == "python":
        return (
            (
                f"=={version}" + (".*" if version.count(".") < 2 else "")
                if sign in ("=", "==")
                else sign + version
            )
            if version
            else ""
        )
    if name in _NOT_NEEDED or name.startswith(("lib", "_")):
        return ""
    name = _RENAMED.get(name, name)
    if normal(name) not in known:
        notes.tell("error", "conda.only", f"{path}:{number}: {name} comes from conda, which Jitney does not use",
                   hint="move it to the pip part if the Python index has it, or use --apt for a system library", file=path, line=number)  # fmt: skip
        return ""
    spec = f"=={version}.*" if sign == "=" and version else (sign + version if version else "")
    reading.add(name + spec, path, number)
    return ""
