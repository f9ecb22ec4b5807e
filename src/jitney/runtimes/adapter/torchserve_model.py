"""Inside TorchServe: the model of one worker. Answers go out line by line while they are made."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

from ts.handler_utils.utils import send_intermediate_predict_response

from .backend import Settings, Steps, Wish
from .with_transformers import load


class Model:
    """Loaded with the first call, which is TorchServe's own and has no data."""

    def __init__(self) -> None:
        self._loaded = load(Settings(**json.loads(os.environ["ADAPTER_SETTINGS"])))

    def handle(self, data: list[dict[str, Any]] | None, context: Any) -> list[str]:
        if not data:
            return [""]
        asked = data[0].get("body", data[0])
        if asked.get("describe"):
            return [json.dumps({"context": self._loaded.context, "offers": sorted(self._loaded.offers)})]
        told = dict(asked["wish"])
        told["bias"] = {int(token): value for token, value in told["bias"].items()}
        assert self._loaded.generate is not None, "it makes text"
        try:
            with closing(self._loaded.generate(asked["prompt"], Wish(**told))) as steps:  # type: ignore[type-var]  # generators can be closed
                _tell(steps, Path(asked["gone"]), context)
        except Exception as error:  # noqa: BLE001  whatever a library raises is told to the client
            return [json.dumps({"error": f"{type(error).__name__}: {error}"})]
        return ["{}"]


def _tell(steps: Steps, gone: Path, context: Any) -> None:
    for step in steps:
        if gone.exists():
            return
        line = json.dumps(step and [step.token, step.logprob, step.top]) + "\n"
        send_intermediate_predict_response([line], context.request_ids, "made", 200, context)
