"""`jitney doctor`: what is there, what is missing, and the command that mends it."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from jitney import disk
from jitney import engine as engines
from jitney.bases import current
from jitney.cli.common import settings
from jitney.cli.report import human_size
from jitney.cli.sizes import family_lines
from jitney.config import Config
from jitney.engine.protocol import LABEL_RUN, Engine
from jitney.errors import JitneyError
from jitney.facts.collect import collect
from jitney.facts.model import Facts
from jitney.family import Family, family
from jitney.sandbox.initvolume import init_binary

LOW_DISK = 5 << 30
KINDS = ("image", "base", "weights")


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the doctor. `fail` means that programs cannot run."""

    state: Literal["ok", "warn", "fail"]
    name: str
    seen: str
    mend: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="checks, and the images with what each adds")


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    checks = list(examine(config))
    images = _family(config)
    if arguments.json:
        print(msgspec.json.encode({"checks": checks, "images": images}).decode())
    else:
        for check in checks:
            print(f"{check.state:<5} {check.name:<14} {check.seen}")
            if check.mend:
                print(f"{'':<20} → {check.mend}")
        print("\n".join(("", *family_lines(images))) + "\n" if images.members else "", end="")
    return 1 if any(check.state == "fail" for check in checks) else 0


def examine(config: Config) -> Iterator[Check]:
    """All checks, in the order in which a run needs them."""
    try:
        engine = engines.connect(config.engine_host)
        facts = collect(engine, config)
    except JitneyError as error:
        yield Check(state="fail", name="engine", seen=error.message, mend=error.hint)
        yield from _host_checks(None)
        return
    try:
        yield from _engine_checks(engine, facts)
        yield from _host_checks(facts)
        yield from _disk_checks(engine, config)
    finally:
        engine.close()


def _family(config: Config) -> Family:
    """Empty where no engine answers: the checks say so."""
    try:
        engine = engines.connect(config.engine_host)
        try:
            return family(engine)
        finally:
            engine.close()
    except JitneyError:
        return Family()


def _engine_checks(engine: Engine, facts: Facts) -> Iterator[Check]:
    machine = (
        f"{facts.engine.cpus} CPUs, {human_size(facts.engine.memory_bytes)}, cgroup v{facts.engine.cgroup}"
    )
    yield Check(state="ok", name="engine", seen=f"{facts.engine.name} {facts.engine.version} ({machine})")
    if facts.engine.buildkit:
        yield Check(state="ok", name="builder", seen="BuildKit")
    else:
        mend = "install a docker client with BuildKit: apt-get install docker.io, or docker-buildx"
        yield Check(state="fail", name="builder", seen="no docker client here can use BuildKit", mend=mend)
    yield from _bases_checks(facts)
    if not facts.engine.shares_files:
        seen = "the engine sees none of this machine's: sources and weights are sent, --write is not possible"
        yield Check(state="ok", name="files", seen=seen)
    left = [box for box in engine.containers() if LABEL_RUN in box.labels and box.state != "running"]
    if left:
        yield Check(state="warn", name="leftovers", seen=f"{len(left)} dead containers", mend="jitney clean")


def _bases_checks(facts: Facts) -> Iterator[Check]:
    good = current(facts.bases)
    bases = ", ".join(f"{base.key} {human_size(base.size_bytes)}" for base in good)
    yield Check(
        state="ok" if bases else "warn",
        name="bases",
        seen=bases or "none yet",
        mend="" if bases else "jitney setup",
    )
    stale = [base.key for base in facts.bases if base not in good]
    if stale:
        seen = f"made by an older recipe: {', '.join(stale)}"
        yield Check(
            state="warn", name="bases", seen=seen, mend="they are made anew when needed, or now: jitney setup"
        )


def _host_checks(facts: Facts | None) -> Iterator[Check]:
    yield _init(facts.engine.arch if facts else "amd64")
    yield _tool("mmdebstrap", "apt-get install mmdebstrap", "bases can only come from a registry")
    yield _rootless()
    if facts is not None:
        cards = ", ".join(f"{gpu.vendor} {gpu.name}" for gpu in facts.gpus)
        yield Check(state="ok", name="gpu", seen=cards or "none: everything runs on the CPU")
        yield Check(state="ok", name="certificates", seen=facts.ca_bundle or "the bases' own")


def _init(arch: str) -> Check:
    try:
        return Check(state="ok", name="init", seen=f"{arch}, {human_size(len(init_binary(arch)))}")
    except JitneyError as error:
        return Check(state="fail", name="init", seen=error.message, mend=error.hint)


def _tool(name: str, mend: str, without: str) -> Check:
    path = shutil.which(name)
    if path:
        return Check(state="ok", name=name, seen=path)
    return Check(state="warn", name=name, seen=f"missing: {without}", mend=mend)


def _rootless() -> Check:
    if os.geteuid() == 0:
        return Check(state="ok", name="user", seen="root")
    if shutil.which("newuidmap") and Path("/etc/subuid").is_file():
        return Check(state="ok", name="user", seen="not root; bases are made with user namespaces")
    return Check(
        state="warn",
        name="user",
        seen="not root, and no newuidmap: bases cannot be made by this user",
        mend="run `jitney setup` once as root, or apt-get install uidmap",
    )


def _disk_checks(engine: Engine, config: Config) -> Iterator[Check]:
    items = disk.images(engine, config) + disk.folders(config)
    size = {kind: human_size(sum(item.own_bytes for item in items if item.kind == kind)) for kind in KINDS}
    budget = human_size(config.disk_budget_bytes)
    seen = f"images {size['image']} of {budget}, bases {size['base']}, weights {size['weights']}"
    yield Check(state="ok", name="disk use", seen=seen)
    free = shutil.disk_usage(config.cache if config.cache.exists() else Path.home()).free
    mend = "jitney clean" if free < LOW_DISK else ""
    yield Check(state="warn" if mend else "ok", name="disk free", seen=human_size(free), mend=mend)
