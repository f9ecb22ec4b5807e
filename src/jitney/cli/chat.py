"""`jitney chat MODEL`: a conversation. Ctrl-C stops an answer, not the chat; /help lists what else it knows."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from jitney.cli.answering import (
    INTERRUPTED,
    Stop,
    interruptible,
    model_session,
    stop,
    tell_choice,
    tell_numbers,
)
from jitney.cli.common import connected, settings
from jitney.cli.model import (
    Event,
    Usage,
    add_box_options,
    add_model_options,
    add_sampling_options,
    sampling,
    show,
)
from jitney.cli.parser import add_output_options
from jitney.cli.report import Report
from jitney.config import Config
from jitney.errors import JitneyError, ModelError, UsageError
from jitney.hosting.prepare import Hosting, host
from jitney.hosting.questions import Question, Refused, ask_chat, ask_text
from jitney.hosting.running import Running, start
from jitney.sandbox.run import Session

PROMPT, MORE = ">>> ", "... "
QUOTES = '"""'
FLUSH_S = 0.03
"""A terminal throws away what waits to be shown just after it has sent Ctrl-C's signal (termios(3), NOFLSH): the next prompt too,
if it comes at once."""
HELP = """/clear            forget what was said
/system TEXT      what the model is told first (no TEXT: show it)
/set NAME VALUE   temperature, top_p, seed, max_tokens (no VALUE: the runtime's own)
/show             the model, and the settings
/save FILE        the conversation, as JSON    /load FILE    go on with one
/bye              leave, as does Ctrl-D
\"\"\" begins and ends a message of several lines. Ctrl-C stops an answer."""

_NUMBERS: dict[str, Callable[[str], float]] = {
    "temperature": float,
    "top_p": float,
    "seed": int,
    "max_tokens": int,
}

EPILOG = """examples:
  jitney chat smollm2
  jitney chat --system "Answer in French." --temp 0.2 ./model.gguf
  printf 'Hello\\nAnd in French?\\n' | jitney chat smollm2      a message a line
"""


