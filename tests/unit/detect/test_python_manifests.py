"""Python's manifests: which decides, which Python it wants, where it is broken."""

from __future__ import annotations

import pytest

from jitney.detect import detect
from jitney.detect.model import Detection, Wishes
from jitney.errors import DetectionError
from jitney.source import Source

Files = dict[str, str | bytes]
MAIN: Files = {"main.py": "print(1)\n"}


def see(files: Files) -> Detection:
    return detect(Source.from_mapping({**MAIN, **files}), Wishes())


def codes(found: Detection, level: str = "error") -> list[str]:
    return [one.code for one in found.findings if one.level == level]


@pytest.mark.parametrize(
    ("files", "manager", "version", "packages"),
    [
        ({"cog.yaml": "build:\n  python_version: '3.11'\n  python_packages:\n    - torch==2.3.1\npredict: main.py:P\n"},
         "cog", "==3.11.*", ["torch", "cog"]),
        ({"cog.yaml": "build:\n  python_version: '3.12'\n  python_requirements: r.txt\n", "r.txt": "httpx\n", "requirements.txt": "x\n"},
         "requirements", "==3.12.*", ["httpx", "cog"]),
        ({"config.yaml": "model_name: x\npython_version: py39\nrequirements:\n- rich\n", "model/model.py": "class Model: pass\n",
          "requirements.txt": "httpx\n"}, "truss", "==3.9.*", ["rich"]),
        ({"config.yaml": "seed: 1\n", "model/model.py": "", "requirements.txt": "rich\n"}, "requirements", "", ["rich"]),
        ({"environment.yml": "dependencies:\n- python=3.10\n- conda-forge::numpy >=1.2\n- pip:\n  - rich\n"},
         "conda", "==3.10.*", ["numpy", "rich"]),
        ({"environment.yaml": "dependencies: [python>=3.9, pytorch]\n"}, "conda", ">=3.9", ["torch"]),
        ({"pixi.toml": "[dependencies]\npython='3.12.*'\n[pypi-dependencies]\nrich='*'\n"}, "pixi", "==3.12.*", ["rich"]),
        ({"pyproject.toml": "[tool.pixi.dependencies]\npython='>=3.11'\n"}, "pixi", ">=3.11", []),
        ({"requirements.txt": "rich\n", "environment.yml": "dependencies:\n- python=3.10\n"}, "requirements", "==3.10.*", ["rich"]),
        ({"requirements.txt": "rich\n", "pyproject.toml": "[project]\nname='x'\nrequires-python='>=3.11'\n"},
         "requirements", ">=3.11", ["rich"]),
        ({"requirements.txt": "torch==2.0.1\n"}, "requirements", ">=3.8,<3.12", ["torch"]),
        ({"my_requirements.txt": "rich\n", "requirements-dev.txt": "pytest\n"}, "requirements", "", ["rich"]),
        ({"pyproject.toml": "[project]\nname='x'\ndependencies=['rich']\n[tool.uv]\npackage=false\n"}, "uv", "", ["rich"]),
        ({"pyproject.toml": "[project]\nname='x'\ndependencies=['rich']\n[build-system]\nbuild-backend='poetry.core.masonry.api'\n"},
         "poetry", "", ["rich"]),
        ({"Pipfile.lock": '{"_meta": {"requires": {"python_version": "3.11"}}}', "Pipfile": "[packages]\nrich='*'\n"},
         "pipenv", "==3.11.*", ["rich"]),
        ({"setup.cfg": "[options]\ninstall_requires =\n  rich>=13\npython_requires = >=3.9\n"}, "setup", ">=3.9", ["rich"]),
        ({"binder/requirements.txt": "rich\n", "environment.yml": "dependencies:\n- a\n  b\n"}, "requirements", "", ["rich"]),
        ({".python-version": "# ours\n3.12\n3.11\n", "requirements.txt": "rich\n"}, "requirements", "3.12", ["rich"]),
        ({".python-version": "cpython-3.12.1-linux-x86_64-gnu\n"}, "imports", "3.12.1", []),
        ({"mise.toml": "[tools]\npython = ['3.13', '3.12']\n"}, "imports", "3.13", []),
    ],
)  # fmt: skip
def test_what_a_manifest_says(files: Files, manager: str, version: str, packages: list[str]) -> None:
    found = see(files)
    assert (found.manager, found.version) == (manager, version)
    assert [one.name for one in found.packages] == packages
    assert not codes(found)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("pyproject.toml", "[project]\nname =\n", "pyproject.toml:2:7: not valid TOML"),
        ("Pipfile", "[packages\n", "Pipfile:1:10: not valid TOML"),
        ("Pipfile.lock", "{\n  x", "Pipfile.lock:2:3: not valid JSON"),
        ("pixi.toml", "\n\nx\n", "pixi.toml:3:2: not valid TOML"),
        ("environment.yml", "dependencies:\n  - a: [\n  - b", "environment.yml:3:3: not valid YAML"),
        ("cog.yaml", "build:\n\t- x", "cog.yaml:2:1: not valid YAML"),
        ("setup.cfg", "[options]\na = 1\nb\n", "setup.cfg:3: "),
        ("setup.py", "from setuptools import setup\nsetup(\n", "setup.py:2: "),
        ("requirements.txt", "rich\n\n!!!\n", "requirements.txt:3: `!!!`"),
        ("requirements.txt", "git+${HOST}/x\n", "requirements.txt:1: ${HOST}"),
        ("mise.toml", "[tools\n", "mise.toml:1:7: not valid TOML"),
    ],
)
def test_a_broken_manifest_says_where(name: str, text: str, told: str) -> None:
    errors = [one for one in see({name: text}).findings if one.level == "error"]
    assert errors and errors[0].message.startswith(told) and errors[0].file == name


