"""What the steps of a build for Node.js and Bun are told: a script of ours with its settings, the project's own commands."""

from __future__ import annotations

import json
import shlex

from jitney.detect.model import Detection
from jitney.facts.model import Facts
from jitney.plan.model import Instruction, Lock, Mount
from jitney.plan.node_data import DROPPED, NEEDLESS, SWITCHES, WITHOUT_GPU
from jitney.plan.node_deno import CACHES, SECRETS, WORK
from jitney.plan.node_version import NPM_HOME
from jitney.plan.planner import SOURCE_ROOT
from jitney.plan.python import ROOM
from jitney.plan.scripts import script

LOADER = "@tsx/"
"""Where the loader's own manifest and lock lie among the lock's files."""

TSX = "/opt/tsx"
TSX_FILE = f"{TSX}/node_modules/tsx/dist/loader.mjs"
APP = "/app"
SCRIPT = "node_install.mjs"
SCRIPTS = (SCRIPT, "npm_lock.mjs")
LAID = f"{ROOM}/lock"
GYP = f"{NPM_HOME}/node_modules/@npmcli/run-script/lib/node-gyp-bin"


def feature(features: tuple[str, ...], name: str) -> str:
    """The value of a feature `NAME:VALUE`, empty where there is none."""
    return next((one.partition(":")[2] for one in features if one.partition(":")[0] == name), "")


def every(features: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(one.partition(":")[2] for one in features if one.startswith(f"{name}:"))


def runtime_of(detection: Detection) -> str:
    return feature(detection.features, "runtime") or "node"


def own_files(lock: Lock) -> list[str]:
    """Names of the program's own manifests and lock, without the loader's."""
    return [name for name in lock.files if not name.startswith(LOADER)]


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
        "lock": "",
    }
    return json.dumps(usual | wish, sort_keys=True, indent=1) + "\n"


def install_step(name: str, runner: str = "node", manifests: str = "") -> Instruction:
    """One run of the script with the settings `NAME.json`; caches, certificates, the user's own npm configuration.
    manifests: folder of the context with manifests and lock, for settings that look for them at LAID (a step less)."""
    laid = (Mount(kind="bind", source=manifests, target=LAID),) if manifests else ()
    return Instruction(
        op="run",
        args=("/usr/bin/env", "JITNEY=1", runner, f"{ROOM}/{SCRIPT}", f"{ROOM}/{name}.json"),
        mounts=(
            *(Mount(kind="bind", source=one, target=f"{ROOM}/{one}") for one in SCRIPTS),
            Mount(kind="bind", source=f"{name}.json", target=f"{ROOM}/{name}.json"),
            *laid,
            *CACHES,
            *SECRETS,
        ),
        why=("packages from the lock",),
    )


def step_files(detection: Detection, facts: Facts, lock: Lock) -> dict[str, str]:
    """The script and what each of its steps is told."""
    steps: dict[str, dict[str, object]] = {}
    if any(name.startswith(LOADER) for name in lock.files):
        steps["loader"] = {"mode": "install", "manager": "npm", "folder": WORK, "out": TSX, "lock": LAID}
    own = own_files(lock)
    if own and every(detection.features, "build"):
        root = f"{APP}/{feature(detection.features, 'root')}".rstrip("/")
        wish = _wish(detection, facts, root, "/out")
        steps |= {"packages": wish | {"mode": "stay", "dev": True}, "prune": wish | {"mode": "prune"}}
    elif own and runtime_of(detection) != "deno":
        steps["packages"] = _wish(detection, facts, WORK, "/out") | {"lock": LAID}
    files = {f"{name}.json": settings(wish) for name, wish in steps.items()}
    return files | ({one: script(one) for one in SCRIPTS} if files else {}) | _commands(detection)


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


def runner(detection: Detection) -> str:
    """Who runs the script that installs: Bun where it is the manager itself."""
    is_bun = runtime_of(detection) == "bun" and detection.manager in ("bun", "imports")
    return "bun" if is_bun else "node"


def switches() -> list[str]:
    return [f"{name}={value}" for name, (value, _) in sorted(SWITCHES.items())]
