"""The build and the start of a Rust program: cargo in a stage, the binary and the libraries it wants in the last one.

Features of a detection: root:FOLDER where cargo works, bin:NAME or example:NAME, package:NAME, feature:NAME (of the crate),
edition:YEAR, front-matter:PATH (blanked for the compiler), nightly.
"""

from __future__ import annotations

import re

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.errors import PlanError
from jitney.facts.model import Facts
from jitney.findings import Evidence, Finding
from jitney.plan.bases import key, provider
from jitney.plan.choice import Choice, system_packages
from jitney.plan.compiled import (
    INSIDE,
    apt,
    build_plan,
    compile_mounts,
    evidence,
    feature,
    features,
    is_compiled,
    needed_suite,
    resolving_base,
    start,
    suite_of,
    user_packages,
    version_asked,
)
from jitney.plan.model import BuildPlan, Instruction, Lock, Mount
from jitney.plan.taken import Taken

RUST = {"debian": ("1.85", "1.97"), "registry": ("1.85", "1.97")}
"""What a provider has, the usual one first. Debian: trixie, sid. A registry also has every other, for who asks for it."""

SUITES = {"1.85": "13", "1.97": "sid"}
"""Debian's release of a Rust: a program runs on the C library it was linked with."""

CARGO_CACHES = (
    Mount(kind="cache", source="jitney-cargo-registry", target="/root/.cargo/registry"),
    Mount(kind="cache", source="jitney-cargo-git", target="/root/.cargo/git"),
)
COMPILED = Mount(kind="cache", source="jitney-sccache", target="/root/.cache/sccache")
"""Compiled crates, by all that decides them: for every program that has the same."""

NOWHERE = "http://127.0.0.1:9"
OFFLINE = "[env]\n" + "".join(
    f'{name} = "{NOWHERE}"\n'
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY")
)
"""A proxy that is not there, for what cargo starts: build scripts fetch nothing. cargo itself does not read `[env]`."""

SCRIPTS = ("apt.sh", "rust.sh", "work.sh")


def choose(detection: Detection, facts: Facts, config: Config, lock: Lock) -> Choice:
    source, why = provider(facts, config)
    wanted = config.version or detection.version
    learnt = lock.version if lock.language == "rust" else ""
    if needed_suite(system_packages(detection, config, lock)):
        learnt = max(
            learnt, next(version for version, suite in SUITES.items() if suite == "sid"), key=numbers
        )
    version, findings = pick(wanted, source, learnt, is_flag=bool(config.version))
    rule = "base.rust.asked" if wanted else "base.rust.default"
    picked = Evidence(
        rule=rule, decides="base", value=f"Rust {version}" + (f" for {wanted}" if wanted else "")
    )
    suite = SUITES.get(version, "13") if source == "debian" else "13"
    return Choice(
        provider=source,
        version=version,
        run=key(
            source,
            "debian",
            suite if source == "debian" else "trixie",
            "full" if user_packages(detection) else "run",
        ),
        build=key(source, "rust", version, "build"),
        evidence=(why, picked),
        findings=findings,
    )


def pick(wanted: str, source: str, learnt: str, *, is_flag: bool) -> tuple[str, tuple[Finding, ...]]:
    """The version of this provider that will do. learnt: the least that the packages want. PlanError: it has none.

    A toolchain that a file pins and nobody has gives way to the next one: a compiler takes what older ones took."""
    have = sorted(RUST[source], key=numbers)
    exact = re.match(r"\d+\.\d+", wanted)
    if source == "registry" and exact:  # it has an image of every release
        return exact[0], ()
    least = max(numbers(wanted.removeprefix(">=")), numbers(learnt))
    fitting = [version for version in have if numbers(version)[:2] >= least[:2]]
    channel = re.match(r"nightly|beta", wanted)
    if channel or (not fitting and learnt and not numbers(wanted)[:2] > numbers(have[-1])[:2]):
        fitting = have[-1:]
    if not fitting:
        raise _nobody(wanted or f">={learnt}", source, have)
    usual = RUST[source][0]
    version = usual if usual in fitting and not channel else fitting[0]
    if not channel and not (exact and exact[0] != version):
        return version, ()
    if is_flag and exact:
        raise _nobody(wanted, source, have)
    message = f"the source asks for Rust {wanted}; Rust {version} builds it: the {source} provider has {', '.join(have)}"
    return version, (Finding(level="warning", code="rust.version", message=message),)


