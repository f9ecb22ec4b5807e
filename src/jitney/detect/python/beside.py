"""Which Python the manifests say that do not decide the packages: requirements.txt says none, the pyproject.toml, setup.py or
environment.yml beside it may."""

from __future__ import annotations

from jitney.detect.notes import Notes
from jitney.detect.python.manifest import Manifest
from jitney.detect.python.poetry import caret
from jitney.detect.python.requirements import Reading
from jitney.detect.python.setuptools import read_setup
from jitney.detect.python.tables import line_of, read_toml, table
from jitney.source import Source


def required_beside(source: Source, head: str, read: tuple[str, ...]) -> Manifest | None:
    """A Manifest with `requires` and its place, of the first that says it; what is wrong in it is not told, since its packages
    are not taken. read: files that were read already."""
    for name, ask in (("pyproject.toml", _pyproject), ("Pipfile", _pipfile), ("setup.py", _setup), ("setup.cfg", _setup),
                      ("environment.yml", _conda), ("environment.yaml", _conda)):  # fmt: skip
        if head + name not in read and source.has(head + name):
            found = ask(source, head, name)
            if found is not None and found.requires:
                return found
    return None


def _pyproject(source: Source, head: str, name: str) -> Manifest:
    path = head + name
    data = read_toml(source, path, Notes())
    found = _empty(source, path, "pyproject")
    poetry = table(data, "tool", "poetry", "dependencies").get("python")
    found.requires = str(
        table(data, "project").get("requires-python") or (caret(poetry) if isinstance(poetry, str) else "")
    )
    found.requires_line = line_of(source, path, "python")
    return found


def _pipfile(source: Source, head: str, name: str) -> Manifest:
    from jitney.detect.python.pipfile import read_pipfile

    return read_pipfile(source, head, Reading(source, Notes()), locked=False)


def _setup(source: Source, head: str, name: str) -> Manifest | None:
    return read_setup(source, head, Reading(source, Notes()), Notes())


def _conda(source: Source, head: str, name: str) -> Manifest:
    from jitney.detect.python.conda import read_conda

    return read_conda(source, head + name, Reading(source, Notes()), Notes())


def _empty(source: Source, path: str, manager: str) -> Manifest:
    found = Manifest(manager, Reading(source, Notes()))
    found.files.append(path)
    return found