class Message(msgspec.Struct):
    role: str
    content: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model", metavar="MODEL", help="a short name, a file, a folder, org/repo, hf:// ollama:// …"
    )
    add_model_options(parser)
    add_sampling_options(parser)
    add_box_options(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    report = Report(quiet=arguments.quiet, json=False, timings=arguments.timings)
    if arguments.json:
        raise UsageError("a chat has no --json", "jitney run --json MODEL, or jitney serve and its API")
    return talk(arguments.model, arguments, settings(arguments), report)


def talk(reference: str, arguments: argparse.Namespace, config: Config, report: Report) -> int:
    """The whole of a chat, for `chat` and for `run MODEL` on a terminal."""
    with connected(config) as engine:
        hosting = host(reference, config, engine, report)
        info = hosting.hosted.weights.info
        if info.kind != "text":
            raise UsageError(f"{reference} is for {info.kind}: it does not chat", f"jitney serve {reference}")
        with model_session(engine, config, report) as session:
            tell_choice(reference, hosting, report)
            chat = Chat(session, hosting, arguments, config, report)
            with report.phase("start"):
                try:
                    with interruptible(session, partial(stop, INTERRUPTED)):
                        chat.running = start(session, engine, hosting, config)
                        chat.running.wait_ready()
                except Stop as stopped:
                    return stopped.code
            return chat.converse()


class Chat:
    """One conversation. messages: what was said, oldest first, without the system's text."""

    running: Running

    def __init__(
        self,
        session: Session,
        hosting: Hosting,
        arguments: argparse.Namespace,
        config: Config,
        report: Report,
    ) -> None:
        self.messages: list[Message] = []
        self.system: str = arguments.system or ""
        self.options: dict[str, Any] = sampling(arguments)
        self._session = session
        self._hosted = hosting.hosted
        self._report = report
        self._lines = Lines(config)
        self._is_stopped = False
        self._commands: dict[str, Callable[[str], None]] = {
            "help": lambda _: self._tell(HELP), "?": lambda _: self._tell(HELP), "clear": self._clear,
            "system": self._set_system, "set": self._set, "show": self._show, "save": self._save, "load": self._load,
        }  # fmt: skip

    def converse(self) -> int:
        """Until it is left. The exit code: 0, or a signal's."""
        if self._lines.is_terminal:
            self._tell("/help lists the commands, Ctrl-D leaves")
        while True:
            try:
                text = self._lines.message()
            except KeyboardInterrupt:
                time.sleep(FLUSH_S)
                self._tell("\nCtrl-D or /bye leaves")
                continue
            if text is None or text.strip() in ("/bye", "/exit", "/quit"):
                return 0
            try:
                self._take(text)
            except Stop as stopped:
                return stopped.code

    def _take(self, text: str) -> None:
        word, _, rest = text.strip().partition(" ")
        if word.startswith("/") and "\n" not in text:
            command = self._commands.get(word[1:])
            if command is None:
                self._tell(f"{word} is no command of this chat\n{HELP}")
            else:
                try:
                    command(rest.strip())
                except (JitneyError, OSError, ValueError) as error:
                    self._tell(f"error: {getattr(error, 'message', error)}")
        elif text.strip():
            self._answer(text)

    def _answer(self, text: str) -> None:
        """Ask, and keep both sides; a refused question is forgotten, a stopped answer is kept as far as it came."""
        self.messages.append(Message("user", text))
        said: list[str] = []
        self._is_stopped = False
        begin, first, usage = time.monotonic(), 0.0, Usage()
        answer = self.running.say(self._question())
        try:
            with interruptible(self._session, self._interrupt):
                for raw in answer:
                    event = msgspec.json.decode(raw, type=Event)
                    usage = event.usage or usage
                    if event.text:
                        first = first or time.monotonic() - begin
                        said.append(event.text)
                        show(event.text)
                    if self._is_stopped:
                        break
        except Refused as error:
            self.messages.pop()
            self._tell(f"error: {error.message}\n/clear forgets what was said")
            return
        except Interrupted:
            time.sleep(FLUSH_S)
        finally:
            answer.close()
        show("\n" + ("\n" if self._lines.is_terminal else ""))
        self.messages.append(Message("assistant", "".join(said)))
        tell_numbers(self._report, usage, first, time.monotonic() - begin, self.running.ready_s)

    def _interrupt(self) -> None:
        self._is_stopped = True
        raise Interrupted

    def _question(self) -> Question:
        alias = self._hosted.serving.alias
        if "chat" not in self._hosted.runtime.features(self._hosted.weights):
            said = "\n".join(message.content for message in self.messages)
            return ask_text(alias, said, self.options)
        told = [{"role": "system", "content": self.system}] if self.system else []
        messages = [*told, *(msgspec.structs.asdict(message) for message in self.messages)]
        return ask_chat(alias, messages, self.options)

    # commands

    def _clear(self, _rest: str) -> None:
        self.messages.clear()
        self._tell("forgotten")

    def _set_system(self, text: str) -> None:
        if text:
            self.system = text.strip('"')
        self._tell(f"system: {self.system or '(nothing)'}")

    def _set(self, rest: str) -> None:
        name, _, value = rest.partition(" ")
        if name not in _NUMBERS:
            raise ValueError(f"/set knows {', '.join(_NUMBERS)}")
        if value.strip():
            self.options[name] = _NUMBERS[name](value.strip())
        else:
            self.options.pop(name, None)
        self._tell(f"{name}: {self.options.get(name, 'the runtime’s own')}")

    def _show(self, _rest: str) -> None:
        info, serving = self._hosted.weights.info, self._hosted.serving
        rows = {
            "model": self._hosted.weights.ref,
            "architecture": info.architecture,
            "parameters": f"{info.parameters / 1e6:,.0f} M" if info.parameters else "",
            "quantisation": info.quantisation,
            "runtime": self._hosted.runtime.name,
            "context": f"{serving.context:,} tokens",
            "threads": str(serving.threads),
            **{name: str(value) for name, value in self.options.items()},
        }
        self._tell("\n".join(f"{name:<13} {value}" for name, value in rows.items() if value))

    def _save(self, name: str) -> None:
        path = self._file(name)
        if path.exists():
            raise ValueError(f"{path} is there already")
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self.messages)) + b"\n")
        self._tell(f"saved {len(self.messages)} messages")

    def _load(self, name: str) -> None:
        try:
            self.messages = msgspec.json.decode(self._file(name).read_bytes(), type=list[Message])
        except msgspec.DecodeError as error:
            raise ModelError(f"{name} is no conversation: {error}") from error
        self._tell(f"loaded {len(self.messages)} messages")

    @staticmethod
    def _file(name: str) -> Path:
        if not name:
            raise ValueError("a file is expected: /save FILE, /load FILE")
        return Path(name).expanduser()

    def _tell(self, text: str) -> None:
        """Words of the chat itself: never on standard output, which has the answers."""
        print(text, file=sys.stderr, flush=True)


class Interrupted(Exception):
    pass


class Lines:
    """Messages from a terminal (with editing and a history, by readline) or from a pipe, one a line."""

    def __init__(self, config: Config) -> None:
        self.is_terminal = sys.stdin is not None and sys.stdin.isatty()
        self._file = config.data / "chat_history"
        if self.is_terminal:
            self._edit()

    def message(self) -> str | None:
        """The next one; None: there are no more."""
        line = self._line(PROMPT)
        if line is None or not line.lstrip().startswith(QUOTES):
            return line
        parts = [line.lstrip()[len(QUOTES) :]]
        while not parts[-1].rstrip().endswith(QUOTES):
            more = self._line(MORE)
            if more is None:
                break
            parts.append(more)
        return "\n".join(parts).rstrip().removesuffix(QUOTES)

    def _line(self, prompt: str) -> str | None:
        try:
            line = input(prompt if self.is_terminal else "")
        except EOFError:
            return None
        if self.is_terminal and line.strip():
            self._remember()
        return line

    def _remember(self) -> None:
        """Line by line: a chat may be killed."""
        import contextlib
        import readline

        with contextlib.suppress(OSError):
            readline.append_history_file(1, self._file)

    def _edit(self) -> None:
        import contextlib
        import readline

        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.touch(mode=0o600)
            readline.read_history_file(self._file)
        readline.set_history_length(1000)
