"""From a reference to all that it takes to serve it: weights in the runtime's format, the runtime's image, its settings."""

from __future__ import annotations

import msgspec

from jitney.config import Config, of_the_machine
from jitney.engine.protocol import Engine
from jitney.errors import ModelError, UsageError
from jitney.facts.collect import collect
from jitney.facts.hardware import load_average, memory_available
from jitney.facts.model import Facts
from jitney.hosting.limits import require_memory, threads_for
from jitney.listener import Listener
from jitney.models.formats.convert import Conversion
from jitney.models.layout import Want, library_view
from jitney.models.model import Weights
from jitney.plan.model import Plan
from jitney.runtimes.choose import choose
from jitney.runtimes.protocol import Holder
from jitney.runtimes.server import Hosted, make_serving
from jitney.source import Source
from jitney.supply import fetch_model, store


class Hosting(msgspec.Struct, frozen=True, kw_only=True):
    """A model on its way to be served. facts: those of its base and image included."""

    hosted: Hosted
    facts: Facts


def host(reference: str, config: Config, engine: Engine, listener: Listener) -> Hosting:
    """Fetch, choose, convert, build: whatever is missing. Says which runtime it took, and why where it was a choice.

    Raises ModelError (unknown, not to be served, too large, not to be converted), BuildError, UsageError.
    """
    with listener.phase("model"):
        weights = fetch_model(reference, config, listener)
    with listener.phase("facts"):
        facts = collect(engine, config)
    return host_weights(weights, facts, config, engine, listener)


def host_weights(
    weights: Weights, facts: Facts, config: Config, engine: Engine, listener: Listener
) -> Hosting:
    """The same for weights that are in the Store."""
    choice = choose(weights, config.runtime, facts)
    if choice.conversion is not None:
        from jitney.conversion import convert

        _require_room(choice.conversion, facts)
        weights = convert(choice.conversion, config, engine, listener)
        weights = msgspec.structs.replace(weights, alias=weights.alias or choice.weights.alias)
    runtime = choice.runtime
    holder = runtime.holder(facts, gpus=config.gpus)
    facts, image, plan = _image(holder, facts, config, engine, listener)
    view = library_view(store(config), (Want(weights=weights),))
    config = _with_threads(config, weights, facts, listener)
    serving = make_serving(weights, view, facts, config)
    hosted = Hosted(
        runtime=runtime,
        serving=serving,
        view=view,
        image=image,
        plan=plan,
        files=holder.program,
        env=_own_env(engine, image) if holder.image else {},
    )
    require_memory(hosted, memory_free(facts), config)
    listener.event("model", name=serving.alias, runtime=runtime.name, format=weights.format, image=image)
    return Hosting(hosted=hosted, facts=facts)


def _own_env(engine: Engine, image: str) -> dict[str, str]:
    """What an image of somebody's sets for its own program: where its libraries and tools lie."""
    return dict(line.split("=", 1) for line in engine.image_config(image).env if "=" in line)


def _image(
    holder: Holder, facts: Facts, config: Config, engine: Engine, listener: Listener
) -> tuple[Facts, str, Plan | None]:
    """Facts with its base, the image that boxes are made of, and the Plan of a program."""
    if holder.base and (base := facts.base(holder.base)) is not None:
        # whether its recipe is today's, `jitney setup` and programs' runs look after
        return facts, base.ref, None
    from jitney import road

    if holder.program:
        source = Source.from_mapping(dict(holder.program), next(iter(holder.program)))
        own = of_the_machine(config)
        prepared = road.prepare(source, own, engine, listener, road.Wants(model=False))
        prepared = road.ensure_image(prepared, source, own, engine, listener)
        return prepared.facts, prepared.tag, prepared.plan
    key = holder.base or f"image/{holder.image}"
    facts = road.ensure_bases((key,), facts, config, engine, listener)
    base = facts.base(key)
    assert base is not None, "ensure_bases makes it or raises"
    return facts, base.ref, None


def _with_threads(config: Config, weights: Weights, facts: Facts, listener: Listener) -> Config:
    if config.threads > facts.engine.cpus:
        raise UsageError(
            f"--threads {config.threads}: this machine has {facts.engine.cpus} cores",
            f"at most --threads {facts.engine.cpus}: more only wait for each other",
        )
    if config.threads:
        return config
    load = load_average() if facts.engine.shares_files else 0.0
    threads = threads_for(facts.engine.cpus, load, weights.info.parameters)
    listener.event("threads", threads=threads, cores=facts.engine.cpus, load=load)
    return msgspec.structs.replace(config, threads=threads)


def _require_room(conversion: Conversion, facts: Facts) -> None:
    """Before hours are spent on a conversion whose result does not fit."""
    free = memory_free(facts)
    if free and conversion.bytes > free:
        raise ModelError(
            f"{conversion.about} takes {conversion.bytes / 1e9:,.1f} GB, "
            f"and {free / 1e9:,.1f} GB of memory are free",
            "take a smaller model, or a runtime that reads it as it is (jitney runtimes)",
        )


def memory_free(facts: Facts) -> int:
    """Bytes that are free now, or all that the engine's machine has where it is another one."""
    return (memory_available() if facts.engine.shares_files else 0) or facts.engine.memory_bytes
