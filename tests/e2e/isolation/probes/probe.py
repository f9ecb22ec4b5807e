"""Marks its sandbox with argv[1] and port argv[2], and says on which device its model's sockets lie; then, for each line
`MARK PORT` of standard input, says where it sees them."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

OUTSIDE = {"proc", "sys", "dev"}
HELD = {"src", "tmp", "home", "models", "run"}


def holds(path: Path, mark: bytes) -> bool:
    try:
        return mark in path.read_bytes()
    except OSError:
        return False


def files() -> Iterator[Path]:
    for folder, inner, names in os.walk("/"):
        if folder == "/":
            inner[:] = [name for name in inner if name not in OUTSIDE]
        yield from (Path(folder, name) for name in inner + names)


def is_marked(path: Path, mark: bytes) -> bool:
    if mark in os.fsencode(path):
        return True
    is_small = path.parts[1] in HELD and path.is_file() and path.stat().st_size < 65536
    return is_small and holds(path, mark)


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def look(mark: bytes, port: int) -> list[str]:
    processes = [one for one in Path("/proc").iterdir() if one.name.isdigit()]
    seen = {
        "files": any(is_marked(path, mark) for path in files()),
        "secrets": any(holds(path, mark) for path in Path("/run/secrets").iterdir()),
        "processes": any(holds(one / "cmdline", mark) for one in processes),
        "environment": any(holds(one / "environ", mark) for one in processes),
        "sockets": holds(Path("/proc/net/unix"), mark),
        "port": is_open(port),
    }
    return sorted(what for what, is_seen in seen.items() if is_seen)


own, port = sys.argv[1], int(sys.argv[2])
Path("/tmp", own).write_text(own)
listener = socket.create_server(("127.0.0.1", port))
hidden = socket.socket(socket.AF_UNIX)
hidden.bind("\0" + own)
hidden.listen()
mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
print(next(words[2] for words in mounts if words[4] == "/run/jitney"), flush=True)
for line in sys.stdin:
    words = line.split()
    print(json.dumps(look(words[0].encode(), int(words[1]))), flush=True)
