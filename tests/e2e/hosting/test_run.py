"""`jitney run MODEL` and `jitney chat MODEL` as a user has them: real weights, the real runtime, nothing left."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import JITNEY, Jitney

GREEDY = ("--temp", "0", "--max-tokens", "24")


def test_a_prompt_is_answered_and_nothing_else_is_said(
    jitney: Jitney, assert_nothing_left: Callable[[], None]
) -> None:
    done = jitney("run", *GREEDY, "smollm2", "What is 2+2?")
    assert done.returncode == 0
    assert b"4" in done.stdout
    assert done.stdout.endswith(b"\n")
    assert done.stderr == b""
    assert_nothing_left()


def test_standard_input_is_the_prompt_or_goes_below_it(jitney: Jitney) -> None:
    alone = jitney("run", *GREEDY, "smollm2", stdin=b"What is 2+2?\n")
    both = jitney("run", *GREEDY, "smollm2", "What is 2+2?", stdin=b"\n")
    assert alone.stdout == both.stdout != b""
    empty = jitney("run", "smollm2")
    assert empty.returncode == 2
    assert b"no prompt" in empty.stderr


def test_the_same_seed_says_the_same(jitney: Jitney) -> None:
    first, second, other = (
        jitney(
            "run", "--seed", seed, "--temp", "1.5", "--max-tokens", "12", "smollm2", "Tell a story."
        ).stdout
        for seed in ("7", "7", "8")
    )
    assert first == second != other


def test_json_tells_the_answer_in_events(jitney: Jitney) -> None:
    done = jitney("run", "--json", *GREEDY, "smollm2", "What is 2+2?")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    said = "".join(event["text"] for event in events if event["event"] == "output")
    answered = events[-1]
    assert "4" in said
    assert answered["event"] == "answered"
    assert answered["finish_reason"] in ("stop", "length")
    assert 0 < answered["completion_tokens"] <= 24


def test_vectors_come_as_json(jitney: Jitney) -> None:
    done = jitney("run", "minilm", "a cat")
    if b"converting" in done.stderr:
        done = jitney("run", "minilm", "a cat")
    vector = json.loads(done.stdout)
    assert len(vector) == 384
    assert abs(sum(number * number for number in vector) - 1) < 1e-3


def test_a_dry_run_shows_the_command(jitney: Jitney) -> None:
    done = jitney("run", "--dry-run", "--threads", "1", "smollm2", "Hi")
    text = done.stdout.decode()
    assert "llama-server" in text
    assert "--threads 1" in text
    assert re.search(r"digest +sha256:b179c952", text)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("smolm2", "Hi"), 125, "smollm2"),
        (("--runtime", "llama.ccp", "smollm2", "Hi"), 2, "did you mean llama.cpp"),
        (("--threads", "9999", "smollm2", "Hi"), 2, "cores"),
        (("--memory", "64m", "smollm2", "Hi"), 125, "--memory allows"),
        (("./missing.gguf", "Hi"), 125, "there is no such file"),
        (("--temp", "hot", "smollm2", "Hi"), 2, "--temp"),
    ],
)
def test_what_cannot_be_is_told(jitney: Jitney, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = jitney("run", *arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_a_file_that_is_no_model_is_told(jitney: Jitney, tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"GGUF" + bytes(100))
    done = jitney("run", tmp_path / "m.gguf", "Hi")
    assert done.returncode == 125
    assert b"Traceback" not in done.stderr
    assert b"m.gguf" in done.stderr


def test_a_time_limit_ends_an_answer(jitney: Jitney, assert_nothing_left: Callable[[], None]) -> None:
    begin = time.monotonic()
    done = jitney(
        "run", "--timeout", "3s", "--seed", "1", "--max-tokens", "4000", "smollm2", "Tell a very long story."
    )
    assert done.returncode == 124
    assert time.monotonic() - begin < 10
    assert_nothing_left()


def test_ctrl_c_ends_a_run(assert_nothing_left: Callable[[], None]) -> None:
    run = subprocess.Popen(
        [JITNEY, "run", "--max-tokens", "4000", "smollm2", "Tell a very long story."],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    )
    assert run.stdout is not None
    assert run.stdout.read(1)
    run.send_signal(signal.SIGINT)
    assert run.wait(10) == 130
    run.communicate()
    assert_nothing_left()


def test_killed_it_leaves_nothing(assert_nothing_left: Callable[[], None]) -> None:
    run = subprocess.Popen(
        [JITNEY, "run", "--max-tokens", "4000", "smollm2", "Tell a very long story."],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert run.stdout is not None
    assert run.stdout.read(1)
    run.kill()
    run.communicate()
    assert_nothing_left()


def test_a_chat_remembers_and_its_commands_work(jitney: Jitney, tmp_path: Path) -> None:
    file = tmp_path / "talk.json"
    lines = f'/set temperature 0\nWhat is 2+2?\n/save {file}\n/clear\n/load {file}\n"""One\ntwo."""\n/nope\n/bye\nnever\n'
    done = jitney("chat", "--max-tokens", "16", "smollm2", stdin=lines.encode())
    assert done.returncode == 0
    assert b"4" in done.stdout
    saved = json.loads(file.read_bytes())
    assert [one["role"] for one in saved] == ["user", "assistant"]
    told = done.stderr.decode()
    assert "loaded 2 messages" in told
    assert "/nope is no command" in told
    assert done.stdout.count(b"\n") >= 2
    assert b"never" not in done.stdout


class Terminal:
    """A chat at a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self._rest = ""
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execv(JITNEY, [str(JITNEY), *arguments])

    def until(self, text: str, timeout_s: float = 60.0) -> str:
        """What is shown up to `text`; what comes behind it is kept for the next time."""
        seen, end = self._rest, time.monotonic() + timeout_s
        while text not in seen:
            left = end - time.monotonic()
            assert left > 0, f"no {text!r} in {seen!r}"
            if select.select([self._fd], [], [], left)[0]:
                seen += os.read(self._fd, 65536).decode("utf-8", "replace")
        before, _, self._rest = seen.partition(text)
        return before + text

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def ended(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_ctrl_c_stops_the_answer_and_not_the_chat(assert_nothing_left: Callable[[], None]) -> None:
    chat = Terminal("chat", "--temp", "0", "--max-tokens", "3000", "smollm2")
    chat.until(">>> ")
    chat.type("Tell a very long story.\r")
    chat.until("\n")
    time.sleep(2)
    chat.type("\x03")
    chat.until("^C")
    chat.until(">>> ", 10)
    chat.type("/set max_tokens 8\r")
    chat.until("max_tokens: 8")
    chat.until(">>> ")
    chat.type("What is 2+2?\r")
    chat.until("What is 2+2?")
    chat.until(">>> ", 20)  # the runtime was free for it
    chat.type("\x04")
    assert chat.ended() == 0
    assert_nothing_left()
