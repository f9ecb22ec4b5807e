"""Python packages: an existing lock is kept to; else uv resolves, from wheels, and in a container where only sources exist.

lock file ──► its versions and hashes            (locks.py)
requirements ─► uv pip compile --only-binary :all:
                    │ a package without wheels
                    └─► the same in a stage with a compiler: building metadata runs the package's code,
                        which never happens on the host
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jitney.errors import ResolveError
from jitney.plan.model import Lock
from jitney.plan.torch import normal
from jitney.resolve.errors import no_wheel_packages, translate

if TYPE_CHECKING:
    from jitney.facts.model import Facts
    from jitney.plan.request import ResolveRequest
    from jitney.resolve.world import World

PLATFORMS = {"amd64": "x86_64-manylinux_2_36", "arm64": "aarch64-manylinux_2_36"}
"""The engine's architecture → uv's platform; glibc, which every base of ours has, in the oldest version among them (bookworm's)."""

TIMEOUT_S = 600


def resolve_python(request: ResolveRequest, world: World, texts: Mapping[str, str]) -> Lock:
    from jitney.resolve.locks import from_lock

    for one in request.requirements:
        _refuse_repository(one, request)
    packages = from_lock(request, world, texts)
    if packages is not None:
        return _lock(request, packages, _only_sources(packages, request, world))
    if not request.requirements:
        return _lock(request, "")
    world.on_line(f"resolving {len(request.requirements)} packages for Python {request.version}")
    code, out, err = run_uv(compile_argv(request), _question(request), request, world.facts)
    if code == 0:
        return _lock(request, _sorted(out))
    missing = no_wheel_packages(err)
    if not missing and not any(" @ " in one for one in request.requirements):
        raise translate(err, request)
    from jitney.resolve.compile import resolve_in_container

    packages, sdists = resolve_in_container(request, world, missing)
    return _lock(request, _sorted(packages), sdists)


def _refuse_repository(text: str, request: ResolveRequest) -> None:
    """A repository has no hash, so that nothing of it could be kept to; reading its metadata would run its code."""
    name, at, url = text.partition(" @ ")
    from jitney.resolve.fit import ELSEWHERE

    if at and re.match(r"(git|hg|svn|bzr)\+|file:", url):
        place = request.asked_by.get(text, "")
        raise ResolveError(
            f"{place + ': ' if place else ''}{name} comes from {url}, which no hash can pin", ELSEWHERE
        )


def _only_sources(packages: str, request: ResolveRequest, world: World) -> tuple[str, ...]:
    """Locked packages that have no wheel for the target; they are built, in a stage with a compiler."""
    heads = {
        normal(re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]): line.rstrip(" \\")
        for line in packages.splitlines()
        if line.strip() and not line.startswith(" ")
    }
    found: set[str] = set()
    for _ in range(len(heads)):
        question = "".join(f"{line}\n" for name, line in heads.items() if name not in found)
        code, _, err = run_uv([*compile_argv(request), "--no-deps"], question, request, world.facts)
        missing = set(no_wheel_packages(err)) & heads.keys() - found
        if code == 0 or not missing:
            break  # whatever else is wrong is said by the installation, with the package's name
        found |= missing
    return tuple(sorted(found))


def compile_argv(request: ResolveRequest) -> list[str]:
    """`uv pip compile` of standard input, for the target's platform and Python, not for this machine's."""
    argv = ["pip", "compile", "--generate-hashes", "--no-header", "--no-annotate", "--no-progress"]
    argv += ["--python-version", request.version, "--only-binary", ":all:", "--no-config"]
    argv += ["--python", sys.executable]
    argv += ["--python-platform", PLATFORMS.get(request.platform, PLATFORMS["amd64"])]
    if request.prerelease:
        argv += ["--prerelease", "allow"]
    if request.extra_index:
        argv += ["--extra-index-url", request.extra_index, "--index-strategy", "unsafe-best-match"]
    if request.links:
        argv += ["--find-links", request.links]
    for name in request.provided:
        argv += ["--no-emit-package", name]
    return argv


def _question(request: ResolveRequest) -> str:
    return "".join(f"{one}\n" for one in request.requirements)


def run_uv(argv: list[str], question: str, request: ResolveRequest, facts: Facts) -> tuple[int, str, str]:
    """Exit code, standard output, standard error. The index URL goes by the environment, for it may hold a password."""
    import os
    import subprocess
    import tempfile

    from jitney.resolve.inputs import find_uv

    env = {**os.environ, "UV_NO_CONFIG": "1", "NO_COLOR": "1", "UV_PYTHON_DOWNLOADS": "never"}
    if request.index:
        env["UV_DEFAULT_INDEX"] = request.index
    if facts.ca_bundle:
        env["SSL_CERT_FILE"] = facts.ca_bundle
    with tempfile.TemporaryDirectory(prefix="jitney-resolve-") as folder:
        words = [str(find_uv()), *argv]
        if argv[:2] == ["pip", "compile"]:
            (Path(folder) / "requirements.in").write_text(question, encoding="utf-8")
            words += [*_without(request, Path(folder)), *_within(request, Path(folder)), "requirements.in"]
        try:
            said = subprocess.run(
                words, capture_output=True, text=True, cwd=folder, env=env, timeout=TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ResolveError(
                f"uv did not end within {TIMEOUT_S} s", "is the package index reachable?"
            ) from error
    return said.returncode, said.stdout, said.stderr


def _without(request: ResolveRequest, folder: Path) -> list[str]:
    """What the base provides is cut out of the graph, with all that only it wants (CUDA libraries, for torch)."""
    if not request.provided:
        return []
    overrides = "".join(f"{name} ; sys_platform == 'never'\n" for name in request.provided)
    (folder / "overrides.txt").write_text(overrides, encoding="utf-8")
    return ["--override", "overrides.txt"]


def _within(request: ResolveRequest, folder: Path) -> list[str]:
    """`-c` of requirement files: limits on what is chosen, asking for nothing."""
    if not request.constraints:
        return []
    (folder / "constraints.txt").write_text(
        "".join(f"{one}\n" for one in request.constraints), encoding="utf-8"
    )
    return ["--constraint", "constraints.txt"]


def _lock(request: ResolveRequest, packages: str, sdists: tuple[str, ...] = ()) -> Lock:
    return Lock(
        language="python",
        version=request.version,
        packages=packages,
        system=(),
        prerelease=request.prerelease,
        sdists=sdists,
    )


def _sorted(text: str) -> str:
    """One package a paragraph, in uv's own order, without options or comments that a line could bring along."""
    kept = [line for line in text.splitlines() if line.strip() and not re.match(r"\s*#|--(?!hash)", line)]
    return "".join(f"{line}\n" for line in kept)
