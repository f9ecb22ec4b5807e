"""A failed build teaches: libraries that the wheels want and the base has not, packages that have no wheel."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from jitney.plan.model import Lock
from jitney.resolve.errors import no_wheel_packages
from jitney.resolve.resolve import keep

if TYPE_CHECKING:
    from jitney.config import Config

MISSING = re.compile(r"jitney-missing: (\S+) needed by ")
UNKNOWN_DEB = re.compile(
    r"Unable to locate package ([a-z0-9][a-z0-9+.-]+)|Package '?([a-z0-9][a-z0-9+.-]+)'? has no installation"
)

SONAMES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libGLESv2.so.2": "libgles2",
    "libOpenGL.so.0": "libopengl0",
    "libGLX.so.0": "libglx0",
    "libGLU.so.1": "libglu1-mesa",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
    "libXi.so.6": "libxi6",
    "libxcb.so.1": "libxcb1",
    "libasound.so.2": "libasound2",
    "libportaudio.so.2": "libportaudio2",
    "libsndfile.so.1": "libsndfile1",
    "libgomp.so.1": "libgomp1",
    "libstdc++.so.6": "libstdc++6",
    "libgcc_s.so.1": "libgcc-s1",
    "libgfortran.so.5": "libgfortran5",
    "libquadmath.so.0": "libquadmath0",
    "libopenblas.so.0": "libopenblas0-pthread",
    "libpq.so.5": "libpq5",
    "libmariadb.so.3": "libmariadb3",
    "libodbc.so.2": "libodbc2",
    "libmagic.so.1": "libmagic1",
    "libz.so.1": "zlib1g",
    "libbz2.so.1.0": "libbz2-1.0",
    "liblzma.so.5": "liblzma5",
    "libzstd.so.1": "libzstd1",
    "libffi.so.8": "libffi8",
    "libxml2.so.2": "libxml2",
    "libxslt.so.1": "libxslt1.1",
    "libcairo.so.2": "libcairo2",
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libnuma.so.1": "libnuma1",
    "libuuid.so.1": "libuuid1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libudev.so.1": "libudev1",
    "libusb-1.0.so.0": "libusb-1.0-0",
    "libvulkan.so.1": "libvulkan1",
    "libtbb.so.12": "libtbb12",
    "libhwloc.so.15": "libhwloc15",
    "libmpi.so.40": "libopenmpi40",
    "libcrypt.so.1": "libcrypt1",
    "libsqlite3.so.0": "libsqlite3-0",
}
"""soname → Debian package, where the convention below does not find it. Bookworm, trixie and sid agree on these (names that
got `t64` are still provided under the old one)."""


def debian_package(soname: str) -> str:
    """By table, else by Debian's convention: libfoo.so.3 → libfoo3, libfoo2.so.3 → libfoo2-3 (Debian policy 8.1);
    empty where the name says nothing."""
    if soname in SONAMES:
        return SONAMES[soname]
    match = re.fullmatch(r"(lib[A-Za-z0-9+._-]+?)(?:-([0-9.]+))?\.so\.([0-9]+)", soname)
    if match is None:
        return ""
    stem, release, number = match.groups()
    name = (f"{stem}-{release}" if release else stem).lower().replace("_", "-")
    return f"{name}-{number}" if name[-1].isdigit() else f"{name}{number}"


def learn_system(lock: Lock, output: str, config: Config | None = None) -> Lock | None:
    """The lock with what the builder's words ask for; None: nothing new to be learnt. Kept, when config is given, so that the
    next run knows it from the start."""
    learnt = _learnt(lock, output)
    if learnt == lock:
        return None
    if config is not None and lock.key:
        keep(config.cache / "resolutions" / f"{lock.key}.json", learnt)
    return learnt


def _learnt(lock: Lock, output: str) -> Lock:
    system, tolerate = set(lock.system), set(lock.tolerate)
    for soname in MISSING.findall(output):
        package = debian_package(soname)
        if package and package not in lock.system and f"!{package}" not in tolerate:
            system.add(package)
        else:  # no name for it, or installed and of no use: the program may never load what wants it
            tolerate.add(soname)
    for name in {first or second for first, second in UNKNOWN_DEB.findall(output)} & set(lock.system):
        system.discard(name)
        tolerate.add(f"!{name}")
    if "No solution found" in output or "Failed to" in output or "no usable wheels" in output:
        sdists = {*lock.sdists, *no_wheel_packages(output)}
    else:
        sdists = set(lock.sdists)
    version = lock.version
    if lock.language in ("rust", "c", "cpp"):
        from jitney.resolve.compile_errors import missing_packages, wanted_rust

        system |= missing_packages(output) - {name.removeprefix("!") for name in tolerate}
        version = (wanted_rust(output) or version) if lock.language == "rust" else version
    return msgspec.structs.replace(
        lock,
        version=version,
        system=tuple(sorted(system)),
        tolerate=tuple(sorted(tolerate)),
        sdists=tuple(sorted(sdists)),
    )
