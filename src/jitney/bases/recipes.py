"""What each base is made of: the table, nothing else.

`run` is files only, like distroless: no shell, no maintainer scripts were run. `full` has a shell and apt, and the
very same interpreter. `build` adds compilers to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from jitney.bases.hooks import Recipe, Variant, fingerprint
from jitney.bases.java import java
from jitney.bases.javascript import javascript
from jitney.bases.tables import kind_of, table_image, table_recipe
from jitney.errors import PlanError
from jitney.facts.model import BaseOnHand
from jitney.plan.bases import GO_LIBRARY

RUN = ("base-files", "ca-certificates", "libgomp1", "libstdc++6")
"""What wheels link against; base-files has /lib64, without which no binary starts on trixie and sid."""

FULL = ("ca-certificates", "libgomp1", "libstdc++6")
C = ("gcc", "g++", "libc6-dev", "make", "pkg-config")


def _python(version: str, suite: str) -> dict[str, Recipe]:
    interpreter = ("python3", f"python{version}")
    full = (*FULL, *interpreter)
    build = (*full, *C, "git", "python3-dev", f"python{version}-dev")
    name = f"python:{version}"
    return {
        f"{name}-run": _recipe(suite, "extract", (*RUN, *interpreter), version),
        f"{name}-full": _recipe(suite, "minbase", full, version),
        f"{name}-build": _recipe(suite, "minbase", build, version),
    }


def _torch(version: str, suite: str) -> dict[str, Recipe]:
    """libblas.so.3 is a link that a maintainer script makes, so `run` is no extract here. Debian's PyTorch computes by that
    library alone: OpenBLAS is 6 times as fast as the reference for one token, 60 times for a prompt."""
    packages = (
        *FULL,
        "python3",
        "python3-torch",
        "python3-transformers",
        "python3-pip",
        "libopenblas0-openmp",
    )
    full = _recipe(suite, "minbase", packages, version)
    build = _recipe(suite, "minbase", (*packages, *C, "python3-dev"), version)
    name = f"python-torch:{version}"
    return {f"{name}-run": full, f"{name}-full": full, f"{name}-build": build}


_GO_LIBRARY = """
export HOME=/root GOCACHE={cache} GOPROXY=off GOTOOLCHAIN=local GOFLAGS=-buildvcs=false CGO_ENABLED={cgo}
go build -trimpath bufio compress/... container/... context crypto/tls crypto/x509 database/sql embed encoding/... \\
    errors expvar flag fmt hash/... html/template image/... io/... iter log/... maps math/... mime/... net/http/... \\
    net/mail net/rpc net/smtp net/textproto os/... path/... reflect regexp runtime/debug slices sort strconv strings sync/... \\
    testing text/... time unicode/... unique
cd {cache}
find . -name '*-a' -exec sed -Ei 's/ {{1,19}}[0-9]+$/  1700000000000000000/' {{}} +
rm -rf trim.txt README /root/.config
find . -exec touch -d 2100-01-01T00:00:00Z {{}} +
"""
"""As Go itself shipped it until 1.19: it is most of what a first build compiles. The times: Go throws away what was not used
for five days by its own clock, and would write to each file that it uses; entries of the future it leaves alone."""


def _go(version: str, suite: str, release: str) -> dict[str, Recipe]:
    """`cgo` has a C compiler, which is half of its size; `build` makes static binaries."""
    packages = (f"golang-{version}-go",)
    path = f"/usr/lib/go-{version}/bin"
    build = Recipe(
        suite=suite,
        variant="minbase",
        packages=("git", *packages),
        path=path,
        parent=f"debian:{release}-full",
        last=_GO_LIBRARY.format(cache=GO_LIBRARY, cgo=0),
    )
    cgo = Recipe(
        suite=suite,
        variant="minbase",
        packages=packages,
        path=path,
        parent=f"debian:{release}-build",
        last=_GO_LIBRARY.format(cache=GO_LIBRARY, cgo=1),
    )
    return {f"go:{version}-build": build, f"go:{version}-cgo": cgo}


def _native(version: str, suite: str, rust: str) -> dict[str, Recipe]:
    """Compilers of C, C++ and Rust on Debian's own: what asks for libraries gets them in its build."""
    parent = f"debian:{version}-build"
    tools = ("cmake", "ninja-build", "meson", "autoconf", "automake", "libtool")
    return {
        f"cpp:{version}-build": _layer(suite, parent, tools),
        f"rust:{rust}-build": _layer(suite, parent, ("cargo", "rustc", "libssl-dev", "sccache")),
    }


def _layer(suite: str, parent: str, packages: tuple[str, ...]) -> Recipe:
    return Recipe(suite=suite, variant="minbase", packages=packages, parent=parent)


