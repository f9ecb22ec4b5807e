"""Formats just in time: which conversion gives a program weights that its library can load, and where the result lies.

    GGUF ── to_safetensors.py ──► a Hugging Face folder: safetensors, config, tokenizer, chat template

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
from jitney.models.layout import FILES, MODELS_DIR
from jitney.models.model import Format, Reference, WeightFile, Weights
from jitney.models.store import Store
from jitney.plan.scripts import script

SMALL = 1_000_000_000
"""Parameters up to which every number keeps four bytes: exact, and quick on any processor. Larger models get two."""
OVERHEAD = 64 << 20
"""Bytes of a converted model beside its numbers: tokenizer, configuration, headers."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A format that weights can be turned into. made_from: formats that the script reads; script: in inside/."""

    name: str
    format: Format
    made_from: tuple[Format, ...]
    script: str


TARGETS = (Target(name="safetensors", format="safetensors", made_from=("gguf",), script="to_safetensors.py"),)


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """These weights in that format."""

    weights: Weights
    target: Target

    @property
    def ref(self) -> str:
        """The canonical reference of the result."""
        recipe = hashlib.sha256(
            f"{self.target.name}\n{self.dtype}\n{script(self.target.script)}".encode()
        ).hexdigest()
        return f"{self.target.name}://{self.weights.digest.removeprefix('sha256:')}?recipe={recipe[:16]}"

    @property
    def dtype(self) -> str:
        return "float32" if self.weights.info.parameters <= SMALL else "bfloat16"

    @property
    def bytes(self) -> int:
        """What the result takes, known before it is made and the same afterwards."""
        return self.weights.info.parameters * (4 if self.dtype == "float32" else 2) + OVERHEAD

    @property
    def about(self) -> str:
        """For the user."""
        info = self.weights.info
        what = f"{self.weights.alias or self.weights.main}"
        return f"{what} ({info.quantisation}) as {self.target.name}, {self.dtype}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """Of the script: where the weights lie inside the sandbox, and the type of numbers."""
        return (f"{MODELS_DIR}/{FILES}/{self.weights.main}", self.dtype)


def conversion_for(use: ModelUse, weights: Weights) -> Conversion | None:
    """What makes these weights loadable for this use; None: they are as they should be, or nothing here helps.

    A repository's name without a word of GGUF is loaded by libraries that look for safetensors there.
    """
    if "gguf" in f"{use.name} {use.file}".lower() or use.file.endswith((".onnx", ".bin")):
        return None
    for target in TARGETS:
        if weights.format in target.made_from:
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
    reference = Reference(kind="file", text=conversion.ref, path=conversion.ref)
    weights = assembled(store, reference, tuple(files))
    if weights.format != conversion.target.format:
        raise ModelError(f"the conversion to {conversion.target.name} made {weights.format}")
    return store.remember(msgspec.structs.replace(weights, alias=conversion.weights.alias))
