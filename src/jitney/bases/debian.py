"""Bases from a Debian mirror with mmdebstrap: the same suite date gives the same bytes.

mmdebstrap sets every file time to SOURCE_DATE_EPOCH; we take it from the suite's Release file. Hooks run on the
host with the new root as $1; they hold no words of the user.
"""

from __future__ import annotations

import email.utils
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from jitney.bases.hooks import OPTIONS, Recipe, changes, fingerprint, hooks
from jitney.engine.protocol import LABEL, Engine
from jitney.errors import BuildError, EngineError, PlanError
from jitney.facts.collect import LABEL_DIGEST, LABEL_KEY, LABEL_RECIPE, base_ref
from jitney.facts.model import BaseOnHand, Facts

LABEL_DATE = "jitney.date"
LABEL_PACKAGES = "jitney.packages"
CHUNK = 1 << 20


def make(
    engine: Engine, key: str, recipe: Recipe, facts: Facts, on_line: Callable[[str], None]
) -> BaseOnHand:
    """Bootstrap, import, label. The tar is not kept."""
    mirror = facts.indexes.debian_mirror
    if not mirror:
        raise PlanError(
            f"no Debian mirror is known, and the base {key} comes from one",
            "set debian_mirror in the configuration (JITNEY_DEBIAN_MIRROR=…), or use --base-provider registry",
        )
    mode = bootstrap_mode()
    date = release_date(mirror, recipe.suite, facts.ca_bundle)
    with tempfile.TemporaryDirectory(prefix="jitney-base-") as folder:
        tar = Path(folder) / "base.tar"
        bootstrap(recipe, mirror, date, mode, tar, on_line)
        digest = "sha256:" + _sha256(tar)
        on_line(f"importing {tar.stat().st_size >> 20} MB")
        ref = base_ref(key, digest)
        labels = {LABEL: "base", LABEL_KEY: key, LABEL_DIGEST: digest, LABEL_DATE: str(date)}
        labels |= {LABEL_PACKAGES: " ".join(recipe.packages), LABEL_RECIPE: fingerprint(recipe)}
        engine.import_image(_pieces(tar), ref, labels, changes(recipe))
        forget_former(engine, key, ref)
        return BaseOnHand(
            key=key, ref=ref, digest=digest, size_bytes=tar.stat().st_size, recipe=labels[LABEL_RECIPE]
        )


def forget_former(engine: Engine, key: str, ref: str) -> None:
    """Take away what this base was before; one that a container still uses waits for `jitney clean bases`."""
    for image in engine.images():
        if image.labels.get(LABEL_KEY) == key and image.labels.get(LABEL) == "base":
            for tag in image.tags:
                if tag != ref and tag.startswith(f"jitney-{key}"):
                    try:
                        engine.remove_image(tag)
                    except EngineError:
                        continue


def bootstrap_mode() -> str:
    """`root`, or `unshare` where this user may have a range of ids. Raises PlanError with what is missing."""
    if not shutil.which("mmdebstrap"):
        raise PlanError(
            "bases from a Debian mirror are made by mmdebstrap, which is not installed",
            "sudo apt-get install mmdebstrap   (or use --base-provider registry)",
        )
    if os.geteuid() == 0:
        return "root"
    import pwd

    name = pwd.getpwuid(os.getuid()).pw_name
    missing = [] if shutil.which("newuidmap") else ["the program newuidmap (apt-get install uidmap)"]
    for path in (Path("/etc/subuid"), Path("/etc/subgid")):
        known = path.read_text().splitlines() if path.is_file() else []
        if not any(line.startswith((f"{name}:", f"{os.getuid()}:")) for line in known):
            missing.append(f"a range of ids for {name} in {path}")
    if missing:
        raise PlanError(
            f"making a base without root needs user namespaces; missing: {', '.join(missing)}",
            "sudo apt-get install uidmap\n"
            f"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {name}\n"
            "or run `sudo jitney setup` once: bases that are on hand need no root",
        )
    return "unshare"


def release_date(mirror: str, suite: str, ca_bundle: str) -> int:
    """Unix time at which the suite was published. apt checks its signature later; this only sets file times."""
    import ssl

    import httpx

    url = f"{mirror}/dists/{suite}/InRelease"
    try:
        context = ssl.create_default_context(cafile=ca_bundle or None)
        answer = httpx.get(url, timeout=30, follow_redirects=True, verify=context)
        answer.raise_for_status()
    except (httpx.HTTPError, OSError) as error:
        raise BuildError(
            f"the Debian mirror does not answer: {url}: {error}", "check debian_mirror"
        ) from error
    match = re.search(r"^Date: (.+)$", answer.text, re.MULTILINE)
    if match is None:
        raise BuildError(f"{url} has no Date line: not a Debian suite", "check debian_mirror")
    return int(email.utils.parsedate_to_datetime(match[1]).timestamp())


def bootstrap(
    recipe: Recipe, mirror: str, date: int, mode: str, tar: Path, on_line: Callable[[str], None]
) -> None:
    """Run mmdebstrap; the tar lies at `tar` afterwards. Raises BuildError with its last words."""
    source = f"deb {mirror} {recipe.suite} main"
    argv = ["mmdebstrap", f"--mode={mode}", f"--variant={recipe.variant}", "--format=tar"]
    argv += [
        f"--include={','.join(recipe.packages)}",
        *OPTIONS,
        *hooks(recipe),
        recipe.suite,
        str(tar),
        source,
    ]
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "SOURCE_DATE_EPOCH": str(date), "LC_ALL": "C.UTF-8"},
        start_new_session=True,
    )
    assert process.stdout is not None
    said: list[str] = []
    try:
        with process.stdout:
            for line in process.stdout:
                said = [*said[-200:], line.rstrip()]
                on_line(line.rstrip())
        code = process.wait()
    finally:
        _end(process)
    if code:
        reason = next((line for line in reversed(said) if line.startswith("E: ")), f"it ended with {code}")
        raise BuildError(f"mmdebstrap could not make {recipe.suite}: {reason}", "", "\n".join(said))


def _end(process: subprocess.Popen[str]) -> None:
    """SIGTERM lets mmdebstrap take its mounts away."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece
