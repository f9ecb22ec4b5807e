"""The build and the start of a program on Node.js, Deno or Bun.

nothing to install   FROM base
packages             a stage with the package manager; the last one copies /node_modules, which is found from everywhere
scripts of packages  the same with compilers and Python
TypeScript's loader  a stage of its own, whose layer all programs share
a build script       the source goes into the build: /app is copied (docs/decisions)
Deno                 its cache, /opt/deno
"""

from __future__ import annotations

import json
import shlex

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.facts.model import Facts
from jitney.findings import Evidence
from jitney.plan import node_deno as deno
from jitney.plan.bases import base_of, key, provider
from jitney.plan.choice import Choice, system_packages
from jitney.plan.model import BuildPlan, Instruction, Lock, Mount, Stage
from jitney.plan.node_data import COMPILED, DROPPED, NEEDLESS, SWITCHES, WITHOUT_GPU
from jitney.plan.node_deno import CACHES, SECRETS, WORK
from jitney.plan.node_version import NODES, NPM_HOME, pick
from jitney.plan.planner import PATH, SOURCE_ROOT, Start
from jitney.plan.python import ROOM
from jitney.plan.scripts import script
from jitney.plan.taken import Taken

LOADER = "@tsx/"
"""Where the loader's own manifest and lock lie among the lock's files."""

TSX = "/opt/tsx"
TSX_FILE = f"{TSX}/node_modules/tsx/dist/loader.mjs"
APP = "/app"
SCRIPT = "node_install.mjs"
GYP = f"{NPM_HOME}/node_modules/@npmcli/run-script/lib/node-gyp-bin"
STRIPS_TYPES = 22
"""The first major (22.18, 23.6) that runs TypeScript by taking its types away."""


def feature(features: tuple[str, ...], name: str) -> str:
    """The value of a feature `NAME:VALUE`, empty where there is none."""
    return next((one.partition(":")[2] for one in features if one.partition(":")[0] == name), "")


def every(features: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(one.partition(":")[2] for one in features if one.startswith(f"{name}:"))


def runtime_of(detection: Detection) -> str:
    return feature(detection.features, "runtime") or "node"


def wants_loader(features: tuple[str, ...], entry: str, major: str) -> bool:
    """Whether tsx is needed: detection says so, or this Node knows no types."""
    if feature(features, "runtime") not in ("", "node") or every(features, "build"):
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
    if _runner(detection) == "bun" or runtime == "deno":
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
    files |= _settings(detection, facts, lock)
    if any(name.startswith(LOADER) for name in lock.files):
        stages.append(_loader(facts, choice))
        copy = Instruction(op="copy", args=(f"{TSX}/", f"{TSX}/"), stage="loader", why=("node.loader",))
        last.append(copy)
    own = [name for name in lock.files if not name.startswith(LOADER)]
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


def settings(wish: dict[str, object]) -> str:
    """What the script is told: the same text for the same wish."""
    usual: dict[str, object] = {
        "env": {name: value for name, (value, _) in SWITCHES.items()},
        "skip": sorted(NEEDLESS),
        "without": [],
        "drop": [],
        "members": [],
        "gyp": GYP,
        "source": SOURCE_ROOT,
    }
    return json.dumps(usual | wish, sort_keys=True, indent=1) + "\n"


def install_step(name: str, runner: str = "node") -> Instruction:
    """One run of the script with the settings `NAME.json`; caches, certificates, the user's own npm configuration."""
    return Instruction(
        op="run",
        args=("/usr/bin/env", "JITNEY=1", runner, f"{ROOM}/{SCRIPT}", f"{ROOM}/{name}.json"),
        mounts=(
            Mount(kind="bind", source=SCRIPT, target=f"{ROOM}/{SCRIPT}"),
            Mount(kind="bind", source=f"{name}.json", target=f"{ROOM}/{name}.json"),
            *CACHES,
            *SECRETS,
        ),
        why=("packages from the lock",),
    )


def _settings(detection: Detection, facts: Facts, lock: Lock) -> dict[str, str]:
    """The script and what each of its steps is told."""
    steps: dict[str, dict[str, object]] = {}
    if any(name.startswith(LOADER) for name in lock.files):
        steps["loader"] = {"mode": "install", "manager": "npm", "folder": WORK, "out": TSX}
    if is_compiled(detection):
        root = f"{APP}/{feature(detection.features, 'root')}".rstrip("/")
        wish = _wish(detection, facts, root, "/out")
        steps |= {"packages": wish | {"mode": "stay", "dev": True}, "prune": wish | {"mode": "prune"}}
    elif any(not name.startswith(LOADER) for name in lock.files) and runtime_of(detection) != "deno":
        steps["packages"] = _wish(detection, facts, WORK, "/out")
    files = {f"{name}.json": settings(wish) for name, wish in steps.items()} | _commands(detection)
    return files | {SCRIPT: script(SCRIPT)} if files else {}


def _commands(detection: Detection) -> dict[str, str]:
    """The project's own build commands, a file each: no word of theirs stands in a Dockerfile."""
    folder = f"{APP}/{detection.workdir}".rstrip("/")
    root = f"{APP}/{feature(detection.features, 'root')}".rstrip("/")
    path = ":".join(dict.fromkeys(f"{place}/node_modules/.bin" for place in (folder, root)))
    head = f'export PATH={shlex.quote(path)}:"$PATH"\ncd {shlex.quote(folder)} || exit\n'
    lines = every(detection.features, "build")
    return {f"build{number}.sh": f"{head}{line}\n" for number, line in enumerate(lines)}


def _wish(detection: Detection, facts: Facts, folder: str, out: str) -> dict[str, object]:
    features = detection.features
    manager = (
        "npm" if detection.manager == "imports" and runtime_of(detection) != "bun" else detection.manager
    )
    root = feature(features, "root")
    members = [member.removeprefix(root).strip("/") for member in every(features, "member")]
    return {
        "mode": "install",
        "manager": "npm" if manager == "node" else manager,
        "managerVersion": feature(features, "manager"),
        "dev": "dev" in features,
        "folder": folder,
        "out": out,
        "without": list(WITHOUT_GPU),
        "drop": list(DROPPED.get(facts.engine.arch, ())),
        "members": members,
        "module": "module" in features,
        "source": f"{SOURCE_ROOT}/{root}".rstrip("/"),
    }


def _runner(detection: Detection) -> str:
    """Who runs the script that installs: Bun where it is the manager itself."""
    is_bun = runtime_of(detection) == "bun" and detection.manager in ("bun", "imports")
    return "bun" if is_bun else "node"


def _packages(detection: Detection, facts: Facts, lock: Lock, choice: Choice) -> Stage:
    steps = (
        Instruction(op="user", args=("0:0",)),
        Instruction(op="copy", args=("lock/", f"{WORK}/"), why=("exact versions and checksums",)),
        install_step("packages", _runner(detection)),
    )
    why = f"scripts of {', '.join(lock.sdists)}" if lock.sdists else "the package manager stays here"
    return Stage(name="packages", base=base_of(facts, choice.build), instructions=steps, why=(why,))


def _loader(facts: Facts, choice: Choice) -> Stage:
    steps = (
        Instruction(op="user", args=("0:0",)),
        Instruction(op="copy", args=(f"lock/{LOADER}", f"{WORK}/"), why=("exact versions and checksums",)),
        install_step("loader"),
    )
    base = key(choice.provider, "node", NODES[choice.provider][0], "build")
    return Stage(name="loader", base=base_of(facts, base), instructions=steps, why=("node.loader",))


def _compiled(detection: Detection, facts: Facts, lock: Lock, choice: Choice) -> Stage:
    """Packages with those for development, the source, its own commands, then only what a run needs."""
    root = f"{APP}/{feature(detection.features, 'root')}".rstrip("/")
    steps = [
        Instruction(op="user", args=("0:0",)),
        Instruction(op="copy", args=("lock/", f"{root}/"), why=("exact versions and checksums",)),
        install_step("packages", _runner(detection)),
        Instruction(op="copy", args=("src/", f"{APP}/"), why=("compiled: the source goes into the build",)),
    ]
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
                    *_switches(),
                    "/bin/sh",
                    f"{ROOM}/{name}",
                ),
                mounts=(Mount(kind="bind", source=name, target=f"{ROOM}/{name}"), *CACHES),
                why=("node.build",),
                compiles=True,
            )
        )
    steps.append(install_step("prune", _runner(detection)))
    return Stage(
        name="packages",
        base=base_of(facts, choice.build),
        instructions=tuple(steps),
        why=tuple(e.rule for e in choice.evidence),
    )


def _switches() -> list[str]:
    return [f"{name}={value}" for name, (value, _) in sorted(SWITCHES.items())]


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
