"""Detection + Facts + Config → Plan, in pure steps:

keys = needed_bases(detection, facts, config)            made by bases/, then in facts.bases
request = resolve_request(detection, facts, config)      answered by resolve/ with a Lock
keys = needed_bases(detection, facts, config, lock)      a Lock may need more: a compiler, or a base with apt
plan = make_plan(detection, facts, config, lock, model, measure(source, detection))
"""

from __future__ import annotations

from jitney.plan.make import make_plan
from jitney.plan.measure import measure
from jitney.plan.planner import default_bases, needed_bases, planner
from jitney.plan.request import ResolveRequest, resolve_request
from jitney.plan.taken import Taken
from jitney.plan.torch import asks_for_pytorch

__all__ = [
    "ResolveRequest",
    "Taken",
    "asks_for_pytorch",
    "default_bases",
    "make_plan",
    "measure",
    "needed_bases",
    "planner",
    "resolve_request",
]
