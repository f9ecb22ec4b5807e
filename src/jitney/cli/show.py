"""`jitney show REF`: what a model is. A file or folder of the user's is read where it lies, without taking it in."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from jitney.cli.common import settings
from jitney.cli.models import ago, fields, meant, record, rows
from jitney.cli.report import human_size
from jitney.config import Config
from jitney.errors import ModelError
from jitney.models.model import WeightFile, Weights
from jitney.models.safety.templates import chat_templates
from jitney.models.storage.holdings import ID, Holding, is_used
from jitney.models.storage.store import Store

MOST_FILES = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reference", metavar="REF", help="a name, a reference, an ID, a file or a folder")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--template", action="store_true", help="print its chat template alone")
    what.add_argument(
        "--licence", "--license", dest="licence", action="store_true", help="print its licence alone"
    )
    what.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    local = Path(arguments.reference).expanduser()
    if local.is_file() and not _is_kept(arguments.reference, config):
        return _show_file(local.absolute(), arguments)
    kept, found = meant(config, [arguments.reference])
    one = found[0]
    if arguments.template:
        return _print_template(chat_templates(kept, one.weights), one.weights)
    if arguments.licence:
        print(one.weights.info.licence or "none is stated")
        return 0
    if arguments.json:
        made = [record(each, used_now=is_used(kept, each)) for each in found[1:]]
        whole = {
            **record(one, used_now=is_used(kept, one)),
            "path": str(kept.path(one.weights)),
            "converted": made,
        }
        print(msgspec.json.encode(whole).decode())
        return 0
    print(rows([*_lines(one.weights), *_of_store(kept, one, found[1:])]))
    return 0


def _is_kept(word: str, config: Config) -> bool:
    """A file that was taken in, and has not changed since, is shown as the Store has it."""
    try:
        kept, found = meant(config, [word])
    except ModelError:
        return False
    return kept.has(found[0].weights.files[0].sha256) and Path(word).stat().st_mtime <= found[0].pulled


def _show_file(path: Path, arguments: argparse.Namespace) -> int:
    """Read in place: its header only, so no hash."""
    from jitney.models.formats.check import check
    from jitney.models.formats.gguf import read_texts
    from jitney.models.safety.licence import spdx
    from jitney.models.safety.templates import KEY

    kind, info = check(path)
    if kind == "other":
        raise ModelError(f"{path}: not a model: neither GGUF, safetensors nor ONNX")
    info = msgspec.structs.replace(info, licence=spdx(info.licence) if info.licence else "")
    file = WeightFile(name=path.name, sha256="", bytes=path.stat().st_size)
    weights = Weights(ref=str(path), format=kind, main=path.name, files=(file,), info=info)
    if arguments.template:
        return _print_template(read_texts(path, KEY) if kind == "gguf" else {}, weights)
    if arguments.licence:
        print(info.licence or "none is stated")
    elif arguments.json:
        print(msgspec.json.encode({**fields(weights), "id": "", "digest": "", "path": str(path)}).decode())
    else:
        print(rows([*_lines(weights), ("path", f"{path}  (read where it lies; jitney pull takes it in)")]))
    return 0


def _print_template(templates: dict[str, str], weights: Weights) -> int:
    if not templates:
        raise ModelError(f"{weights.alias or weights.main}: it has no chat template")
    print("\n".join(templates.values()))
    return 0


def _lines(weights: Weights) -> list[tuple[str, str]]:
    info = weights.info
    chat = "yes  (jitney show --template prints it)" if info.chat_template else "no"
    lines = [
        ("model", f"{weights.alias or weights.main}{f'  ({info.name})' if info.name else ''}"),
        ("architecture", info.architecture or "not stated"),
        ("parameters", f"{info.parameters:,}  ({human_count(info.parameters)})" if info.parameters else ""),
        ("context", f"{info.context:,} tokens" if info.context else ""),
        ("embedding", f"{info.embedding:,}" if info.embedding else ""),
        ("layers", str(info.layers or "")),
        ("vocabulary", f"{info.vocabulary:,}" if info.vocabulary else ""),
        ("quantisation", info.quantisation),
        ("format", weights.format),
        ("kind", info.kind),
        ("chat template", chat if info.kind == "text" else ""),
        ("projector", weights.projector),
        ("adapters", ", ".join(weights.adapters)),
        ("licence", info.licence or "none is stated"),
        ("signed", f"by {weights.signed}" if weights.signed else ""),
        ("size", human_size(weights.bytes)),
    ]
    return [(name, text) for name, text in lines if text]


def _of_store(kept: Store, one: Holding, made: list[Holding]) -> list[tuple[str, str]]:
    notes = [note for note, holds in (("pinned", one.pinned), ("in use", is_used(kept, one))) if holds]
    lines = [
        ("id", f"sha256:{one.id}"),
        *(("reference", ref) for ref in one.refs),
        *(("hub name", name) for name in one.weights.hubs[:3]),
        ("pulled", f"{ago(one.pulled)}, used {ago(one.used)}{', ' if notes else ''}{', '.join(notes)}"),
    ]
    lines += [("made from", one.made_from[:ID])] if one.made_from else []
    lines += [
        ("converted to", f"{each.weights.format} ({each.id[:ID]}, {human_size(each.weights.bytes)})")
        for each in made
    ]
    files = sorted(one.weights.files, key=lambda file: -file.bytes)
    lines += [
        ("file", f"{file.name}  {human_size(file.bytes)}  {file.sha256[:ID]}") for file in files[:MOST_FILES]
    ]
    if len(files) > MOST_FILES:
        lines.append(("", f"and {len(files) - MOST_FILES} more (--json has all)"))
    return [*lines, ("path", str(kept.path(one.weights)))]


def human_count(count: int) -> str:
    """135 M, 7.2 B: as models are named."""
    for unit, size in (("B", 10**9), ("M", 10**6), ("K", 10**3)):
        if count >= size:
            value = count / size
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return str(count)
