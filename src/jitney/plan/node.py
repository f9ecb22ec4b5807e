"""The build and the start of a program on Node.js, Deno or Bun.

nothing to install   FROM base
packages             a stage with the package manager; the last one copies /node_modules, which is found from everywhere
scripts of packages  the same with compilers and Python
TypeScript's loader  a stage of its own, whose layer all programs share
a build script       the source goes into the build: /app is copied (docs/decisions)
Deno                 its cache, /opt/deno
"""

from __future__ import annotations

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.facts.model import Facts
from jitney.findings import Evidence
from jitney.plan import node_deno as deno
from jitney.plan.bases import base_of, key, provider
from jitney.plan.choice import Choice, system_packages
from jitney.plan.model import BuildPlan, Instruction, Lock, Mount, Stage
from jitney.plan.node_data import COMPILED
from jitney.plan.node_deno import CACHES
from jitney.plan.node_steps import (
    APP,
    LOADER,
    TSX,
    TSX_FILE,
    every,
    feature,
    install_step,
    own_files,
    runner,
    runtime_of,
    step_files,
    switches,
)
from jitney.plan.node_version import NODES, pick
from jitney.plan.planner import PATH, Start
from jitney.plan.python import ROOM
from jitney.plan.taken import Taken

STRIPS_TYPES = 22
"""The first major (22.18, 23.6) that runs TypeScript by taking its types away."""


def wants_loader(features: tuple[str, ...], entry: str, major: str) -> bool:
    """Whether tsx is needed: detection says so, or this Node knows no types."""
    if feature(features, "runtime") not in ("", "node"):
        return False
    return "tsx" in features or (entry.endswith((".ts", ".mts", ".cts")) and int(major) < STRIPS_TYPES)


def choose(detection: Detection, facts: Facts, config: Config, lock: Lock) -> Choice:
    source, why = provider(facts, config)
    runtime = runtime_of(detection)
    wanted = config.version or detection.version
    version = pick(wanted, runtime, source)
    title = {"node": "Node.js", "deno": "Deno", "bun": "Bun"}[runtime]
    picked = Evidence(
        rule=f"base.{runtime}.asked" if wanted else f"base.{runtime}.default",
        decides="base",
        value=f"{title} {version}" + (f" for {wanted}" if wanted else ""),
    )
    flavour = (
        "full" if system_packages(detection, config, lock) or "start:shell" in detection.features else "run"
    )
    return Choice(
        provider=source,
        version=version,
        run=key(source, runtime, version, flavour),
        build=_build_base(detection, lock, source, runtime, version),
        evidence=(why, picked),
    )


def _build_base(detection: Detection, lock: Lock, source: str, runtime: str, version: str) -> str:
    """Where packages are installed: with compilers only where one has to be compiled; empty: nothing is."""
    if not lock.files and not is_compiled(detection):
        return ""
    if runner(detection) == "bun" or runtime == "deno":
        return key(source, runtime, version, "full")
    if runtime == "bun":
        return key(source, "node", NODES[source][0], "native" if lock.sdists else "build")
    if lock.sdists:
        return key(source, "node", version, "native")
    return key(source, "node", version if is_compiled(detection) else NODES[source][0], "build")


def build(
    detection: Detection, facts: Facts, lock: Lock, choice: Choice, system: tuple[str, ...], taken: Taken
) -> BuildPlan:
    stages: list[Stage] = []
    last = [Instruction(op="user", args=("0:0",), why=("packages are laid in by root",))]
    files = {f"lock/{name}": text for name, text in sorted(lock.files.items())}
    if system:
        last.append(_apt(system))
    files |= step_files(detection, facts, lock)
    if any(name.startswith(LOADER) for name in lock.files):
        stages.append(_loader(facts, choice))
        copy = Instruction(op="copy", args=(f"{TSX}/", f"{TSX}/"), stage="loader", why=("node.loader",))
        last.append(copy)
    own = own_files(lock)
    if is_compiled(detection):
        stages.append(_compiled(detection, facts, lock, choice))
        last.append(
            Instruction(op="copy", args=(f"{APP}/", f"{APP}/"), stage="packages", why=("what was built",))
        )
    elif own and runtime_of(detection) == "deno":
        stages.append(deno.stage(facts, choice))
        last += deno.copies()
    elif own:
        stages.append(_packages(detection, facts, lock, choice))
        why = "what installs packages stays in its stage"
        last.append(Instruction(op="copy", args=("/out/", "/"), stage="packages", why=(why,)))
    if "module" in detection.features and not own:
        files["package.json"] = '{"type": "module"}\n'
        last.append(
            Instruction(op="copy", args=("package.json", "/package.json"), mode="0644", why=("node.module",))
        )
    last.append(Instruction(op="user", args=("65532:65532",), why=("programs never run as root",)))
    reasons = tuple(evidence.rule for evidence in choice.evidence)
    stages.append(Stage(name="run", base=base_of(facts, choice.run), instructions=tuple(last), why=reasons))
    secrets = {m.source for s in stages for i in s.instructions for m in i.mounts if m.kind == "secret"}
    return BuildPlan(
        stages=tuple(stages),
        files=files,
        source=detection.takes if is_compiled(detection) else (),
        source_digest=taken.digest if is_compiled(detection) else "",
        secrets=tuple(sorted(secrets)),
    )


def _apt(system: tuple[str, ...]) -> Instruction:
    return Instruction(
        op="run",
        args=(
            "/bin/sh",
            "-c",
            'apt-get -q update && apt-get install -y --no-install-recommends -- "$@"',
            "apt",
            *system,
        ),
        mounts=(
            Mount(kind="cache", source="jitney-apt-archives", target="/var/cache/apt/archives"),
            Mount(kind="cache", source="jitney-apt-lists-trixie", target="/var/lib/apt/lists"),
        ),
        why=(f"system packages: {' '.join(system)}",),
    )


