"""Reviewed choices of a build of PyTorch, TensorFlow, JAX: for releases old and new, drivers, GPUs, machines. `make snap` writes
them anew after the tables were (tools/matrices.py); the diff is the review."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from jitney.config import Config
from jitney.detect.model import Detection, Package
from jitney.facts.model import BaseOnHand, EngineFacts, Facts, Gpu, IndexFacts
from jitney.findings import Evidence
from jitney.plan import Taken, make_plan, resolve_request
from jitney.plan.model import Lock

WHY = Evidence(rule="packages.imports", decides="packages", value="import", file="chat.py", line=1)
CPU_INDEX = "https://torch.example/whl/cpu"
TAKEN = Taken(bytes=1200, files=1, digest="sha256:" + "a" * 64)
BASES = tuple(
    BaseOnHand(key=f"registry/python:{version}-{flavour}", ref=f"python:{version}-{flavour}", digest=f"sha256:{n:064x}")
    for n, (version, flavour) in enumerate([("3.13", "run"), ("3.12", "run"), ("3.11", "run")], 1)
)  # fmt: skip


def nvidia(driver: str, capability: str) -> Gpu:
    return Gpu(vendor="nvidia", driver=driver, compute_capability=capability)


class Case(NamedTuple):
    packages: dict[str, str]
    gpus: tuple[Gpu, ...] = ()
    cpu_index: str = ""
    arch: str = "amd64"
    locked: str = ""
    wanted: bool = True


OLD_DRIVER, HOPPER, BLACKWELL = (
    nvidia("535.129.03", "8.6"),
    nvidia("580.95.05", "9.0"),
    nvidia("580.95.05", "12.0"),
)
MI300, UNKNOWN_AMD = (
    Gpu(vendor="amd", compute_capability="gfx942"),
    Gpu(vendor="amd", compute_capability="gfx1152"),
)
CASES = {
    "loose-newest": Case({"torch": ""}, (HOPPER,)),
    "pinned-old": Case({"torch": "==2.1.2"}, (HOPPER,)),
    "pinned-new": Case({"torch": "==2.14.1"}, (HOPPER,)),
    "beyond-the-table": Case({"torch": "==99.0.0"}, (HOPPER,)),
    "older-than-the-table": Case({"torch": "==1.4.0"}, (HOPPER,)),
    "old-driver-loose": Case({"torch": ""}, (OLD_DRIVER,)),
    "old-driver-loose-own-index": Case({"torch": ""}, (OLD_DRIVER,), CPU_INDEX),
    "old-driver-pinned": Case({"torch": "==2.14.1"}, (OLD_DRIVER,)),
    "old-driver-pinned-own-index": Case({"torch": "==2.14.1"}, (OLD_DRIVER,), CPU_INDEX),
    "old-driver-locked": Case({"torch": ""}, (OLD_DRIVER,), locked="2.15.0"),
    "blackwell-too-old-torch": Case({"torch": "==2.4.1"}, (BLACKWELL,)),
    "blackwell-2.7-own-index": Case({"torch": "==2.7.0"}, (BLACKWELL,), CPU_INDEX),
    "blackwell-capped": Case({"torch": "<2.7"}, (BLACKWELL,)),
    "pascal-loose": Case({"torch": ">=2"}, (nvidia("580.95.05", "6.1"),)),
    "two-gpus": Case({"torch": ""}, (HOPPER, nvidia("580.95.05", "6.1"))),
    "rocm-own-index": Case({"torch": ""}, (MI300,), CPU_INDEX),
    "rocm-no-index": Case({"torch": ""}, (MI300,)),
    "rocm-unknown-gpu": Case({"torch": ""}, (UNKNOWN_AMD,), CPU_INDEX),
    "arm64": Case({"torch": ""}, (HOPPER,), arch="arm64"),
    "arm64-pinned-cpu-only": Case({"torch": "==2.9.1"}, (HOPPER,), arch="arm64"),
    "vision-pins": Case({"torch": "", "torchvision": "==0.19.1"}, (BLACKWELL,)),
    "vllm-pinned": Case({"vllm": "==0.33.0"}, (OLD_DRIVER,)),
    "vllm-loose": Case({"vllm": ""}, (OLD_DRIVER,)),
    "tensorflow-without-cuda": Case({"tensorflow": "==2.21.0"}, (HOPPER,)),
    "tensorflow-old-driver": Case({"tensorflow": "[and-cuda]==2.21.0"}, (nvidia("470.57.02", "8.0"),)),
    "jax-without-cuda": Case({"jax": ""}, (OLD_DRIVER,)),
    "jax-cuda13-old-driver": Case({"jax": "[cuda13]"}, (OLD_DRIVER,)),
    "cpu-own-index": Case({"torch": "==2.14.1"}, (), CPU_INDEX, wanted=False),
    "cpu-gpu-not-wanted": Case({"torch": ""}, (HOPPER,), wanted=False),
}


@pytest.mark.parametrize("name", list(CASES))
def test_the_build_that_a_gpu_runs(name: str, snapshot: SnapshotAssertion) -> None:
    case = CASES[name]
    packages = tuple(Package(name=one, spec=spec, why=WHY) for one, spec in case.packages.items())
    program = Detection(
        language="python", entry="chat.py", start=("chat.py",), packages=packages, takes=("chat.py",), mode="in-process"
    )  # fmt: skip
    facts = Facts(
        engine=EngineFacts(name="docker", buildkit=True, arch=case.arch), gpus=case.gpus, bases=BASES,
        indexes=IndexFacts(registry="registry.example", pytorch_cpu=case.cpu_index),
    )  # fmt: skip
    config = Config(gpus=case.wanted)
    lock = (
        Lock(language="python", version="3.13", packages=f"torch=={case.locked}\n") if case.locked else Lock()
    )
    request = resolve_request(program, facts, config)
    plan = make_plan(program, facts, config, lock, None, TAKEN)
    decided = [one for one in plan.evidence if one.decides in ("torch", "gpu")]
    assert snapshot == {
        "constraints": list(request.constraints),
        "index": request.extra_index,
        "build": request.torch,
        "evidence": [f"{one.rule}: {one.value}" for one in decided],
        "losers": [loser for one in decided for loser in one.losers],
        "findings": [msgspec.to_builtins(one) for one in plan.findings],
    }
