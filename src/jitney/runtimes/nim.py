"""NVIDIA's NIM for any model: the image without weights of its own, given a folder. Planned by its documents of 2.0 (2026-10).

Its server takes settings from the environment alone; the command is the image's own start script.
"""

from __future__ import annotations

from collections.abc import Mapping

from jitney.runtimes.gpus import Board
from jitney.runtimes.planned import OFFLINE, TEXT, Planned, folder
from jitney.runtimes.protocol import Serving


def _command(serving: Serving) -> tuple[str, ...]:
    return ("/opt/nim/start_server.sh",)


def _settings(serving: Serving) -> Mapping[str, str]:
    return {
        **OFFLINE,
        "NIM_MODEL_PATH": folder(serving),
        "NIM_SERVED_MODEL_NAME": serving.alias,
        "NIM_SERVER_PORT": str(serving.port),
        "NIM_MAX_MODEL_LEN": str(serving.context),
        "NIM_CACHE_PATH": "/tmp/nim",  # noqa: S108  inside the box
        "NIM_TELEMETRY_MODE": "0",
    }


NIM = Planned(
    name="nim",
    boards={"nvidia": Board(image="ngc!nim/nvidia/model-free-nim:2.0.8", least=8.0)},
    command=_command,
    settings=_settings,
    text=(*TEXT, "logit-bias"),
    health="/v1/health/ready",
    host_bytes=12 << 30,
    note="NVIDIA's licence wants an account for its registry (docker login) and, beyond development, a subscription",
)
