"""Rust programs: crates, workspaces, scripts, bare files."""

from __future__ import annotations

import pytest
from tests.unit.detect.seeing import feature, see

from jitney.detect import detect
from jitney.detect.data.rust_crates import CRATES
from jitney.detect.model import Detection, Wishes
from jitney.errors import DetectionError
from jitney.source import Source

MAIN = "fn main() {}\n"
CRATE = '[package]\nname = "tool"\nversion = "0.1.0"\nedition = "2021"\n'


def test_a_bare_file_is_known_by_its_paths() -> None:
    code = (
        "use std::io::{self, Write};\nuse serde::{Deserialize, Serialize};\nuse async_openai::{types::Role, Client};\n"
        '#[tokio::main]\nasync fn main() { let k = std::env::var("MY_KEY"); let v = serde_json::json!({"model": "gpt-4o"}); }\n'
    )
    found = see({"main.rs": code}, "main.rs")
    assert (found.manager, found.framework, found.mode) == ("imports", "async-openai", "hosted")
    assert [package.name for package in found.packages] == ["serde", "async-openai", "tokio", "serde_json"]
    assert 'features = ["full"]' in found.packages[2].spec
    assert (found.env[0], found.secrets[0]) == ("MY_KEY", "MY_KEY")
    assert [use.name for use in found.models] == ["gpt-4o"]


def test_an_unknown_crate_is_not_guessed() -> None:
    found = see(
        {"main.rs": "use reqwst::Client;\nmod own;\nuse own::thing;\nfn main() {}\n", "own.rs": ""}, "main.rs"
    )
    assert [(one.name, one.line, one.near) for one in found.unknown] == [("reqwst", 1, ("reqwest",))]
    wished = see({"main.rs": "use reqwst::Client;\nfn main() {}\n"}, "main.rs", packages=("reqwst@0.1",))
    assert (wished.unknown, wished.packages[0].spec) == ((), ' = "0.1"')


@pytest.mark.parametrize(
    ("head", "edition"),
    [
        (
            '#!/usr/bin/env cargo\n---cargo\n[package]\nedition = "2024"\n[dependencies]\nureq = "3"\n---\n',
            ["2024"],
        ),
        ('---\n[dependencies]\nureq = "3"\n---\n', []),
        ('//! ```cargo\n//! [dependencies]\n//! ureq = "3"\n//! ```\n', []),
        ('// cargo-deps: ureq="3"\n', []),
    ],
)
def test_a_script_carries_its_manifest(head: str, edition: list[str]) -> None:
    found = see({"ask.rs": head + MAIN}, "ask.rs")
    assert (found.manager, [(p.name, p.spec) for p in found.packages]) == (
        "cargo-script",
        [("ureq", ' = "3"')],
    )
    assert feature(found, "edition") == edition
    assert feature(found, "front-matter") == (["ask.rs"] if "---" in head else [])


def test_front_matter_that_is_no_toml() -> None:
    found = see({"ask.rs": "---cargo\n[dependencies\n---\n" + MAIN}, "ask.rs")
    assert [finding.level for finding in found.findings] == ["error"]


@pytest.mark.parametrize(
    ("files", "target"),
    [
        ({"src/main.rs": MAIN}, ("bin", "tool")),
        ({"src/main.rs": MAIN, "src/bin/other.rs": MAIN}, ("bin", "tool")),
        ({"src/bin/one/main.rs": MAIN, "src/lib.rs": ""}, ("bin", "one")),
        (
            {"src/bin/a.rs": MAIN, "src/bin/b.rs": MAIN, "Cargo.toml": CRATE + 'default-run = "b"\n'},
            ("bin", "b"),
        ),
        ({"app.rs": MAIN, "Cargo.toml": CRATE + '[[bin]]\nname = "x"\npath = "app.rs"\n'}, ("bin", "x")),
        ({"src/lib.rs": "", "examples/demo.rs": MAIN}, ("example", "demo")),
    ],
)
def test_the_program_of_a_crate(files: dict[str, str | bytes], target: tuple[str, str]) -> None:
    found = see({"Cargo.toml": CRATE, **files})
    assert feature(found, target[0]) == [target[1]]
    assert (found.manager, feature(found, "package")) == ("cargo", ["tool"])


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"src/bin/a.rs": MAIN, "src/bin/b.rs": MAIN}, "2 programs could be the one"),
        ({"src/lib.rs": ""}, "has no program"),
        ({"src/lib.rs": "", "examples/a.rs": MAIN, "examples/b.rs": MAIN}, "library with 2 examples"),
    ],
)
def test_no_program_or_many(files: dict[str, str | bytes], message: str) -> None:
    with pytest.raises(DetectionError, match=message) as caught:
        see({"Cargo.toml": CRATE, **files})
    assert caught.value.hint


