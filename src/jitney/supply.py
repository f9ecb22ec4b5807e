"""The model that a program gets: a server beside it, weights in the layout that libraries expect, both, or an honest no."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jitney.detect.model import Detection
from jitney.errors import ModelError
from jitney.findings import Finding
from jitney.plan.model import ModelPlan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitney.config import Config
    from jitney.listener import Listener
    from jitney.models.layout import View
    from jitney.models.model import Alias, Weights
    from jitney.models.store import Store

DEFAULT_MODEL = "smollm2"


class Supply(msgspec.Struct, frozen=True, kw_only=True):
    """plan: for make_plan. weights: what a server beside the program serves. view: mounted at /models. links: path in the
    source → path inside, for weights named by a plain file name."""

    plan: ModelPlan | None = None
    weights: Weights | None = None
    view: View | None = None
    links: dict[str, str] = {}


def supply(detection: Detection, config: Config, listener: Listener, *, without: bool = False) -> Supply:
    """What this program gets, fetched if need be. ModelError where it needs one and got none; before anything is built."""
    if without or not (config.model or detection.models or detection.mode != "none"):
        return Supply()
    if not config.model and not _loads(detection):
        _require_way_out(detection, config)
        return Supply()
    return _supplied(detection, config, listener)


def fetch_model(reference: str, config: Config, listener: Listener) -> Weights:
    """The weights of a reference, verified, in the Store."""
    from jitney.models.fetch import fetch
    from jitney.models.reference import parse

    ref = parse(reference, _table(config), Path.cwd())
    return fetch(store(config), ref, config.python_index, on_line=listener.say)


def _supplied(detection: Detection, config: Config, listener: Listener) -> Supply:
    from jitney.models.layout import library_view
    from jitney.models.satisfy import satisfy

    kept = store(config)
    given = fetch_model(config.model, config, listener) if config.model else None
    found = satisfy(detection, given, kept, _table(config))
    if found.errors:
        raise _refusal(found.errors[0])
    for finding in found.findings:
        listener.warn(finding.message) if finding.level == "warning" else listener.say(finding.message)
    serve = given is not None and _is_served(detection)
    view = library_view(kept, found.wants) if found.wants and _loads(detection) else None
    if given is None and view is None:
        return Supply()
    plan = ModelPlan(
        ref=config.model or found.wants[0].weights.ref,
        digest=given.digest if given else found.wants[0].weights.digest,
        runtime="llama.cpp" if serve else "",
        serve=serve,
        bytes=given.bytes if given else sum(want.weights.bytes for want in found.wants),
        loads=view is not None,
    )
    return Supply(plan=plan, weights=given if serve else None, view=view, links=found.links)


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
    seen = next((e for e in detection.endpoints if e.kind in ("local", "hosted")), None)
    place = f" ({seen.why.place})" if seen and seen.why.place else ""
    beside = f"--model {DEFAULT_MODEL} puts a model beside it, at the addresses it expects"
    anyway = "--no-model runs it without"
    if detection.mode == "local-server":
        where = f"127.0.0.1:{seen.port}" if seen and seen.port else "this machine"
        raise ModelError(
            f"the program calls a model server on {where}{place}, and there is none", f"{beside}\n{anyway}"
        )
    host = seen.host if seen and seen.host else ""
    what = host or f"a hosted model ({detection.framework or 'an API client'})"
    secret = "".join(f" --secret {name}" for name in detection.secrets[:1])
    out = f"--allow-host {host or 'HOST'}{secret} lets it reach the vendor"
    raise ModelError(
        f"the program calls {what}{place}, and a sandbox has no network", f"{beside}\n{out}\n{anyway}"
    )


def _refusal(finding: Finding) -> ModelError:
    place = f"{finding.file}:{finding.line}: " if finding.file else ""
    return ModelError(f"{place}{finding.message}", f"{finding.hint}\n--no-model runs it without".strip())


def store(config: Config) -> Store:
    from jitney.models.store import Store

    return Store(config.data / "store")


def _table(config: Config) -> Mapping[str, Alias]:
    from jitney.models.alias import aliases

    return aliases(config.user_dir)
