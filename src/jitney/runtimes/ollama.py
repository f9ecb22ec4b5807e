"""Ollama's server on a GGUF of ours: it has to be told of the file before it answers. Planned by its documents of 0.33 (2026-08).

Its own engine is llama.cpp's server; what it adds are names, its API and loading by itself. `ollama serve` reads nothing but
its own store, so the box makes one in memory: a server on another port takes the file by a Modelfile, then the real one
starts. The words that reach the shell are positional.
"""

from __future__ import annotations

from collections.abc import Mapping

from jitney.runtimes.gpus import Board
from jitney.runtimes.planned import Planned
from jitney.runtimes.protocol import Serving

_START = """\
set -e
export OLLAMA_HOST=127.0.0.1:$(($4 + 1))
ollama serve & maker=$!
until ollama list >/dev/null 2>&1; do kill -0 $maker; sleep 0.1; done
printf 'FROM %s\\nPARAMETER num_ctx %s\\n' "$1" "$3" >/tmp/Modelfile
ollama create "$2" -f /tmp/Modelfile
kill $maker
wait $maker || true
OLLAMA_HOST=127.0.0.1:$4 exec ollama serve
"""


def _command(serving: Serving) -> tuple[str, ...]:
    return (
        "sh",
        "-c",
        _START,
        "ollama",
        serving.model,
        serving.alias,
        str(serving.context),
        str(serving.port),
    )


def _settings(serving: Serving) -> Mapping[str, str]:
    return {
        "HOME": "/tmp",  # noqa: S108  inside the box
        "OLLAMA_MODELS": "/tmp/ollama",  # noqa: S108
        "OLLAMA_NUM_PARALLEL": str(serving.slots),
        "OLLAMA_CONTEXT_LENGTH": str(serving.context),
        "OLLAMA_KEEP_ALIVE": "-1",
        "OLLAMA_NOPRUNE": "1",
    }


OLLAMA = Planned(
    name="ollama",
    boards={
        "nvidia": Board(image="ollama/ollama:0.33.3", least=5.0),
        "amd": Board(image="ollama/ollama:0.33.3-rocm"),
    },
    cpu="ollama/ollama:0.33.3",
    command=_command,
    settings=_settings,
    formats=("gguf",),
    kinds=("text", "embedding"),
    text=("completions", "json-schema", "seed", "penalties", "batching"),
    health="/api/version",
    host_bytes=1 << 30,
    note="its store is made in memory, a copy of the weights: for models that fit twice",
)
