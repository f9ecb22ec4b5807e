"""One request: whom a secret goes to, where a redirect may lead, how long a busy server is waited for."""

from __future__ import annotations

import hashlib
import io
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from jitney.errors import ModelError
from jitney.models.sources import download as module
from jitney.models.sources import wire
from jitney.models.sources.download import Remote, download
from jitney.models.storage.store import Store

BODY = b"weights" * 1000
SHA = hashlib.sha256(BODY).hexdigest()


class Server:
    """answers: path → status, headers. seen: path and Authorization of each request."""

    def __init__(self) -> None:
        self.answers: dict[str, list[tuple[int, Mapping[str, str]]]] = {}
        self.seen: list[tuple[str, str]] = []
        self.here = ""
        self.there = ""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    found = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.seen.append((self.path, self.headers.get("Authorization", "")))
            status, headers = found.answers[self.path].pop(0) if found.answers.get(self.path) else (200, {})
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(BODY) if status == 200 else 0)}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(BODY if status == 200 else b"")

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    found.here = f"http://127.0.0.1:{running.server_port}"
    found.there = f"http://localhost:{running.server_port}"
    monkeypatch.setattr(module, "PAUSE_S", 0.0)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    yield found
    running.shutdown()
    running.server_close()
    thread.join()


def get(store: Store, server: Server, path: str = "/a", **more: object) -> None:
    download(store, Remote(url=server.here + path, sha256=SHA, **more))  # type: ignore[arg-type]


SECRET = {"Authorization": "Bearer hush"}


def test_a_secret_follows_to_the_same_host_only(store: Store, server: Server) -> None:
    server.answers = {"/a": [(307, {"Location": "/b"})], "/b": [(302, {"Location": f"{server.there}/c"})]}
    get(store, server, headers=SECRET)
    assert server.seen == [("/a", "Bearer hush"), ("/b", "Bearer hush"), ("/c", "")]


def test_https_does_not_become_http() -> None:
    request = urllib.request.Request("https://example.org/a")
    with pytest.raises(ModelError, match="expected https"):
        wire._Redirects("").redirect_request(request, io.BytesIO(), 302, "", {}, "http://example.org/a")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/a", "", "http://exa mple.org/a b"])
def test_what_is_no_address_of_the_web(url: str) -> None:
    with pytest.raises(ModelError):
        wire.ask(url, 0, {})


@pytest.mark.parametrize("there", ["file:///etc/passwd", "ftp://localhost/a"])
def test_a_redirect_stays_on_the_web(store: Store, server: Server, there: str) -> None:
    server.answers = {"/a": [(302, {"Location": there})]}
    with pytest.raises(ModelError):
        get(store, server)
    assert not list(store.blobs())


def test_a_circle_ends(store: Store, server: Server) -> None:
    server.answers = {"/a": [(302, {"Location": "/a"})] * 50}
    with pytest.raises(ModelError):
        get(store, server)
    assert len(server.seen) < 50


def test_the_users_netrc(store: Store, server: Server, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password hush\n")
    (tmp_path / ".netrc").chmod(0o600)
    get(store, server)
    assert server.seen[0][1].startswith("Basic ")


def test_a_busy_server_is_waited_for_as_it_asks(
    store: Store, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("jitney.models.sources.download.time.sleep", pauses.append)
    server.answers = {"/a": [(429, {"Retry-After": "7"}), (503, {})]}
    get(store, server)
    assert pauses[0] == 7.0
    server.answers = {"/x": [(429, {"Retry-After": "86400"})]}
    with pytest.raises(wire.RefusedError, match="429"):
        download(store, Remote(url=f"{server.here}/x", sha256="0" * 64))


def test_headers_that_expired_are_renewed_once(store: Store, server: Server) -> None:
    server.answers = {"/a": [(401, {})]}
    get(
        store,
        server,
        headers={"Authorization": "Bearer old"},
        renew=lambda _: {"Authorization": "Bearer new"},
    )
    assert [secret for _, secret in server.seen] == ["Bearer old", "Bearer new"]
    server.answers = {"/x": [(401, {})] * 9}
    with pytest.raises(wire.RefusedError, match="401"):
        download(store, Remote(url=f"{server.here}/x", sha256="0" * 64, renew=lambda _: {}))
    assert len(server.seen) == 4


def test_git_sha512_and_md5(store: Store, server: Server) -> None:
    git = hashlib.sha1(f"blob {len(BODY)}\0".encode() + BODY).hexdigest()
    right = [
        Remote(url=f"{server.here}/a", git=git, bytes=len(BODY)),
        Remote(url=f"{server.here}/a", sha512=hashlib.sha512(BODY).hexdigest()),
        Remote(url=f"{server.here}/a", md5=hashlib.md5(BODY).hexdigest()),
        Remote(url=f"{server.here}/a"),
    ]
    for remote in right:
        assert download(store, remote).sha256 == SHA
    wrong = [
        Remote(url=f"{server.here}/a", git="0" * 40, bytes=len(BODY)),
        Remote(url=f"{server.here}/a", sha512="0" * 128),
        Remote(url=f"{server.here}/a", md5="0" * 32),
        Remote(url=f"{server.here}/a", sha256=SHA, md5="0" * 32),
    ]
    store.blob(SHA).unlink()
    for remote in wrong:
        with pytest.raises(ModelError, match="wrong hash"):
            download(store, remote)
    assert not list(store.blobs())
    assert not list((store.root / "parts").iterdir())
