"""Planned runtimes: what they refuse, which image a machine gets, what their last words mean."""

from __future__ import annotations

import subprocess

import msgspec
import pytest

from jitney.bases.images import KEPT_BY, pull_name
from jitney.config import Config
from jitney.errors import ModelError
from jitney.facts.model import EngineFacts, Facts, Gpu
from jitney.models.model import ModelInfo, Weights
from jitney.runtimes.choose import choose
from jitney.runtimes.llamacpp import LlamaCpp
from jitney.runtimes.nim import NIM
from jitney.runtimes.ollama import OLLAMA
from jitney.runtimes.planned import Planned
from jitney.runtimes.protocol import Holder, Serving
from jitney.runtimes.registry import PLANNED
from jitney.runtimes.sglang import SGLANG
from jitney.runtimes.tensorrt_llm import TENSORRT_LLM
from jitney.runtimes.tgi import TGI
from jitney.runtimes.vllm import ENTRY, Vllm

L4 = Gpu(vendor="nvidia", name="NVIDIA L4", compute_capability="8.9")
P40 = Gpu(vendor="nvidia", name="Tesla P40", compute_capability="6.1")
MI300 = Gpu(vendor="amd", name="MI300X")
CHAT = ModelInfo(
    architecture="llama", context=8192, parameters=135_000_000, layers=30, kv_width=192, chat_template=True
)
HF = Weights(ref="x", format="safetensors", main="model.safetensors", files=(), alias="tiny", info=CHAT)
GGUF = msgspec.structs.replace(HF, format="gguf", main="m.gguf")


def machine(*gpus: Gpu) -> Facts:
    return Facts(engine=EngineFacts(cpus=2), gpus=gpus)


def test_without_a_gpu_it_is_said_what_is_needed_and_what_is_there() -> None:
    assert SGLANG.refuses(HF, machine()) == (
        "it needs an NVIDIA GPU with compute capability 7.5 or newer or an AMD GPU; this machine has no GPU"
    )
    assert SGLANG.refuses(HF, machine(P40)).endswith("this machine has Tesla P40 (6.1)")
    assert SGLANG.refuses(HF, machine(L4)) == ""


def test_a_planned_runtime_that_is_asked_for_says_why_not_and_who_could() -> None:
    with pytest.raises(ModelError, match="needs an NVIDIA GPU") as caught:
        choose(HF, "sglang", machine())
    assert "vllm" in caught.value.hint


@pytest.mark.parametrize("runtime", PLANNED, ids=lambda one: one.name)
def test_a_planned_runtime_is_never_chosen_by_itself(runtime: Planned) -> None:
    for weights in (HF, GGUF):
        assert choose(weights, "", machine(L4)).runtime is not runtime


@pytest.mark.parametrize(
    ("gpu", "image"),
    [(L4, "3.3.5"), (MI300, "3.3.5-rocm"), (Gpu(vendor="intel"), "3.3.5-intel-xpu")],
)
def test_the_image_is_the_one_for_the_gpu(gpu: Gpu, image: str) -> None:
    assert TGI.holder(machine(gpu), gpus=True).image.rpartition(":")[2] == image


def test_a_gpu_takes_vllm_and_llama_cpp_to_their_makers_images_only_when_it_is_wanted() -> None:
    facts = machine(L4)
    assert Vllm().holder(facts).program.keys() == {ENTRY}
    assert "vllm-openai" in Vllm().holder(facts, gpus=True).image
    assert Vllm().holder(machine(), gpus=True).program.keys() == {ENTRY}
    assert LlamaCpp().holder(facts).base
    assert LlamaCpp().holder(facts, gpus=True).image.endswith("server-cuda13-b9445")
    assert LlamaCpp().holder(machine(P40), gpus=True).base


def test_ollama_does_without_a_gpu() -> None:
    assert OLLAMA.refuses(GGUF, machine()) == ""
    assert OLLAMA.holder(machine(MI300), gpus=True) == Holder(image="ollama/ollama:0.33.3-rocm")
    assert OLLAMA.holder(machine(MI300)) == Holder(image="ollama/ollama:0.33.3")


def test_ollamas_start_is_a_shell_program_whose_words_are_arguments() -> None:
    """A shell parses it, and a name that looks like a command stays a name."""
    serving = Serving(weights=GGUF, model="/models/files/$(id) m.gguf", alias="a; b")
    shell, flag, text, *words = OLLAMA.argv(serving)
    assert (shell, flag) == ("sh", "-c")
    assert subprocess.run([shell, "-n", flag, text], check=False).returncode == 0
    assert "/models/files/$(id) m.gguf" in words
    assert "a; b" in words
    assert "$(id)" not in text


def test_makers_registries_are_named_in_one_table_and_a_mirror_stands_for_all() -> None:
    assert pull_name("ngc!nvidia/x:1", Config()) == f"{KEPT_BY['ngc']}/nvidia/x:1"
    assert pull_name("ollama/ollama:1", Config()) == "ollama/ollama:1"
    assert pull_name("ngc!nvidia/x:1", Config(registry="127.0.0.1:5000")) == "127.0.0.1:5000/nvidia/x:1"


@pytest.mark.parametrize("runtime", PLANNED, ids=lambda one: one.name)
def test_their_servers_listen_on_loopback_and_fetch_nothing(runtime: Planned) -> None:
    weights = GGUF if "gguf" in runtime.formats else HF
    serving = Serving(weights=weights, model=f"/models/files/{weights.main}", alias="tiny", gpus=True)
    said = " ".join([*runtime.argv(serving), *map("=".join, runtime.env(serving).items())])
    assert "0.0.0.0" not in said
    assert "8080" in said
    assert "HF_HUB_OFFLINE=1" in said or runtime not in (SGLANG, TENSORRT_LLM, NIM, TGI)


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        (
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB",
            "not enough memory on the GPU",
        ),
        ("RuntimeError: CUDA error: no kernel image is available for execution", "too old"),
        ("all is well", ""),
    ],
)
def test_last_words(log: str, sentence: str) -> None:
    assert sentence in SGLANG.diagnose(log)
    assert bool(SGLANG.diagnose(log)) == bool(sentence)
