"""What a file of weights is, told by its bytes; pickles are refused, since loading one runs code."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Annotated

import msgspec

from jitney.errors import ModelError
from jitney.models.formats.gguf import read_gguf
from jitney.models.model import Format, ModelInfo

MAX_SAFETENSORS_HEADER = 100_000_000
"""As the safetensors library has it."""
MAX_TENSORS = 1 << 18
_Extent = Annotated[int, msgspec.Meta(ge=0, le=1 << 48)]

GGML = b"lmgg"
"""whisper.cpp's files: the magic 0x67676d6c, little-endian."""

_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".dill", ".th", ".mar")
_SIZES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8,
}  # fmt: skip


class _Tensor(msgspec.Struct):
    dtype: str
    shape: Annotated[list[_Extent], msgspec.Meta(max_length=32)]
    data_offsets: tuple[_Extent, _Extent]


def is_pickle(path: Path) -> bool:
    """A pickle, a zip with one inside (what torch.save writes), or a name that is loaded by unpickling."""
    if path.suffix == ".bin":
        return _has_pickle(path)
    return path.suffix.lower() in _PICKLED or (path.suffix == "" and _has_pickle(path))


def _has_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(4)
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return True
    if head != b"PK\x03\x04":
        return False
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".pkl") for name in archive.namelist())
    except zipfile.BadZipFile:
        return True


def _is_old_pickle(path: Path) -> bool:
    """Protocols 0 and 1 have no sign of their own: its first words are all a pickle's."""
    import pickletools

    with path.open("rb") as file:
        head = file.read(4096)
    seen = 0
    try:
        for code, _, _ in pickletools.genops(head):
            seen += 1
            if code.name == "STOP" or seen >= 8:
                return seen > 1
    except (ValueError, IndexError, UnicodeDecodeError):
        return False
    return False


def _unpickled(path: Path, name: str) -> bool:
    """Whatever loads a file of this name and these bytes unpickles it."""
    suffix = Path(name).suffix.lower()
    if suffix == ".bin":
        return _has_pickle(path) or _is_old_pickle(path)
    return suffix in _PICKLED or is_pickle(path)


def check(path: Path, name: str = "", *, allow_pickle: bool = False) -> tuple[Format, ModelInfo]:
    """The format and what the header says. name: the file's own, where `path` is a blob of the Store.

    Raises ModelError: a pickle (with allow_pickle: one that the scanners did not pass), a header that makes no sense, a
    file cut short.
    """
    name = name or path.name
    with path.open("rb") as file:
        head = file.read(4)
    if head == b"GGUF" or name.endswith(".gguf"):
        return "gguf", read_gguf(path, name)
    if head == GGML:
        return "ggml", ModelInfo(kind="transcription")
    if name.endswith(".safetensors"):
        return "safetensors", read_safetensors(path, name)
    if _unpickled(path, name):
        from jitney.models.safety import scan

        if not allow_pickle:
            raise scan.refused(name)
        scan.require_clean(path, name)
        return "pytorch", ModelInfo()
    return ("onnx" if name.endswith(".onnx") else "other"), ModelInfo()


def read_safetensors(path: Path, name: str = "") -> ModelInfo:
    """Check header and length of a safetensors file. Raises ModelError."""
    name = name or path.name
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            length = struct.unpack("<Q", file.read(8))[0] if size >= 8 else -1
            if not 0 < length <= MAX_SAFETENSORS_HEADER:
                raise ModelError(f"{name}: not a usable safetensors file: a header of {length} bytes")
            header = file.read(length)
        if header.count(b'":') > MAX_TENSORS * 5:
            raise ModelError(f"{name}: not a usable safetensors file: more than {MAX_TENSORS:,} tensors")
        pairs = msgspec.json.decode(header, type=dict[str, msgspec.Raw]) if len(header) == length else {}
        tensors = [
            msgspec.json.decode(raw, type=_Tensor) for key, raw in pairs.items() if key != "__metadata__"
        ]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{name}: not a usable safetensors file: {error}") from error
    wanted = 8 + length + max((tensor.data_offsets[1] for tensor in tensors), default=0)
    if size < wanted:
        raise ModelError(f"{name}: the file is cut short: {size:,} bytes, at least {wanted:,} expected")
    bad = next((tensor for tensor in tensors if not _fits(tensor)), None)
    if bad is not None:
        raise ModelError(
            f"{name}: not a usable safetensors file: a tensor {bad.dtype}{bad.shape} at {bad.data_offsets}"
        )
    return ModelInfo(
        tensor_bytes=wanted - 8 - length,
        quantisation=_commonest(tensors),
        parameters=sum(math.prod(tensor.shape) for tensor in tensors),
    )


def _fits(tensor: _Tensor) -> bool:
    start, end = tensor.data_offsets
    width = _SIZES.get(tensor.dtype)
    return end >= start and (width is None or math.prod(tensor.shape) * width == end - start)


def _commonest(tensors: list[_Tensor]) -> str:
    sizes: dict[str, int] = {}
    for tensor in tensors:
        sizes[tensor.dtype] = sizes.get(tensor.dtype, 0) + tensor.data_offsets[1] - tensor.data_offsets[0]
    return max(sizes, key=lambda name: sizes[name], default="")
