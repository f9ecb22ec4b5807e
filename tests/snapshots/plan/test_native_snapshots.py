"""Plans and Dockerfiles of programs in Rust, C and C++; those on official images have never run on a machine of ours."""

from __future__ import annotations

from typing import Literal

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from jitney.config import Config
from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.facts.model import BaseOnHand, EngineFacts, Facts, IndexFacts
from jitney.plan import Taken, make_plan
from jitney.plan.model import Lock
from jitney.render import render_dockerfile
from jitney.source import Source

ENGINE = EngineFacts(
    name="docker", version="20.10.24", buildkit=True, cpus=2, memory_bytes=24 << 30, shares_files=True
)
TAKEN = Taken(bytes=1200, files=1, digest="sha256:" + "a" * 64)
C_MAIN = "int main(void) { return 0; }\n"
CARGO = '[package]\nname = "chat"\nversion = "0.1.0"\nedition = "2021"\n'
PROGRAMS: dict[str, tuple[Literal["debian", "registry"], dict[str, str | bytes], Lock]] = {
    "rust-crate": (
        "debian",
        {"Cargo.toml": CARGO, "src/main.rs": "fn main() {}\n"},
        Lock(language="rust", files={"Cargo.lock": "version = 4\n"}),
    ),
    "rust-pinned-registry": (
        "registry",
        {"Cargo.toml": CARGO, "rust-toolchain": "1.79.0\n", "src/main.rs": "fn main() {}\n"},
        Lock(language="rust"),
    ),
    "c-bare": (
        "debian",
        {"ask.c": "#include <curl/curl.h>\n#include <math.h>\n" + C_MAIN},
        Lock(language="c"),
    ),
    "cpp-llama": (
        "debian",
        {"say.cpp": '#include <llama.h>\nauto file = "model.gguf";\n' + C_MAIN},
        Lock(language="cpp"),
    ),
    "cpp-cmake-registry": (
        "registry",
        {
            "CMakeLists.txt": "project(ask)\nfind_package(CURL REQUIRED)\nadd_executable(ask a.cpp)\n",
            "a.cpp": C_MAIN,
        },
        Lock(language="cpp"),
    ),
}
KEYS = (
    "debian/rust:1.85-build",
    "debian/cpp:13-build",
    "debian/cpp:sid-build",
    "debian/debian:13-run",
    "debian/debian:sid-run",
    "registry/rust:1.79-build",
    "registry/cpp:trixie-build",
    "registry/debian:trixie-run",
)
BASES = tuple(
    BaseOnHand(key=key, ref=f"jitney-{key}", digest=f"sha256:{n:064x}") for n, key in enumerate(KEYS, 1)
)


@pytest.mark.parametrize("name", PROGRAMS)
def test_plan(name: str, snapshot: SnapshotAssertion) -> None:
    provider, files, lock = PROGRAMS[name]
    entry = next(iter(files)) if len(files) == 1 else ""
    detection = detect(Source.from_mapping(files, entry), Wishes())
    facts = Facts(
        engine=ENGINE, bases=BASES, ca_bundle="/ca.crt", indexes=IndexFacts(registry="https://registry.test")
    )
    plan = make_plan(detection, facts, Config(base_provider=provider), lock, taken=TAKEN)
    build = msgspec.structs.replace(
        plan.build,
        files={path: text for path, text in plan.build.files.items() if not path.endswith((".sh", ".py"))},
    )
    assert msgspec.json.format(msgspec.json.encode(build)).decode() == snapshot(name="plan")
    assert render_dockerfile(plan.build, facts.engine) == snapshot(name="Dockerfile")
