"""Chat templates are programs (Jinja) that come with a model. Each is rendered once, in a sandbox, before the model is taken.

Where they lie: GGUF metadata `tokenizer.chat_template` and `tokenizer.chat_template.NAME`; `chat_template.jinja`,
`additional_chat_templates/*.jinja`, `chat_template.json`, and `chat_template` in `tokenizer_config.json` or `processor_config.json`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

import msgspec

from jitney.errors import ModelError
from jitney.models.formats.gguf import read_texts
from jitney.models.model import Weights
from jitney.models.safety.apart import DiedError, ask
from jitney.models.storage.store import Store

KEY = "tokenizer.chat_template"
MAX_TEMPLATE = 1 << 20
"""Bytes; the longest that are known take some 60,000."""
MAX_FILE = 32 << 20
WAIT_S = 20.0
_JSON = ("chat_template.json", "tokenizer_config.json", "processor_config.json")


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    message: str


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    problems: dict[str, Problem]


def chat_templates(store: Store, weights: Weights) -> dict[str, str]:
    """Where each lies → its text. Raises ModelError where one is larger than any template is."""
    found: dict[str, str] = {}
    for file in weights.files:
        path = store.blob(file.sha256)
        name = PurePosixPath(file.name).name
        if file.name.endswith(".gguf"):
            for key, text in read_texts(path, KEY).items():
                found[f"{file.name}: {key}"] = text
        elif file.name.endswith(".jinja") and file.bytes <= MAX_FILE:
            found[file.name] = path.read_text(encoding="utf-8", errors="replace")
        elif name in _JSON and file.bytes <= MAX_FILE:
            found.update(_of_json(file.name, path.read_bytes()))
    for place, text in found.items():
        if len(text) > MAX_TEMPLATE:
            raise ModelError(
                f"{place}: a chat template of {len(text):,} characters is none that can be trusted"
            )
    return found


def _of_json(name: str, data: bytes) -> Mapping[str, str]:
    """One text, or a list of {name, template}."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return {}
    given = value.get("chat_template") if isinstance(value, dict) else None
    if isinstance(given, str):
        return {name: given}
    rows = given if isinstance(given, list) else []
    return {
        f"{name}: {row.get('name')}": row["template"]
        for row in rows
        if isinstance(row, dict) and isinstance(row.get("template"), str)
    }


def require_harmless(templates: Mapping[str, str], warn: Callable[[str], None]) -> None:
    """Raises ModelError: one reaches out of the sandbox, does not end, or takes all memory. warn: of what renders nothing."""
    if not templates:
        return
    try:
        problems = ask("render_template.py", {"templates": dict(templates)}, _Answer, WAIT_S).problems
    except DiedError as error:
        names = ", ".join(templates)
        raise ModelError(f"{names}: the chat template is refused: rendering it, {error}", _HINT) from error
    for place, problem in problems.items():
        if problem.kind != "broken":
            raise ModelError(f"{place}: the chat template is refused: {problem.message}", _HINT)
        warn(f"{place}: the chat template cannot be rendered: {problem.message}")


_HINT = "whoever made this model, or changed it, put a program into it: take it from its publisher"
