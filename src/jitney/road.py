"""The road from a source to its outcome, one function a stage. `cli/` calls these and prints.

    open_source ─► see ─► ask (facts) ─► resolve ─► plan ─► ensure image ─► run ─► Outcome
                                                                  model ──┘
Nothing here decides: decisions are taken in detect/ and plan/, and stand in what they return.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jitney.bases import current, fits
from jitney.detect import detect
from jitney.detect.frameworks import user_rows
from jitney.detect.model import Detection, Wishes
from jitney.engine.protocol import LABEL, LABEL_BASE, BuildRequest, Engine
from jitney.errors import BuildError, CompileError, DetectionError
from jitney.facts.collect import collect
from jitney.facts.model import BaseOnHand, Facts
from jitney.languages import names as table_names
from jitney.listener import Listener
from jitney.plan import Taken, asks_for_pytorch, make_plan, measure, needed_bases, resolve_request
from jitney.plan.model import BuildPlan, Lock, Plan, RunPlan
from jitney.render import context_files, image_tag, render_dockerfile, render_instruction
from jitney.supply import Supply, supply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitney.config import Config
    from jitney.source import Source

TOLD = "jitney: error: "
LEARN_AT_MOST = 6
"""Rounds of build → missing system library → build again, before Jitney gives up on a program's packages."""


_NO_PLAN = Plan(language="", version="", build=BuildPlan(stages=()), run=RunPlan(argv=()))


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A source on its way: all that is known before anything is built. label: what the user called it."""

    detection: Detection
    facts: Facts
    plan: Plan
    tag: str
    taken: Taken = Taken()
    lock: Lock = Lock()
    supply: Supply = Supply()
    label: str = ""


def wishes(config: Config) -> Wishes:
    return Wishes(
        language=config.language,
        version=config.version,
        entry=config.entry,
        packages=config.packages,
        apt=config.apt,
        imports=tuple(config.imports.items()),
        frameworks=user_rows(config.frameworks, "configuration") if config.frameworks else (),
    )


def see(source: Source, config: Config, listener: Listener) -> Detection:
    """Detect, tell the warnings, stop at errors and at imports that nobody knows."""
    with listener.phase("detect"):
        detection = detect(source, wishes(config))
    for finding in detection.findings:
        if finding.level == "error":
            raise DetectionError(finding.message, finding.hint)
        if finding.level == "warning":
            listener.warn(finding.message)
    if detection.unknown:
        raise _unknown_imports(detection)
    return detection


def _unknown_imports(detection: Detection) -> DetectionError:
    lines = []
    for unknown in detection.unknown:
        near = f" (known names near it: {', '.join(unknown.near)})" if unknown.near else ""
        lines.append(f"{unknown.file}:{unknown.line}: import {unknown.name}{near}")
    names = " ".join(f"--package {unknown.name}" for unknown in detection.unknown)
    hint = (
        "Jitney installs no package by guessing its name. Where the package has the import's name:\n"
        f"  jitney run {names} …\nor declare it in {_manifest_of(detection.language)}"
    )
    if detection.language == "python":
        first = detection.unknown[0].name
        hint += f'\nor say in jitney.toml who brings it:\n  [imports]\n  {first} = "PACKAGE"'
    if detection.language in table_names():
        hint = (
            "Jitney installs no package by guessing its name. Where a Debian package has it:\n"
            "  jitney run --apt DEBIAN-PACKAGE …\n"
            "or lay the module beside the program: what lies there is used"
        )
    return DetectionError(
        "no package is known for "
        + ("this import" if len(lines) == 1 else "these imports")
        + ":\n  "
        + "\n  ".join(lines),
        hint,
    )


def _manifest_of(language: str) -> str:
    usual = {"python": "requirements.txt or a `# /// script` header", "go": "go.mod", "rust": "Cargo.toml"}
    return usual.get(language, "package.json" if language in ("javascript", "typescript") else "a manifest")


class Wants(msgspec.Struct, frozen=True, kw_only=True):
    """What a command wants of `prepare`. bases: make those that are missing (run, build), or only name them (plan).
    model: look for the program's model, and refuse when it needs one and got none. fresh: ask the indexes anew."""

    bases: bool = True
    model: bool = True
    fresh: bool = False


ALL = Wants()


