"""Limits, file systems and openings of the box. Sizes in bytes."""

from __future__ import annotations

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.errors import PlanError
from jitney.facts.model import Facts
from jitney.plan.hosts import TRUST_DIR, openings
from jitney.plan.model import ModelPlan, Relay, RunPlan, SandboxPlan

MIB = 1 << 20
MEMORY = 2 << 30
MEMORY_SHARE = 0.8
"""Of the machine, at most: an engine that starves takes the user's desktop with it."""

STREAM_LIMIT = 32 * MIB
"""Larger sources are mounted: streamed ones are copied into memory (facts: 1 MB costs 5 ms, 100 MB 420 ms)."""

SLACK = 16 * MIB
"""Room in /src for files that the program writes beside its source."""

BUNDLE = 4 * MIB
"""Room for a CA bundle and a Java trust store of it; Mozilla's take 0.2 MiB each."""

HOST_KEYS = {"openai": ("OPENAI_API_KEY", "OPENAI_KEY", "OPEN_API_KEY"), "anthropic": ("ANTHROPIC_API_KEY",)}
MODEL_PORT = 11434


def check_openings(facts: Facts, config: Config) -> None:
    """What cannot be opened, asked before anything is made. UsageError: no host's name. PlanError: a folder of this machine
    that the engine does not see."""
    openings(config)
    if config.writes and not facts.engine.shares_files:
        raise PlanError(
            f"--write {config.writes[0].partition(':')[0]}: the container engine does not see this machine's files",
            "let the program write to standard output, or use an engine on this machine\n"
            "where it does see them, say so: JITNEY_ENGINE_FILES=shared",
        )


def sandbox_plan(facts: Facts, config: Config, run: RunPlan, model: ModelPlan | None) -> SandboxPlan:
    weights = model.bytes if model is not None and not model.serve else 0
    hosts = openings(config)
    memory = config.memory_bytes or _within_machine(MEMORY + weights, facts.engine.memory_bytes)
    return SandboxPlan(
        user=config.user,
        memory_bytes=memory,
        cpus=config.cpus,
        pids=config.pids,
        timeout_s=config.timeout_s,
        tmpfs=_tmpfs(memory, run),
        network=config.network,
        allow_hosts=tuple(one.place for one in hosts),
        addresses={one.place: one.address for one in hosts if one.address},
        writes=config.writes,
        gpus=config.gpus,
    )


def _within_machine(wanted: int, machine: int) -> int:
    return min(wanted, int(machine * MEMORY_SHARE) // MIB * MIB) if machine else wanted


def _tmpfs(memory: int, run: RunPlan) -> dict[str, int]:
    """Together below the memory limit, so that a full one is "no space left" and not an out-of-memory kill."""
    sizes = {"/run/secrets": MIB}
    if run.trust:
        sizes[TRUST_DIR] = BUNDLE
    if run.delivery == "stream":
        sizes["/src"] = -(-run.source_bytes // MIB) * MIB + SLACK
    rest = max(memory * 3 // 4 - sum(sizes.values()), 8 * MIB)
    sizes["/tmp"] = rest * 2 // 3 // MIB * MIB or MIB  # noqa: S108 a mount point, not a file
    sizes["/home/jitney"] = rest // 3 // MIB * MIB or MIB
    return dict(sorted(sizes.items()))


def relays(detection: Detection) -> tuple[Relay, ...]:
    """The loopback ports that the program is seen to call, no others: a relayed port is taken. None seen: one for the
    variables to name."""
    ports: dict[int, str] = {}
    for endpoint in sorted(detection.endpoints, key=lambda seen: (seen.port, seen.why.rule, seen.why.place)):
        if endpoint.kind == "local" and endpoint.port:
            ports.setdefault(endpoint.port, endpoint.why.place or endpoint.why.rule)
    if not ports:
        ports[MODEL_PORT] = "the usual variables name it"
    return tuple(Relay(port=port, why=why) for port, why in sorted(ports.items()))


def model_env(detection: Detection, beside: tuple[Relay, ...]) -> dict[str, str]:
    """What clients of a model server read (facts: half of all programs), and what this one is seen to read for an address.
    OLLAMA_HOST is read as URL and as host:port."""
    host = f"127.0.0.1:{beside[0].port}"
    server = f"http://{host}"
    own = {
        seen.name: f"{server}/v1" if seen.api == "openai" else server
        for seen in detection.endpoints
        if seen.kind == "env" and seen.name.endswith(("_URL", "_URI", "_BASE", "_ENDPOINT"))
    }
    keys = {name: "jitney" for names in HOST_KEYS.values() for name in names}
    return {
        **own,
        "OPENAI_BASE_URL": f"{server}/v1",
        "OPENAI_API_BASE": f"{server}/v1",
        "ANTHROPIC_BASE_URL": server,
        "OLLAMA_HOST": host,
        "OLLAMA_BASE_URL": server,
        **keys,
    }


def weights_env() -> dict[str, str]:
    """The Store lies under /models; libraries ask it instead of a hub."""
    return {
        "HF_HOME": "/models/huggingface",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
    }


def thread_env(facts: Facts, config: Config) -> dict[str, str]:
    """Half of the processors, and waiting threads sleep: a spinning barrier on a busy core cost 10 to 50 times (facts)."""
    cpus = config.cpus or facts.engine.cpus
    return {
        "OMP_NUM_THREADS": str(max(1, int(cpus / 2))),
        "OMP_WAIT_POLICY": "passive",
        "GOMP_SPINCOUNT": "0",
        "TOKENIZERS_PARALLELISM": "false",
    }
