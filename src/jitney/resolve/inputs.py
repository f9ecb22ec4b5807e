"""What a build needs beside its context: the image with uv, and secrets as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from jitney.engine.protocol import LABEL
from jitney.errors import ResolveError
from jitney.plan.python import TOOL_UV
from jitney.plan.wheels import wheels_image

if TYPE_CHECKING:
    from jitney.config import Config
    from jitney.engine.protocol import Engine
    from jitney.facts.model import Facts
    from jitney.plan.model import BuildPlan

LABEL_VERSION = "jitney.version"
TOOL_FILES = {
    "npmrc": ".npmrc",
    "cargo": ".cargo/config.toml",
    "maven": ".m2/settings.xml",
    "netrc": ".netrc",
}
"""Secret id → the file below $HOME in which a tool is told of mirrors and credentials."""


def find_uv() -> Path:
    """The uv of Jitney's own environment, else the one on PATH. ResolveError: neither."""
    import shutil

    try:
        from uv import find_uv_bin

        return Path(find_uv_bin())
    except (ImportError, FileNotFoundError):
        on_path = shutil.which("uv")
    if on_path is None:
        raise ResolveError("uv, which resolves and installs Python packages, is not there", "pip install uv")
    return Path(on_path)


@contextmanager
def build_inputs(
    build: BuildPlan,
    engine: Engine,
    facts: Facts,
    config: Config,
    on_line: Callable[[str], None] | None = None,
) -> Iterator[dict[str, Path]]:
    """Secret id → file, for as long as the build runs. Makes the image with uv where the plan mounts it."""
    if any(
        mount.stage == TOOL_UV for stage in build.stages for one in stage.instructions for mount in one.mounts
    ):
        ensure_uv(engine)
    ensure_wheels(build, engine, facts)
    with secret_files(build.secrets, facts, config) as secrets:
        yield secrets


@contextmanager
def secret_files(ids: tuple[str, ...], facts: Facts, config: Config) -> Iterator[dict[str, Path]]:
    """The CA bundle and the tools' own configuration lie on the machine; an index URL, which may hold a password, is written
    to a file of ours alone."""
    import tempfile

    secrets: dict[str, Path] = {}
    if "ca" in ids and facts.ca_bundle:
        secrets["ca"] = Path(facts.ca_bundle)
    for name in set(ids) & set(TOOL_FILES):
        path = Path.home() / TOOL_FILES[name]
        if path.is_file():
            secrets[name] = path
    url = config.python_index or facts.indexes.python
    if "index" not in ids or not url:
        yield secrets
        return
    with tempfile.NamedTemporaryFile("w", prefix="jitney-index-") as file:  # mode 0600
        file.write(url)
        file.flush()
        yield {**secrets, "index": Path(file.name)}


def ensure_wheels(build: BuildPlan, engine: Engine, facts: Facts) -> None:
    """An image with nothing but the folder of wheels that a stage mounts, made when the folder has changed."""
    wheels = facts.indexes.wheels
    if not wheels.files or engine.image(wheels_image(wheels)) is not None:
        return
    if any(
        m.stage == wheels_image(wheels)
        for stage in build.stages
        for i in stage.instructions
        for m in i.mounts
    ):
        parts = (_part(Path(wheels.where, name), name) for name in wheels.files)
        engine.import_image(
            chain(chain.from_iterable(parts), (_END,)), wheels_image(wheels), {LABEL: "image"}
        )


def ensure_uv(engine: Engine) -> None:
    """An image with nothing but the uv binary, of this machine's uv. 50 MB, made once a version, in half a second."""
    binary = find_uv()
    version = uv_version(binary)
    there = engine.image(TOOL_UV)
    if there is not None and there.labels.get(LABEL_VERSION) == version:
        return
    labels = {LABEL: "base", LABEL_VERSION: version}
    engine.import_image(_tar_of(binary), TOOL_UV, labels)


def uv_version(binary: Path) -> str:
    import subprocess

    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False, timeout=30)
    words = said.stdout.split()
    if said.returncode or len(words) < 2:
        raise ResolveError(
            f"{binary} --version failed: {said.stderr.strip()}", "pip install --force-reinstall uv"
        )
    return words[1]


def _tar_of(binary: Path) -> Iterator[bytes]:
    yield from _part(binary, "uv")
    yield _END


_END = b"\0" * 1024
"""Of a tar."""


def _part(path: Path, name: str) -> Iterator[bytes]:
    """A file as a member of a tar, padded."""
    import tarfile

    head = tarfile.TarInfo(name)
    head.size, head.mode = path.stat().st_size, 0o755
    yield head.tobuf(tarfile.GNU_FORMAT)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            yield chunk
    yield b"\0" * (-head.size % 512)
