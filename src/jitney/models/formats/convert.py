"""Formats just in time: which conversion gives a runtime or a program weights that it can load, and where the result lies.

The rows stand in targets.py. A result is kept in the Store under the hash of the weights it was made from and of the recipe
(target, bits, scripts), which leads to the one under the hash of the tools too; `jitney.conversion` makes it.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import BinaryIO

import msgspec

from jitney.detect.model import ModelUse
from jitney.errors import ModelError
from jitney.models.formats.folder import assembled
from jitney.models.formats.targets import FOLDER_FROM_GGUF, READ_FROM_GGUF, SMALL, TARGETS, Target, same
from jitney.models.layout import FILES, MODELS_DIR
from jitney.models.model import Format, Reference, WeightFile, Weights
from jitney.models.storage.store import Store
from jitney.plan.scripts import script

OVERHEAD = 16 << 20
"""Bytes of a converted model beside its numbers: tokenizer, configuration, headers."""
LIBRARIES = 2 << 30
"""Bytes that the libraries of a conversion take beside the numbers."""


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """These weights in that format. quantisation: one of the target's `widths`. before: what is made of them first, where the
    target's script does not read them as they are. beside: requirements of the script's that no index has; wheels: digest of the
    folder that they come from."""

    weights: Weights
    target: Target
    quantisation: str = ""
    before: Conversion | None = None
    beside: tuple[str, ...] = ()
    wheels: str = ""

    @property
    def ref(self) -> str:
        """The canonical reference of the result, whatever the versions of the tools."""
        parts = [self.target.name, self.quantisation, self.dtype, *map(script, self.target.scripts)]
        if self.target.of_machine:
            parts.append(machine())
        if self.before is not None:
            parts.append(self.before.ref)
        parts += [*self.beside, self.wheels] if self.beside else []
        recipe = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        return f"{self.target.name}://{self.weights.digest.removeprefix('sha256:')}?recipe={recipe[:16]}"

    @property
    def dtype(self) -> str:
        """Of the numbers in between, and of those in the result where no bits were asked for."""
        return "float32" if _parameters(self.weights) <= SMALL else "bfloat16"

    @property
    def bytes(self) -> int:
        """What the result takes, known before it is made and the same afterwards."""
        width = self.target.widths[self.quantisation]
        if not self.quantisation and self.target.keeps:
            return (self.before.bytes if self.before else self.weights.bytes) + OVERHEAD
        if not self.quantisation:
            width = 4 if self.dtype == "float32" else 2
        return int(_parameters(self.weights) * width) + OVERHEAD

    @property
    def about(self) -> str:
        """For the user."""
        kind = f" ({self.weights.info.quantisation})" if self.weights.info.quantisation else ""
        return f"{self.weights.alias or self.weights.main}{kind} as {self.target.format}, {self.bits}"

    @property
    def bits(self) -> str:
        """The type of numbers in the result."""
        first = self.before.bits if self.before else self.weights.info.quantisation
        return self.quantisation or (first if self.target.keeps else "") or self.dtype

    @property
    def arguments(self) -> tuple[str, ...]:
        """Of the script: where the weights' main file lies inside the sandbox, the type of numbers in between, the bits, what the
        model is for."""
        main = f"{MODELS_DIR}/{FILES}/{self.weights.main}"
        return (main, self.dtype, self.quantisation, self.weights.info.kind)


def conversion_to(format: Format, weights: Weights, *, quantisation: str = "") -> Conversion | None:
    """What turns these weights into `format`; None: nothing here does (`why_not` says why), or they are in it already and no
    other bits are asked for. quantisation: any case. Raises ModelError: no such bits in that format."""
    if weights.format == format and not quantisation:
        return None
    targets = [target for target in TARGETS if target.format == format]
    for target in targets:
        if not _obstacle(target, weights):
            return Conversion(
                weights=weights, target=target, quantisation=_bits(target, quantisation, weights)
            )
    for target in targets:
        if (first := _first_step(target, weights)) is not None:
            bits = _bits(target, quantisation, weights)
            nearly_all, all_of_it = "Q8_0", "F16"  # others are made of sixteen bits
            before = Conversion(weights=weights, target=first, quantisation=all_of_it if bits else nearly_all)
            return Conversion(weights=weights, target=target, quantisation=bits, before=before)
    return None


def _first_step(target: Target, weights: Weights) -> Target | None:
    """What makes GGUF of these weights, where the target is made from that and nothing else stands in its way."""
    as_gguf = msgspec.structs.replace(weights, format="gguf")
    if weights.format == "gguf" or _obstacle(target, as_gguf):
        return None
    found = (one for one in TARGETS if one.format == "gguf" and not _obstacle(one, weights))
    return next(found, None)


def why_not(format: Format, weights: Weights) -> str:
    """Why these weights cannot be turned into `format`, as half a sentence; empty: they can."""
    targets = [target for target in TARGETS if target.format == format]
    if any(_is_possible(target, weights) for target in targets):
        return ""
    if not targets:
        return f"nothing here makes {format}"
    nearest = next((one for one in targets if weights.format in one.made_from), targets[-1])
    return _obstacle(nearest, weights)


def formats_from(weights: Weights) -> tuple[Format, ...]:
    """Into which formats these weights can be turned."""
    return tuple(dict.fromkeys(target.format for target in TARGETS if _is_possible(target, weights)))


def _is_possible(target: Target, weights: Weights) -> bool:
    return not _obstacle(target, weights) or _first_step(target, weights) is not None


def sources_of(format: Format) -> tuple[Format, ...]:
    """Formats that this one is made from."""
    found = (source for target in TARGETS if target.format == format for source in target.made_from)
    return tuple(dict.fromkeys(found))


def _obstacle(target: Target, weights: Weights) -> str:
    if weights.info.role != "model":
        return f"{weights.main} is no model by itself but its {weights.info.role}"
    if weights.adapters:
        return f"the adapters beside {weights.main} would be lost"
    if weights.info.kind != target.kind and target.format != "gguf":
        return f"{weights.alias or weights.main} is a model for {weights.info.kind}; {target.format} is made for {target.kind}"
    if weights.format not in target.made_from:
        sources = " or ".join(sources_of(target.format))
        return f"{target.format} is made from {sources}, and {weights.main} is {weights.format}"
    return _stranger(target, weights)


def _stranger(target: Target, weights: Weights) -> str:
    """Which step does not know the architecture; an architecture that nobody read is left to the converter."""
    name = same(weights.info.architecture)
    if (
        name
        and weights.format == "gguf"
        and FOLDER_FROM_GGUF in target.scripts
        and name not in READ_FROM_GGUF
    ):
        return f"transformers does not read the architecture {weights.info.architecture} from GGUF"
    if name and target.models and name not in target.models:
        return f"the converter to {target.format} does not know the architecture {weights.info.architecture}"
    return ""


def _bits(target: Target, asked: str, weights: Weights) -> str:
    if not asked:
        usual = next(iter(target.widths))
        return target.small or usual if weights.info.parameters <= SMALL else usual
    for name in target.widths:
        if name and name.lower() == asked.lower():
            return name
    raise ModelError(
        f"{target.format} has no {asked}", f"it has: {', '.join(name for name in target.widths if name)}"
    )


def _parameters(weights: Weights) -> int:
    """Numbers in the weights; where no header told, as many as two bytes each would make."""
    return weights.info.parameters or weights.info.tensor_bytes // 2 or weights.bytes // 2


def needed_memory(conversion: Conversion) -> int:
    """Bytes that making it takes: libraries, and the numbers as often as the script holds them."""
    scale = 1.0 if conversion.dtype == "float32" else 0.5
    return LIBRARIES + int(_parameters(conversion.weights) * conversion.target.memory * scale)


def needed_disk(conversion: Conversion) -> int:
    """Bytes that making it takes on the Store's disk: what lies in between, the result, its archive, its copy in the Store."""
    between = 4 if conversion.dtype == "float32" else 2
    return int(_parameters(conversion.weights) * between) + 3 * conversion.bytes


