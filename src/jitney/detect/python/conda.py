"""environment.yml and pixi's tables: their pip part, the packages that the Python index has under the same name, and an error
for the rest."""

from __future__ import annotations

import re
from typing import Any

from jitney.detect.data.python_imports import is_distribution
from jitney.detect.model import Package
from jitney.detect.notes import Notes
from jitney.detect.python.manifest import Manifest
from jitney.detect.python.requirements import Reading
from jitney.detect.python.tables import line_of, parse_yaml, table, texts
from jitney.findings import Evidence
from jitney.source import Source

_NOT_NEEDED = frozenset(
    ("pip", "setuptools", "wheel", "ca-certificates", "openssl", "certifi", "python", "python_abi",
     "cudatoolkit", "cuda-toolkit", "cuda-version", "cudnn", "pytorch-cuda", "pytorch-mutex", "cpuonly",
     "mkl", "mkl-service", "mkl_fft", "mkl_random", "blas", "nomkl", "intel-openmp", "llvm-openmp",
     "openmp", "tk", "readline", "ncurses", "sqlite", "xz", "zlib", "zstd", "bzip2", "tzdata", "libffi",
     "gcc", "gxx", "gfortran", "compilers", "c-compiler", "cxx-compiler", "cmake", "make", "ninja",
     "binutils", "pkg-config", "ld_impl_linux-64")
)  # fmt: skip
"""What Jitney's own images have, what the build of PyTorch is chosen by, and what only a conda environment itself needs."""

_RENAMED = {"pytorch": "torch", "pytorch-cpu": "torch", "pytorch-gpu": "torch", "opencv": "opencv-python-headless",
            "py-opencv": "opencv-python-headless", "tensorflow-gpu": "tensorflow", "matplotlib-base": "matplotlib",
            "faiss-gpu": "faiss-cpu", "pytables": "tables", "protobuf": "protobuf"}  # fmt: skip
"""conda's name → the Python index's, where they differ."""

_DEBIAN = {"ffmpeg": "ffmpeg", "git": "git", "graphviz": "graphviz", "poppler": "poppler-utils", "tesseract": "tesseract-ocr",
           "sox": "sox", "jq": "jq", "curl": "curl", "pandoc": "pandoc", "wget": "wget", "imagemagick": "imagemagick",
           "portaudio": "libportaudio2", "espeak": "espeak", "libsndfile": "libsndfile1", "git-lfs": "git-lfs"}  # fmt: skip
"""Programs that conda gives and Debian has."""

_ITEM = re.compile(
    r"(?:[\w./-]+::)?([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?\s*((?:[<>=!~]=?\s*)?[^\s=]*)(?:\s*=\s*\S+|\s+\S+)?"
)


def read_conda(source: Source, path: str, reading: Reading, notes: Notes) -> Manifest:
    """`dependencies`, with the list below `pip`. What is no conda package is an error with its line."""
    found = Manifest("conda", reading)
    found.files.append(path)
    for item in parse_yaml(source, path, notes).get("dependencies").items:
        if item.text:
            _conda_package(item.text, found, notes, (path, item.line))
        for one in item.get("pip").items:
            _pip(one.text, reading, path, one.line)
    return found


def read_pixi(source: Source, path: str, data: dict[str, Any], reading: Reading, notes: Notes) -> Manifest:
    """pixi.toml, or `[tool.pixi]`: what it has from conda by the same rules, its part for the Python index as it is."""
    found = Manifest("pixi", reading)
    found.files.append(path)
    for name, value in table(data, "dependencies").items():
        version = str(value.get("version", "*")) if isinstance(value, dict) else str(value)
        text = f"{name} {version}" if name.lower() == "python" and version != "*" else name
        _conda_package(text, found, notes, (path, line_of(source, path, name)))
    for name, value in table(data, "pypi-dependencies").items():
        _pypi(name, value, reading, path, line_of(source, path, name))
    lock = f"{path.rpartition('/')[0]}/pixi.lock".lstrip("/")
    if source.has(lock):
        notes.tell("warning", "pixi.lock", f"{lock} is not read: versions are resolved anew from {path}",
                   hint="jitney lock keeps them", file=lock)  # fmt: skip
    return found


def _pypi(name: str, value: object, reading: Reading, path: str, line: int) -> None:
    if not isinstance(value, dict):
        reading.add(name + ("" if value == "*" else str(value)), path, line)
    elif isinstance(value.get("path"), str):
        reading.add(f"./{value['path']}", path, line)
    elif isinstance(value.get("git"), str):
        reading.add(f"{name} @ git+{value['git']}", path, line)
    else:
        version, extras = str(value.get("version", "*")), ",".join(texts(value.get("extras")))
        reading.add(
            (f"{name}[{extras}]" if extras else name) + ("" if version == "*" else version), path, line
        )


def _pip(text: str, reading: Reading, path: str, number: int) -> None:
    option = re.match(r"(-r|--requirement|-c|--constraint|-e|--editable)[\s=]+(\S+)", text)
    if option:
        reading.option(option[1], option[2], path, number, 0)
    elif text and not text.startswith("-"):
        reading.add(text, path, number)


def _conda_package(text: str, found: Manifest, notes: Notes, place: tuple[str, int]) -> None:
    """One line of `dependencies`: `channel::name=1.2=build`, `name >=1.2`, `python=3.11`."""
    path, number = place
    match = _ITEM.fullmatch(text.strip())
    if match is None or (" " in text.strip() and not re.search(r"\s[<>=!~*\d]", text.strip())):
        notes.tell("error", "conda.shape", f"{path}:{number}: `{text[:80]}` is no conda package",
                   hint="- NAME=VERSION", file=path, line=number)  # fmt: skip
        return
    name, spec = match[1].lower(), specifier(match[2])
    if name == "python":
        found.requires, found.requires_line = spec, number
    elif name in _DEBIAN:
        why = Evidence(rule="conda.system", decides="system", value=name, file=path, line=number)
        found.system.append(Package(name=_DEBIAN[name], why=why))
    elif name not in _NOT_NEEDED and not name.startswith(("lib", "_")):
        _from_index(name, spec, found, notes, place)


def _from_index(name: str, spec: str, found: Manifest, notes: Notes, place: tuple[str, int]) -> None:
    path, number = place
    known = _RENAMED.get(name, name)
    if is_distribution(known):
        found.reading.add(known + ("" if name in _RENAMED else spec), path, number)
        return
    notes.tell("error", "conda.only", f"{path}:{number}: {name} comes from conda, which Jitney does not use",
               hint="move it to the pip part if the Python index has it, or use --apt for a system library", file=path,
               line=number)  # fmt: skip


def specifier(text: str) -> str:
    """conda's `=3.10`, `3.10.*`, `>=3.8,<3.11`, `==3.9.1` in PEP 440's words: `=` and a bare version mean all that begin so."""
    text = text.replace(" ", "")
    match = re.fullmatch(r"(={0,2})(\d+(?:\.\d+)*)(\.?\*)?", text)
    if match is None:
        return text if re.fullmatch(r"(?:[<>!~=]=?[\d.*]+,?)+", text) else ""
    whole = match[2].count(".") >= 2 or (match[1] == "==" and not match[3])
    return f"=={match[2]}" + ("" if whole and match[2].count(".") >= 2 else ".*")