def _nobody(wanted: str, source: str, have: list[str]) -> PlanError:
    lines = [f"nearest here: `--version {have[-1]}`"] if have else []
    if source == "debian":
        lines.insert(0, "`--base-provider registry` has every release, where an image registry is reached")
    return PlanError(
        f"Rust {wanted} was asked for; the {source} provider has {', '.join(have)}", "\n".join(lines)
    )


def numbers(version: str) -> tuple[int, ...]:
    return (
        tuple(int(part) for part in re.findall(r"\d+", version)[:3]) if re.match(r"[\d>=~^]", version) else ()
    )


def build(
    detection: Detection, facts: Facts, lock: Lock, choice: Choice, system: tuple[str, ...], taken: Taken
) -> BuildPlan:
    root = feature(detection, "root")
    files = {f"src/{root}/{name}".replace("//", "/"): text for name, text in lock.files.items()}
    files["inside/cargo.toml"] = OFFLINE
    libraries = (apt(system, suite_of(choice.build), "system libraries"),) if system else ()
    compile_it = Instruction(
        op="run",
        args=(*environment(detection), "/bin/sh", f"{INSIDE}/rust.sh", "build", root or ".",
              feature(detection, "front-matter") or "-", *cargo_arguments(detection, lock)),
        mounts=(*compile_mounts(detection, facts, choice), *CARGO_CACHES, COMPILED, cargo_config()),
        why=(f"rust.{'example' if feature(detection, 'example') else 'bin'}",),
        compiles=True,
    )  # fmt: skip
    return build_plan(detection, facts, choice, (*libraries, compile_it), taken, scripts=SCRIPTS, files=files,
                      packages=user_packages(detection), secrets=("cargo",))  # fmt: skip


def environment(detection: Detection) -> tuple[str, ...]:
    """JITNEY: by this `jitney clean` knows the builder's caches. Certificates and mirrors are the machine's."""
    found = [
        "JITNEY=1",
        "HOME=/root",
        "CARGO_HOME=/root/.cargo",
        "CARGO_TARGET_DIR=/build/target",
        "CARGO_HTTP_CAINFO=/etc/ssl/certs/ca-certificates.crt",
        "CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback",
        "CARGO_NET_RETRY=5",
        "CARGO_TERM_COLOR=never",
    ]
    if re.match("nightly", detection.version) or "nightly" in detection.features:
        found.append("RUSTC_BOOTSTRAP=1")
    return ("/usr/bin/env", *found)


def cargo_config() -> Mount:
    """The user's mirrors and credentials, where there are any."""
    return Mount(kind="secret", source="cargo", target="/root/.cargo/config.toml")


def cargo_arguments(detection: Detection, lock: Lock) -> tuple[str, ...]:
    name = feature(detection, "example")
    target = ("--example", name) if name else ("--bin", feature(detection, "bin"))
    package = feature(detection, "package")
    wanted = ",".join(f"{package}/{one}" for one in features(detection, "feature"))
    found = ["--release", *(("--package", package) if package else ()), *target]
    found += ["--features", wanted] if wanted else []
    if detection.lock or "Cargo.lock" in lock.files:
        found.append("--locked")
    found += ["--config", f"{INSIDE}/cargo.toml"]
    return tuple(found)


def reads(detection: Detection) -> tuple[str, ...]:
    return tuple(path for path in detection.takes if path.endswith(("Cargo.toml", "Cargo.lock")))


def usual_bases(source: str) -> tuple[str, ...]:
    return (key(source, "rust", RUST[source][0], "build"), key(source, "debian", "13", "run"))


__all__ = [
    "build", "choose", "evidence", "is_compiled", "reads", "resolving_base", "start", "usual_bases", "version_asked",
]  # fmt: skip
