"""Builds with BuildKit, through a docker client.

Several clients may lie on one PATH: 28.x without its buildx plugin refuses BuildKit, Debian's 20.10 beside it
has it built in. Each is tried, none is assumed. The user's docker configuration is never written.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from jitney.engine.address import Address
from jitney.engine.buildlog import BuildLog
from jitney.engine.protocol import BuildRequest
from jitney.errors import BuildError, EngineMissing

FIRST_WITHOUT_BUILDKIT = 23
"""From Docker 23.0 on the client needs the buildx plugin for BuildKit; before, it had it built in."""

PROBE_S = 20.0
GRACE_S = 5.0


def find_client() -> str | None:
    """The first docker client on PATH that can use BuildKit."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        client = Path(folder or ".") / "docker"
        if os.access(client, os.X_OK) and client.is_file() and _has_buildkit(str(client)):
            return str(client)
    return None


def _has_buildkit(client: str) -> bool:
    version = _ask([client, "--version"])
    words = version.replace(",", " ").split()
    if len(words) < 3 or not version.startswith("Docker version"):
        return False
    major = words[2].partition(".")[0]
    if major.isdigit() and int(major) < FIRST_WITHOUT_BUILDKIT:
        return True
    return bool(_ask([client, "buildx", "version"]))


def _ask(argv: list[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=PROBE_S, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def build(address: Address, request: BuildRequest, on_line: Callable[[str], None]) -> str:
    """Returns the image id, or an empty string when the files went to request.output."""
    client = find_client()
    if client is None:
        raise EngineMissing(
            "no docker client on PATH can build with BuildKit",
            "sudo apt-get install docker.io   (Docker 23 and later: docker-buildx)",
        )
    with tempfile.TemporaryDirectory(prefix="jitney-build-") as folder:
        room = Path(folder)
        lay_out(request, room)
        log = BuildLog()
        code = _follow(_argv(client, request, room), address, log, on_line)
        if code:
            raise BuildError(*log.failure(code))
        image = room / "image"
        return image.read_text() if request.output is None else ""


def lay_out(request: BuildRequest, room: Path) -> None:
    """`room/Dockerfile` and `room/context/…`. Host files are linked where that is possible, else copied."""
    (room / "Dockerfile").write_text(request.dockerfile, encoding="utf-8")
    context = room / "context"
    context.mkdir()
    for name, content in request.context.items():
        target = context / name
        if not target.resolve().is_relative_to(context.resolve()):
            raise BuildError(f"the context path {name!r} leads out of the context")
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            target.write_bytes(content)
        else:
            _link(content, target)


def _link(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, copy_function=_link_file, dirs_exist_ok=True)
    else:
        _link_file(str(source), str(target))


def _link_file(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system, or not our file (protected_hardlinks)
        shutil.copy2(source, target)
    return target


def _argv(client: str, request: BuildRequest, room: Path) -> list[str]:
    argv = [
        client,
        "build",
        "--progress",
        "plain",
        "--network",
        "default",
        "--file",
        str(room / "Dockerfile"),
    ]
    if request.output is None:
        argv += ["--iidfile", str(room / "image")]
        argv += ["--tag", request.tag] if request.tag else []
    else:
        argv += ["--output", f"type=local,{_field('dest', request.output)}"]
    argv += ["--target", request.target] if request.target else []
    argv += ["--no-cache"] if request.no_cache else []
    for key, value in request.args.items():
        argv += ["--build-arg", f"{key}={value}"]
    for key, value in request.labels.items():
        argv += ["--label", f"{key}={value}"]
    for name, path in request.secrets.items():
        argv += ["--secret", f"id={name},{_field('src', path)}"]
    return [*argv, str(room / "context")]


def _field(name: str, path: Path) -> str:
    """One field of the client's CSV notation."""
    text = f"{name}={path}"
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\n') else text


def _environment(address: Address) -> dict[str, str]:
    """The same daemon as ours, its own builder, no attestations (they carry times)."""
    fixed = {
        "DOCKER_HOST": address.url,
        "DOCKER_BUILDKIT": "1",
        "BUILDX_BUILDER": "default",
        "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
    }
    ours = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DOCKER_CONTEXT", "BUILDKIT_PROGRESS")
    }
    return ours | fixed


def _follow(argv: list[str], address: Address, log: BuildLog, on_line: Callable[[str], None]) -> int:
    """The client's exit code. Whatever ends this function ends the client, and with its session the build."""
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_environment(address),
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # Ctrl-C reaches us alone, and we end it
    )
    assert process.stdout is not None
    try:
        with process.stdout:
            for line in process.stdout:
                log.add(line.rstrip("\n"))
                on_line(line.rstrip("\n"))
        return process.wait()
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    """SIGTERM, five seconds, SIGKILL. Harmless where it has ended."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
