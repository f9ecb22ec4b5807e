"""What a compiler's or a build script's last words ask for: Debian packages by table, a newer Rust; and hints for the rest."""

from __future__ import annotations

import os
import re
from pathlib import Path

from jitney.detect.data.native import CMAKE, CRATES, LINKED, MODULES, TOOLS, of_header

HEADER = re.compile(r"fatal error: '?([\w./+-]+)'?(?:: No such file or directory| file not found)")
CMAKE_PACKAGE = re.compile(
    r"Could NOT find (\w[\w.+-]*)|package configuration file provided by \"([\w.+-]+)\"|By not providing \"Find([\w.+-]+)\.cmake\""
)
MODULE = re.compile(
    r"No package '([^']+)' found|Package ([\w.+-]+) was not found in the pkg-config|Dependency \"([^\"]+)\" not found"
    r"|The system library `([^`]+)` required by crate|Package '([^']+)', required by"
)
LINKER = re.compile(r"cannot find -l([\w.+-]+)")
SCRIPT = re.compile(r"failed to run custom build command for `([\w-]+) v([^`\s]+)")
PROGRAM = re.compile(
    r"(?:make(?:\[\d+\])?: |/bin/sh: (?:\d+: |line \d+: )?)([\w.+-]+): (?:No such file or directory|not found|command not found)"
    r"|is `(cmake)` not installed|Could not find `(protoc)`|Program '?([\w.+-]+)'? not found"
)
NEWER_RUST = re.compile(r"requires rustc (\d+\.\d+(?:\.\d+)?)")
OLD_RUST = re.compile(
    r"error\[E0658\]|is not supported by the following package|feature `edition\w+` is required"
)
NETWORK = re.compile(
    r"127\.0\.0\.1(?::| port )9\b|[Cc]ould not resolve host|Temporary failure in name resolution|[Dd]ns error|Connection refused|failed to download"
    r"|Network is unreachable"
)
NEWEST = "1.97"


NOISE = re.compile(
    r"(?m)^(?:#\d+ [\d.]+ )?[ \t]+(?:Compiling|Downloading|Downloaded|Updating|Locking|Adding|Blocking|Finished|Fetching) .*\n?"
)


def missing_packages(output: str) -> set[str]:
    """Debian packages, by name, that the output asks for and a table knows."""
    found: set[str] = set()
    for header in HEADER.findall(output):
        row = of_header(header)
        found |= set(row.apt.split()) if row else set()
    for pattern, table in ((CMAKE_PACKAGE, CMAKE), (MODULE, MODULES), (LINKER, LINKED), (PROGRAM, TOOLS)):
        for match in pattern.finditer(output):
            name = next((group for group in match.groups() if group), "")
            found |= set(table.get(name, table.get(name.lower(), "")).split())
    for crate, _ in SCRIPT.findall(output):
        found |= set(CRATES.get(crate, "").split())
    if re.search(r"[Uu]nable to find libclang", output):
        found.add("libclang-dev")
    return found


def wanted_rust(output: str) -> str:
    """The least Rust that the packages say they need; empty: they say nothing."""
    versions: list[str] = NEWER_RUST.findall(output)
    if versions:
        return max(versions, key=lambda version: tuple(int(part) for part in version.split(".")))
    return NEWEST if OLD_RUST.search(output) and "-->" in output and "/registry/src/" in output else ""


def readable(output: str, root: Path | None) -> str:
    """The compiler's own words, with the user's paths instead of those inside the build, without the list of what went well."""
    near = "" if root is None else os.path.relpath(root) + "/"
    place = f"{root}/" if near.startswith("../") else near.removeprefix("./")
    said = re.sub(r"(?<![\w/.-])/src/|(?<=--> )\.\./", lambda _: place, NOISE.sub("", output))
    return said.replace("/dev/jitney/src/", place)


def is_fetching(output: str) -> bool:
    """Cargo did not come as far as compiling: the registry or the manifest is at fault, not the code."""
    if re.search(r"could not compile|failed to run custom build command", output):
        return False
    return bool(
        re.search(
            r"error: failed to (?:get|download|fetch|load source)|error: (?:no matching package|failed to select a version)",
            output,
        )
    )


def hint(output: str) -> str:
    """What mends it, where that can be said; else empty."""
    if "missing go.sum entry" in output:
        return "make go.sum complete: go mod tidy"
    crate = SCRIPT.search(output)
    if crate and NETWORK.search(output):
        return (f"the build script of the crate {crate[1]} {crate[2]} wants to fetch something while it is compiled, which is not "
                "possible here: look for a feature of it that takes what the system has, or that builds from its own sources")  # fmt: skip
    if crate:
        return f"the build script of the crate {crate[1]} {crate[2]} failed: --apt PACKAGE adds what it wants of the system"
    if "needs to be updated but --locked" in output or "lock file needs to be updated" in output:
        return "Cargo.lock does not fit Cargo.toml: `cargo update --workspace` mends it"
    for header in HEADER.findall(output):
        row = of_header(header)
        if row is None or not row.apt:
            return f"no Debian package is known for {header}: --apt PACKAGE adds the one that has it"
        return f"{header} is in Debian's {' '.join(row.apt.split())}: --apt {row.apt.split()[0]}"
    if re.search(r"(?i)FetchContent|ExternalProject|CPM", output) and NETWORK.search(output):
        return "CMake's FetchContent wants the network: --apt PACKAGE where Debian has the library, or lay it into the folder"
    for name in LINKER.findall(output):
        return f"no Debian package is known for -l{name}: --apt PACKAGE adds the one that has it"
    if re.search(r"conan|vcpkg", output, re.I):
        return "Conan and vcpkg are not used here: name the libraries with --apt PACKAGE, CMake finds them"
    return ""
