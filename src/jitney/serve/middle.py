"""Filling the middle between a prompt and a suffix, by tokens where the model has them, else by asking for it."""

from __future__ import annotations

from jitney.serve.errors import ApiError, Json
from jitney.serve.upstream import Upstream

ASK = "Write only the text that is missing between the beginning and the end. Do not repeat them."


async def fill(upstream: Upstream, prefix: str, suffix: str) -> Json:
    """The prompt of a completion. The runtime says by one token whether the model was trained for it."""
    probe = {"input_prefix": prefix, "input_suffix": suffix, "n_predict": 0}
    try:
        found = await upstream.call("/infill", probe)
    except ApiError as error:
        if error.status != 400:
            raise
        words = f"{ASK}\n\nThe beginning:\n{prefix}\n\nThe end:\n{suffix}"
        return {"prompt": await upstream.template([{"role": "user", "content": words}])}
    return {"prompt": found.get("prompt", prefix)}
