"""Candidates by way of hosting: each runtime with its weights, its image and a box a life."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from jitney.bench.ask import Writer
from jitney.bench.box import cpu_seconds, peak_bytes
from jitney.bench.measure import Life
from jitney.bench.model import Row
from jitney.config import Config
from jitney.engine.protocol import Engine
from jitney.errors import JitneyError, ModelError
from jitney.facts.collect import collect
from jitney.facts.model import Facts
from jitney.hosting.prepare import Hosting, host_weights
from jitney.hosting.running import start
from jitney.listener import Listener
from jitney.models.model import Weights
from jitney.runtimes.choose import choose, named
from jitney.runtimes.protocol import Runtime
from jitney.runtimes.registry import RUNTIMES
from jitney.sandbox.run import Session
from jitney.supply import fetch_model

ALL = "all"


class Boxed:
    """A Candidate whose box belongs to a session of its own, so that whatever ends it ends it whole."""

    def __init__(self, hosting: Hosting, config: Config, engine: Engine) -> None:
        self._hosting = hosting
        self._config = config
        self._engine = engine
        self.row = _row(hosting, engine)

    @contextmanager
    def live(self) -> Iterator[Life]:
        hosted = self._hosting.hosted
        begin = time.perf_counter()
        with Session(self._engine) as session:
            running = start(session, self._engine, self._hosting, self._config)
            running.wait_ready()
            ready = time.perf_counter() - begin
            box = (running.server.box.container,)
            features = hosted.runtime.features(hosted.weights)
            yield Life(
                writer=Writer(running, hosted.serving.alias, features),
                start_s=ready,
                peak_bytes=lambda: peak_bytes(box),
                cpu_s=lambda: cpu_seconds(box),
            )


def _row(hosting: Hosting, engine: Engine) -> Row:
    hosted = hosting.hosted
    image = engine.image(hosted.image)
    return Row(
        runtime=hosted.runtime.name,
        format=hosted.weights.format,
        quantisation=hosted.weights.info.quantisation,
        image_bytes=image.size_bytes if image else 0,
        weights_bytes=hosted.weights.bytes,
    )


def candidates(
    model: str, wanted: Sequence[str], config: Config, engine: Engine, listener: Listener
) -> tuple[list[Boxed], list[Row], str]:
    """Those that can run, rows of those that cannot with their reasons, and the model's name.

    wanted: names of runtimes; `all`: every one that has been run by its makers here, the planned ones with their reasons (they
    would pull images of gigabytes: named, they are tried); none: the one that `jitney run` would take. ModelError: it does
    not write text; UsageError: no such runtime.
    """
    takes_all = ALL in wanted
    asked = [one for one in RUNTIMES if "text" in one.kinds] if takes_all else [named(one) for one in wanted]
    weights = fetch_model(model, config, listener)
    if weights.info.kind != "text":
        raise ModelError(
            f"{model} is for {weights.info.kind}: bench measures models that write text",
            "jitney runtimes shows what it is good for",
        )
    facts = collect(engine, config)
    able: list[Boxed] = []
    reasons: list[Row] = []
    asked = asked or [choose(weights, "", facts).runtime]
    for runtime in {one.name: one for one in asked}.values():
        try:
            if takes_all and runtime.state == "plan":
                raise ModelError(f"planned and never run here: --runtime {runtime.name} tries it")
            own = msgspec.structs.replace(config, runtime=runtime.name)
            able.append(Boxed(host_weights(weights, facts, own, engine, listener), own, engine))
        except JitneyError as error:
            reason = _refusal(runtime, weights, facts) or error.message
            reasons.append(Row(runtime=runtime.name, reason=reason))
            listener.warn(f"{runtime.name}: {reason}")
    return able, reasons, weights.alias or weights.main


def _refusal(runtime: Runtime, weights: Weights, facts: Facts) -> str:
    """What it has against this machine, whatever the format."""
    return runtime.refuses(msgspec.structs.replace(weights, format=runtime.formats[0]), facts)
