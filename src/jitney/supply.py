"""The model that a program gets: a server beside it, weights in the layout that libraries expect, both, or an honest no."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jitney.detect.model import Detection
from jitney.errors import ModelError
from jitney.plan.model import ModelPlan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitney.config import Config
    from jitney.listener import Listener
    from jitney.models.formats.convert import Conversion
    from jitney.models.layout import View
    from jitney.models.model import Alias, Weights
    from jitney.models.safety.gate import Policy
    from jitney.models.satisfy import Satisfied
    from jitney.models.storage.files import Progress
    from jitney.models.storage.store import Store
    from jitney.runtimes.server import Hosted

DEFAULT_MODEL = "smollm2"
ANYWAY = "--no-model runs it without"


class Supply(msgspec.Struct, frozen=True, kw_only=True):
    """plan: for make_plan. weights: what a server beside the program serves. view: mounted at /models. links: path in the
    source → path inside, for weights named by a plain file name. hosted: the server, where it is not the plain one. pending: conversions to be made before the run; the view
    is whole afterwards, when supply is asked again."""

    plan: ModelPlan | None = None
    weights: Weights | None = None
    hosted: Hosted | None = None
    view: View | None = None
    links: dict[str, str] = {}
    pending: tuple[Conversion, ...] = ()


def supply(detection: Detection, config: Config, listener: Listener, *, without: bool = False) -> Supply:
    """What this program gets, fetched if need be. ModelError where it needs one and got none; before anything is built."""
    if without or not (config.model or detection.models or detection.mode != "none"):
        return Supply()
    if not config.model and not _loads(detection):
        _require_way_out(detection, config)
        return Supply()
    return _supplied(detection, config, listener)


def fetch_model(
    reference: str,
    config: Config,
    listener: Listener,
    *,
    progress: Progress | None = None,
    renew: bool = False,
) -> Weights:
    """The weights of a reference, verified, in the Store: the bytes that the lock has, where it has some, with the adapters
    that are asked for. The Store then gives up what is beyond its budget. renew: ask anew where a branch or a tag leads."""
    weights = _fetched(reference, config, listener, progress=progress, renew=renew)
    if weights.info.role != "model":
        weights = _with_its_model(weights, reference, config, listener)
    if config.adapters:
        weights = _with_adapters(weights, config, listener)
    _shrink(store(config), weights, config, listener)
    return weights


def _fetched(
    reference: str,
    config: Config,
    listener: Listener,
    *,
    progress: Progress | None = None,
    renew: bool = False,
) -> Weights:
    """What the reference itself leads to."""
    from jitney.models.fetch import Terms, fetch
    from jitney.models.reference import parse
    from jitney.models.storage import lockfile

    kept, names = store(config), table(config)
    if (known := _of_the_store(kept, reference, config)) is not None:
        return known
    path = Path(config.lock_file)
    locked = lockfile.entry(path, reference) if config.lock_file else None
    ref = parse(locked.ref if locked and "://" in locked.ref else reference, names, Path.cwd())
    fits = _memory(config) if renew or kept.find(ref.canonical) is None else 0
    terms = Terms(policy=policy(config), memory=fits, renew=renew)
    weights = fetch(kept, ref, config.python_index, progress=progress, on_line=listener.say, terms=terms)
    if locked:
        lockfile.require_same(locked, weights, reference, path)
    return weights


_ID = 12
"""Digits of an ID as `jitney ls` shows it, and `convert` says what it made."""


def _of_the_store(kept: Store, reference: str, config: Config) -> Weights | None:
    """The model that an ID means; None: it is none, or a file lies there. ModelError: several begin so, or none is there."""
    digits = reference.removeprefix("sha256:")
    is_id = _ID <= len(digits) <= 64 and not set(digits) - set("0123456789abcdef")
    if not is_id or Path(reference).exists():
        return None
    from jitney.models.safety.gate import Gate
    from jitney.models.storage.holdings import find

    found = find(kept, digits, {}, Path.cwd())[0]
    return Gate(kept, policy(config), lambda line: None).readmit(found.weights)


def _with_its_model(part: Weights, reference: str, config: Config, listener: Listener) -> Weights:
    """An adapter together with the model that it says it was made for."""
    from jitney.models.together import base_of, joined

    kept = store(config)
    base = base_of(kept, part)
    if not base:
        a_what = "a projector" if part.info.role == "projector" else "an adapter"
        raise ModelError(
            f"{reference}: {a_what} is no model by itself",
            "give the model, and --adapter with this; or put it into a folder with its model and hand over the folder",
        )
    listener.say(f"{reference} is an adapter for {base}")
    whole = kept.remember(joined(_fetched(base, config, listener), (part,)))
    return msgspec.structs.replace(whole, ref=part.ref)  # which leads to all of it again


def _with_adapters(weights: Weights, config: Config, listener: Listener) -> Weights:
    from jitney.models.together import joined

    parts = tuple(_fetched(reference, config, listener) for reference in config.adapters)
    whole = store(config).remember(joined(weights, parts))
    return msgspec.structs.replace(whole, ref=weights.ref)  # it answers under the model's own name


def _memory(config: Config) -> int:
    """Bytes that a model may take: --memory, else of the largest GPU where one is wanted, else what is free on this machine."""
    from jitney.facts.hardware import gpus, memory_available

    if config.memory_bytes:
        return config.memory_bytes
    cards = [one.memory_bytes for one in gpus()] if config.gpus else []
    return max(cards, default=0) or memory_available()


def policy(config: Config) -> Policy:
    """What may come into the Store."""
    from jitney.models.safety.gate import Policy

    return Policy(
        allow_pickle=config.allow_pickle,
        require_signature=config.require_signature,
        trusted_keys=config.trusted_keys,
    )


def _shrink(kept: Store, weights: Weights, config: Config, listener: Listener) -> None:
    from jitney.models.storage.budget import shrink

    for one in shrink(kept, config.model_budget_bytes, keep={weights.digest}):
        listener.say(
            f"the Store was beyond its budget: {one.name} ({one.weights.bytes / 1e6:,.0f} MB) was removed"
        )


def _supplied(detection: Detection, config: Config, listener: Listener) -> Supply:
    from jitney.models.layout import library_view
    from jitney.models.satisfy import satisfy
    from jitney.runtimes.registry import expected_name

    kept = store(config)
    given = fetch_model(config.model, config, listener) if config.model else None
    found = satisfy(detection, given, kept, table(config))
    _tell(found, listener)
    served = given if given is not None and _is_served(detection) else None
    view = library_view(kept, found.wants) if found.wants and _loads(detection) else None
    chosen = given or next((one.weights for one in found.conversions), None)
    chosen = chosen or (found.wants[0].weights if view else None)
    if chosen is None:
        return Supply()
    plan = ModelPlan(
        ref=config.model or chosen.ref,
        digest=chosen.digest,
        runtime=expected_name(served, config.runtime) if served is not None else "",
        serve=served is not None,
        bytes=chosen.bytes + sum(one.bytes for one in found.conversions),
        loads=view is not None or bool(found.pending),
        converts=tuple(one.about for one in found.conversions),
    )
    return Supply(plan=plan, weights=served, view=view, links=found.links, pending=found.pending)


def _tell(found: Satisfied, listener: Listener) -> None:
    """What the program gets instead of what it asked for; the first model that nobody gave ends the road."""
    for finding in found.errors:
        place = f"{finding.file}:{finding.line}: " if finding.file else ""
        raise ModelError(f"{place}{finding.message}", f"{finding.hint}\n{ANYWAY}".strip())
    for finding in found.findings:
        tell = listener.warn if finding.level == "warning" else listener.say
        tell(finding.message)


def _loads(detection: Detection) -> bool:
    """It loads weights itself: by its framework, or by a file or repository that the code names."""
    named = any(use.kind == "weights" for use in detection.models)
    return named or "in-process" in (detection.mode, *detection.modes)


def _is_served(detection: Detection) -> bool:
    """A program that only loads weights itself needs no server; one of which nothing is known gets one."""
    calls = {"hosted", "local-server"} & {detection.mode, *detection.modes}
    return bool(calls) or not _loads(detection)


def _require_way_out(detection: Detection, config: Config) -> None:
    """A program that calls a model needs one beside it, or a host that it may reach."""
    if config.network or config.allow_hosts or detection.mode == "none":
        return
    seen = next((one for one in detection.endpoints if one.kind in ("local", "hosted")), None)
    place = f" ({seen.why.place})" if seen and seen.why.place else ""
    beside = f"--model {DEFAULT_MODEL} puts a model beside it, at the addresses it expects"
    if detection.mode == "local-server":
        where = f"127.0.0.1:{seen.port}" if seen and seen.port else "this machine"
        message = f"the program calls a model server on {where}{place}, and there is none"
        raise ModelError(message, f"{beside}\n{ANYWAY}")
    host = seen.host if seen else ""
    secret = "".join(f" --secret {name}" for name in detection.secrets[:1])
    out = f"--allow-host {host or 'HOST'}{secret} lets it reach the vendor"
    what = host or f"a hosted model ({detection.framework or 'an API client'})"
    raise ModelError(
        f"the program calls {what}{place}, and a sandbox has no network", f"{beside}\n{out}\n{ANYWAY}"
    )


def store(config: Config) -> Store:
    from jitney.models.storage.store import Store

    return Store(config.data / "store")


def table(config: Config) -> Mapping[str, Alias]:
    """The short names of models."""
    from jitney.models.alias import aliases

    return aliases(config.user_dir)
