"""MLC-LLM: a model compiled for the hardware (inside/to_mlc.py), served by its own server.

Its commands, targets and traps were found by running the real one, 0.20 of 2026-07, on a CPU. Its wheels are in no ordinary
index: the setting python_wheels names a folder that has them, or MLC's own page of links.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from jitney.facts.model import Facts, Wheels
from jitney.models.model import Format, Kind, Weights
from jitney.plan.scripts import script
from jitney.runtimes.adapted import cache_bytes
from jitney.runtimes.programs import alone
from jitney.runtimes.protocol import Feature, Holder, Serving, State, diagnosis

ENTRY, COMMANDS = "serve_mlc.py", "mlc_commands.py"
COMPILER = ("apache-tvm==0.26.0", "apache-tvm-ffi==0.1.15.post2")
"""What an mlc_llm wheel without MLC's own build of TVM fits to; older and newer ones do not."""
NIGHTLY = ">=0.20.dev0"
BUILDS = {"": "cpu", "nvidia": "cu130", "amd": "rocm62", "intel": "cpu"}
"""Maker of the GPU → ending of the names on MLC's page. The build for processors has Vulkan."""

_MIB = 1 << 20
_PROCESSES = 700 * _MIB
"""Python, the compiler's library (serving carries it along), buffers: 521 MB were measured with 79 MB of weights."""

_CAUSES = (
    (r"^cannot load the model: (.*)$", "the model could not be loaded: {0}"),
    (
        r"^.*(Cannot find .*tensor-cache\.json.*)$",
        "its folder is of an older MLC-LLM: convert the weights again: {0}",
    ),
    (r"^.*(undefined symbol: .*)$", "MLC's wheels do not fit each other: {0}"),
    (r"^.*((?:Insufficient GPU memory|std::bad_alloc|MemoryError).*)$", "not enough memory: {0}"),
    (r"^.*(JIT is disabled.*)$", "there is no library for this model, and none is made while it serves: {0}"),
    (r"^.*(address already in use).*$", "its port could not be opened: {0}"),
)


class Mlc:
    name = "mlc-llm"
    formats: tuple[Format, ...] = ("mlc",)
    kinds: tuple[Kind, ...] = ("text",)
    state: State = "plan"
    health = "/v1/models"
    note = (
        "its commands were run by hand with the real one on a CPU; Jitney's road (convert, compile, serve) with a stand-in for "
        "its wheels alone"
    )

    def refuses(self, weights: Weights, facts: Facts) -> str:
        if not packages(facts.indexes.wheels):
            return missing(facts.indexes.wheels)
        if weights.format != "mlc":
            return f"MLC-LLM takes its own folders, and {weights.main} is {weights.format}"
        return ""

    def holder(self, facts: Facts, *, gpus: bool = False) -> Holder:
        """Its program, with the packages of whichever wheels there are."""
        maker = facts.gpus[0].vendor if gpus and facts.gpus else ""
        names = ", ".join(f'"{one}"' for one in packages(facts.indexes.wheels, maker))
        text = alone(ENTRY)[ENTRY].replace('"mlc-llm"', names, 1)
        return Holder(program={ENTRY: text, COMMANDS: script(COMMANDS)})

    def features(self, weights: Weights) -> tuple[Feature, ...]:
        common: tuple[Feature, ...] = (
            "completions",
            "json-schema",
            "logprobs",
            "seed",
            "penalties",
            "logit-bias",
        )
        return ("chat", *common) if weights.info.chat_template else common

    def gives_vectors(self, weights: Weights) -> bool:
        return False

    def argv(self, serving: Serving) -> tuple[str, ...]:
        words = ["--model", serving.model, "--port", str(serving.port), "--context", str(serving.context)]
        words += ["--threads", str(serving.threads), "--slots", str(serving.slots)]
        return (*words, *serving.more)

    def env(self, serving: Serving) -> Mapping[str, str]:
        return {"PYTHONUNBUFFERED": "1"}

    def memory_bytes(self, serving: Serving) -> int:
        return int(serving.weights.bytes * 2.2) + cache_bytes(serving, 4) + _PROCESSES

    def diagnose(self, log: str) -> str:
        return diagnosis(_CAUSES, log, re.IGNORECASE | re.MULTILINE)


def packages(wheels: Wheels, maker: str = "") -> tuple[str, ...]:
    """Requirements that bring mlc_llm and its compiler; none: these wheels do not have it."""
    if wheels.where and not wheels.files:  # a page: MLC's own, whose names end with what they are built for
        ending = BUILDS.get(maker, "cpu")
        return (f"mlc-llm-nightly-{ending}{NIGHTLY}", f"mlc-ai-nightly-{ending}{NIGHTLY}")
    found = [name.lower().split("-")[:2] for name in wheels.files]
    pinned = {
        name: f"{name.replace('_', '-')}=={version}" for name, version in found
    }  # an index may have other ones
    own = [pin for name, pin in pinned.items() if name.startswith("mlc_llm")]
    compiler = [pin for name, pin in pinned.items() if name.startswith(("mlc_ai", "apache_tvm"))]
    return (*own, *(compiler or COMPILER)) if own else ()


def missing(wheels: Wheels) -> str:
    """Half a sentence."""
    where = f"{wheels.where} has no mlc_llm-*.whl" if wheels.where else "and nobody said where they are"
    return (
        f"MLC-LLM's wheels (mlc_llm, mlc_ai) are in no ordinary index, {where}: set python_wheels to a folder that has "
        "them, or to MLC's page of wheels"
    )


MLC = Mlc()