def prepare(
    source: Source, config: Config, engine: Engine, listener: Listener, wants: Wants = ALL
) -> Prepared:
    """Everything up to the Plan."""
    detection = see(source, config, listener)
    listener.event(
        "detected",
        language=detection.language,
        version=detection.version,
        mode=detection.mode,
        entry=detection.entry,
        framework=detection.framework,
    )
    with listener.phase("model"):
        model = supply(detection, config, listener) if wants.model else Supply()
    with listener.phase("facts"):
        facts = collect(engine, config)
        facts = msgspec.structs.replace(facts, bases=current(facts.bases, detection.language))
        facts = _with_pytorch(detection, facts, config)
    keys = (*needed_bases(detection, facts, config), *serving_bases(model, facts, config))
    if wants.bases:
        facts = ensure_bases(keys, facts, config, engine, listener)
        if model.weights is not None:
            ensure_gateway(facts, config, engine, listener)
    prepared = Prepared(
        detection=detection,
        facts=facts,
        taken=measure(source, detection),
        plan=_NO_PLAN,
        tag="",
        supply=model,
        label=source.label,
    )
    prepared = resolved(prepared, source, config, engine, listener, wants)
    if wants.bases:  # a lock may ask for more: a compiler, a base with apt
        keys = needed_bases(detection, facts, config, prepared.lock)
        facts = ensure_bases(keys, prepared.facts, config, engine, listener, prepared.lock.bases)
        _tell_moved(prepared.lock, facts, keys, listener)
    prepared = planned(msgspec.structs.replace(prepared, facts=facts), config, listener)
    for finding in prepared.plan.findings:
        tell = listener.warn if finding.level == "warning" else listener.say
        tell(finding.message)
    return prepared


def _with_pytorch(detection: Detection, facts: Facts, config: Config) -> Facts:
    """Whether an index with PyTorch's CPU wheels answers: asked once a day, and only for a program that wants it. With a GPU,
    the user's own rows of the tables too."""
    if config.gpus and detection.language == "python":
        from jitney.facts.collect import matrices

        facts = msgspec.structs.replace(facts, matrices=matrices(config))
    if (
        config.pytorch not in ("auto", "index")
        or facts.indexes.pytorch_cpu
        or not asks_for_pytorch(detection)
    ):
        return facts
    from jitney.facts.collect import probe_pytorch_index

    indexes = msgspec.structs.replace(facts.indexes, pytorch_cpu=probe_pytorch_index(config))
    return msgspec.structs.replace(facts, indexes=indexes)


def _tell_moved(lock: Lock, facts: Facts, keys: tuple[str, ...], listener: Listener) -> None:
    """A Debian mirror has only the newest: a lock's base may be gone, and its packages still hold."""
    for key in keys:
        base = facts.base(key)
        if base is not None and lock.bases.get(key, base.digest) != base.digest:
            listener.warn(
                f"the lock was made on another build of {key}: packages are as locked, the base is the one here"
            )


def serving_bases(model: Supply, facts: Facts, config: Config) -> tuple[str, ...]:
    """Of the gateway, and of the runtime where that is a base; another one is made by hosting."""
    if model.weights is None:
        return ()
    from jitney.runtimes.gateway import gateway_base
    from jitney.runtimes.registry import plain_runtime

    runtime = plain_runtime(model.weights, facts, config.runtime)
    return (*((runtime.holder(facts).base,) if runtime else ()), gateway_base(facts, config))


def ensure_gateway(
    facts: Facts, config: Config, engine: Engine, listener: Listener, *, seen: bool = True
) -> None:
    """The image of the gateway between programs and a model, built once. Its base is on hand. seen: what facts saw still
    counts."""
    from jitney.disk import mark_used
    from jitney.runtimes.gateway import gateway_build

    build = gateway_build(facts, config)
    tag = image_tag(build)
    if not (seen and tag in facts.built) and engine.image(tag) is None:
        with listener.phase("build"):
            listener.say("the gateway to the model is not there yet")
            build_image(build, facts, tag, None, config, engine, listener)
    mark_used(config, tag)


def resolved(
    prepared: Prepared, source: Source, config: Config, engine: Engine, listener: Listener, wants: Wants
) -> Prepared:
    """With the lock: of the folder if it fits, else the kept resolution, else the indexes are asked."""
    from jitney.resolve import resolve

    def ensure_base(key: str) -> BaseOnHand:
        found = ensure_bases((key,), prepared.facts, config, engine, listener).base(key)
        assert found is not None, "ensure_bases makes it or raises"
        return found

    with listener.phase("resolve"):
        lock = resolve(
            resolve_request(prepared.detection, prepared.facts, config),
            source=source,
            engine=engine,
            facts=prepared.facts,
            config=config,
            on_line=listener.progress,
            ensure_base=ensure_base if wants.bases else None,
            fresh=wants.fresh,
            forget=config.no_cache,
        )
    return msgspec.structs.replace(prepared, lock=lock)


