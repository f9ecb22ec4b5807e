"""`jitney run MODEL ["prompt" | < file]`: one question to a model in a box of its own; only the answer on standard output."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from jitney import engine as engines
from jitney.cli.common import connected
from jitney.cli.model import Event, Usage, sampling, show
from jitney.cli.report import Report
from jitney.config import Config
from jitney.engine.protocol import Engine
from jitney.errors import UsageError
from jitney.hosting.prepare import Hosting, host
from jitney.hosting.questions import Question, ask_chat, ask_text, ask_transcript, ask_vectors
from jitney.hosting.running import Running, start
from jitney.sandbox.run import Session
from jitney.sandbox.signals import Caught

INTERRUPTED = 130
TIMED_OUT = 124
MOST_INPUT = 64 << 20


class Stop(Exception):
    """code: what Jitney exits with."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def answer(arguments: argparse.Namespace, config: Config, report: Report) -> int:
    """The whole road of `jitney run MODEL`. Without a prompt, and with a terminal, it is a chat."""
    if not arguments.arguments and sys.stdin is not None and sys.stdin.isatty():
        from jitney.cli.chat import talk

        return talk(arguments.source, arguments, config, report)
    with connected(config) as engine:
        hosting = host(arguments.source, config, engine, report)
        tell_choice(arguments.source, hosting, report)
        question = _question(arguments, hosting)
        if arguments.dry_run:
            return show_hosting(hosting, report)
        with model_session(engine, config, report) as session:
            code = _answer(session, engine, hosting, config, question, report)
    report.finish()
    return code


def tell_choice(reference: str, hosting: Hosting, report: Report) -> None:
    """Which runtime it is, on a terminal: a piped answer comes without words around it."""
    hosted = hosting.hosted
    info = hosted.weights.info
    what = ", ".join(word for word in (info.quantisation, hosted.weights.format) if word)
    line = f"{reference} is a model ({what}); {hosted.runtime.name}, {threads(hosted.serving.threads)}"
    if sys.stderr.isatty():
        report.say(line)


def threads(count: int) -> str:
    """In words."""
    return f"{count} thread" + ("s" if count > 1 else "")


def show_hosting(hosting: Hosting, report: Report) -> int:
    """`--dry-run`: what would be started, and how."""
    hosted = hosting.hosted
    run = hosted.plan.run.argv if hosted.plan is not None else ()
    fields: dict[str, Any] = {
        "model": hosted.weights.ref,
        "digest": hosted.weights.digest,
        "runtime": hosted.runtime.name,
        "image": hosted.image,
        "command": [*run, *hosted.runtime.argv(hosted.serving)],
        "memory_bytes": hosted.memory_bytes,
        "threads": hosted.serving.threads,
        "context": hosted.serving.context,
    }
    if report.json:
        report.event("hosted", **fields)
    else:
        for name, value in fields.items():
            print(f"{name:<13} {' '.join(value) if isinstance(value, list) else value}")
    return 0


def model_session(engine: Engine, config: Config, report: Report) -> Session:
    """For the boxes of this command."""
    return Session(engine, reconnect=partial(engines.connect, config.engine_host), say=report.say)


