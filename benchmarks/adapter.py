"""The adapter against the library called directly, in one process of the runtime's own box, in turns: tokens per second of 64
greedy tokens with their prompt, SmolLM2, one thread. The server, its client and the library share one interpreter."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import msgspec

from benchmarks.measure import Result, at_least
from jitney import execute, road
from jitney.config import Config, load, of_the_machine
from jitney.engine import connect
from jitney.engine.protocol import Engine
from jitney.hosting.prepare import host
from jitney.sandbox.stdio import Stdio
from jitney.source import Source
from jitney.supply import Supply

ROUNDS = 3
RUNTIMES = ("transformers", "onnxruntime-genai", "ctranslate2", "openvino-genai", "mistral.rs")
INSIDE = Path(__file__).with_name("adapter_inside.py")
HEADER = re.compile(r"(?ms)^# /// script$.*?^# ///$\n")
MEMORY = 6 << 30
"""The model is there twice."""


class Silent:
    """Builds and conversions are said to nobody."""

    def say(self, line: str) -> None:
        pass

    warn = progress = say

    def event(self, kind: str, /, **fields: object) -> None:
        pass

    def phase(self, name: str) -> AbstractContextManager[None]:
        return nullcontext()


def measure() -> list[Result]:
    config = load(None, {})
    engine = connect(config.engine_host)
    return [_row(runtime, config, engine) for runtime in RUNTIMES]


def _row(runtime: str, config: Config, engine: Engine) -> Result:
    """The runtime's own image: the same packages, another entry."""
    hosting = host("smollm2", msgspec.structs.replace(config, runtime=runtime, threads=1), engine, Silent())
    hosted = hosting.hosted
    entry = next(iter(hosted.files))
    header = HEADER.search(hosted.files[entry])
    assert header is not None, "every entry has its packages"
    text = header[0] + INSIDE.read_text(encoding="utf-8")
    source = Source.from_mapping({**hosted.files, entry: text}, entry)
    own = msgspec.structs.replace(of_the_machine(config), memory_bytes=MEMORY)
    prepared = road.prepare(source, own, engine, Silent(), road.Wants(model=False))
    prepared = road.ensure_image(prepared, source, own, engine, Silent())
    prepared = msgspec.structs.replace(prepared, supply=Supply(view=hosted.view))
    with tempfile.TemporaryFile() as out:
        stdio = Stdio(stdin=None, stdout=out.fileno(), stderr=sys.stderr.fileno())
        arguments = (runtime, hosted.serving.model, str(ROUNDS))
        outcome = execute.execute(
            prepared, execute.Errand(arguments=arguments, stdio=stdio), source, own, engine, Silent()
        )
        out.seek(0)
        said = out.read()
    if outcome.exit_code:
        raise RuntimeError(f"{runtime}: exit code {outcome.exit_code}: {outcome.message}")
    found = json.loads(said.splitlines()[-1])  # mistral.rs logs to standard output
    print(f"{runtime}: {found}", file=sys.stderr, flush=True)
    return at_least(
        f"adapter, {runtime}",
        "tokens/s",
        found["adapter"],
        found["library"],
        0.97,
        ROUNDS,
        "through HTTP, streamed",
    )
