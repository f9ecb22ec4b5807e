"""MLC-LLM's command line, as of its 0.20 development version (2026-07): one function a step.

    Hugging Face's folder ─ convert_weight ─► numbers ─ gen_config ─► mlc-chat-config.json ─ compile ─► lib.so ─ serve

It has no console script of that name everywhere, so it is always the module.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from importlib.metadata import distributions

LIBRARY, CONFIG, ABOUT = "lib.so", "mlc-chat-config.json", "jitney-mlc.json"
CHUNK = 512
"""Tokens of a prompt at once."""

TEMPLATES = (
    ("<|im_start|>", "chatml"),
    ("<|start_header_id|>", "llama-3"),
    ("<start_of_turn>", "gemma_instruction"),
    ("[INST]", "mistral_default"),
    ("<|end|>", "phi-3"),
    ("<|assistant|>", "tinyllama_v1_0"),
)
"""What a chat template has in it, and MLC's name for such a one (mlc_llm/conversation_template)."""

DEVICES = {"nvidia": "cuda", "amd": "rocm", "intel": "vulkan", "apple": "metal"}
"""Maker of a GPU → TVM's kind of target."""


TOOLS = ("mlc", "apache-tvm", "apache_tvm")
"""How the names of the distributions that compile and run begin."""


def toolchain() -> dict[str, str]:
    """Their versions here. A library of another one loads, and fails later or computes something else."""
    tools = {one.name: one.version for one in distributions() if one.name.lower().startswith(TOOLS)}
    return dict(sorted(tools.items()))


def module(*words: str) -> list[str]:
    return [sys.executable, "-m", "mlc_llm", *words]


def template(text: str) -> str:
    """For a chat template's text; `LM` goes on with a text and knows no turns."""
    return next((name for sign, name in TEMPLATES if sign in text), "LM")


def target(host: Mapping[str, str], gpu: Mapping[str, str] | None = None) -> str:
    """`--device` of compile. The host stands inside it: apart, MLC takes the build machine's own processor, and the library
    ends with SIGILL on another one, after a normal load."""
    return json.dumps({**(gpu or host), "host": dict(host)}, separators=(",", ":"))


def convert_weight(folder: str, quantisation: str, out: str, device: str = "cpu") -> list[str]:
    return module("convert_weight", folder, "--device", device, "--quantization", quantisation, "-o", out)


def gen_config(
    folder: str, quantisation: str, conversation: str, context: int, slots: int, out: str
) -> list[str]:
    words = ["gen_config", folder, "--quantization", quantisation, "--conv-template", conversation]
    words += ["--context-window-size", str(context), "--prefill-chunk-size", str(CHUNK)]
    return module(*words, "--max-batch-size", str(slots), "-o", out)


def compile_library(out: str, device: str) -> list[str]:
    """device: as `target` says it."""
    return module("compile", f"{out}/{CONFIG}", "--device", device, "-o", f"{out}/{LIBRARY}")


def serve(folder: str, device: str, port: int, context: int, slots: int) -> list[str]:
    """On a CPU one answer at a time: four together took longer than four in turn."""
    mode, slots = ("interactive", 1) if device == "cpu" else ("local", slots)
    words = ["serve", folder, "--model-lib", f"{folder}/{LIBRARY}", "--device", device, "--mode", mode]
    words += [
        "--overrides",
        f"context_window_size={context};prefill_chunk_size={CHUNK};max_num_sequence={slots}",
    ]
    return module(*words, "--host", "127.0.0.1", "--port", str(port))


def environment(home: str, threads: int) -> dict[str, str]:
    """Nothing is compiled or fetched while it serves; its folders are made when it is imported, so they can be written."""
    return {
        "HOME": home,
        "MLC_LLM_HOME": f"{home}/mlc",
        "MLC_JIT_POLICY": "READONLY",
        "MLC_DOWNLOAD_CACHE_POLICY": "READONLY",
        "TVM_NUM_THREADS": str(threads),
        "TVM_THREAD_POOL_SPIN_COUNT": "0",
    }
