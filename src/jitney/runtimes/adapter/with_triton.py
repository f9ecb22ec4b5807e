"""NVIDIA's Triton, its python backend: the model lives in Triton (triton_model.py), the adapter asks it over gRPC.

app ─ generate ─► gRPC stream ─► tritonserver ─► the backend's stub ─► triton_model ─ load of another with_….py
    ◄──────────── a response for each token ◄──────────────────────────┘
the client leaves ─► the stream is cancelled ─► the next token is not computed
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from tritonclient import grpc
from tritonclient.utils import InferenceServerException

from .app import end_process
from .backend import CannotLoadError, Loaded, Settings, Step, Steps, Wish
from .words import Words, folder_of, read_json

OFFERS = frozenset(["chat", "completions", "echo"])
"""Of CTranslate2, which it hosts."""
NAME = "model"
POLL_S = 0.05
CONFIG = """\
name: "model"
backend: "python"
max_batch_size: 0
model_transaction_policy { decoupled: true }
input [ { name: "PROMPT" data_type: TYPE_INT32 dims: [ -1 ] }, { name: "WISH" data_type: TYPE_STRING dims: [ 1 ] } ]
output [ { name: "TOKEN" data_type: TYPE_INT32 dims: [ 1 ] } ]
instance_group [ { kind: KIND_CPU count: 1 } ]
"""


def load(settings: Settings) -> Loaded:
    """Start Triton with the model, and wait for it. When it ends, so does this process."""
    folder = folder_of(settings.model)
    words = Words(folder)
    url = f"127.0.0.1:{settings.port + 1}"
    _wait(_start(settings), url)
    own = read_json(folder / "config.json").get("max_position_embeddings")

    def generate(prompt: Sequence[int], wish: Wish) -> Steps:
        return _steps(url, prompt, wish)

    context = min(settings.context, int(own or settings.context))
    return Loaded(context, OFFERS if words.template else OFFERS - {"chat"}, words, generate)


def _start(settings: Settings) -> subprocess.Popen[bytes]:
    """A folder of models with one, and one of backends with the stub for this Python; both lead into the package's folders."""
    spec = find_spec("pytriton")
    assert spec is not None and spec.origin is not None, "among the packages"
    package = Path(spec.origin).parent
    server = package / "tritonserver"
    room = Path(mkdtemp(prefix="triton-"))
    model, backend = room / "models" / NAME, room / "backends" / "python"
    (model / "1").mkdir(parents=True)
    (model / "config.pbtxt").write_text(CONFIG, encoding="utf-8")
    code = "from adapter.triton_model import TritonPythonModel as TritonPythonModel\n"
    (model / "1" / "model.py").write_text(code, encoding="utf-8")
    backend.mkdir(parents=True)
    stubs = server / "python_backend_stubs" / f"{sys.version_info[0]}.{sys.version_info[1]}"
    for part in (*(server / "backends" / "python").iterdir(), stubs / "triton_python_backend_stub"):
        (backend / part.name).symlink_to(part)
    argv = [
        str(server / "bin" / "tritonserver"),
        f"--model-repository={room / 'models'}",
        "--allow-http=false",
    ]
    argv += ["--allow-metrics=false", "--grpc-address=127.0.0.1", f"--grpc-port={settings.port + 1}"]
    argv += [f"--backend-directory={room / 'backends'}", "--disable-auto-complete-config"]
    argv += [
        "--backend-config=python,shm-default-byte-size=4194304",
        "--log-info=false",
        "--exit-timeout-secs=2",
    ]
    env = {
        **os.environ,
        "PYTHONPATH": ":".join(filter(None, sys.path)),
        "LD_LIBRARY_PATH": str(package.parent / "nvidia_pytriton.libs"),
        "ADAPTER_SETTINGS": json.dumps(asdict(settings)),
    }
    child = subprocess.Popen(argv, env=env)
    threading.Thread(target=_watch, args=(child,), daemon=True).start()
    return child


def _watch(child: subprocess.Popen[bytes]) -> None:
    end_process(f"tritonserver ended with code {child.wait()}; its last words say why")


def _wait(child: subprocess.Popen[bytes], url: str) -> None:
    client = grpc.InferenceServerClient(url)
    while child.poll() is None:
        try:
            if client.is_model_ready(NAME):
                client.close()
                return
        except InferenceServerException:  # nobody listens yet
            pass
        time.sleep(POLL_S)
    raise CannotLoadError(f"tritonserver ended with code {child.returncode}")


def _steps(url: str, prompt: Sequence[int], wish: Wish) -> Steps:
    events: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()
    client = grpc.InferenceServerClient(url)
    try:
        client.start_stream(lambda result, error: events.put((result, error)))
        client.async_stream_infer(NAME, _inputs(prompt, wish), enable_empty_final_response=True)
        while True:
            result, error = events.get()
            if error is not None:
                raise error
            response = result.get_response()
            if response.outputs:
                yield Step(int(result.as_numpy("TOKEN")[0]))
            if response.parameters["triton_final_response"].bool_param:
                return
    finally:
        client.stop_stream(cancel_requests=True)
        client.close()


def _inputs(prompt: Sequence[int], wish: Wish) -> list[Any]:
    tokens = np.array(prompt, np.int32)
    told = np.array([json.dumps(asdict(wish)).encode()], np.object_)
    inputs = [grpc.InferInput("PROMPT", list(tokens.shape), "INT32"), grpc.InferInput("WISH", [1], "BYTES")]
    for one, value in zip(inputs, (tokens, told), strict=True):
        one.set_data_from_numpy(value)
    return inputs
