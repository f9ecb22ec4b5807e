"""Real bases from the Debian mirror of this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from jitney.bases import debian
from jitney.bases.hooks import changes
from jitney.bases.recipes import recipe
from jitney.config import Config
from jitney.engine.protocol import ContainerSpec, Engine
from jitney.facts.collect import collect
from jitney.facts.model import Facts

pytestmark = [pytest.mark.engine, pytest.mark.slow]

MIB = 1 << 20
LOOK = """
import os, ssl, json, bz2, lzma, sqlite3, ctypes, sys, urllib.request, asyncio, zoneinfo
import pwd
certificates = len(ssl.create_default_context(cafile="/etc/ssl/certs/ca-certificates.crt").get_ca_certs())
print(json.dumps({
    "version": "%d.%d" % sys.version_info[:2],
    "user": pwd.getpwuid(os.getuid()).pw_name,
    "home": os.path.expanduser("~"),
    "mounts": [os.path.isdir(d) for d in ("/src", "/home/jitney", "/models", "/.jitney", "/tmp")],
    "compiled": os.path.exists(json.__cached__),
    "shell": os.path.exists("/bin/sh"),
    "certificates": certificates,
    "gomp": bool(ctypes.CDLL("libgomp.so.1")) and bool(ctypes.CDLL("libstdc++.so.6")),
    "python": os.path.realpath("/usr/bin/python") == os.path.realpath("/usr/bin/python3"),
}))
"""


def silent(line: str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def tars(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same base, made twice for the same date."""
    folder = tmp_path_factory.mktemp("twice")
    mirror = collect_facts().indexes.debian_mirror
    date = debian.release_date(mirror, "trixie", collect_facts().ca_bundle)
    for name in ("one", "two"):
        tar = folder / f"{name}.tar"
        debian.bootstrap(recipe("python:3.13-run"), mirror, date, debian.bootstrap_mode(), tar, silent)
    return folder / "one.tar", folder / "two.tar"


def collect_facts() -> Facts:
    from jitney.engine import connect

    engine = connect()
    try:
        return collect(engine, Config())
    finally:
        engine.close()


def test_the_same_date_gives_the_same_bytes(tars: tuple[Path, Path]) -> None:
    first, second = (hashlib.sha256(tar.read_bytes()).hexdigest() for tar in tars)
    assert first == second


def test_a_run_base_is_small(tars: tuple[Path, Path]) -> None:
    assert tars[0].stat().st_size <= 60 * MIB


@pytest.fixture
def base(engine: Engine, tars: tuple[Path, Path]) -> Iterator[str]:
    tag = "jitney-bases-test/python:1"
    engine.import_image(debian._pieces(tars[0]), tag, {"jitney": "probe"}, changes(recipe("python:3.13-run")))
    yield tag
    engine.remove_image(tag)


def test_what_a_run_base_holds(engine: Engine, base: str) -> None:
    import json
    import select

    argv = ("/usr/bin/python", "-c", LOOK)
    container = engine.create(ContainerSpec(image=base, argv=argv, labels={"jitney": "probe"}))
    attachment = engine.attach(container)
    engine.start(container)
    output = b""
    while not attachment.eof:
        select.select([attachment], [], [], 10)
        output += attachment.recv_stdout()
    attachment.close()
    engine.wait_removed(container, 10)
    assert output, attachment.stderr_tail.decode()
    found = json.loads(output)
    assert found.pop("certificates") > 100
    assert found == {
        "version": "3.13",
        "user": "jitney",
        "home": "/home/jitney",
        "mounts": [True] * 5,
        "compiled": True,
        "shell": False,
        "gomp": True,
        "python": True,
    }
