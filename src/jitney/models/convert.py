"""Formats just in time: which conversion gives a program weights that its library can load, and where the result lies.

    GGUF ─┬─ to_safetensors.py ──► a Hugging Face folder: safetensors, config, tokenizer, chat template
          ├─ to_onnx_genai.py ───► the same in between, then ONNX Runtime GenAI's own builder: int4
          └─ to_ctranslate2.py ──► the same in between, then CTranslate2's own converter: int8

A target is a row: what it is made from, the script (inside/) that makes it in a sandbox of its own, what it will take. A
result is kept in the Store under the hash of the weights it was made from and of the recipe; `conversion` makes it.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import BinaryIO

import msgspec

from jitney.detect.model import ModelUse
from jitney.errors import ModelError
from jitney.models.fetch import assembled
from jitney.models.formats import check
from jitney.models.layout import FILES, MODELS_DIR
from jitney.models.model import Format, Reference, WeightFile, Weights
from jitney.models.store import Store
from jitney.plan.scripts import script

SMALL = 1_000_000_000
"""Parameters up to which every number keeps four bytes: exact, and quick on any processor. Larger models get two."""
OVERHEAD = 64 << 20
"""Bytes of a converted model beside its numbers: tokenizer, configuration, headers."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A format that weights can be turned into. frameworks: whose programs read it; empty: any. made_from: formats that the
    script reads; scripts: in inside/, the first is run. main: the file that a runtime is given, empty: the largest of the
    format. width: bytes a number in the result, 0: as many as the weights have when they are read."""

    name: str
    format: Format
    made_from: tuple[Format, ...]
    scripts: tuple[str, ...]
    frameworks: tuple[str, ...] = ()
    main: str = ""
    width: int = 0


_GGUF: tuple[Format, ...] = ("gguf",)
_FOLDER = "to_safetensors.py"

TARGETS = (
    Target(name="onnx-genai", format="onnx", made_from=_GGUF, scripts=("to_onnx_genai.py", _FOLDER),
           frameworks=("onnxruntime-genai",), main="model.onnx", width=1),
    Target(name="ctranslate2", format="other", made_from=_GGUF, scripts=("to_ctranslate2.py", _FOLDER),
           frameworks=("ctranslate2",), main="model.bin", width=1),
    Target(name="safetensors", format="safetensors", made_from=_GGUF, scripts=(_FOLDER,)),
)  # fmt: skip
"""The first that fits is taken."""


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """These weights in that format."""

    weights: Weights
    target: Target

    @property
    def ref(self) -> str:
        """The canonical reference of the result."""
        recipe = hashlib.sha256(
            "\n".join((self.target.name, self.dtype, *map(script, self.target.scripts))).encode()
        ).hexdigest()
        return f"{self.target.name}://{self.weights.digest.removeprefix('sha256:')}?recipe={recipe[:16]}"

    @property
    def dtype(self) -> str:
        return "float32" if self.weights.info.parameters <= SMALL else "bfloat16"

    @property
    def bytes(self) -> int:
        """What the result takes, known before it is made and the same afterwards."""
        width = self.target.width or (4 if self.dtype == "float32" else 2)
        return self.weights.info.parameters * width + OVERHEAD

    @property
    def about(self) -> str:
        """For the user."""
        info = self.weights.info
        what = f"{self.weights.alias or self.weights.main}"
        return f"{what} ({info.quantisation}) as {self.target.name}" + (
            "" if self.target.width else f", {self.dtype}"
        )

    @property
    def arguments(self) -> tuple[str, ...]:
        """Of the script: where the weights lie inside the sandbox, and the type of numbers."""
        return (f"{MODELS_DIR}/{FILES}/{self.weights.main}", self.dtype)


def conversion_for(use: ModelUse, weights: Weights, frameworks: tuple[str, ...] = ()) -> Conversion | None:
    """What makes these weights loadable for this use; None: they are as they should be, or nothing here helps.

    frameworks: of the program. A repository's name without a word of GGUF is loaded by libraries that look for their own
    format there; one file asked for in it says which.
    """
    if "gguf" in f"{use.name} {use.file}".lower() or use.file.endswith((".onnx", ".bin")):
        return None
    for target in TARGETS:
        asked = use.file.endswith(".safetensors") and target.format != "safetensors"
        fits = not target.frameworks or set(target.frameworks) & set(frameworks)
        if weights.format in target.made_from and fits and not asked:
            return Conversion(weights=weights, target=target)
    return None


def converted(store: Store, conversion: Conversion) -> Weights | None:
    """The result, if it is in the Store."""
    return store.find(conversion.ref)


def keep(store: Store, conversion: Conversion, archive: BinaryIO) -> Weights:
    """Take in what the script wrote, checked like any weights that come from elsewhere. ModelError: not a model."""
    import tarfile

    files = []
    try:
        with tarfile.open(fileobj=archive, mode="r:") as tar:
            for member in tar:
                path = PurePosixPath(member.name)
                source = tar.extractfile(member) if member.isfile() else None
                if source is None or path.is_absolute() or ".." in path.parts:
                    raise ModelError(f"the conversion made something that is no file: {member.name}")
                blob = store.add_stream(source, total=member.size)  # type: ignore[arg-type]  # IO[bytes]
                files.append(WeightFile(name=member.name, sha256=blob.sha256, bytes=blob.bytes))
    except tarfile.TarError as error:
        raise ModelError(f"the conversion did not end with a whole archive: {error}") from error
    weights = _checked(store, conversion, tuple(files))
    return store.remember(msgspec.structs.replace(weights, alias=conversion.weights.alias))


def _checked(store: Store, conversion: Conversion, files: tuple[WeightFile, ...]) -> Weights:
    target = conversion.target
    if target.main and all(file.name != target.main for file in files):
        raise ModelError(f"the conversion to {target.name} made no {target.main}")
    if target.format == "other":  # a format that only its own library knows
        for file in files:
            check(store.blob(file.sha256), file.name)
        return Weights(
            ref=conversion.ref, format="other", main=target.main, files=files, info=conversion.weights.info
        )
    weights = assembled(store, Reference(kind="file", text=conversion.ref, path=conversion.ref), files)
    if weights.format != target.format:
        raise ModelError(f"the conversion to {target.name} made {weights.format}")
    return msgspec.structs.replace(weights, main=target.main or weights.main)
