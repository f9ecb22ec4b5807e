"""`jitney convert MODEL --to FORMAT[:BITS]`: weights in another format, made once, kept in the Store, written out with -o."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from jitney import conversion
from jitney.cli.common import connected, settings
from jitney.cli.models import fields, rows
from jitney.cli.parser import add_output_options, add_safety_options
from jitney.cli.report import Report, human_size
from jitney.config import Config
from jitney.errors import ModelError, UsageError
from jitney.models.formats.convert import Conversion, conversion_to, formats_from, sources_of, why_not
from jitney.models.formats.targets import TARGETS
from jitney.models.model import Format, Weights
from jitney.models.storage import export
from jitney.supply import fetch_model, store

EPILOG = """\
Each format is made in a sandbox without network by its library's own converter, and asked before it is kept. A second
conversion of the same weights takes nothing; --fresh makes it anew where the tools have newer versions.

  jitney convert smollm2 --to gguf:Q8_0 -o smollm2.gguf
  jitney convert smollm2 --to ctranslate2
  jitney convert ./folder --to onnx-genai:int4 -o ./made"""
HEAD = ("FORMAT", "FROM", "BITS")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "reference", metavar="MODEL", nargs="?", help="a name, a reference, a file or a folder"
    )
    parser.add_argument("--to", metavar="FORMAT[:BITS]", default="", help="such as gguf:Q4_K_M, ctranslate2")
    parser.add_argument("-o", "--output", metavar="PATH", help="also write it there: a file or a folder")
    parser.add_argument("--list", action="store_true", help="what can be made, of MODEL or of anything")
    parser.add_argument("--fresh", action="store_true", help="with the newest versions of the tools")
    add_safety_options(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    report = Report(quiet=arguments.quiet, json=arguments.json, timings=arguments.timings)
    if arguments.list:
        return _list(arguments, config, report)
    if not (arguments.reference and arguments.to):
        raise UsageError("which model, and to which format?", "jitney convert MODEL --to FORMAT[:BITS]")
    target = Path(arguments.output) if arguments.output else None
    if target is not None:
        export.require_free(target)
    format, bits = _wanted(arguments.to)
    weights = fetch_model(arguments.reference, config, report)
    one = _possible(format, weights, bits)
    made = _made(one, config, report, fresh=arguments.fresh) if one else weights
    written = export.write_out(store(config), made, target) if target is not None else None
    report.clear()
    _tell(made, one, written, report)
    report.finish()
    return 0


def _wanted(text: str) -> tuple[Format, str]:
    """`gguf:Q8_0` → both. UsageError: no such format, with the near ones."""
    name, _, bits = text.partition(":")
    known = {target.format.replace("-", ""): target.format for target in TARGETS}
    known |= {"onnx": "onnx-genai", "hf": "safetensors", "ct2": "ctranslate2"}
    found = known.get(name.lower().replace("-", ""))
    if found is not None:
        return found, bits
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), known, 1)
    meant = f"did you mean {known[near[0]]}?\n" if near else ""
    formats = ", ".join(dict.fromkeys(known.values()))
    raise UsageError(
        f"nothing here makes {name}", f"{meant}what can be made: {formats} (jitney convert --list)"
    )


def _possible(format: Format, weights: Weights, bits: str) -> Conversion | None:
    """None: it is in this format already."""
    one = conversion_to(format, weights, quantisation=bits)
    if one is None and weights.format != format:
        others = ", ".join(formats_from(weights))
        hint = (
            f"it can be made into {others}" if others else "jitney convert --list says what is made from what"
        )
        name = weights.alias or weights.main
        raise ModelError(f"{name} cannot be made into {format}: {why_not(format, weights)}", hint)
    return one


def _made(one: Conversion, config: Config, report: Report, *, fresh: bool) -> Weights:
    with connected(config) as engine:
        return conversion.convert(one, config, engine, report, fresh=fresh)


def _tell(made: Weights, one: Conversion | None, written: Path | None, report: Report) -> None:
    """The result, on standard output."""
    source = one.weights.ref if one else made.ref
    if report.json:
        record = {**fields(made), "made_from": source, "already": one is None, "output": str(written or "")}
        report.event("converted", **record)
        return
    if one is None:
        report.say(f"it is {made.format} already")
    where = f"  {written}" if written else ""
    bits = made.info.quantisation
    print(f"{made.format}{f' {bits}' if bits else ''}  {human_size(made.bytes)}  {made.digest[7:19]}{where}")


def _list(arguments: argparse.Namespace, config: Config, report: Report) -> int:
    formats: tuple[Format, ...] = tuple(dict.fromkeys(target.format for target in TARGETS))
    if arguments.reference:
        formats = formats_from(fetch_model(arguments.reference, config, report))
    table = {format: _bits(format) for format in formats}
    if report.json:
        listed = [
            {"format": format, "from": sources_of(format), "bits": bits} for format, bits in table.items()
        ]
        print(msgspec.json.encode(listed).decode())
        return 0
    lines = [(format, ", ".join(sources_of(format)), " ".join(bits)) for format, bits in table.items()]
    print(rows([HEAD, *lines]))
    return 0


def _bits(format: Format) -> tuple[str, ...]:
    """All that may be asked for."""
    found = (name for target in TARGETS if target.format == format for name in target.widths if name)
    return tuple(dict.fromkeys(found))
