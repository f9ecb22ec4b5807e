"""Cold build of a program with five typical packages, against a hand-written `pip install` Dockerfile on the same base.

Nothing is cached on either side: Jitney's resolutions and builder caches are cleared, `docker build --no-cache`.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from benchmarks.measure import JITNEY, Result, at_most, docker, seconds
from jitney.engine import connect

PROGRAM = "import openai, httpx, pydantic, rich, tiktoken\nprint(openai.__version__)\n"
PACKAGES = "openai httpx pydantic rich tiktoken"
N = 3


def measure() -> list[Result]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = folder / "main.py"
        script.write_text(PROGRAM)
        peer_base = _peer_base(script, folder)
        dockerfile = (
            f"FROM {peer_base}\nWORKDIR /app\n"
            "RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt"
            f" PIP_CERT=/etc/ssl/certs/ca-certificates.crt pip install --no-cache-dir --break-system-packages {PACKAGES}\n"
            'COPY main.py .\nCMD ["python3", "main.py"]\n'
        )
        (folder / "Dockerfile").write_text(dockerfile)
        times = sorted((_ours(script, folder), _theirs(folder)) for _ in range(N))
        ours, theirs = sorted(t[0] for t in times)[N // 2], sorted(t[1] for t in times)[N // 2]
        sizes = _size(_tag(script, folder)), _size("jitney-bench-peer")
        _remove("jitney-bench-peer", peer_base)
    return [
        at_most(
            "cold build, five packages", "s", ours, theirs, 0.5, N, "hand-written pip install Dockerfile"
        ),
        at_most(
            "its image", "MB", sizes[0] / 1e6, sizes[1] / 1e6, 0.6, 1, "hand-written pip install Dockerfile"
        ),
    ]


def _peer_base(script: Path, folder: Path) -> str:
    """What the official slim image has: the full base with pip in it."""
    subprocess.run(
        [JITNEY, "build", "-q", "--apt", "python3-pip", str(script)], capture_output=True, check=True
    )
    plan = subprocess.run(
        [JITNEY, "plan", "--json", "--apt", "python3-pip", str(script)], capture_output=True, check=True
    )
    import json

    base = next(
        stage["base"]["ref"]
        for stage in json.loads(plan.stdout)["build"]["stages"]
        if "-full" in stage["base"]["key"]
    )
    (folder / "Base").write_text(
        f"FROM {base}\nRUN apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-pip"
        " && rm -rf /var/lib/apt/lists/*\n"
    )
    _docker_build(folder, "Base", "jitney-bench-base")
    return "jitney-bench-base"


def _docker_build(folder: Path, dockerfile: str, tag: str) -> float:
    secret = "id=ca,src=/etc/ssl/certs/ca-certificates.crt"
    command = [
        docker(),
        "build",
        "--no-cache",
        "-q",
        "--secret",
        secret,
        "-t",
        tag,
        "-f",
        str(folder / dockerfile),
    ]
    return seconds(["env", "DOCKER_BUILDKIT=1", *command, str(folder)])


def _theirs(folder: Path) -> float:
    return _docker_build(folder, "Dockerfile", "jitney-bench-peer")


def _ours(script: Path, folder: Path) -> float:
    engine = connect()
    for cache in engine.build_caches():
        if not cache.in_use:
            engine.remove_build_cache(cache.id)
    engine.close()
    subprocess.run(["rm", "-rf", str(folder / "cache")], check=True)
    return seconds(_build(script, folder))


def _build(script: Path, folder: Path) -> list[str]:
    cache = [f"JITNEY_CACHE_DIR={folder / 'cache'}", f"UV_CACHE_DIR={folder / 'cache' / 'uv'}"]
    return ["env", *cache, JITNEY, "build", "-q", "--no-cache", str(script)]


def _tag(script: Path, folder: Path) -> str:
    command = [part for part in _build(script, folder) if part != "--no-cache"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _size(tag: str) -> int:
    engine = connect()
    image = engine.image(tag)
    engine.close()
    assert image is not None
    return image.size_bytes


def _remove(*tags: str) -> None:
    subprocess.run([docker(), "image", "rm", *tags], capture_output=True, check=False)
