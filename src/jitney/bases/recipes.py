"""What each base is made of: the table, nothing else.

`run` is files only, like distroless: no shell, no maintainer scripts were run. `full` has a shell and apt, and the very
same interpreter. `build` adds compilers to it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from jitney.errors import PlanError

Variant = Literal["extract", "minbase"]

RUN = ("base-files", "ca-certificates", "libgomp1", "libstdc++6")
"""What wheels link against; base-files has /lib64, without which no binary starts on trixie and sid."""

FULL = ("ca-certificates", "libgomp1", "libstdc++6")
C = ("gcc", "g++", "libc6-dev", "make", "pkg-config")
GO = ("ca-certificates", "git")


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """A Debian base. python: `3.13`, the interpreter that /usr/bin/python3 and python must be. official: the registry's
    image of the same use, empty where there is none."""

    suite: str
    variant: Variant
    packages: tuple[str, ...]
    python: str = ""
    path: str = ""
    official: str = ""


def _python(version: str, suite: str) -> dict[str, Recipe]:
    interpreter = ("python3", f"python{version}")
    full = (*FULL, *interpreter)
    build = (*full, *C, "git", "python3-dev", f"python{version}-dev")
    slim, large = f"python:{version}-slim", f"python:{version}"
    return {
        f"python:{version}-run": Recipe(
            suite=suite, variant="extract", packages=(*RUN, *interpreter), python=version, official=slim
        ),
        f"python:{version}-full": Recipe(
            suite=suite, variant="minbase", packages=full, python=version, official=slim
        ),
        f"python:{version}-build": Recipe(
            suite=suite, variant="minbase", packages=build, python=version, official=large
        ),
    }


def _go(version: str, suite: str) -> dict[str, Recipe]:
    packages = (*GO, f"golang-{version}-go")
    path = f"/usr/lib/go-{version}/bin"
    build = Recipe(suite=suite, variant="minbase", packages=packages, path=path, official=f"golang:{version}")
    cgo = msgspec.structs.replace(build, packages=(*packages, *C))
    return {f"go:{version}-build": build, f"go:{version}-cgo": cgo}


def _debian(suite: str) -> dict[str, Recipe]:
    official = f"debian:{suite}-slim"
    return {
        f"debian:{suite}-run": Recipe(suite=suite, variant="extract", packages=RUN, official=official),
        f"debian:{suite}-full": Recipe(suite=suite, variant="minbase", packages=FULL, official=official),
        f"debian:{suite}-build": Recipe(
            suite=suite, variant="minbase", packages=(*FULL, *C, "git"), official=f"debian:{suite}"
        ),
    }


RECIPES: dict[str, Recipe] = {
    **_python("3.13", "trixie"),
    **_python("3.11", "bookworm"),
    **_python("3.14", "sid"),
    **_go("1.24", "trixie"),
    **_debian("trixie"),
    **_debian("bookworm"),
    **_debian("sid"),
    "llama.cpp:sid-run": Recipe(
        suite="sid", variant="extract", packages=("base-files", "ca-certificates", "llama.cpp-tools")
    ),
    "python-torch:3.14-full": Recipe(
        suite="sid",
        variant="minbase",
        packages=(*FULL, "python3", "python3-torch", "python3-transformers", "python3-pip"),
        python="3.14",
    ),
}


def recipe(name: str) -> Recipe:
    """name: `KIND:VERSION-FLAVOUR`. Raises PlanError with what there is."""
    found = RECIPES.get(name)
    if found is None:
        kind = name.partition(":")[0]
        near = [known for known in RECIPES if known.startswith(f"{kind}:")] or list(RECIPES)
        raise PlanError(f"there is no base {name!r}", "there are: " + ", ".join(near))
    return found
