"""A program or a model? Told by looking, and said."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from jitney.models.model import Alias
from jitney.source.kinds import is_model

SCHEMES = ("hf", "ollama", "oci", "docker", "pypi", "npm", "s3", "http", "https")
_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(?:[@:][\w./-]+)?")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?:\.[0-9][\w-]*)?(?::[\w.-]+)?")
"""As Ollama's users write: `llama3.2`, `qwen3:0.6b`."""
_ID = re.compile(r"(?:sha256:)?[0-9a-f]{12,64}")
"""As `jitney ls` and `jitney convert` show them."""
_PROGRAM = re.compile(r"\.[A-Za-z][A-Za-z0-9+#]{0,9}$")
_WEIGHTS = (".gguf", ".safetensors", ".onnx", ".ggml")
_MODELS = ("genai_config.json", "openvino_model.xml", "mlc-chat-config.json", "jitney-tvm.json")
"""A file that makes its folder a model's."""
_HEAD = 16


def looks_like_model(text: str, table: Mapping[str, Alias], cwd: Path) -> bool:
    """Whether `text` is a model's reference. What lies on this machine wins over a name; text: as after `jitney run`."""
    path = cwd / os.path.expanduser(text)  # noqa: PTH111  a `~name` that is nobody stays as it is
    try:
        if path.is_dir():
            return is_model_folder(path)
        if path.is_file():
            with path.open("rb") as file:
                return is_model(file.read(_HEAD), path.name)
    except OSError:
        return False  # the source's own error says it better
    if text in table or (text.split("://", 1)[0] in SCHEMES and "://" in text):
        return True
    if text.endswith(_WEIGHTS):
        return True
    if _WORD.fullmatch(text) or _ID.fullmatch(text):
        return True  # no file, no folder: a misspelt model, most likely, or one that has no short name here
    return bool(_REPO.fullmatch(text)) and not _PROGRAM.search(text.split("@")[0].split(":")[0])


def is_model_folder(path: Path) -> bool:
    """Weights at its top, and nothing there that would be run: `config.json` beside them, or nothing but weights."""
    names = {entry.name for entry in path.iterdir() if entry.is_file()}
    if names & set(_MODELS) or {"config.json", "model.bin"} <= names:
        return True
    weights = [name for name in names if name.endswith(_WEIGHTS)]
    return bool(weights) and ("config.json" in names or len(weights) == len(names))