@contextmanager
def interruptible(session: Session, on_interrupt: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C calls on_interrupt from the loop, between two of its steps; TERM and HUP raise Stop there."""

    def on_signal(number: int) -> None:
        if number == signal.SIGINT:
            on_interrupt()
        elif number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            raise Stop(128 + number)

    with Caught(session.loop, on_signal):
        yield


def stop(code: int) -> None:
    """Out of whatever the loop is doing."""
    raise Stop(code)


def _answer(
    session: Session, engine: Engine, hosting: Hosting, config: Config, question: Question, report: Report
) -> int:
    try:
        with interruptible(session, partial(stop, INTERRUPTED)):
            if config.timeout_s:
                session.loop.after(config.timeout_s, partial(stop, TIMED_OUT))
            with report.phase("start"):
                running = start(session, engine, hosting, config)
                running.wait_ready()
            report.event("started", run=session.run)
            print_answer(running, question, report)
    except Stop as stopped:
        if stopped.code == TIMED_OUT:
            report.warn(f"timed out after {config.timeout_s:g} s")
        return stopped.code
    return 0


def print_answer(running: Running, question: Question, report: Report) -> None:
    """The answer as it comes; numbers of it with --timings."""
    kind = running.hosted.weights.info.kind
    begin = time.monotonic()
    if kind != "text":
        data = msgspec.json.decode(next(iter(running.say(question))))
        _print_whole(_whole(kind, data), report)
        return
    first, last, usage, reason = 0.0, "", Usage(), ""
    for raw in running.say(question):
        event = msgspec.json.decode(raw, type=Event)
        usage, reason = event.usage or usage, event.reason or reason
        if event.text:
            first = first or time.monotonic() - begin
            last = event.text
            _print_piece(event.text, report)
    if last and not last.endswith("\n") and not report.json:
        show("\n")
    if reason == "length" and sys.stderr.isatty():
        report.say("the answer was cut: --max-tokens, or the context is full")
    tell_numbers(report, usage, first, time.monotonic() - begin, running.ready_s)
    report.event("answered", finish_reason=reason, **msgspec.structs.asdict(usage))


def tell_numbers(report: Report, usage: Usage, first: float, whole: float, ready: float) -> None:
    """With --timings: what Ollama prints with --verbose."""
    if not report.timings:
        return
    rate = (
        (usage.completion_tokens - 1) / (whole - first)
        if whole > first and usage.completion_tokens > 1
        else 0.0
    )
    report.say(
        f"ready {ready:.2f} s · first token {first:.2f} s · prompt {usage.prompt_tokens} tokens · "
        f"answer {usage.completion_tokens} tokens · {rate:.1f} tokens/s"
    )


def _print_piece(text: str, report: Report) -> None:
    if report.json:
        report.event("output", stream="stdout", text=text)
    else:
        show(text)


def _print_whole(text: str, report: Report) -> None:
    _print_piece(text + "\n", report)


def _whole(kind: str, data: Any) -> str:
    """Of kinds that do not stream: a vector or several as JSON, a transcript as text."""
    if kind == "transcription":
        return str(data.get("text", "")).strip()
    vectors = [row["embedding"] for row in data["data"]]
    return msgspec.json.encode(vectors[0] if len(vectors) == 1 else vectors).decode()


def _question(arguments: argparse.Namespace, hosting: Hosting) -> Question:
    hosted = hosting.hosted
    info, alias = hosted.weights.info, hosted.serving.alias
    if info.kind == "transcription":
        return ask_transcript(alias, *_audio(arguments.arguments))
    prompt = _prompt(arguments.arguments)
    if info.kind == "embedding":
        return ask_vectors(alias, [prompt])
    if info.kind == "reranking":
        raise UsageError(
            f"{arguments.source} ranks documents: it has no answer to a prompt",
            f"jitney serve {arguments.source}   and ask /v1/rerank",
        )
    options = sampling(arguments)
    if "chat" in hosted.runtime.features(hosted.weights):
        return ask_chat(alias, first_messages(arguments.system, prompt), options)
    if arguments.system:
        raise UsageError(f"{arguments.source} has no chat template: --system has no place in its prompt")
    return ask_text(alias, prompt, options)


def first_messages(system: str | None, prompt: str) -> list[dict[str, object]]:
    told: list[dict[str, object]] = [{"role": "system", "content": system}] if system else []
    return [*told, {"role": "user", "content": prompt}]


def _prompt(words: list[str]) -> str:
    """The words after MODEL, and what comes through a pipe below them."""
    given = " ".join(words)
    piped = "" if sys.stdin is None or sys.stdin.isatty() else _piped(bool(words))
    text = "\n\n".join(part for part in (given, piped) if part.strip())
    if not text:
        raise UsageError(
            "no prompt: nothing after MODEL, and standard input is empty", 'jitney run MODEL "Hello"'
        )
    return text


def _piped(has_words: bool) -> str:
    """With words, standard input is read only where it is a file or a pipe: a service's or a test's may never end."""
    import stat

    kind = os.fstat(0).st_mode
    if has_words and not (stat.S_ISREG(kind) or stat.S_ISFIFO(kind)):
        return ""
    return _read(0).decode("utf-8", "replace").rstrip("\n")


def _read(fd: int) -> bytes:
    data = bytearray()
    while piece := os.read(fd, 1 << 20):
        data += piece
        if len(data) > MOST_INPUT:
            raise UsageError(f"more than {MOST_INPUT >> 20} MB on standard input")
    return bytes(data)


def _audio(words: list[str]) -> tuple[str, bytes]:
    """One audio file by its name, or on standard input."""
    if len(words) > 1:
        raise UsageError(f"one audio file is expected, not {len(words)}", "jitney run MODEL speech.wav")
    if not words:
        return "audio", _read(0)
    try:
        return Path(words[0]).name, Path(words[0]).read_bytes()
    except OSError as error:
        raise UsageError(f"{words[0]}: {error.strerror}", "jitney run MODEL speech.wav") from error
