"""`jitney serve MODEL…`: models over the OpenAI, Anthropic and Ollama APIs, on one port of this machine."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from jitney.cli.answering import INTERRUPTED, model_session, show_hosting, threads
from jitney.cli.common import connected, settings
from jitney.cli.model import add_box_options, add_model_options
from jitney.cli.parser import add_output_options
from jitney.cli.report import Report, write_error
from jitney.config import Config
from jitney.engine.protocol import Engine
from jitney.errors import JitneyError, ModelError, UsageError
from jitney.hosting import served
from jitney.hosting.door import Address, bind, url
from jitney.hosting.limits import require_all
from jitney.hosting.prepare import Hosting, host, memory_free
from jitney.hosting.service import Service
from jitney.sandbox.run import Session
from jitney.sandbox.signals import Caught

PORT = 8080
FIRST_START_S = 3600.0

EPILOG = """examples:
  jitney serve smollm2                        http://127.0.0.1:8080/v1, keys are not looked at
  jitney serve --port 0 -d smollm2 minilm     two models, a free port, in the background
  jitney serve --host 0.0.0.0 --api-key key.txt ./model.gguf
  jitney serve --runtime transformers mine=smollm2        under a name of one's own
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "models", metavar="MODEL", nargs="+", help="as after `jitney run`; NAME=MODEL gives it a name"
    )
    group = parser.add_argument_group("serve")
    group.add_argument(
        "-p", "--port", type=int, default=PORT, metavar="N", help=f"default {PORT}; 0: any free one"
    )
    group.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="default 127.0.0.1; others need a key"
    )
    group.add_argument("--api-key", metavar="FILE", help="a file with the key; or JITNEY_API_KEY")
    group.add_argument(
        "--origin",
        dest="origins",
        metavar="URL",
        action="append",
        help="web pages that may ask (CORS; default: none)",
    )
    group.add_argument("-d", "--detach", action="store_true", help="in the background; jitney stop ends it")
    group.add_argument("--attach", dest="detach", action="store_false", help=argparse.SUPPRESS)
    group.add_argument("--dry-run", action="store_true", help="show what would be served; start nothing")
    add_model_options(parser)
    add_box_options(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    report = Report(quiet=arguments.quiet, json=arguments.json, timings=arguments.timings)
    config = settings(arguments)
    address = Address(
        host=arguments.host,
        port=arguments.port,
        key=_key(arguments.api_key),
        origins=tuple(arguments.origins or ()),
    )
    listener = bind(address)
    try:
        if arguments.detach:
            return _detach(listener, config)
        return _serve(arguments, config, listener, address, report)
    except JitneyError as error:
        report.clear()
        write_error(error, report)
        return error.exit_code
    finally:
        listener.close()


def _key(path: str | None) -> str:
    """The key in a file, or in JITNEY_API_KEY; empty: none."""
    if path is None:
        return os.environ.get("JITNEY_API_KEY", "").strip()
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"--api-key {path}: {getattr(error, 'strerror', 'no text')}", "it is a file that holds the key"
        ) from error
    if not text:
        raise UsageError(f"--api-key {path}: the file is empty", "openssl rand -hex 32 > key.txt")
    return text


def _serve(
    arguments: argparse.Namespace, config: Config, listener: socket.socket, address: Address, report: Report
) -> int:
    with connected(config) as engine:
        hostings = {}
        for text in arguments.models:
            name, hosting = _hosting(text, config, engine, report)
            if name in hostings:
                raise UsageError(f"two models would be called {name}", f"NAME={text} gives one another name")
            hostings[name] = hosting
        require_all(
            {name: one.hosted for name, one in hostings.items()},
            memory_free(next(iter(hostings.values())).facts),
        )
        if arguments.dry_run:
            return max(show_hosting(hosting, report) for hosting in hostings.values())
        with model_session(engine, config, report) as session:
            log = served.Log(config, session.run)
            service = Service(session, engine, config, report, log)
            for name, hosting in hostings.items():
                service.add(name, hosting)
            return _run(service, session, config, listener, address, report)


def _hosting(text: str, config: Config, engine: Engine, report: Report) -> tuple[str, Hosting]:
    name, equals, reference = text.partition("=")
    if not equals or "/" in name or ":" in name:
        name, reference = "", text
    hosting = host(reference, config, engine, report)
    return name or hosting.hosted.serving.alias, hosting


def _run(
    service: Service,
    session: Session,
    config: Config,
    listener: socket.socket,
    address: Address,
    report: Report,
) -> int:
    where = url(listener)
    record = served.own_record(session.run, where, tuple(model.name for model in service.models))
    interrupts: list[int] = []
    state = "loading"

    def note() -> None:
        served.note(config, msgspec.structs.replace(record, state=state, boxes=service.boxes))

    def on_signal(number: int) -> None:
        if number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            interrupts.append(number)
            service.stop()

    def on_ready() -> None:
        nonlocal state
        state = "ready"
        note()
        _tell_ready(service, where, bool(address.key), report)

    service.on_change = note
    try:
        with Caught(session.loop, on_signal):
            service.run(listener, address, on_ready)
    finally:
        service.close()
        served.forget(config, session.run)
    return INTERRUPTED if interrupts[:1] == [signal.SIGINT] else 0


def _tell_ready(service: Service, where: str, has_key: bool, report: Report) -> None:
    names = ", ".join(
        f"{model.name} ({model.hosting.hosted.runtime.name}, {threads(model.hosting.hosted.serving.threads)})"
        for model in service.models
    )
    seconds = time.monotonic() - report.started
    report.event(
        "ready", url=where, models=[model.name for model in service.models], seconds=round(seconds, 3)
    )
    report.say(f"ready in {seconds:.2f} s: {names}")
    if not report.json:
        print(f"{where}/v1", flush=True)
    if has_key:
        report.say("clients show the key as OPENAI_API_KEY, ANTHROPIC_API_KEY or a bearer token")


def _detach(listener: socket.socket, config: Config) -> int:
    """The same command in a session of its own, with the port that was bound; this one waits until it is ready. Of an option
    that is given twice the last one counts."""
    port = listener.getsockname()[1]
    listener.close()
    folder = served.folder(config)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"start-{os.getpid()}.log"
    with path.open("w+b") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "jitney", *sys.argv[1:], "--port", str(port), "--attach"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        code = _await_ready(child, config)
        said = path.read_text(encoding="utf-8", errors="replace")
    path.unlink(missing_ok=True)
    if code is not None:
        sys.stderr.write(said)
        return code
    record = next(one for one in served.services(config) if one.pid == child.pid)
    print(f"{record.run} {record.url}/v1")
    return 0


def _await_ready(child: subprocess.Popen[bytes], config: Config) -> int | None:
    """None: it is ready. Else its exit code."""
    end = time.monotonic() + FIRST_START_S
    while time.monotonic() < end:
        if (code := child.poll()) is not None:
            return code or ModelError.exit_code
        if any(one.pid == child.pid and one.state == "ready" for one in served.services(config)):
            return None
        time.sleep(0.02)
    child.terminate()
    raise ModelError(f"the service was not ready within {FIRST_START_S / 60:.0f} minutes")
