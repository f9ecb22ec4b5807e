"""Reviewed plans of every runtime: what holds it, its command, environment, memory. `make snap` writes them anew."""

from __future__ import annotations

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from jitney.facts.model import EngineFacts, Facts, Gpu
from jitney.models.model import Format, Kind, ModelInfo, WeightFile, Weights
from jitney.runtimes.llamacpp import LlamaCpp
from jitney.runtimes.protocol import Holder, Runtime, Serving
from jitney.runtimes.registry import PLANNED
from jitney.runtimes.vllm import Vllm

SERVERS: tuple[Runtime, ...] = (LlamaCpp(), Vllm(), *PLANNED)
"""Those with a server of their own; the adapter's rows have their own tests."""

GPUS = {
    "none": (),
    "nvidia": (Gpu(vendor="nvidia", name="NVIDIA L4", compute_capability="8.9", driver="580.65"),),
    "old nvidia": (Gpu(vendor="nvidia", name="Tesla P40", compute_capability="6.1", driver="550.54"),),
    "amd": (Gpu(vendor="amd", name="MI300X"),),
    "intel": (Gpu(vendor="intel", name="Arc B580"),),
}
MAINS = {"gguf": "m.gguf", "safetensors": "model.safetensors"}
INFO = ModelInfo(
    architecture="llama", context=8192, parameters=8_030_000_000, layers=32, kv_width=1024, embedding=4096,
    vocabulary=128256, chat_template=True,
)  # fmt: skip


def weights(wanted: Format, kind: Kind = "text") -> Weights:
    main = MAINS.get(wanted, "main")
    files = (WeightFile(name=main, sha256="0" * 64, bytes=16_000_000_000),)
    info = msgspec.structs.replace(INFO, kind=kind)
    return Weights(ref="x", format=wanted, main=main, files=files, alias="llama", info=info)


def serving(runtime: Runtime, *, gpus: bool) -> Serving:
    taken = weights(runtime.formats[0], runtime.kinds[0])
    return Serving(
        weights=taken, model=f"/models/files/{taken.main}", alias="llama", gpus=gpus, gpu_layers=-1 if gpus else 0
    )  # fmt: skip


def held(holder: Holder) -> dict[str, object]:
    """Of a program its files' names: their texts are code, not plan."""
    found = {"base": holder.base, "image": holder.image, "program": sorted(holder.program)}
    return {name: value for name, value in found.items() if value}


@pytest.mark.parametrize("runtime", SERVERS, ids=lambda runtime: runtime.name)
def test_the_plan_of_a_runtime(runtime: Runtime, snapshot: SnapshotAssertion) -> None:
    shown: dict[str, object] = {}
    for name, gpus in GPUS.items():
        facts = Facts(engine=EngineFacts(cpus=8), gpus=gpus)
        with_gpus = bool(gpus)
        taken = weights(runtime.formats[0], runtime.kinds[0])
        refusal = runtime.refuses(taken, facts)
        plan = held(runtime.holder(facts, gpus=with_gpus))
        shown[name] = {"refusal": refusal} if refusal else plan
    one = serving(runtime, gpus=runtime.state == "plan")
    shown["argv"] = list(runtime.argv(one))
    if runtime.state == "runs":
        shown["argv on a GPU"] = list(runtime.argv(serving(runtime, gpus=True)))
    shown["env"] = dict(runtime.env(one))
    shown["memory"] = f"{runtime.memory_bytes(one) / 1e9:.1f} GB"
    shown["features"] = list(runtime.features(one.weights))
    shown["health"] = runtime.health
    assert shown == snapshot
