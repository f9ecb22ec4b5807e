"""Filling the middle between a prompt and a suffix, by tokens where the model has them, else by asking for it."""

from __future__ import annotations

from jitney.serve.errors import ApiError, Json, bad
from jitney.serve.models import Model

ASK = "Write only the text that is missing between the beginning and the end. Do not repeat them."


async def fill(model: Model, prefix: str, suffix: str) -> Json:
    """The prompt of a completion. llama.cpp says by one token whether the model was trained for it."""
    if not model.is_native:
        raise bad("suffix", f"{model.about.runtime} goes on after a text, and fills no middle")
    probe = {"input_prefix": prefix, "input_suffix": suffix, "n_predict": 0}
    try:
        found = await model.upstream.call("/infill", probe)
    except ApiError as error:
        if error.status != 400:
            raise
        words = f"{ASK}\n\nThe beginning:\n{prefix}\n\nThe end:\n{suffix}"
        return {"prompt": await model.upstream.template([{"role": "user", "content": words}])}
    return {"prompt": found.get("prompt", prefix)}
