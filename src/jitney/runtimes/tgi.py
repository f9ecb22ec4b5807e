"""Hugging Face's Text Generation Inference, in maintenance since 3.3.7 (2025-12). Planned by its launcher's own help of 3.3."""

from __future__ import annotations

from collections.abc import Mapping

from jitney.runtimes.gpus import Board
from jitney.runtimes.planned import OFFLINE, Planned, folder
from jitney.runtimes.protocol import Serving


def _command(serving: Serving) -> tuple[str, ...]:
    """An input leaves room for an answer of one token at least; a limit that the launcher checks."""
    words = ["text-generation-launcher", "--model-id", folder(serving)]
    words += ["--hostname", "127.0.0.1", "--port", str(serving.port), "--prometheus-port", "0"]
    words += ["--max-total-tokens", str(serving.context), "--max-input-tokens", str(serving.context - 1)]
    words += [
        "--max-batch-prefill-tokens",
        str(serving.context),
        "--max-batch-total-tokens",
        str(serving.context),
    ]
    words += ["--max-batch-size", str(serving.slots)]
    return (*words, *(["--lora-adapters", ",".join(serving.adapters)] if serving.adapters else []))


def _settings(serving: Serving) -> Mapping[str, str]:
    return {**OFFLINE, "HUGGINGFACE_HUB_CACHE": "/tmp/hub", "USAGE_STATS": "off"}  # noqa: S108  inside the box


TGI = Planned(
    name="tgi",
    boards={
        "nvidia": Board(image="github!huggingface/text-generation-inference:3.3.5", least=7.5),
        "amd": Board(image="github!huggingface/text-generation-inference:3.3.5-rocm"),
        "intel": Board(image="github!huggingface/text-generation-inference:3.3.5-intel-xpu"),
    },
    command=_command,
    settings=_settings,
    text=("json-schema", "logprobs", "seed", "penalties", "batching", "completions"),
    note="in maintenance: its makers advise vLLM, SGLang or llama.cpp for what is new",
)
