"""SGLang's server, planned by its documents of 0.5.23 (2026-10); image tags as seen in use (2026-09)."""

from __future__ import annotations

from collections.abc import Mapping

from jitney.runtimes.gpus import Board
from jitney.runtimes.planned import OFFLINE, TEXT, Planned, folder, listens
from jitney.runtimes.protocol import Serving


def _command(serving: Serving) -> tuple[str, ...]:
    words = ["python3", "-m", "sglang.launch_server", "--model-path", folder(serving), *listens(serving)]
    words += ["--served-model-name", serving.alias, "--context-length", str(serving.context)]
    words += ["--max-running-requests", str(serving.slots), "--max-total-tokens", str(serving.context)]
    words += ["--is-embedding"] if serving.vectors or serving.weights.info.kind == "embedding" else []
    adapters = [f"lora{number}={path}" for number, path in enumerate(serving.adapters)]
    return (*words, *(["--lora-paths", *adapters] if adapters else []))


def _settings(serving: Serving) -> Mapping[str, str]:
    return {**OFFLINE, "FLASHINFER_WORKSPACE_BASE": "/tmp"}  # noqa: S108


SGLANG = Planned(
    name="sglang",
    boards={
        "nvidia": Board(image="lmsysorg/sglang:v0.5.18", least=7.5),
        "amd": Board(image="lmsysorg/sglang:v0.5.18-rocm720-mi30x"),
    },
    command=_command,
    settings=_settings,
    kinds=("text", "embedding"),
    text=(*TEXT, "logit-bias"),
    note="its CUDA images want a driver for CUDA 13; those for AMD are one for each family of Instinct",
)
