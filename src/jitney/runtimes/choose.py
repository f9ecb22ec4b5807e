"""Which runtime serves a model on this machine, and what has to be converted for it first. Pure."""

from __future__ import annotations

import msgspec

from jitney.errors import ModelError, UsageError
from jitney.facts.model import Facts
from jitney.models.formats.convert import Conversion, conversion_to, why_not
from jitney.models.model import Format, Weights
from jitney.runtimes.protocol import Runtime
from jitney.runtimes.registry import RUNTIMES, refusal

_SHORT = {
    "onnx": "onnxruntimegenai",
    "onnxruntime": "onnxruntimegenai",
    "openvino": "openvinogenai",
    "mlc": "mlcllm",
    "ct2": "ctranslate2",
}
"""What people call them, without dots and dashes."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """conversion: makes what the runtime takes; None: it takes the weights as they are."""

    runtime: Runtime
    weights: Weights
    conversion: Conversion | None = None


def named(name: str) -> Runtime:
    """The runtime that a user means: its name without dots, dashes and case. UsageError with near names."""
    wanted = _plain(name)
    for runtime in RUNTIMES:
        if _plain(runtime.name) == wanted:
            return runtime
    from difflib import get_close_matches

    near = get_close_matches(wanted, [_plain(runtime.name) for runtime in RUNTIMES], 2, 0.5)
    names = [runtime.name for runtime in RUNTIMES if _plain(runtime.name) in near]
    meant = f"did you mean {' or '.join(names)}?\n" if names else ""
    raise UsageError(f"there is no runtime {name}", f"{meant}jitney runtimes lists them")


def _plain(name: str) -> str:
    short = "".join(letter for letter in name.lower() if letter.isalnum())
    return _SHORT.get(short, short)


def choose(weights: Weights, wanted: str, facts: Facts) -> Choice:
    """wanted: a runtime's name, empty: the first that takes the weights as they are, else the first after a conversion.

    Raises UsageError (no such runtime), ModelError: with each runtime's reason, and which others could.
    """
    if wanted:
        return _insisted(named(wanted), weights, facts)
    reasons: list[str] = []
    able = [runtime for runtime in RUNTIMES if runtime.state == "runs"]
    for runtime in able:
        reason = refusal(runtime, weights, facts)
        if not reason:
            return Choice(runtime=runtime, weights=weights)
        reasons.append(reason)
    for runtime in able:
        if (choice := _converted(runtime, weights, facts)) is not None:
            return choice
    raise ModelError(f"nothing here can serve {_what(weights)}:\n  " + "\n  ".join(reasons), _formats())


def _insisted(runtime: Runtime, weights: Weights, facts: Facts) -> Choice:
    reason = refusal(runtime, weights, facts)
    if not reason:
        return Choice(runtime=runtime, weights=weights)
    if (choice := _converted(runtime, weights, facts)) is not None:
        return choice
    others = [one.name for one in takers(weights, facts)]
    hint = f"these can: {', '.join(others)}" if others else _formats()
    if weights.format not in runtime.formats and (obstacle := why_not(runtime.formats[0], weights)):
        reason = f"{reason}, and {obstacle}"
    raise ModelError(f"{runtime.name} cannot serve {_what(weights)}: {reason}", hint)


def _converted(runtime: Runtime, weights: Weights, facts: Facts) -> Choice | None:
    """With the first conversion whose result the runtime would take."""
    for wanted in runtime.formats:
        conversion = conversion_to(wanted, weights)
        if conversion is not None and not refusal(runtime, _as(weights, wanted), facts):
            return Choice(runtime=runtime, weights=weights, conversion=conversion)
    return None


def _as(weights: Weights, wanted: Format) -> Weights:
    return msgspec.structs.replace(weights, format=wanted)


def takers(weights: Weights, facts: Facts) -> list[Runtime]:
    """Runtimes that can serve the weights here, as they are or after a conversion."""
    return [
        runtime
        for runtime in RUNTIMES
        if runtime.state == "runs"
        and (not refusal(runtime, weights, facts) or _converted(runtime, weights, facts) is not None)
    ]


def _what(weights: Weights) -> str:
    info = weights.info
    words = [word for word in (info.architecture, info.quantisation, weights.format) if word]
    return f"{weights.alias or weights.main} ({', '.join(words)})"


def _formats() -> str:
    formats = dict.fromkeys(one for runtime in RUNTIMES if runtime.state == "runs" for one in runtime.formats)
    return f"formats that can be served here: {', '.join(formats)} (jitney runtimes)"
