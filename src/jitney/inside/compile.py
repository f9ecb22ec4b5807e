"""Runs inside a build that has a compiler: `uv pip compile` where some packages are only to be had as sources.

argv: names without wheels, comma-separated · extra index or "" · what to do with prereleases
"""

from __future__ import annotations

import os
import subprocess
import sys

ROOM = "/dev/jitney"


def main(sdists: str, extra_index: str, prerelease: str) -> int:
    os.makedirs("/out")
    env = dict(
        os.environ,
        UV_CACHE_DIR=ROOM + "/cache",
        TMPDIR=ROOM + "/cache",
        HOME=ROOM + "/cache",
        UV_NO_CONFIG="1",
        UV_PYTHON_DOWNLOADS="never",
    )
    if os.path.exists(ROOM + "/ca"):
        env["SSL_CERT_FILE"] = ROOM + "/ca"
    if os.path.exists(ROOM + "/index"):
        with open(ROOM + "/index") as index:
            env["UV_DEFAULT_INDEX"] = index.read().strip()
    command = [
        ROOM + "/tool/uv",
        "pip",
        "compile",
        "--generate-hashes",
        "--no-header",
        "--no-annotate",
        "--no-progress",
    ]
    command += ["--python", sys.executable, "--only-binary", ":all:", "--prerelease", prerelease]
    for name in filter(None, sdists.split(",")):
        command += ["--no-binary", name]
    if extra_index:
        command += ["--extra-index-url", extra_index, "--index-strategy", "unsafe-best-match"]
    command += [
        "--override",
        ROOM + "/overrides.txt",
        "--constraint",
        ROOM + "/constraints.txt",
        "-o",
        "/out/requirements.txt",
        ROOM + "/requirements.in",
    ]
    return subprocess.call(command, env=env, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
