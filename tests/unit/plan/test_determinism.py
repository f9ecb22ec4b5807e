"""The Plan's bytes depend on nothing but its inputs: not on the hash seed of the process either."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import msgspec
from jitney.config import Config
from jitney.detect.model import Detection, Package
from jitney.facts.model import Facts
from jitney.findings import Evidence
from jitney.plan import make_plan, resolve_request
from jitney.plan.model import Lock
from jitney.render import image_tag
why = Evidence(rule="r", decides="packages", value="v")
names = ("six", "attrs", "numpy", "requests")
program = Detection(language="python", entry="a.py", takes=("a.py",), packages=tuple(Package(name=n, why=why) for n in names))
config = Config(apt=("ffmpeg", "libgl1"), allow_hosts=("b.example", "a.example:8443"))
plan = make_plan(program, Facts(), config, Lock(packages="six==1.17.0", system=("libsm6",), files={"b": "2", "a": "1"}))
print(msgspec.json.encode(plan).decode(), image_tag(plan.build), resolve_request(program, Facts(), config).key({"a": "b"}))
"""


def test_hash_seeds_do_not_matter() -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(said) == 1
    assert b"jitney/run:" in said.pop()