@pytest.mark.parametrize(
    ("files", "level"),
    [
        ({".python-version": "3.10\n", "pyproject.toml": "[project]\nname='x'\nrequires-python='>=3.12'\n"}, "error"),
        ({".python-version": "3.10\n", "pyproject.toml": "[project]\nname='x'\nrequires-python='3.12.*'\n"}, "error"),
        ({".tool-versions": "python 3.10.1\n", "pyproject.toml": "[project]\nname='x'\nrequires-python='>=3.12'\n"}, "warning"),
        ({".python-version": "3.10\n", "requirements.txt": "rich\n", "pyproject.toml": "[project]\nname='x'\nrequires-python='>=3.12'\n"},
         "warning"),
    ],
)  # fmt: skip
def test_contradictions_are_told(files: Files, level: str) -> None:
    found = see(files)
    assert "python.version.contradiction" in codes(found, level) and found.version.startswith("3.10")
    losers = next(one.losers for one in found.evidence if one.decides == "version")
    assert any(">=3.12" in one or "3.12.*" in one for one in losers)


def test_an_environment_without_a_program_is_known_all_the_same() -> None:
    with pytest.raises(DetectionError, match="no Python file to start") as caught:
        detect(Source.from_mapping({"requirements.txt": "rich\n", ".python-version": "3.12\n"}), Wishes())
    seen = caught.value.seen
    assert isinstance(seen, Detection)
    assert (seen.language, seen.manager, seen.version, seen.entry) == ("python", "requirements", "3.12", "")
    assert [one.name for one in seen.packages] == ["rich"]


def test_a_manifest_without_packages_leaves_them_to_the_imports() -> None:
    files: Files = {
        "pyproject.toml": "[project]\nname='x'\nrequires-python='>=3.11'\n",
        "main.py": "import rich, own_thing",
    }
    found = see(files)
    assert ([one.name for one in found.packages], found.manager, found.version) == (
        ["rich"],
        "pyproject",
        ">=3.11",
    )
    assert not found.unknown


def test_programs_that_conda_gives_come_from_debian() -> None:
    found = see({"environment.yml": "dependencies:\n- ffmpeg\n- cudatoolkit=11.8\n"})
    assert [one.name for one in found.system] == ["ffmpeg"] and not codes(found)
