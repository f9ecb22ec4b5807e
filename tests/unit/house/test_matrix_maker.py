"""tools/matrices.py and tools/wheel_index.py against an index that is a few lines here: pages, ranges, floors."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest

TOOLS = Path(__file__).parents[3] / "tools"
sys.path.insert(0, str(TOOLS))

matrices: Any = import_module("matrices")
wheel_index: Any = import_module("wheel_index")

INDEX = "https://index.example/simple"
METADATA = """Metadata-Version: 2.1
Name: torch
Version: 2.9.0
Requires-Python: >=3.10
Requires-Dist: nvidia-cuda-runtime-cu12==12.8.90; platform_system == "Linux" and platform_machine == "x86_64"
Requires-Dist: nvidia-cudnn-cu12==9.10.2.21; platform_system == "Linux" and platform_machine == "x86_64"
Requires-Dist: pytest; extra == "test"
"""
NAMES = (
    "torch-2.9.0-cp312-cp312-manylinux_2_28_x86_64.whl",
    "torch-2.9.0-cp313-cp313-manylinux_2_28_x86_64.whl",
    "torch-2.9.0-cp313-cp313t-manylinux_2_28_x86_64.whl",
    "torch-2.9.0-cp312-cp312-manylinux_2_28_aarch64.whl",
    "torch-2.9.0-cp312-cp312-win_amd64.whl",
    "torch-2.10.0rc1-cp312-cp312-manylinux_2_28_x86_64.whl",
    "torch-2.9.0.tar.gz",
)


def a_wheel() -> bytes:
    """One with 200 kB before its metadata, so that reading it needs ranges."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("torch/big.bin", bytes(range(256)) * 800)
        archive.writestr("torch-2.9.0.dist-info/METADATA", METADATA)
    return data.getvalue()


def answer(form: str, asked: list[int]) -> Any:
    data = a_wheel()

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(".metadata"):
            return httpx.Response(404)
        if request.url.path.endswith(".whl"):
            first, last = map(int, request.headers["range"].removeprefix("bytes=").split("-"))
            part = data[first : last + 1]
            asked.append(len(part))
            return httpx.Response(
                206, content=part, headers={"content-range": f"bytes {first}-{last}/{len(data)}"}
            )
        if request.url.path == "/simple/torch/":
            return httpx.Response(200, text=page(form))
        return httpx.Response(200, text="<html></html>")

    return handle


def page(form: str) -> str:
    if form == "json":
        gone = [{"filename": "torch-2.8.0-cp312-cp312-manylinux1_x86_64.whl", "url": "x", "yanked": "bad"}]
        return json.dumps({"files": [*({"filename": name, "url": f"files/{name}"} for name in NAMES), *gone]})
    lines = [f'<a href="files/{name}#sha256=0" data-requires-python="&gt;=3.10">{name}</a>' for name in NAMES]
    yanked = '<a href="x.whl" data-yanked="">torch-2.8.0-cp312-cp312-manylinux1_x86_64.whl</a>'
    return "<html>" + "<br/>\n".join([*lines, yanked]) + "</html>"


@pytest.mark.parametrize("form", ["json", "html"])
def test_a_row_is_read_from_names_and_a_piece_of_one_wheel(form: str) -> None:
    asked: list[int] = []
    with httpx.Client(transport=httpx.MockTransport(answer(form, asked))) as client:
        index = wheel_index.Index(INDEX, client)
        kept: dict[str, Any] = {"torch": {"bundled": {}, "variant": [], "architectures": []}}
        made = matrices.torch(index, kept)
    assert made["rows"] == [
        {"torch": "2.9.0", "pythons": ["3.12", "3.13"], "arm64": ["3.12"], "cuda": "12.8", "cudnn": "9.10"}
    ]
    assert max(asked) < len(a_wheel())


def test_fewer_rows_write_nothing() -> None:
    old = {"rows": [{"torch": "1"}, {"torch": "2"}]}
    with pytest.raises(SystemExit, match="has the page changed"):
        matrices.check_floor("torch", {"rows": [{"torch": "2"}]}, old, False)
    matrices.check_floor("torch", {"rows": [{"torch": "2"}]}, old, True)
    matrices.check_floor("torch", {"rows": [{}, {}, {}]}, old, False)


def test_what_pytorchs_own_index_has() -> None:
    pages = {
        "/whl/": '<a href="cpu/">cpu</a> <a href="/whl/cu126/">cu126</a> <a href="rocm7.2/">rocm7.2</a> <a href="other/">x</a>',
        "/whl/cpu/torch/": '<a href="torch-2.9.0%2Bcpu-cp312-cp312-linux_x86_64.whl">torch-2.9.0+cpu-cp312-cp312-linux_x86_64.whl</a>',
        "/whl/cu126/torch/": '<a href="x">torch-2.9.0+cu126-cp312-cp312-linux_x86_64.whl</a><a href="y">torch-2.10.0+cu126-cp312-cp312-linux_x86_64.whl</a>',
    }  # fmt: skip

    def handle(request: httpx.Request) -> httpx.Response:
        text = pages.get(request.url.path)
        return httpx.Response(404) if text is None else httpx.Response(200, text=text)

    with httpx.Client(transport=httpx.MockTransport(handle)) as client:
        lines = list(matrices.torch_index("https://torch.example/whl", client))
    assert lines == ['cpu = ["2.9.0"]', 'cu126 = ["2.9.0", "2.10.0"]', "rocm7.2 = []"]


def test_the_tables_are_what_the_maker_writes_and_each_kept_row_has_a_source() -> None:
    import tomllib

    kept = tomllib.loads((TOOLS / "matrices.toml").read_text(encoding="utf-8"))
    for rows in (kept["torch"]["variant"], kept["torch"]["architectures"], kept["servers"]["release"],
                 kept["servers"]["image"], kept["gpus"]["driver"]):  # fmt: skip
        assert all(row["source"] for row in rows)
    for path in matrices.FOLDER.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        made = json.loads(text)
        assert matrices.written({name: made[name] for name in made if name != "made"}, made["made"]) == text
