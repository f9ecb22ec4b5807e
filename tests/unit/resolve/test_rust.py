"""Which locks are complete, what is generated, what a failed build teaches."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from jitney.plan.model import Lock
from jitney.plan.request import ResolveRequest
from jitney.resolve.compile_errors import hint, is_fetching, missing_packages, readable, wanted_rust
from jitney.resolve.learn import learn_system
from jitney.resolve.rust import is_complete, new_manifest

LOCK = 'version = 4\n[[package]]\nname = "ureq"\nversion = "3.1.0"\n[[package]]\nname = "tool"\nversion = "0.1.0"\n'


@pytest.mark.parametrize(
    ("manifest", "complete"),
    [
        ('[dependencies]\nureq = "3"\n', True),
        ('[dependencies]\nureq = "=3.1.0"\n', True),
        ('[dependencies]\nureq = "=3.0.9"\n', False),
        ('[dependencies]\nserde = "1"\n', False),
        ('[dependencies]\nhttp = { package = "ureq", version = "3" }\n', True),
        ("[dependencies]\nserde = { workspace = true }\n", True),
    ],
)
def test_a_lock_has_what_its_manifest_asks_for(manifest: str, complete: bool) -> None:
    assert is_complete(LOCK, [tomllib.loads('[package]\nname = "tool"\n' + manifest)]) is complete


def test_a_broken_lock_is_none() -> None:
    assert not is_complete("<<<<<<< HEAD\n", [])


def test_the_manifest_of_a_bare_file() -> None:
    request = ResolveRequest(
        language="rust", version="1.85", platform="amd64", entry="sub/main.rs", features=("edition:2024",),
        requirements=('serde = { version = "1", features = ["derive"] }', 'ureq = "3"'),
    )  # fmt: skip
    data = tomllib.loads(new_manifest(request))
    assert (data["package"]["edition"], data["bin"][0]["path"]) == ("2024", "../sub/main.rs")
    assert (data["dependencies"]["ureq"], data["workspace"]) == ("3", {})


@pytest.mark.parametrize(
    ("output", "packages"),
    [
        ("ask.c:1:10: fatal error: curl/curl.h: No such file or directory", {"libcurl4-openssl-dev"}),
        ("fatal error: own/unknown.h: No such file or directory", set()),
        ("Could NOT find CURL (missing: CURL_LIBRARY)", {"libcurl4-openssl-dev"}),
        ('Could not find a package configuration file provided by "nlohmann_json"', {"nlohmann-json3-dev"}),
        ("-- No package 'json-c' found", {"libjson-c-dev"}),
        ('meson.build:3:0: ERROR: Dependency "jansson" not found', {"libjansson-dev"}),
        ("/usr/bin/ld: cannot find -lsqlite3: No such file or directory", {"libsqlite3-dev"}),
        ("error: failed to run custom build command for `alsa-sys v0.3.1`", {"libasound2-dev"}),
        ("The system library `libudev` required by crate `hidapi` was not found", {"libudev-dev"}),
        ("make: cmake: No such file or directory", {"cmake"}),
        ("/bin/sh: 1: xxd: not found", {"xxd"}),
        ("Could not find `protoc`", {"protobuf-compiler"}),
    ],
)
def test_libraries_that_a_failed_build_asks_for(output: str, packages: set[str]) -> None:
    assert missing_packages(output) == packages
    learnt = learn_system(Lock(language="cpp"), output)
    assert (set(learnt.system) if learnt else set()) == packages


def test_nothing_is_learnt_twice() -> None:
    output = "fatal error: curl/curl.h: No such file or directory"
    assert learn_system(Lock(language="c", system=("libcurl4-openssl-dev",)), output) is None


def test_a_newer_rust_is_learnt() -> None:
    output = "error: rustc 1.85.1 is not supported by the following packages:\n  a@1 requires rustc 1.86\n  b@2 requires rustc 1.88.0\n"
    assert wanted_rust(output) == "1.88.0"
    learnt = learn_system(Lock(language="rust", version="1.85"), output)
    assert learnt is not None and learnt.version == "1.88.0"


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("fatal error: own/unknown.h: No such file or directory", "no Debian package is known for own/unknown.h"),
        ("fatal error: sqlite3.h: No such file or directory", "Debian's libsqlite3-dev"),
        ("error: failed to run custom build command for `bad-sys v1.0.0`\n Connection refused (127.0.0.1:9)",
         "build script of the crate bad-sys 1.0.0 wants to fetch"),
        ("error: failed to run custom build command for `odd-sys v1.0.0`\n no idea", "crate odd-sys 1.0.0 failed: --apt"),
        ("error: cannot update the lock file because --locked was passed; the lock file needs to be updated", "Cargo.lock does not fit"),
        ("cannot find -lweird", "-lweird"),
        ("error: expected `;`", ""),
    ],
)  # fmt: skip
def test_hints(output: str, words: str) -> None:
    assert words in hint(output)
    assert bool(hint(output)) is bool(words)


def test_the_compilers_words_have_the_users_paths() -> None:
    said = readable(
        "   Compiling a v1\n/src/main.c:3:1: error: x\n  --> ../main.rs:1:2\n#include </usr/src/x>\n",
        Path.cwd(),
    )
    assert said == "main.c:3:1: error: x\n  --> main.rs:1:2\n#include </usr/src/x>\n"
    assert readable("/src/a.c:1", Path("/elsewhere/app")) == "/elsewhere/app/a.c:1"
    assert readable("/src/a.c:1", None) == "a.c:1"


def test_packages_that_cannot_be_fetched_are_not_the_programs_fault() -> None:
    assert is_fetching("error: failed to download from `https://…`")
    assert not is_fetching("error: could not compile `a`\nerror: failed to get x")
