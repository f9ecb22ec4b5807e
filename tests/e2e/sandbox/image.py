"""A tiny image for hostile programs: busybox, and `hostile`, a C program for what a shell cannot do.
Imported once a session."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

from jitney.engine.protocol import LABEL, Engine

HERE = Path(__file__).parent


def cache_dir() -> Path:
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jitney-tests"
    root.mkdir(parents=True, exist_ok=True)
    return root


def busybox() -> bytes:
    """The static busybox of this machine's distribution, fetched once."""
    kept = cache_dir() / "busybox"
    if not kept.exists():
        with tempfile.TemporaryDirectory() as work:
            subprocess.run(
                ["apt-get", "-o", "APT::Sandbox::User=root", "download", "-qq", "busybox-static"],
                cwd=work,
                check=True,
            )
            package = next(Path(work).glob("*.deb"))
            subprocess.run(["dpkg", "-x", package, f"{work}/root"], check=True)
            kept.write_bytes(Path(work, "root/bin/busybox").read_bytes())
    return kept.read_bytes()


def hostile() -> bytes:
    source = HERE / "hostile.c"
    kept = cache_dir() / f"hostile-{hashlib.sha256(source.read_bytes()).hexdigest()[:16]}"
    if not kept.exists():
        subprocess.run(["gcc", "-O1", "-static", "-o", kept, source], check=True)
    return kept.read_bytes()


def make_image(engine: Engine) -> str:
    """Tag of the image, labelled as a probe of ours."""
    binary, program = busybox(), hostile()
    tag = "jitney-test-sandbox:" + hashlib.sha256(binary + program).hexdigest()[:16]
    if engine.image(tag) is None:
        engine.import_image([rootfs(binary, program)], tag, {LABEL: "probe"})
    return tag


def rootfs(binary: bytes, program: bytes) -> bytes:
    applets = (
        "sh cat echo sleep true false id ls mount dd head tail wc env kill ps yes seq stty nc wget pwd tr cut"
    )
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in (
            ("bin/busybox", binary),
            ("bin/hostile", program),
            ("etc/passwd", b"root:x:0:0::/:/bin/sh\n"),
        ):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755
            tar.addfile(info, io.BytesIO(data))
        for applet in applets.split():
            info = tarfile.TarInfo(f"bin/{applet}")
            info.type, info.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(info)
    return out.getvalue()
