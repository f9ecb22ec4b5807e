"""Inside Triton: a model of its python backend, decoupled, a response for each token. Triton makes one and calls it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import numpy as np
import triton_python_backend_utils as triton

from .backend import Settings, Wish
from .with_ctranslate2 import load


class TritonPythonModel:
    """Names and signatures are Triton's."""

    def initialize(self, args: dict[str, str]) -> None:
        self._loaded = load(Settings(**json.loads(os.environ["ADAPTER_SETTINGS"])))
        self._threads = ThreadPoolExecutor(self._loaded.at_once, thread_name_prefix="model")

    def execute(self, requests: Sequence[Any]) -> None:
        for request in requests:
            prompt = triton.get_input_tensor_by_name(request, "PROMPT").as_numpy().tolist()
            told = json.loads(triton.get_input_tensor_by_name(request, "WISH").as_numpy()[0])
            told["bias"] = {int(token): value for token, value in told["bias"].items()}
            self._threads.submit(self._answer, request.get_response_sender(), prompt, Wish(**told))

    def _answer(self, sender: Any, prompt: list[int], wish: Wish) -> None:
        assert self._loaded.generate is not None, "it makes text"
        try:
            with closing(self._loaded.generate(prompt, wish)) as steps:  # type: ignore[type-var]  # generators can be closed
                for step in steps:
                    if sender.is_cancelled():
                        break
                    if step is not None:
                        token = triton.Tensor("TOKEN", np.array([step.token], np.int32))
                        sender.send(triton.InferenceResponse([token]))
        except Exception as error:  # noqa: BLE001  whatever a library raises is told to the client
            sender.send(
                triton.InferenceResponse(error=triton.TritonError(f"{type(error).__name__}: {error}"))
            )
        finally:
            sender.send(flags=triton.TRITONSERVER_RESPONSE_COMPLETE_FINAL)

    def finalize(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