def _packages(detection: Detection, facts: Facts, lock: Lock, choice: Choice) -> Stage:
    steps = (
        Instruction(op="user", args=("0:0",)),
        install_step("packages", runner(detection), "lock"),
    )
    why = f"scripts of {', '.join(lock.sdists)}" if lock.sdists else "the package manager stays here"
    return Stage(name="packages", base=base_of(facts, choice.build), instructions=steps, why=(why,))


def _loader(facts: Facts, choice: Choice) -> Stage:
    steps = (
        Instruction(op="user", args=("0:0",)),
        install_step("loader", manifests=f"lock/{LOADER}".rstrip("/")),
    )
    base = key(choice.provider, "node", NODES[choice.provider][0], "build")
    return Stage(name="loader", base=base_of(facts, base), instructions=steps, why=("node.loader",))


def _compiled(detection: Detection, facts: Facts, lock: Lock, choice: Choice) -> Stage:
    """Packages with those for development, the source, its own commands, then only what a run needs."""
    root = f"{APP}/{feature(detection.features, 'root')}".rstrip("/")
    steps = [Instruction(op="user", args=("0:0",))]
    if own_files(lock):
        copy = Instruction(op="copy", args=("lock/", f"{root}/"), why=("exact versions and checksums",))
        steps += [copy, install_step("packages", runner(detection))]
    steps.append(
        Instruction(op="copy", args=("src/", f"{APP}/"), why=("compiled: the source goes into the build",))
    )
    for number, _ in enumerate(every(detection.features, "build")):
        name = f"build{number}.sh"
        steps.append(
            Instruction(
                op="run",
                args=(
                    "/usr/bin/env",
                    "JITNEY=1",
                    "HOME=/root",
                    "CI=1",
                    *switches(),
                    "/bin/sh",
                    f"{ROOM}/{name}",
                ),
                mounts=(Mount(kind="bind", source=name, target=f"{ROOM}/{name}"), *CACHES),
                why=("node.build",),
                compiles=True,
            )
        )
    if own_files(lock):
        steps.append(install_step("prune", runner(detection)))
    return Stage(
        name="packages",
        base=base_of(facts, choice.build),
        instructions=tuple(steps),
        why=tuple(e.rule for e in choice.evidence),
    )


def start(detection: Detection, lock: Lock, choice: Choice, workdir: str) -> Start:
    features, runtime = detection.features, runtime_of(detection)
    env = dict(one.partition("=")[::2] for one in every(features, "env"))
    home = f"{APP}/{detection.workdir}".rstrip("/") if is_compiled(detection) else ""
    modules = f"{APP}/{feature(features, 'root')}".rstrip("/") * bool(home) + "/node_modules"
    if "start:shell" in features:
        env["PATH"] = f"{modules}/.bin:{PATH}"
        return Start(argv=("/bin/sh", "-c", detection.start[0]), env=env, workdir=home)
    if "start:tool" in features:
        tool, *rest = detection.start
        argv: tuple[str, ...] = (runtime, f"{modules}/.bin/{tool}", *rest)
        return Start(argv=argv, env=env, workdir=home)
    if runtime == "deno":
        return deno.start(detection, lock, env)
    words = detection.start
    if home:  # what was built lies in the image; the folder it runs in is the handed-over source, which it may write to
        words = tuple(_built(word, detection, home) for word in words)
    if runtime == "bun":
        return Start(argv=("bun", "run", "--no-install", *words), env=env)
    return Start(argv=("node", *_node_flags(detection, lock, choice), *words), env=env)


def _built(word: str, detection: Detection, home: str) -> str:
    folder = f"{detection.workdir}/" if detection.workdir else ""
    return f"{home}/{word}" if word == detection.entry.removeprefix(folder) else word


def _node_flags(detection: Detection, lock: Lock, choice: Choice) -> tuple[str, ...]:
    flags: list[str] = []
    typed = detection.entry.endswith((".ts", ".mts", ".cts"))
    if f"{LOADER}package.json" in lock.files:
        flags += ["--import", f"file://{TSX_FILE}"]
    elif typed and int(choice.version) < 26:
        flags.append("--disable-warning=ExperimentalWarning")
    return tuple(flags)


def is_compiled(detection: Detection) -> bool:
    return bool(every(detection.features, "build"))


def version_asked(detection: Detection, config: Config, base: str) -> str:
    """Packages are resolved for the base's major."""
    return base


def reads(detection: Detection) -> tuple[str, ...]:
    return ()


def resolving_base(choice: Choice) -> str:
    runtime = choice.run.partition("/")[2].partition(":")[0]
    if runtime == "node":
        return key(choice.provider, "node", NODES[choice.provider][0], "build")
    return key(choice.provider, runtime, choice.version, "full")


def usual_bases(source: str) -> tuple[str, ...]:
    major = NODES[source][0]
    return (key(source, "node", major, "run"), key(source, "node", major, "build"))


def evidence(lock: Lock, system: tuple[str, ...]) -> list[Evidence]:
    seen = []
    if lock.sdists:
        seen.append(Evidence(rule="stage.compile", decides="stage", value=", ".join(lock.sdists)))
    if not lock.files:
        seen.append(Evidence(rule="packages.none", decides="packages", value="none: the base is the image"))
    return seen


def compiled_here(names: set[str]) -> tuple[str, ...]:
    """Of these packages, those that have to be compiled."""
    return tuple(sorted(names & COMPILED))
