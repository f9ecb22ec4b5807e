"""What each runtime could do on this machine now, and why not: asked of the engine and of what is kept, and nothing fetched or built."""

from __future__ import annotations

from typing import Literal

import msgspec

from jitney import road
from jitney.bases import current
from jitney.config import Config, of_the_machine
from jitney.detect import detect
from jitney.engine.protocol import Engine
from jitney.errors import ModelError, PlanError
from jitney.facts.model import Facts
from jitney.models.model import Format, Kind, ModelInfo, Weights
from jitney.plan import make_plan, measure, resolve_request
from jitney.render import image_tag
from jitney.resolve.resolve import read_kept
from jitney.runtimes.choose import choose
from jitney.runtimes.protocol import Feature, Holder, Runtime
from jitney.runtimes.registry import RUNTIMES
from jitney.source import Source

State = Literal["ready", "needs image", "planned", "no"]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """state: `ready` (its image is here), `needs image` (made or pulled with the first run), `planned` (never run by Jitney's
    makers; its image would be pulled), `no` (reason says why). size_bytes: of the image, 0: not here. way: with a model, how
    it would be taken: `as it is`, or what is converted first."""

    name: str
    state: State
    formats: tuple[Format, ...]
    kinds: tuple[Kind, ...]
    features: tuple[Feature, ...]
    reason: str = ""
    way: str = ""
    image: str = ""
    size_bytes: int = 0
    holds: Literal["base", "image", "program"] = "base"


def standings(facts: Facts, config: Config, engine: Engine, weights: Weights | None = None) -> list[Standing]:
    """Of all runtimes, in their order. weights: asks each what it would do with them."""
    return [_standing(runtime, facts, config, engine, weights) for runtime in RUNTIMES]


def _standing(
    runtime: Runtime, facts: Facts, config: Config, engine: Engine, weights: Weights | None
) -> Standing:
    reason, way = _taken(runtime, weights, facts)
    holder = runtime.holder(facts, gpus=config.gpus)
    image, size = ("", 0) if reason else _image(holder, facts, config, engine)
    missing: State = "planned" if runtime.state == "plan" else "needs image"
    state: State = "no" if reason else ("ready" if image else missing)
    sample = weights or _sample(runtime)
    return Standing(
        name=runtime.name,
        state=state,
        formats=runtime.formats,
        kinds=runtime.kinds,
        features=() if weights is not None and reason else runtime.features(sample),
        reason=reason,
        way=way,
        image=image or holder.image,
        size_bytes=size,
        holds="program" if holder.program else ("image" if holder.image else "base"),
    )


def _taken(runtime: Runtime, weights: Weights | None, facts: Facts) -> tuple[str, str]:
    """Why not, and else how: of these weights, or of any that are in its format."""
    if weights is None:
        return runtime.refuses(_sample(runtime), facts), ""
    try:
        choice = choose(weights, runtime.name, facts)
    except ModelError:
        return runtime.refuses(weights, facts), ""
    if choice.conversion is None:
        return "", "as it is"
    return "", f"after a conversion: {choice.conversion.about}"


def _sample(runtime: Runtime) -> Weights:
    """Weights that it would take anywhere: a chat model in its first format."""
    info = ModelInfo(kind=runtime.kinds[0], architecture="llama", chat_template=True)
    return Weights(ref="", format=runtime.formats[0], main="any model", files=(), info=info)


def _image(holder: Holder, facts: Facts, config: Config, engine: Engine) -> tuple[str, int]:
    """Name and bytes of its image; empty: it is not here, or not as it would be made today."""
    if holder.program:
        name = _program_image(holder, facts, config)
    else:
        base = facts.base(holder.base or f"image/{holder.image}")
        name = base.ref if base is not None else ""
    found = engine.image(name) if name else None
    return (name, found.size_bytes) if found is not None else ("", 0)


def _program_image(holder: Holder, facts: Facts, config: Config) -> str:
    """The tag that the road would come to, by what it keeps of earlier resolutions; empty: it would have to ask an index."""
    source = Source.from_mapping(dict(holder.program), next(iter(holder.program)))
    own = of_the_machine(config)
    detection = detect(source, road.wishes(own))
    facts = msgspec.structs.replace(facts, bases=current(facts.bases, detection.language))
    try:
        request = resolve_request(detection, facts, own)
        texts = {name: source.read_text(name) for name in request.reads if source.has(name)}
        lock = read_kept(config.cache / "resolutions" / f"{request.key(texts)}.json")
        if lock is None:
            return ""
        plan = make_plan(detection, facts, own, lock, None, measure(source, detection))
    except PlanError:  # a base is not there
        return ""
    return image_tag(plan.build)
