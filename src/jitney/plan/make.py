"""Detection + Facts + Config + Lock → Plan. The last place where anything is decided."""

from __future__ import annotations

import msgspec

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.facts.model import Facts
from jitney.findings import Evidence
from jitney.plan.choice import Choice, system_packages
from jitney.plan.hosts import java_store, trust, trust_evidence, trusting
from jitney.plan.model import Lock, ModelPlan, Plan, RunPlan
from jitney.plan.planner import PATH, SOURCE_ROOT, choose, planner
from jitney.plan.redirect import redirect_evidence, redirect_findings, redirects
from jitney.plan.sandbox import STREAM_LIMIT, model_env, relays, sandbox_plan, thread_env, weights_env
from jitney.plan.taken import Taken


def make_plan(
    detection: Detection,
    facts: Facts,
    config: Config,
    lock: Lock,
    model: ModelPlan | None = None,
    taken: Taken | None = None,
) -> Plan:
    """taken: `measure(source, detection)`; without it the source counts as small, and a compiled language is refused."""
    choice = choose(detection, facts, config, lock)
    taken = taken or Taken()
    if model is not None and model.serve and not model.relays:
        model = msgspec.structs.replace(
            model, relays=relays(detection), redirects=redirects(detection, config, model)
        )
    system = system_packages(detection, config, lock)
    build = planner(detection.language).build(detection, facts, lock, choice, system, taken)
    run = _run(detection, facts, config, lock, choice, model, taken)
    bases = {
        stage.base.key: stage.base.digest
        for stage in build.stages
        if stage.base.digest and stage.base.key != "scratch"
    }
    return Plan(
        language=detection.language,
        version=choice.version,
        build=build,
        run=run,
        sandbox=sandbox_plan(facts, config, run, model),
        model=model,
        lock=msgspec.structs.replace(lock, bases=dict(sorted(bases.items()))),
        evidence=(
            *choice.evidence,
            *_evidence(detection, lock, system, run, taken),
            *trust_evidence(facts, config),
            *_model_evidence(model),
            *redirect_evidence(model),
        ),
        findings=(*choice.findings, *redirect_findings(detection, facts, config, model)),
    )


def _run(
    detection: Detection,
    facts: Facts,
    config: Config,
    lock: Lock,
    choice: Choice,
    model: ModelPlan | None,
    taken: Taken,
) -> RunPlan:
    workdir = f"{SOURCE_ROOT}/{detection.workdir}".rstrip("/")
    env = {"HOME": "/home/jitney", "PATH": PATH, "LANG": "C.UTF-8", "TMPDIR": "/tmp"}  # noqa: S108 a tmpfs
    start = planner(detection.language).start(detection, lock, choice, workdir)
    env |= start.env
    if detection.mode == "in-process" or (model is not None and model.loads):
        env |= thread_env(facts, config) | weights_env()
    if model is not None and model.serve:
        env |= model_env(detection, model.relays)
    argv, trusts = start.argv, trust(facts, config, model)
    if trusts:
        argv, env = trusting(detection.language, argv, env)
    large = taken.large if facts.engine.shares_files else ()
    streamed = taken.bytes - (taken.large_bytes if large else 0)
    small = streamed <= STREAM_LIMIT or not facts.engine.shares_files
    if start.workdir:
        return RunPlan(
            argv=argv,
            env=dict(sorted(env.items())),
            workdir=start.workdir,
            delivery="none",
            trust=trusts,
        )
    return RunPlan(
        argv=argv,
        env=dict(sorted(env.items())),
        workdir=workdir,
        source=tuple(path for path in detection.takes if path not in set(large))
        if small
        else detection.takes,
        source_bytes=streamed if small else taken.bytes,
        large=large if small else (),
        delivery="stream" if small else "mount",
        trust=trusts,
        trust_store=java_store(detection.language, argv) if trusts else "",
    )


def _evidence(
    detection: Detection, lock: Lock, system: tuple[str, ...], run: RunPlan, taken: Taken
) -> list[Evidence]:
    seen = planner(detection.language).evidence(lock, system)
    size = f"{run.delivery}: {taken.bytes / (1 << 20):.1f} MB"
    return [*seen, Evidence(rule=f"delivery.{run.delivery}", decides="delivery", value=size)]


def _model_evidence(model: ModelPlan | None) -> list[Evidence]:
    if model is None:
        return []
    seen = (
        [Evidence(rule="model.loads", decides="weights", value=f"{model.ref} in /models")]
        if model.loads
        else []
    )
    seen += [Evidence(rule="model.converts", decides="weights", value=what) for what in model.converts]
    if model.serve:
        seen.append(Evidence(rule="model.beside", decides="beside", value=f"{model.ref} on {model.runtime}"))
        seen += [
            Evidence(rule="relay", decides="relay", value=f"127.0.0.1:{relay.port}: {relay.why}")
            for relay in model.relays
        ]
    return seen
