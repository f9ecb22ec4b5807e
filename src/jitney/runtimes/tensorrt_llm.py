"""NVIDIA's TensorRT-LLM: `trtllm-serve` with its PyTorch backend, which reads safetensors and compiles no engine beforehand.

Planned by its documents of 1.2 (2026-04); the image is of the same release.
"""

from __future__ import annotations

from collections.abc import Mapping

from jitney.runtimes.gpus import Board
from jitney.runtimes.planned import OFFLINE, Planned, folder, listens
from jitney.runtimes.protocol import Serving


def _command(serving: Serving) -> tuple[str, ...]:
    words = ["trtllm-serve", "serve", folder(serving), *listens(serving), "--backend", "pytorch"]
    words += ["--served_model_name", serving.alias, "--max_seq_len", str(serving.context)]
    words += ["--max_batch_size", str(serving.slots), "--max_num_tokens", str(max(serving.context, 2048))]
    return tuple(words)


def _settings(serving: Serving) -> Mapping[str, str]:
    return {**OFFLINE, "TLLM_LOG_LEVEL": "warning", "OMPI_MCA_btl_vader_single_copy_mechanism": "none"}


TENSORRT_LLM = Planned(
    name="tensorrt-llm",
    boards={"nvidia": Board(image="ngc!nvidia/tensorrt-llm/release:1.2.1", least=8.0)},
    command=_command,
    settings=_settings,
    note="fetching its image wants an account at NVIDIA's registry where that asks for one: docker login",
)
