"""The build and the start of a program on Deno: its cache is its package folder."""

from __future__ import annotations

from jitney.detect.model import Detection
from jitney.facts.model import Facts
from jitney.plan.bases import base_of
from jitney.plan.choice import Choice
from jitney.plan.model import Instruction, Lock, Mount, Stage
from jitney.plan.planner import Start
from jitney.plan.python import ROOM

DENO_DIR = "/opt/deno"
LOCK = f"{DENO_DIR}/deno.lock"
CONFIG = "/deno.json"
"""Found by every program that has no configuration of its own: Deno looks for one upwards."""

WORK = "/build"
CACHES = (
    Mount(kind="cache", source="jitney-npm", target="/root/.npm"),
    Mount(kind="cache", source="jitney-node", target="/root/.cache"),
)
SECRETS = (
    Mount(kind="secret", source="ca", target=f"{ROOM}/ca"),
    Mount(kind="secret", source="npmrc", target="/root/.npmrc"),
)


def stage(facts: Facts, choice: Choice) -> Stage:
    steps = (
        Instruction(op="user", args=("0:0",)),
        Instruction(op="copy", args=("lock/", f"{WORK}/"), why=("exact versions and checksums",)),
        step(facts, f"{WORK}/deno.lock", "--frozen"),
    )
    return Stage(name="packages", base=base_of(facts, choice.build), instructions=steps, why=("packages",))


def step(facts: Facts, lock: str, *flags: str) -> Instruction:
    """Everything that deps.ts imports into DENO_DIR."""
    env = ["JITNEY=1", "HOME=/root", f"DENO_DIR={DENO_DIR}", "DENO_NO_UPDATE_CHECK=1", "NO_COLOR=1"]
    env += [f"DENO_CERT={ROOM}/ca"] if facts.ca_bundle else []
    words = ("deno", "cache", "--config", f"{WORK}/deno.json", "--lock", lock, *flags, f"{WORK}/deps.ts")
    return Instruction(
        op="run", args=("/usr/bin/env", *env, *words), mounts=SECRETS, why=("packages from the lock",)
    )


def copies() -> list[Instruction]:
    return [
        Instruction(op="copy", args=(f"{DENO_DIR}/", f"{DENO_DIR}/"), stage="packages", why=("packages",)),
        Instruction(op="copy", args=("lock/deno.lock", LOCK), mode="0644", why=("which version is meant",)),
        Instruction(op="copy", args=("lock/deno.json", CONFIG), mode="0644", why=("the import map",)),
    ]


def start(detection: Detection, lock: Lock, env: dict[str, str]) -> Start:
    env = {"DENO_DIR": DENO_DIR, "DENO_NO_UPDATE_CHECK": "1", **env}
    flags = ["--no-prompt", "--node-modules-dir=none"]
    if lock.files:
        flags += ["--cached-only", "--lock", LOCK]
        flags += [] if detection.manifests else ["--config", CONFIG]
    else:
        flags.append("--no-lock")
    return Start(argv=("deno", "run", *flags, *detection.start), env=env)