def planned(prepared: Prepared, config: Config, listener: Listener) -> Prepared:
    """The same with the Plan that follows from it."""
    with listener.phase("plan"):
        plan = make_plan(
            prepared.detection, prepared.facts, config, prepared.lock, prepared.supply.plan, prepared.taken
        )
        return msgspec.structs.replace(prepared, plan=plan, tag=image_tag(plan.build))


def ensure_bases(
    keys: tuple[str, ...],
    facts: Facts,
    config: Config,
    engine: Engine,
    listener: Listener,
    pins: Mapping[str, str] | None = None,
) -> Facts:
    """Facts in which all the bases are on hand. pins: digests of a lock, key → digest."""
    pins = pins or {}
    missing = [key for key in keys if not fits(facts.base(key), pins.get(key, ""))]
    if not missing:
        return facts
    from jitney.bases import ensure

    made = []
    with listener.phase("bases"):
        for key in missing:
            listener.say(f"making the base {key} (once)")
            made.append(ensure(engine, key, facts, config, listener.progress, pins.get(key, "")))
    others = tuple(base for base in facts.bases if base.key not in missing)
    return msgspec.structs.replace(facts, bases=(*others, *made))


def ensure_image(
    prepared: Prepared, source: Source, config: Config, engine: Engine, listener: Listener
) -> Prepared:
    """Build unless the tag is there. A wheel that wants a system library teaches the lock, and the plan is made anew."""
    for _ in range(LEARN_AT_MOST):
        if not config.no_cache and engine.image(prepared.tag) is not None:
            return prepared
        try:
            with listener.phase("build"):
                build_image(
                    prepared.plan.build, prepared.facts, prepared.tag, source, config, engine, listener
                )
            return prepared
        except BuildError as error:
            prepared = _learn(prepared, error, config, engine, listener)
    raise BuildError(
        "the packages of this program want more and more system libraries", "name them with --apt"
    )


def _learn(
    prepared: Prepared, error: BuildError, config: Config, engine: Engine, listener: Listener
) -> Prepared:
    from jitney.resolve.learn import learn_system

    lock = learn_system(prepared.lock, error.output, config)
    if lock is None:
        raise error
    more = sorted(set(lock.system) - set(prepared.lock.system))
    listener.say(f"adding what its packages need: {' '.join(more) or f'{lock.language} {lock.version}'}")
    keys = needed_bases(prepared.detection, prepared.facts, config, lock)
    facts = ensure_bases(keys, prepared.facts, config, engine, listener)
    return planned(msgspec.structs.replace(prepared, lock=lock, facts=facts), config, listener)


def build_image(
    build: BuildPlan,
    facts: Facts,
    tag: str,
    source: Source | None,
    config: Config,
    engine: Engine,
    listener: Listener,
) -> str:
    """Build one plan under its tag. Returns the image id."""
    context: dict[str, bytes | Path] = {**context_files(build)}
    for path in build.source:
        assert source is not None, "a plan with sources needs its source"
        context[f"src/{path}"] = source.read_bytes(path)
    labels = {LABEL: "image", LABEL_BASE: build.stages[-1].base.ref}
    listener.say("building the image (once for these packages)")
    from jitney.resolve.inputs import build_inputs

    if any(stage.sealed for stage in build.stages):
        from jitney.resolve.seal import seal

        build = seal(build, engine, facts, config, listener.say, listener.progress)
    with build_inputs(build, engine, facts, config, listener.progress) as secrets:
        request = BuildRequest(
            dockerfile=render_dockerfile(build, facts.engine),
            tag=tag,
            labels=labels,
            context=context,
            secrets=secrets,
            no_cache=config.no_cache,
        )
        try:
            return engine.build(request, listener.progress)
        except BuildError as error:
            raise _whose(error, build, facts, source) from error


def _whose(error: BuildError, build: BuildPlan, facts: Facts, source: Source | None) -> BuildError:
    """A failure where the program's own code is compiled is the program's, not Jitney's. BuildKit names a step by its line,
    but takes some backslashes away."""
    failed = error.message.replace("\\", "")
    for stage in build.stages:
        for one in stage.instructions:
            line = render_instruction(one, build.stages, facts.engine) if one.compiles else ""
            if line and line.replace("\\", "") in failed:
                from jitney.resolve.compile_errors import hint, is_fetching, readable

                said = readable(error.output, source.host_path() if source is not None else None)
                if is_fetching(error.output):
                    return BuildError("the program's packages cannot be fetched", hint(error.output), said)
                return CompileError("the program does not compile", hint(error.output), said)
    told = [
        line for line in error.output.splitlines() if line.startswith(TOLD)
    ]  # by a script of ours in the build
    return BuildError(told[-1].removeprefix(TOLD), error.hint, error.output) if told else error
