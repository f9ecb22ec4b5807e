"""Weights that lie in the program's folder: by their endings, and large files in folders that hold no code (Cog's rule)."""

from __future__ import annotations

from collections.abc import Iterable

from jitney.detect.model import Weights
from jitney.source import Source
from jitney.source.paths import name, parent

FORMATS = {
    ".gguf": "gguf", ".ggml": "ggml", ".safetensors": "safetensors", ".onnx": "onnx", ".pt": "pytorch", ".pth": "pytorch",
    ".ckpt": "pytorch", ".tflite": "tflite", ".mlmodel": "coreml", ".keras": "keras", ".h5": "keras", ".llamafile": "llamafile",
    ".engine": "tensorrt", ".pte": "executorch", ".task": "mediapipe", ".nemo": "nemo",
}  # fmt: skip
"""Endings that say it, whatever the size."""
BINARIES = (
    ".bin",
    ".model",
    ".npz",
    ".npy",
    ".pkl",
    ".joblib",
    ".msgpack",
    ".dat",
    ".data",
    ".params",
    ".weights",
)
"""Endings that may hold anything: weights from LARGE on, in a folder without code."""
LARGE = 10 << 20
CODE = (
    ".py",
    ".js",
    ".ts",
    ".go",
    ".rs",
    ".java",
    ".kt",
    ".c",
    ".cc",
    ".cpp",
    ".h",
    ".rb",
    ".php",
    ".cs",
    ".ex",
    ".jl",
)
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json")
MOST = 64
"""Entries that are told; a folder of more is a collection of checkpoints."""


def weights_in(source: Source) -> tuple[Weights, ...]:
    """A file each; one entry for a model's folder (`config.json` beside a tokenizer), with all its weights. Sorted by path."""
    files = source.files()
    with_code = {parent(path) for path in files if path.endswith(CODE)}
    found = [one for path in files if (one := _weights(source, path, with_code)) is not None]
    whole = {folder for folder in {parent(one.path) for one in found} if _is_model(folder, files)}
    single = [one for one in found if parent(one.path) not in whole]
    grouped = [_folder(folder, [one for one in found if parent(one.path) == folder]) for folder in whole]
    return tuple(sorted((*single, *grouped), key=lambda one: one.path))[:MOST]


def _weights(source: Source, path: str, with_code: set[str]) -> Weights | None:
    ending = path[path.rfind(".") :].lower() if "." in name(path) else ""
    if ending in FORMATS:
        return Weights(path=path, format=FORMATS[ending], bytes=source.size(path))
    if ending in BINARIES and parent(path) not in with_code and (size := source.size(path)) >= LARGE:
        return Weights(path=path, format="bin", bytes=size)
    return None


def _is_model(folder: str, files: Iterable[str]) -> bool:
    beside = {name(path) for path in files if parent(path) == folder}
    return "config.json" in beside and any(one in beside for one in TOKENIZERS)


def _folder(folder: str, parts: list[Weights]) -> Weights:
    return Weights(path=folder or ".", format=parts[0].format, bytes=sum(one.bytes for one in parts))
