"""A gigabyte from loopback into the Store, hashed while it comes and synced, against `curl -o`, which does neither; and memory."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import Result, at_least, at_most, interleaved, seconds

SIZE = 1_000_000_000
SMALL = 50_000_000
N = 7
CHILD = """
import resource, sys
from pathlib import Path
from jitney.models.sources.download import Remote, download
from jitney.models.storage.store import Store
url, sha256, root = sys.argv[1:]
download(Store(Path(root)), Remote(url=url, sha256=sha256))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def measure() -> list[Result]:
    """Each copy is removed before the next one comes."""
    with tempfile.TemporaryDirectory() as folder:
        large, small = _file(Path(folder) / "large", SIZE), _file(Path(folder) / "small", SMALL)
        with _serving(large) as url, _serving(small) as other:
            peer = Path(folder) / "curl"
            store = Path(folder) / "store"

            def curl() -> float:
                peer.unlink(missing_ok=True)
                return seconds(["curl", "-s", "-o", str(peer), url])

            def ours() -> float:
                _empty(store)
                return seconds(_child(url, large, store))

            mine, theirs = interleaved(ours, curl, N, warm=1)
            peak, floor = _peak(url, large, store), _peak(other, small, store)
    note = "ours includes the interpreter's start, SHA-256 and fsync"
    return [
        at_least(
            "1 GB from loopback, verified", "MB/s", SIZE / mine / 1e6, SIZE / theirs / 1e6, 0.8, N, note
        ),
        at_most("peak memory: 1 GB against 50 MB", "MB", peak, floor, 1.1, 1, "the same process"),
    ]


def _file(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        for _ in range(size // 1_000_000):
            file.write(os.urandom(1_000_000))
    return path


def _child(url: str, file: Path, store: Path) -> list[str]:
    return [sys.executable, "-c", CHILD, url, _sha256(file), str(store)]


_known: dict[Path, str] = {}


def _sha256(path: Path) -> str:
    if path not in _known:
        with path.open("rb") as file:
            _known[path] = hashlib.file_digest(file, "sha256").hexdigest()
    return _known[path]


def _empty(store: Path) -> None:
    for path in (store / "blobs" / "sha256").glob("*"):
        path.unlink()


def _peak(url: str, file: Path, store: Path) -> float:
    """MB of the whole process."""
    _empty(store)
    done = subprocess.run(_child(url, file, store), capture_output=True, text=True, check=True)
    return int(done.stdout) / 1000


@contextmanager
def _serving(path: Path) -> Iterator[str]:
    """The kernel sends the file: the quickest server there can be, so that the client is what counts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, path), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/model.gguf"


def _accept(listener: socket.socket, path: Path) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, path.open("rb") as file:
            while b"\r\n\r\n" not in connection.recv(1 << 16):
                pass
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {path.stat().st_size}\r\nConnection: close\r\n\r\n"
            connection.sendall(head.encode())
            connection.sendfile(file)
