"""Models put together from several references: a model with LoRA adapters or with a projector that came apart from it."""

from __future__ import annotations

from pathlib import PurePosixPath

import msgspec

from jitney.errors import ModelError
from jitney.models.formats.folder import PEFT
from jitney.models.model import WeightFile, Weights
from jitney.models.storage.store import Store

MAX_CONFIG = 1 << 20


def joined(base: Weights, adapters: tuple[Weights, ...] = (), projector: Weights | None = None) -> Weights:
    """One model. Adapters lie below `adapters/N/`, a projector below `projector/`; `ref` names all of them.

    Raises ModelError: what is no adapter or projector, or does not go with the model's format.
    """
    files, names, refs = list(base.files), list(base.adapters), [base.ref]
    for number, adapter in enumerate(adapters, len(names) + 1):
        _require(base, adapter, "adapter")
        files += _below(f"adapters/{number}", adapter)
        names.append(f"adapters/{number}/{adapter.main}")
        refs.append(adapter.ref)
    image = base.projector
    if projector is not None:
        _require(base, projector, "projector")
        files += _below("projector", projector)
        image = f"projector/{projector.main}"
        refs.append(projector.ref)
    whole = msgspec.structs.replace(base, files=tuple(files), adapters=tuple(names), projector=image)
    return msgspec.structs.replace(whole, ref=" + ".join(refs))


def base_of(store: Store, adapter: Weights) -> str:
    """The model that a PEFT adapter says it was made for: a hub's name or a path; empty where it says nothing."""
    config = PurePosixPath(adapter.main).with_name(PEFT).as_posix()
    found = next((file for file in adapter.files if file.name == config), None)
    if adapter.info.role != "adapter" or found is None or found.bytes > MAX_CONFIG:
        return ""
    try:
        stated = msgspec.json.decode(store.blob(found.sha256).read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    name = stated.get("base_model_name_or_path") if isinstance(stated, dict) else ""
    return name if isinstance(name, str) else ""


def _below(folder: str, weights: Weights) -> list[WeightFile]:
    return [msgspec.structs.replace(file, name=f"{folder}/{file.name}") for file in weights.files]


def _require(base: Weights, part: Weights, role: str) -> None:
    name = part.alias or part.main
    if part.info.role != role:
        raise ModelError(f"{name}: not {'an' if role == 'adapter' else 'a'} {role}: it is a {part.info.role}")
    families = (part.info.architecture, base.info.architecture)
    if all(families) and role == "adapter" and families[0] != families[1]:
        raise ModelError(
            f"{name} is an adapter for {families[0]} models, and {base.alias or base.main} is {families[1]}",
            "take one that was made for this model",
        )
    if part.format != base.format:
        raise ModelError(
            f"{name} is {part.format}, and {base.alias or base.main} is {base.format}: they do not go together",
            f"take the {role} in the model's format, or the model in the {role}'s",
        )