def test_an_entry_names_a_program_or_an_example() -> None:
    files: dict[str, str | bytes] = {
        "Cargo.toml": CRATE,
        "src/bin/a.rs": MAIN,
        "src/bin/b.rs": MAIN,
        "examples/c.rs": MAIN,
    }
    assert feature(_with_entry(files, "b"), "bin") == ["b"]
    assert feature(_with_entry(files, "c"), "example") == ["c"]
    with pytest.raises(DetectionError, match="is not there"):
        _with_entry(files, "d")


def _with_entry(files: dict[str, str | bytes], entry: str) -> Detection:
    return detect(Source.from_mapping(files), Wishes(entry=entry))


def test_an_example_of_a_crate_takes_the_crate_and_its_workspace() -> None:
    files: dict[str, str | bytes] = {
        "Cargo.toml": '[workspace]\nmembers = ["lib*", "tools/*"]\n[workspace.package]\nrust-version = "1.75"\n',
        "library/Cargo.toml": '[package]\nname = "library"\nrust-version = { workspace = true }\n[dependencies]\n'
        'shared = { path = "../shared" }\n[[example]]\nname = "ask"\nrequired-features = ["net"]\n',
        "library/src/lib.rs": '#![doc = include_str!("../../README.md")]\n',
        "library/examples/ask.rs": MAIN,
        "shared/Cargo.toml": '[package]\nname = "shared"\n',
        "shared/src/lib.rs": "",
        "shared/data.txt": "x",
        "tools/gen/Cargo.toml": '[package]\nname = "gen"\n',
        "tools/gen/src/main.rs": MAIN,
        "tools/gen/big.bin": "x",
        "README.md": "#",
        "notes.txt": "x",
    }
    found = see(files, "library/examples/ask.rs")
    assert (feature(found, "example"), feature(found, "feature"), feature(found, "root")) == (
        ["ask"],
        ["net"],
        [""],
    )
    assert found.version == ">=1.75"
    assert set(files) - set(found.takes) == {"tools/gen/big.bin", "notes.txt"}


def test_a_path_dependency_outside_is_told() -> None:
    found = see(
        {"Cargo.toml": CRATE + '[dependencies]\nother = { path = "../other" }\n', "src/main.rs": MAIN}
    )
    assert [finding.level for finding in found.findings] == ["error"]


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({"rust-toolchain.toml": '[toolchain]\nchannel = "1.79.0"\n'}, "1.79.0"),
        ({"rust-toolchain": "nightly-2024-05-01\n"}, "nightly-2024-05-01"),
        ({"src/main.rs": "#![feature(let_chains)]\n" + MAIN}, "nightly"),
        ({"Cargo.toml": CRATE + 'rust-version = "1.88"\n'}, ">=1.88"),
        ({}, ">=1.56"),
    ],
)
def test_the_version(files: dict[str, str | bytes], version: str) -> None:
    assert see({"Cargo.toml": CRATE, "src/main.rs": MAIN, **files}).version == version


def test_a_toolchain_file_that_names_none() -> None:
    found = see({"Cargo.toml": CRATE, "src/main.rs": MAIN, "rust-toolchain": "whatever\n"})
    assert [finding.code for finding in found.findings] == ["rust.toolchain"]


def test_the_table_is_toml_with_the_name_that_code_uses() -> None:
    import tomllib

    for name, line in CRATES.items():
        ((crate, _),) = tomllib.loads(line).items()
        assert name.replace("_", "-") == crate.replace("_", "-") or name in ("prettytable", "rig"), line


def test_the_folder_of_an_example_is_that_example() -> None:
    files: dict[str, str | bytes] = {
        "Cargo.toml": CRATE,
        "src/lib.rs": "",
        "examples/a/main.rs": MAIN,
        "examples/b/main.rs": MAIN,
    }
    assert feature(see(files, workdir="examples/b"), "example") == ["b"]


def test_a_pinned_toolchain_comes_before_what_the_edition_needs() -> None:
    files: dict[str, str | bytes] = {
        "Cargo.toml": CRATE,
        "src/main.rs": MAIN,
        ".tool-versions": "rust 1.88.0\n",
    }
    found = see(files)
    seen = next(one for one in found.evidence if one.decides == "version")
    assert (found.version, seen.place, seen.losers[0]) == (
        "1.88.0",
        ".tool-versions:1",
        "rust.version.edition: >=1.56",
    )
    assert see({**files, "rust-toolchain": "1.80.0\n"}).version == "1.80.0"


def test_a_broken_manifest_has_line_and_column() -> None:
    found = see({"Cargo.toml": "[package]\nname = tool\n", "src/main.rs": MAIN}, "src/main.rs")
    assert [one.message.partition(" no TOML")[0] for one in found.findings if one.level == "error"] == [
        "Cargo.toml:2:8:"
    ]
