"""Real builds of small programs: what is installed runs, twice the same bytes, nothing but the program is in the image."""

from __future__ import annotations

import json
import subprocess

import pytest

from jitney.errors import BuildError, ResolveError
from jitney.source import Source

from .conftest import Workshop, program

pytestmark = pytest.mark.engine

SCRIPT = Source.from_mapping({"chat.py": "import requests\n"}, entry="chat.py")
GO = """package main

import (
\t"fmt"

\t"github.com/google/uuid"
)

func main() { fmt.Println(uuid.NewSHA1(uuid.NameSpaceDNS, []byte("x"))) }
"""


def test_python_packages_import_and_scripts_run(workshop: Workshop) -> None:
    plan, tag = workshop.build(program("python", "chat.py", "requests", "pydantic", "httpx[cli]"), SCRIPT)
    code = "import requests, pydantic, sys; print(pydantic.__version__, sys.prefix, sys.argv[0])"
    assert "/opt/venv" in workshop.run(plan, tag, "python3", "-c", code)
    assert "Usage" in workshop.run(plan, tag, "httpx", "--help"), "a console script's first line is right"
    tree = workshop.tree(tag)
    assert not [name for name in tree if name.endswith(("direct_url.json", "uv_cache.json", "/pip", "/uv"))]
    assert [name for name in tree if name.endswith(".pyc")], "byte code is made beforehand"


def test_twice_the_same_bytes(workshop: Workshop) -> None:
    detection = program("python", "chat.py", "requests", "pydantic")
    _, first = workshop.build(detection, SCRIPT, suffix="-1", no_cache=True)
    _, second = workshop.build(detection, SCRIPT, suffix="-2", no_cache=True)
    one, two = workshop.tree(first), workshop.tree(second)
    assert len(one) > 300
    assert {name for name in one.keys() | two.keys() if one.get(name) != two.get(name)} == set()


def test_no_secret_and_no_tool_is_in_the_image(workshop: Workshop) -> None:
    _, tag = workshop.build(program("python", "chat.py", "requests"), SCRIPT)
    said = subprocess.run(["docker", "inspect", tag], capture_output=True, text=True, check=True).stdout
    config = json.loads(said)[0]["Config"]
    assert config["User"] == "65532:65532"
    assert not [word for word in config["Env"] or [] if "CERT" in word or "INDEX" in word]
    layers = subprocess.run(
        [
            "docker",
            "run",
            "--rm",
            "--label",
            "jitney=probe",
            tag,
            "python3",
            "-c",
            "import os; print(os.listdir('/dev'))",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "jitney" not in layers


@pytest.mark.slow
def test_a_package_that_has_only_sources(workshop: Workshop) -> None:
    source = Source.from_mapping({"chat.py": "import docopt\n"}, entry="chat.py")
    plan, tag = workshop.build(program("python", "chat.py", "docopt"), source)
    assert plan.lock.sdists == ("docopt",)
    assert workshop.run(plan, tag, "python3", "-c", "import docopt; print(docopt.__version__)").startswith(
        "0."
    )
    with pytest.raises(AssertionError):
        workshop.run(plan, tag, "gcc", "--version")


@pytest.mark.slow
def test_a_wheel_that_wants_a_system_library(workshop: Workshop) -> None:
    source = Source.from_mapping({"chat.py": "import cv2\n"}, entry="chat.py")
    plan, tag = workshop.build(program("python", "chat.py", "opencv-python"), source)
    assert "libgl1" in plan.lock.system
    assert workshop.run(plan, tag, "python3", "-c", "import cv2; print('fine')") == "fine\n"


def test_go_is_a_static_binary_in_an_image_that_has_nothing_else(workshop: Workshop) -> None:
    source = Source.from_mapping({"main.go": GO}, entry="main.go")
    plan, tag = workshop.build(program("go", "main.go", "github.com/google/uuid"), source)
    assert "github.com/google/uuid v1." in plan.lock.files["go.sum"]
    assert workshop.run(plan, tag, *plan.run.argv) == "05b16a01-46c6-56dd-bd6e-c6dfb4a1427a\n"
    image = workshop.engine.image(tag)
    assert image is not None
    assert image.size_bytes < 4 << 20


def test_go_that_does_not_compile_says_where(workshop: Workshop) -> None:
    source = Source.from_mapping({"main.go": "package main\n\nfunc main() { nothing() }\n"}, entry="main.go")
    with pytest.raises(BuildError) as caught:
        workshop.build(program("go", "main.go"), source)
    assert "main.go:3" in caught.value.output


def test_a_package_that_does_not_exist_and_versions_that_do_not_fit(workshop: Workshop) -> None:
    with pytest.raises(ResolveError, match="no package 'jitney-no-such-package-1'") as caught:
        workshop.lock(program("python", "chat.py", "jitney-no-such-package-1"), SCRIPT)
    assert "chat.py:1" in caught.value.message
    with pytest.raises(ResolveError, match="do not go together"):
        workshop.lock(program("python", "chat.py", "requests==2.32.0", "urllib3<1"), SCRIPT)