def _debian(version: str, suite: str) -> dict[str, Recipe]:
    flavours = {
        # names of ports, which OCaml looks up, and the locale C.UTF-8, without which GHC writes ASCII alone
        "run": _recipe(suite, "extract", (*RUN, "netbase", "libc-bin")),
        "full": _recipe(suite, "minbase", FULL),
        "build": _recipe(suite, "minbase", (*FULL, *C, "git")),
    }
    names = dict.fromkeys((version, suite))
    return {f"debian:{name}-{flavour}": recipe for name in names for flavour, recipe in flavours.items()}


def _recipe(suite: str, variant: Variant, packages: tuple[str, ...], python: str = "") -> Recipe:
    return Recipe(suite=suite, variant=variant, packages=packages, python=python)


RECIPES: dict[str, Recipe] = {
    **_python("3.13", "trixie"),
    **_python("3.11", "bookworm"),
    **_python("3.14", "sid"),
    **_torch("3.14", "sid"),
    **_go("1.24", "trixie", "13"),
    **_go("1.27", "sid", "sid"),
    **_debian("13", "trixie"),
    **_debian("12", "bookworm"),
    **_debian("sid", "sid"),
    **_native("13", "trixie", "1.85"),
    **_native("sid", "sid", "1.97"),
    "debian:13-lean": Recipe(suite="trixie", variant="extract", packages=RUN, lean=True),
    **javascript(),
    **java(),
    "llama.cpp:sid-run": _recipe("sid", "extract", ("base-files", "ca-certificates", "llama.cpp-tools")),
}

OFFICIAL = {
    ("python", "run"): "python:{}-slim",
    ("python", "full"): "python:{}-slim",
    ("python", "build"): "python:{}",
    ("go", "build"): "golang:{}",
    ("go", "cgo"): "golang:{}",
    ("rust", "build"): "rust:{}-bookworm",
    ("cpp", "build"): "buildpack-deps:{}",
    ("node", "run"): "node:{}-slim",
    ("node", "full"): "node:{}-slim",
    ("node", "build"): "node:{}",
    ("node", "native"): "node:{}",
    ("java", "run"): "eclipse-temurin:{}-jre",
    ("java", "full"): "eclipse-temurin:{}-jre",
    ("java", "build"): "maven:3-eclipse-temurin-{}",
    ("deno", "run"): "denoland/deno:{}",
    ("deno", "full"): "denoland/deno:{}",
    ("bun", "run"): "oven/bun:{}-slim",
    ("bun", "full"): "oven/bun:{}-slim",
    ("debian", "run"): "debian:{}-slim",
    ("debian", "full"): "debian:{}-slim",
    ("debian", "build"): "debian:{}",
}
"""Kind and flavour → the official image of the same use."""


def recipe(name: str) -> Recipe:
    """name: `KIND:VERSION-FLAVOUR`. Raises PlanError with what there is."""
    found = RECIPES.get(name) or table_recipe(name)
    if found is None:
        kind = name.partition(":")[0]
        near = [known for known in RECIPES if known.startswith(f"{kind}:")] or list(RECIPES)
        raise PlanError(f"Debian has no base {name!r}", "it has: " + ", ".join(near))
    return found


def whole_fingerprint(made: Recipe) -> str:
    """Of a recipe and of all that it stands on: a change below makes the layers above anew."""
    own = fingerprint(made)
    if not made.parent:
        return own
    import hashlib

    return hashlib.sha256(f"{own} {whole_fingerprint(recipe(made.parent))}".encode()).hexdigest()[:16]


def is_current(base: BaseOnHand) -> bool:
    """Made by the recipe as it is now. What has no recipe here (a registry's) cannot be stale."""
    name = base.key.removeprefix("debian/")
    made_by = (RECIPES.get(name) or table_recipe(name)) if name != base.key else None
    return made_by is None or base.recipe == whole_fingerprint(made_by)


def current(bases: Iterable[BaseOnHand], language: str = "") -> tuple[BaseOnHand, ...]:
    """Those that may be built upon; the others are made anew when they are needed. language: the only one whose bases are asked
    for, so that no other table has to be read."""
    return tuple(base for base in bases if _is_asked(base, language) and is_current(base))


def _is_asked(base: BaseOnHand, language: str) -> bool:
    return not language or kind_of(base.key.partition("/")[2]) in ("", language)


def official(name: str) -> str:
    """The same as an image name, `python:3.13-slim`. Raises PlanError where there is no such image."""
    match = re.fullmatch(r"([a-z.-]+):([\w.+]+)-(\w+)", name)
    pattern = OFFICIAL.get((match[1], match[3]), table_image(name)) if match else ""
    if match is None or not pattern:
        raise PlanError(
            f"no official image is known for {name!r}", "use --base-provider debian, which makes it"
        )
    return pattern.format(match[2])