def machine() -> str:
    """Architecture and level of this machine's processor, as compilers name them."""
    import platform
    from pathlib import Path

    name = platform.machine()
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return name
    return f"{name}-v3" if name == "x86_64" and " avx2 " in flags and " fma " in flags else name


def conversion_for(use: ModelUse, weights: Weights, frameworks: tuple[str, ...] = ()) -> Conversion | None:
    """What makes these weights loadable for this use; None: they are as they should be, or nothing here helps.

    frameworks: of the program. A repository's name without a word of GGUF is loaded by libraries that look for their own
    format there; one file asked for in it says which.
    """
    if weights.format == "pytorch":  # programs read them by themselves
        return None
    if "gguf" in f"{use.name} {use.file}".lower() or use.file.endswith((".onnx", ".bin")):
        return None
    for target in TARGETS:
        asked = use.file.endswith(".safetensors") and target.format != "safetensors"
        wanted = set(target.frameworks) & set(frameworks) or target.format == "safetensors"
        if wanted and not asked and not _obstacle(target, weights):
            return Conversion(weights=weights, target=target, quantisation=_bits(target, "", weights))
    return None


def converted(store: Store, conversion: Conversion, tools: str = "") -> Weights | None:
    """The result, if it is in the Store. tools: only one that these versions of the tools made."""
    return store.find(f"{conversion.ref}&tools={tools}" if tools else conversion.ref)


def keep(store: Store, conversion: Conversion, archive: BinaryIO, tools: str = "") -> Weights:
    """Take in what the script wrote, checked like any weights that come from elsewhere. ModelError: not a model.

    tools: what the versions of all that made it hash to. The result is kept under them, and is what the conversion's own
    reference leads to from now on.
    """
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
    weights = msgspec.structs.replace(
        _checked(store, conversion, tuple(files)), alias=conversion.weights.alias
    )
    if tools:
        weights = msgspec.structs.replace(weights, ref=f"{conversion.ref}&tools={tools}")
        store.remember(weights)
    return store.remember(weights, conversion.ref)


def _checked(store: Store, conversion: Conversion, files: tuple[WeightFile, ...]) -> Weights:
    target = conversion.target
    if target.main and all(file.name != target.main for file in files):
        raise ModelError(f"the conversion to {target.name} made no {target.main}")
    weights = assembled(store, Reference(kind="file", text=conversion.ref, path=conversion.ref), files)
    if weights.format != target.format:
        raise ModelError(f"the conversion to {target.name} made {weights.format}")
    own, info = weights.info, conversion.weights.info
    if (
        target.format == "gguf"
    ):  # says it all itself; of small models some tensors get other bits than asked for
        info = own
    info = msgspec.structs.replace(
        info,
        quantisation=conversion.bits,
        tensor_bytes=own.tensor_bytes,
        parameters=info.parameters or own.parameters,
        role="model",
    )
    return msgspec.structs.replace(weights, info=info)
