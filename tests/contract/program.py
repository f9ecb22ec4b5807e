"""One static program as an image: what the containers of these tests run."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

from jitney.engine.protocol import LABEL

TAG = "jitney-contract/box:1"
KIND = {LABEL: "probe", "jitney.test": "contract"}

PROGRAM = r"""
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv) {
    static char buffer[65536];
    ssize_t n;
    if (!strcmp(argv[argc - 1], "cat")) {
        while ((n = read(0, buffer, sizeof buffer)) > 0)
            for (ssize_t at = 0; at < n;) at += write(1, buffer + at, n - at);
        return 0;
    }
    if (!strcmp(argv[argc - 1], "fail")) {
        write(1, "out\n", 4);
        write(2, "err\n", 4);
        return 7;
    }
    if (argc == 3 && !strcmp(argv[1], "print")) {
        int file = open(argv[2], O_RDONLY);
        while ((n = read(file, buffer, sizeof buffer)) > 0) write(1, buffer, n);
        return file < 0;
    }
    if (argc == 3 && !strcmp(argv[1], "write"))
        return write(open(argv[2], O_WRONLY | O_CREAT, 0644), "x", 1) != 1;
    sleep(60);
    return 0;
}
"""


def rootfs(folder: Path) -> list[bytes]:
    """A root with one static program, and nothing else."""
    binary = folder / "program"
    argv = ["gcc", "-static", "-O1", "-w", "-x", "c", "-o", str(binary), "-"]
    subprocess.run(argv, input=PROGRAM.encode(), check=True)
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name in ("tmp", "data"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o777
            tar.addfile(entry)
        tar.add(binary, "program")
    return [file.getvalue()]
