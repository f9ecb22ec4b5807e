"""What is done to every new root besides installing packages: options of mmdebstrap, hooks, settings of the image. Pure.

All of it is part of a base's fingerprint: a change here makes new bases.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from jitney.languages.model import Add

Variant = Literal["extract", "minbase"]


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """A Debian base. python: `3.13`, the interpreter that /usr/bin/python3 and python must be.
    path: stands first in PATH. parent: the recipe whose base this one adds to, in one more layer, so that bases share what
    they have in common; suite and variant are then the parent's. adds: files from a language's package registry; strip: their
    binaries lose their symbol tables. lean: without what only a shell or iconv would use. last: a shell script that ends the
    layer, run as root."""

    suite: str
    variant: Variant
    packages: tuple[str, ...]
    python: str = ""
    path: str = ""
    parent: str = ""
    adds: tuple[Add, ...] = ()
    strip: bool = False
    lean: bool = False
    last: str = ""


USER = 65532
FOLDERS = ("src", "models", ".jitney", "tmp", "proc", "sys", "dev")
"""Mount points. The engine makes others itself, also on a read-only root; mmdebstrap empties /run."""

USELESS = (
    "usr/lib/*/gconv",
    "usr/bin/dpkg* usr/bin/debconf* usr/bin/update-alternatives usr/bin/mawk usr/bin/tar usr/bin/openssl",
    "usr/bin/c_rehash usr/bin/py3* usr/bin/pdb* usr/bin/pygettext* usr/bin/pydoc*",
    "usr/lib/python3*/test usr/share/perl5 usr/share/debconf usr/share/bash-completion usr/share/lintian usr/share/bug",
)
"""What an image without a shell never runs: character sets of iconv (Python and V8 have their own), tools that came along."""

OPTIONS = (
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--aptopt=APT::Install-Recommends "false"',
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
)


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
    if (recipe.python or recipe.lean) and recipe.variant == "extract":
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


def changes(recipe: Recipe) -> list[str]:
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return [f"ENV PATH={f'{recipe.path}:' if recipe.path else ''}{path}"]


def _told(recipe: Recipe) -> dict[str, object]:
    """Without what is not used, so that a new column makes no base anew."""
    told = msgspec.structs.asdict(recipe)
    return {
        name: value
        for name, value in told.items()
        if value or name not in ("parent", "adds", "strip", "lean", "last")
    }


def fingerprint(recipe: Recipe) -> str:
    """Changes with anything that decides what the base holds, but for the mirror and its date."""
    import hashlib

    parts = (_told(recipe), OPTIONS, hooks(recipe), changes(recipe))
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]
