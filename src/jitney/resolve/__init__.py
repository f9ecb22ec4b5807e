"""What was asked for → exact versions with hashes. Asks the world once; every later run reads one small file.

lock = resolve(request, source=…, engine=…, facts=…, config=…, on_line=…, ensure_base=…)
with build_inputs(plan.build, engine, facts, config) as secrets:      tools and secrets that a build needs
    engine.build(BuildRequest(…, secrets=secrets))
lock = learn_system(lock, error.output, config)                       a build said what is missing

The last two are imported from `inputs` and `learn`, by those who build: a run of a cached program never does.
"""

from __future__ import annotations

from jitney.resolve.lockfile import read_lock, write_lock
from jitney.resolve.resolve import resolve

__all__ = ["read_lock", "resolve", "write_lock"]
