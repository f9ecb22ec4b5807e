"""Deno's own cache is its package manager: `deno.lock` says which versions, with checksums, for all that the code imports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jitney.detect.node.jsonc import loads, table
from jitney.plan.model import Instruction, Lock
from jitney.plan.node_deno import WORK, step

if TYPE_CHECKING:
    from jitney.plan.request import ResolveRequest
    from jitney.resolve.world import World

KEPT = ("imports", "scopes", "compilerOptions", "unstable", "links", "patch")


def resolve_deno(request: ResolveRequest, world: World, texts: Mapping[str, str], lock: Lock) -> Lock:
    """Lock.files: deno.json with the import map, deno.lock, and deps.ts that imports everything once."""
    if not request.requirements:
        return lock
    manifest = next((text for path, text in texts.items() if path.endswith((".json", ".jsonc"))), "{}")
    config = {name: value for name, value in table(loads(manifest)).items() if name in KEPT}
    imports = table(config.get("imports"))
    for wanted in request.requirements:
        name = wanted.removeprefix("npm:")
        if name != wanted and "@" not in name[1:]:
            imports.setdefault(name, wanted)
    config |= {"imports": imports, "nodeModulesDir": "none"}
    files = {
        "deno.json": json.dumps(config, indent=2, sort_keys=True) + "\n",
        "deps.ts": "".join(f"import {json.dumps(wanted)};\n" for wanted in sorted(request.requirements)),
    }
    if request.lock and request.lock in texts:
        files["deno.lock"] = texts[request.lock]
    world.on_line("asking for packages: exact versions and checksums")
    return msgspec.structs.replace(lock, files=files | _ask(files, request, world))


def _ask(files: Mapping[str, str], request: ResolveRequest, world: World) -> dict[str, str]:
    from jitney.resolve.node import build_out

    steps = (
        Instruction(op="user", args=("0:0",)),
        Instruction(op="copy", args=("lock/", f"{WORK}/")),
        Instruction(op="copy", args=("out/", "/out/")),
        step(world.facts, "/out/deno.lock"),
    )
    given = {f"lock/{name}": text for name, text in files.items() if name != "deno.lock"}
    given["out/.keep"] = ""
    context: dict[str, bytes | Path] = {}
    if "deno.lock" in files:
        given["out/deno.lock"] = files["deno.lock"]
    found = build_out(steps, given, context, request.base, world)
    return {"deno.lock": found["deno.lock"]}
