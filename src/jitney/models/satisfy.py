"""Which of the models that a program loads itself can be given to it, from `--model` and from the Store."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec

from jitney.detect.model import Detection, ModelUse
from jitney.findings import Finding
from jitney.models.alias import by_hub_name
from jitney.models.fetch import on_hand
from jitney.models.formats.convert import Conversion, conversion_for, converted
from jitney.models.layout import FILES, MODELS_DIR, Want, asked_name
from jitney.models.model import Alias, Weights
from jitney.models.reference import parse
from jitney.models.storage.store import Store


class Satisfied(msgspec.Struct, frozen=True, kw_only=True):
    """wants: for library_view. links: path relative to the source's root → absolute path inside the sandbox, for
    programs that name a plain file. findings: an `error` for every model that nobody gave, else notes. conversions: needed
    for this program; pending: those of them whose result is not in the Store yet, and therefore not among the wants."""

    wants: tuple[Want, ...] = ()
    conversions: tuple[Conversion, ...] = ()
    pending: tuple[Conversion, ...] = ()
    links: dict[str, str] = {}
    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level == "error")


def satisfy(
    detection: Detection, given: Weights | None, store: Store, table: Mapping[str, Alias]
) -> Satisfied:
    """given: what `--model` named, already in the Store. table: the short names. Nothing is fetched."""
    wants: list[Want] = []
    links: dict[str, str] = {}
    findings: list[Finding] = []
    conversions: dict[str, Conversion] = {}
    uses = sorted(
        (use for use in detection.models if _is_loaded(use, detection)), key=lambda use: _is_path(use.name)
    )
    named = [use.name for use in uses if _is_path(use.name) and "/" not in use.name]
    for use in uses:
        weights = _weights_for(use, given, store, table)
        if weights is None:
            findings.append(_missing(use, table))
            continue
        repo = "" if _is_path(use.name) else use.name
        if repo and (conversion := conversion_for(use, weights, detection.frameworks)):
            conversions[conversion.ref] = conversion
            findings.append(_converts(use, conversion))
            weights = converted(store, conversion)
            wants += [Want(weights=weights, repo=repo)] if weights else []
            continue
        findings += _differs(use, weights)
        wants.append(Want(weights=weights, repo=repo, file=use.file))
        if repo and not use.file:  # a file named elsewhere in the code may be one of this repository
            wants += [Want(weights=weights, repo=repo, file=name) for name in named]
        if not repo:
            links.update(_link(use, weights, detection))
    if given is not None and all(want.weights is not given for want in wants):
        wants.insert(0, Want(weights=given))
    return Satisfied(
        wants=tuple(wants),
        conversions=tuple(conversions.values()),
        pending=tuple(one for one in conversions.values() if converted(store, one) is None),
        links=links,
        findings=tuple(findings),
    )


def _is_loaded(use: ModelUse, detection: Detection) -> bool:
    """Whether the program loads it itself; a file that comes along with the source needs nobody."""
    if use.kind == "served" or (use.kind == "embedding" and detection.mode != "in-process"):
        return False
    here = PurePosixPath(detection.workdir or ".", use.name).as_posix()
    return here not in detection.takes and not any(path.startswith(f"{here}/") for path in detection.takes)


def _is_path(name: str) -> bool:
    """`./x.gguf`, `models/x.gguf`, `/x`, `x.gguf`: not a repository's name."""
    return name.startswith(("./", "../", "/", "~")) or name.endswith(
        (".gguf", ".safetensors", ".onnx", ".bin")
    )


def _is_repository(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", name) is not None and not _is_path(name)


def _weights_for(
    use: ModelUse, given: Weights | None, store: Store, table: Mapping[str, Alias]
) -> Weights | None:
    """The given model, unless another one that is on hand is the very one asked for."""
    if given is not None and any(hub.lower() == use.name.lower() for hub in given.hubs):
        return given
    if given is None or use.kind == "embedding":
        short = by_hub_name(table, use.name)
        own = on_hand(store, parse(short, table, Path())) if short else None
        own = own or (store.find(f"hf://{use.name}") if _is_repository(use.name) else None)
        if own is not None:
            return own
    return given if use.kind == "weights" else None


def _missing(use: ModelUse, table: Mapping[str, Alias]) -> Finding:
    short = by_hub_name(table, use.name)
    what = f"{use.name} ({use.file})" if use.file else use.name
    name = short or (use.name if _is_repository(use.name) else "")
    hint = (
        f"give it one:  --model {name}" if name else "give it one with --model, for example:  --model smollm2"
    )
    return Finding(
        level="error",
        code="model.missing",
        message=f"the program loads the model {what}, and there is none for it",
        hint=hint,
        file=use.why.file,
        line=use.why.line,
    )


def _differs(use: ModelUse, weights: Weights) -> list[Finding]:
    """Tell what the program gets where it is not what it asked for."""
    wants_gguf = f"{use.name} {use.file}".lower().find("gguf") >= 0
    name = weights.alias or weights.main
    if wants_gguf and weights.format != "gguf":
        level, message = "error", f"the program loads GGUF weights ({use.name}); {name} is {weights.format}"
        return [_told(use, level, "model.format", message, "give it a GGUF file with --model")]
    if not wants_gguf and weights.format == "gguf" and not _is_path(use.name):
        message = f"the program asks for {use.name}; what it finds there is a GGUF file ({name})"
        hint = f"give it weights in the format of {use.file or use.name} with --model"
        return [_told(use, "warning", "model.format", message, hint)]
    asked = asked_name(use.file, weights)
    if asked and all(asked != file.name for file in weights.files):
        message = f"{use.name}/{use.file}: the program gets {weights.main} under this name"
        return [_told(use, "note", "model.other", message, "")]
    return []


def _converts(use: ModelUse, conversion: Conversion) -> Finding:
    message = f"{use.name}: the program gets {conversion.about}"
    return _told(use, "note", "model.converted", message, "")


def _told(use: ModelUse, level: str, code: str, message: str, hint: str) -> Finding:
    return msgspec.convert(
        {
            "level": level,
            "code": code,
            "message": message,
            "hint": hint,
            "file": use.why.file,
            "line": use.why.line,
        },
        Finding,
    )


def _link(use: ModelUse, weights: Weights, detection: Detection) -> dict[str, str]:
    """Where a plain path leads. Absolute paths outside the source cannot be linked; /models/files holds the file anyway."""
    if use.name.startswith(("/", "~")):
        return {}
    path = PurePosixPath(detection.workdir or ".", use.name)
    if ".." in path.parts:
        return {}
    return {path.as_posix(): f"{MODELS_DIR}/{FILES}/{weights.main}"}
