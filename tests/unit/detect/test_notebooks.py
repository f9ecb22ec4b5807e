"""Notebooks: the script that their cells make, what they install, and that it goes along."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from jitney.detect import detect
from jitney.detect.model import Detection, Wishes
from jitney.detect.python.notebook import read, runnable
from jitney.errors import DetectionError
from jitney.source import Source, open_source


def notebook(*cells: str, **more: Any) -> str:
    """Code cells as Jupyter writes them."""
    made = [
        {"cell_type": "code", "source": cell.splitlines(keepends=True), "metadata": {}, "outputs": []}
        for cell in cells
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | more)


def seen(*cells: str) -> Detection:
    return detect(Source.from_mapping({"chat.ipynb": notebook(*cells)}, "chat.ipynb"), Wishes())


def test_a_notebook_is_a_program_and_its_script_goes_along(tmp_path: Path) -> None:
    (tmp_path / "chat.ipynb").write_text(notebook("from openai import OpenAI", "OpenAI().models.list()"))
    with open_source(str(tmp_path / "chat.ipynb")) as source:
        found = detect(source, Wishes())
        assert (found.language, found.entry, found.start) == ("python", "chat.ipynb", ("chat.ipynb.py",))
        assert found.framework == "openai" and [one.name for one in found.packages] == ["openai"]
        with tarfile.open(fileobj=io.BytesIO(b"".join(source.tar(found.takes)))) as tar:
            laid = tar.extractfile("chat.ipynb.py")
            assert laid is not None and b"from openai import OpenAI\n" in laid.read()
    assert [path.name for path in tmp_path.iterdir()] == ["chat.ipynb"]


def test_the_only_notebook_of_a_folder_is_its_program() -> None:
    assert detect(Source.from_mapping({"a.ipynb": notebook("import ollama")}), Wishes()).entry == "a.ipynb"
    beside = {"a.ipynb": notebook("import ollama"), "main.py": "import openai\n"}
    assert detect(Source.from_mapping(beside), Wishes()).entry == "main.py"


@pytest.mark.parametrize(
    ("cell", "packages", "system"),
    [
        ("%pip install -q -U 'rich>=13' httpx==0.28", ["rich>=13", "httpx==0.28"], []),
        ("!pip install --index-url https://example.org/simple rich", ["rich"], []),
        ("!uv pip install rich", ["rich"], []),
        ("!{sys.executable} -m pip install rich && echo done", ["rich"], []),
        ("!pip install rich \\\n  httpx", ["rich", "httpx"], []),
        ("pip install rich", ["rich"], []),
        ("%%bash\npip install rich\nnvidia-smi", ["rich"], []),
        ("!sudo apt-get -qq install -y ffmpeg libsndfile1 > /dev/null", [], ["ffmpeg", "libsndfile1"]),
        ("!ls", [], ["dash"]),
        ("!pip install git+https://example.org/x.git .", [], []),
        ("text = '''\n!pip install rich\n'''", [], []),
        ("# !pip install rich", [], []),
    ],
)
def test_what_cells_install(cell: str, packages: list[str], system: list[str]) -> None:
    found = seen(cell)
    assert [one.name + one.spec for one in found.packages] == packages
    assert [one.name for one in found.system] == system


def test_an_installation_names_what_no_table_knows() -> None:
    assert not seen("%pip install nobodys-thing", "import nobodys_thing").unknown
    assert [one.name for one in seen("import nobodys_thing").unknown] == ["nobodys_thing"]


def test_the_script_runs_as_the_notebook_would(tmp_path: Path) -> None:
    cells = (
        "%matplotlib inline\n%env GREETING=hello",
        "import asyncio, os\nx = !echo from the shell\n!echo plainly",
        "%%writefile note.txt\nline\n",
        "%%time\nawait asyncio.sleep(0)\nprint(os.environ['GREETING'], x, open('note.txt').read())\nx?",
        "%%html\n<b>left out</b>",
        "if True:\n    !echo indented",
    )
    script = tmp_path / "a.ipynb.py"
    script.write_text(runnable(read(notebook(*cells), "a.ipynb")))
    ran = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert sorted(ran.stdout.splitlines()) == ["", "hello ['from the shell'] line", "indented", "plainly"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is no notebook"),
        ("[]", "no cells"),
        (notebook("1", metadata={"kernelspec": {"language": "R"}}), "notebook for r"),
    ],
)
def test_what_is_no_python_notebook_is_refused(text: str, says: str) -> None:
    with pytest.raises(DetectionError, match=says):
        detect(Source.from_mapping({"a.ipynb": text}, "a.ipynb"), Wishes())


def test_sheets_of_the_old_format_are_read() -> None:
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["import rich\n", "print(1)"]}]}]}
    assert "import rich\nprint(1)" in read(json.dumps(old), "a.ipynb").text


def test_files_that_other_tools_call_notebooks_are_plain_python() -> None:
    marimo = (
        "import marimo\napp = marimo.App()\n@app.cell\ndef _():\n    import openai\n    return (openai,)\n"
    )
    jupytext = "# %% [markdown]\n# # Title\n# %%\nimport openai\n"
    for text in (marimo, jupytext):
        found = detect(Source.from_mapping({"a.py": text}, "a.py"), Wishes())
        assert "openai" in [one.name for one in found.packages]


def test_lines_that_only_look_like_magics_are_left_alone() -> None:
    cell = "name = ('%s'\n        % 'x')\nassert 5 \\\n != 4\n"
    assert cell.rstrip() in read(notebook(cell), "a.ipynb").text
    assert "        % 'x')" in read(notebook("!ls\n" + cell), "a.ipynb").text


@pytest.mark.parametrize(
    "line",
    [" " * 3990 + "x", "a = " * 900, "[ \"'" * 900, "!pip install " + " " * 3900 + "&", "x" * 3_000_000],
)
def test_long_lines_take_no_time(line: str) -> None:
    begun = time.monotonic()
    read(notebook(line), "a.ipynb")
    assert time.monotonic() - begun < 5
