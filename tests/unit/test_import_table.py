"""tools/import_table.py: modules of wheels in an index, read by ranges; what decides between claimants."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import httpx
import pytest

TOOL = Path(__file__).parents[2] / "tools/import_table.py"


def tool() -> ModuleType:
    spec = spec_from_file_location("import_table", TOOL)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wheel(*paths: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("big/data.bin", bytes(200_000))
        for path in paths:
            archive.writestr(path, "")
        archive.writestr("some_thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: Some.Thing\n")
    return made.getvalue()


@pytest.fixture
def index() -> Iterator[tuple[str, list[int]]]:
    """An index with one distribution, and the bytes that it was asked for."""
    data = wheel("thing/__init__.py", "thing/sub.py", "space/inner/__init__.py", "lone.py", "tests/test_x.py")
    sent: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/simple/some-thing/":
                files = [
                    {
                        "filename": "some_thing-1.0-py3-none-any.whl",
                        "url": "/some.whl",
                        "upload-time": "2026-01-01",
                    }
                ]
                self.answer(200, json.dumps({"files": files}).encode(), "application/vnd.pypi.simple.v1+json")
            elif self.path == "/some.whl":
                first, last = self.headers["range"].removeprefix("bytes=").split("-")
                piece = data[int(first) : int(last) + 1]
                sent.append(len(piece))
                self.answer(206, piece, "application/zip")
            else:
                self.answer(404, b"", "text/plain")

        def do_HEAD(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(data)))
            self.end_headers()

        def answer(self, code: int, body: bytes, kind: str) -> None:
            self.send_response(code)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/simple", sent
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_index_is_asked_for_the_directory_of_a_wheel_alone(
    index: tuple[str, list[int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = tmp_path / "names.txt"
    names.write_text("some.thing\nnot-there\n")
    claims: dict[tuple[str, str], str] = {}
    tool().ask_index(index[0], names, claims)
    assert sorted(claims) == [("lone", "some-thing"), ("space.inner", "some-thing"), ("thing", "some-thing")]
    assert sum(index[1]) < 20_000
    assert "not-there: no wheel" in capsys.readouterr().err


def test_an_index_is_asked_only_for_names_on_a_list() -> None:
    with pytest.raises(SystemExit, match="--names"):
        tool().ask_index("http://127.0.0.1:1/simple", None, {})


def test_ranges_are_read_as_a_file(index: tuple[str, list[int]]) -> None:
    with httpx.Client() as client:
        file = tool().Ranges(client, index[0].replace("/simple", "/some.whl"))
        assert file.seekable() and file.readable()
        file.seek(-4, 2)
        assert len(file.read(100)) == 4 and file.read(1) == b""


@pytest.mark.parametrize(
    ("files", "want"),
    [
        (["a/__init__.py", "a/b.py"], {"a"}),
        (["ns/a/__init__.py", "ns/a/b.py"], {"ns.a"}),  # a folder without __init__ is shared with others
        (["one.py", "_two.cpython-313.so"], {"one", "_two"}),
        (["a-1.dist-info/x.py", "../../bin/a.py"], set()),
    ],
)
def test_modules_of_a_distribution(files: list[str], want: set[str]) -> None:
    assert tool().modules(files) == want


def test_popular_names_with_and_without_columns(tmp_path: Path) -> None:
    plain, columns = tmp_path / "a.txt", tmp_path / "b.tsv"
    plain.write_text("Rich\nhttpx\n")
    columns.write_text("name\tversion\trank_among_all\nhttpx\t1\t2\nrich\t1\t1\nrare\t1\t0\n")
    assert tool().ranking(plain) == {"rich": 1, "httpx": 2}
    assert tool().ranking(columns) == {"rich": 1, "httpx": 2}
