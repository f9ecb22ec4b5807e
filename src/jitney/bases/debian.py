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

from jitney.bases.recipes import Recipe
from jitney.engine.protocol import LABEL, Engine
from jitney.errors import BuildError, PlanError
from jitney.facts.collect import LABEL_DIGEST, LABEL_KEY
from jitney.facts.model import BaseOnHand, Facts

LABEL_DATE = "jitney.date"
LABEL_PACKAGES = "jitney.packages"
CHUNK = 1 << 20
USER = 65532
FOLDERS = ("src", "models", ".jitney", "tmp", "proc", "sys", "dev")
"""Mount points. The engine makes others itself, also on a read-only root; mmdebstrap empties /run."""

USELESS = (
    "usr/lib/*/gconv",
    "usr/bin/dpkg* usr/bin/debconf* usr/bin/update-alternatives usr/bin/mawk usr/bin/tar usr/bin/openssl",
    "usr/bin/c_rehash usr/bin/py3* usr/bin/pdb* usr/bin/pygettext* usr/bin/pydoc*",
    "usr/lib/python3*/test usr/share/perl5 usr/share/debconf usr/share/bash-completion usr/share/lintian usr/share/bug",
)
"""What a Python image without a shell never runs: character sets of iconv (Python has its own), tools that came along."""

OPTIONS = (
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--aptopt=APT::Install-Recommends "false"',
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
)


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
        ref = "jitney-" + key
        labels = {LABEL: "base", LABEL_KEY: key, LABEL_DIGEST: digest, LABEL_DATE: str(date)}
        labels[LABEL_PACKAGES] = " ".join(recipe.packages)
        engine.import_image(_pieces(tar), ref, labels, _changes(recipe))
        return BaseOnHand(key=key, ref=ref, digest=digest, size_bytes=tar.stat().st_size)


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


def hooks(recipe: Recipe) -> list[str]:
    """mmdebstrap options: the user, mount points, certificates, `python`."""
    lines = [
        'mkdir -p "$1"/etc "$1"/home "$1"/usr/bin "$1"/etc/ssl/certs',
        'test -s "$1"/etc/passwd || echo root:x:0:0:root:/root:/usr/sbin/nologin >"$1"/etc/passwd',
        'test -s "$1"/etc/group || echo root:x:0: >"$1"/etc/group',
        f'echo jitney:x:{USER}:{USER}::/home/jitney:/usr/sbin/nologin >>"$1"/etc/passwd',
        f'echo jitney:x:{USER}: >>"$1"/etc/group',
        " ".join(["mkdir -p", *(f'"$1"/{folder}' for folder in FOLDERS)]),
        'chmod 1777 "$1"/tmp',
        f'install -d -m 0750 -o {USER} -g {USER} "$1"/home/jitney',
        'rm -f "$1"/etc/hostname "$1"/etc/resolv.conf "$1"/etc/machine-id',
    ]
    if recipe.variant == "extract":  # no postinst has run: the packages' own certificates, in their order
        lines.append(
            'cd "$1" && cat usr/share/ca-certificates/mozilla/*.crt >etc/ssl/certs/ca-certificates.crt'
        )
    if recipe.python and recipe.variant == "extract":
        lines += [f'cd "$1" && rm -rf {globs}' for globs in USELESS]
    if recipe.python:
        lines += _python_hooks(recipe.python)
    stage = "extract" if recipe.variant == "extract" else "customize"  # an extract ends before customizing
    return [f"--{stage}-hook={line}" for line in lines]


def _python_hooks(version: str) -> list[str]:
    """Both names, and the standard library compiled: on a read-only root no run could do it for itself."""
    library = f"/usr/lib/python{version}"
    compile_all = f"python{version} -I -m compileall -q --invalidation-mode unchecked-hash {library}"
    return [
        f'ln -sf python{version} "$1"/usr/bin/python3',
        'ln -sf python3 "$1"/usr/bin/python',
        f'PYTHONHASHSEED=0 chroot "$1" /usr/bin/{compile_all}',
    ]


def _changes(recipe: Recipe) -> list[str]:
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return [f"ENV PATH={f'{recipe.path}:' if recipe.path else ''}{path}"]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece
