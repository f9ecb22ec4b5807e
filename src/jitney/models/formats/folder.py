"""What the files of a model are together: their format, the file that names it, its shards, projector and adapters.

    genai_config.json ······················ onnx-genai      the first that fits counts; each of these is a folder of one
    mlc-chat-config.json ··················· mlc             library, whose loader is given the folder
    jitney-tvm.json with lib.so ············ tvm
    openvino_model.xml (language, encoder) · openvino
    model.bin, no pickle, with config.json · ctranslate2
    *.gguf · *.safetensors · *.onnx · ggml   the largest of the first format of this list; of shards the first one

A GGUF file says in its header whether it is a projector (mmproj) or a LoRA adapter; adapter_config.json makes the safetensors
beside it one (PEFT). Where there is no model beside them, they are the main file, and `info.role` says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import msgspec

from jitney.errors import ModelError
from jitney.models.formats.check import check
from jitney.models.formats.describe import described
from jitney.models.model import Format, ModelInfo, Reference, WeightFile, Weights
from jitney.models.storage.store import Store

_NAMED: tuple[tuple[Format, tuple[str, ...], tuple[str, ...]], ...] = (
    ("onnx-genai", ("genai_config.json",), ()),
    ("mlc", ("mlc-chat-config.json",), ()),
    ("tvm", ("jitney-tvm.json",), ("lib.so",)),
    ("openvino", ("openvino_model.xml", "openvino_language_model.xml", "openvino_encoder_model.xml"), ()),
    ("ctranslate2", ("model.bin",), ("config.json",)),
)
"""Format, the file that names it (one of), what must lie beside it."""

_ORDER: tuple[Format, ...] = ("gguf", "safetensors", "onnx", "ggml", "pytorch", "other")
_SHARD = re.compile(r"(?P<stem>.+)-(?P<part>\d{5})-of-(?P<count>\d{5})(?P<ending>\.\w+)")
PEFT = "adapter_config.json"
PEFT_WEIGHTS = "adapter_model.safetensors"


class _Checked(NamedTuple):
    format: Format
    info: ModelInfo
    file: WeightFile


def assembled(
    store: Store, ref: Reference, files: tuple[WeightFile, ...], *, allow_pickle: bool = False
) -> Weights:
    """Files of the Store as one model; every header is checked, pickles are scanned where they are allowed.

    Raises ModelError: no weights among them, a pickle, a header that makes no sense, a missing shard.
    """
    checked = [_checked(store, file, allow_pickle) for file in files]
    kind, main, info = _main(ref, checked)
    models = [one for one in checked if one.info.role == "model"]
    if kind in ("gguf", "safetensors", "onnx"):
        info = _summed(info, _parts(main, models))
    weights = Weights(
        ref=ref.canonical,
        format=kind,
        main=main,
        files=files,
        alias=ref.alias,
        hubs=ref.hubs,
        projector=next((one.file.name for one in checked if one.info.role == "projector"), ""),
        adapters=tuple(sorted(set(_adapters(checked)) - {main})),
    )
    return msgspec.structs.replace(weights, info=described(info, weights, _reader(store, files)))


def _checked(store: Store, file: WeightFile, allow_pickle: bool) -> _Checked:
    """A projector of an architecture of its own is told by its name, as llama.cpp's users call it."""
    kind, info = check(store.blob(file.sha256), file.name, allow_pickle=allow_pickle)
    if kind == "gguf" and "mmproj" in PurePosixPath(file.name).name.lower():
        info = msgspec.structs.replace(info, role="projector")
    return _Checked(kind, info, file)


def _main(ref: Reference, checked: list[_Checked]) -> tuple[Format, str, ModelInfo]:
    names = {one.file.name for one in checked}
    for kind, naming, beside in _NAMED:
        found = next((path for name in naming if (path := _shortest(names, name))), "")
        folder = PurePosixPath(found).parent
        if found and all((folder / name).as_posix() in names for name in beside):
            return kind, found, ModelInfo()
    adapters = _adapters(checked)
    models = [one for one in checked if one.info.role == "model" and one.format != "other"]
    own = [one for one in models if one.file.name not in adapters] or models
    own = own or [one for one in checked if one.info.role != "model"]
    if not own:
        raise ModelError(_no_model(ref, checked), _no_model_hint(checked))
    best = min(own, key=lambda one: (_ORDER.index(one.format), -one.file.bytes))
    first = min(_parts(best.file.name, own), key=lambda one: one.file.name, default=best)
    _require_all_parts(ref, first.file.name, names)
    info = msgspec.structs.replace(first.info, role="adapter") if first.file.name in adapters else first.info
    return best.format, first.file.name, info


def _shortest(names: Iterable[str], name: str) -> str:
    """Of the files called `name` the one that lies highest."""
    found = [path for path in names if PurePosixPath(path).name == name]
    return min(found, key=lambda path: (path.count("/"), path), default="")


def _parts(main: str, checked: Iterable[_Checked]) -> list[_Checked]:
    """The shards that `main` is one of; itself, where it is no shard."""
    shard = _SHARD.fullmatch(main)
    if not shard:
        return [one for one in checked if one.file.name == main]
    return [
        one
        for one in checked
        if (other := _SHARD.fullmatch(one.file.name))
        and (other["stem"], other["count"]) == (shard["stem"], shard["count"])
    ]


def shards(name: str) -> tuple[str, ...]:
    """The names of all shards of the one called `name`; its own alone where it is none."""
    found = _SHARD.fullmatch(name)
    if not found:
        return (name,)
    total = int(found["count"])
    return tuple(
        f"{found['stem']}-{part:05}-of-{found['count']}{found['ending']}" for part in range(1, total + 1)
    )


def _require_all_parts(ref: Reference, main: str, names: set[str]) -> None:
    missing = [name for name in shards(main)[:10_000] if name not in names]
    if missing:
        shown = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        raise ModelError(
            f"{ref.text}: the model is in {len(shards(main))} parts, and {len(missing)} of them are missing: {shown}",
            "hand over the folder that holds all parts",
        )


def _summed(info: ModelInfo, parts: list[_Checked]) -> ModelInfo:
    """Sizes of all shards; everything else stands in the first."""
    return msgspec.structs.replace(
        info,
        parameters=sum(one.info.parameters for one in parts),
        tensor_bytes=sum(one.info.tensor_bytes for one in parts),
    )


def _adapters(checked: list[_Checked]) -> list[str]:
    folders = {PurePosixPath(one.file.name).parent for one in checked if one.file.name.endswith(PEFT)}
    return [
        one.file.name
        for one in checked
        if one.info.role == "adapter"
        or (
            PurePosixPath(one.file.name).name == PEFT_WEIGHTS
            and PurePosixPath(one.file.name).parent in folders
        )
    ]


def _no_model(ref: Reference, checked: list[_Checked]) -> str:
    if len(checked) == 1 and ref.kind != "folder":
        name = checked[0].file.name
        return f"{name}: not a model: no GGUF, safetensors or ONNX file; what should run it is not known"
    return f"{ref.text}: not a model: no GGUF, safetensors or ONNX file among its {len(checked)} files"


def _no_model_hint(checked: list[_Checked]) -> str:
    shown = ", ".join(sorted(one.file.name for one in checked)[:6])
    return f"there is: {shown}" if len(checked) > 1 else ""


def _reader(store: Store, files: tuple[WeightFile, ...]) -> Callable[[str], Path | None]:
    by_name = {file.name: file.sha256 for file in files}
    return lambda name: store.blob(by_name[name]) if name in by_name else None
