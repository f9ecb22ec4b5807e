"""Transcription: a real Whisper hears real sound, by both runtimes.

capital.wav was made with espeak-ng 1.52, `espeak-ng -s 130 -w x.wav "The capital of France is Paris."`, then resampled to 8 kHz,
one channel, 16 bits. The voice is a robot's and the model the smallest: it may mishear the small words.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from openai import BadRequestError, OpenAI

from tests.conftest import Jitney
from tests.e2e.hosting.conftest import Service

pytestmark = [pytest.mark.engine, pytest.mark.slow]
SOUND = Path(__file__).with_name("capital.wav")
RUNTIMES = ("faster-whisper", "whisper.cpp")


def require_heard(text: str) -> None:
    words = text.lower().replace(".", "").split()
    assert {"capital", "france", "paris"} <= set(words), text


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_run_prints_what_is_said(
    jitney: Jitney, runtime: str, assert_nothing_left: Callable[[], None]
) -> None:
    done = jitney("run", "--runtime", runtime, "whisper-tiny", SOUND)
    assert done.returncode == 0, done.stderr.decode()
    require_heard(done.stdout.decode())
    piped = jitney("run", "--runtime", runtime, "whisper-tiny", stdin=SOUND.read_bytes())
    assert piped.stdout == done.stdout, piped.stderr.decode()
    assert_nothing_left()


def test_what_is_no_sound_is_said(jitney: Jitney, tmp_path: Path) -> None:
    (tmp_path / "words.wav").write_text("The capital of France is Paris.")
    done = jitney("run", "whisper-tiny", tmp_path / "words.wav")
    assert done.returncode != 0
    assert b"no sound that can be read" in done.stderr
    assert done.stdout == b""


def test_it_does_not_chat(jitney: Jitney) -> None:
    done = jitney("chat", "whisper-tiny", stdin=b"hello\n")
    assert done.returncode not in (0, 1)
    assert b"whisper-tiny is for transcription: it does not chat" in done.stderr
    assert b"jitney serve whisper-tiny" in done.stderr


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_openais_client_is_served(serve: Callable[..., Service], runtime: str) -> None:
    service = serve("--runtime", runtime, "whisper-tiny")
    client = service.client()
    all_forms(client)
    refusals(client)
    other_questions(client)
    raw_forms(service.url)


def all_forms(client: OpenAI) -> None:
    ask = client.audio.transcriptions.create
    plain = ask(model="whisper-tiny", file=SOUND)
    require_heard(plain.text)
    assert ask(model="whisper-1", file=SOUND, language="en").text == plain.text
    text = ask(model="whisper-tiny", file=SOUND, response_format="text")
    assert text.strip() == plain.text
    told = ask(model="whisper-tiny", file=SOUND, response_format="verbose_json")
    assert (told.language, told.text) == ("en", plain.text)
    assert 2 < float(told.duration) < 4
    assert told.segments
    require_heard("".join(one.text for one in told.segments))
    ends = [one.end for one in told.segments]
    assert ends == sorted(ends)
    assert all(0 <= one.start < one.end for one in told.segments)
    cues = ask(model="whisper-tiny", file=SOUND, response_format="srt")
    number, times, words, *_ = cues.splitlines()
    assert (number, times[:8], times[12:17]) == ("1", "00:00:00", " --> ")
    require_heard(words)
    assert ask(model="whisper-tiny", file=SOUND, response_format="vtt").startswith("WEBVTT\n\n00:00:00.")


def refusals(client: OpenAI) -> None:
    sound = SOUND.read_bytes()
    wrong: list[tuple[str, dict[str, object]]] = [
        ("file", {"file": ("a.wav", b"no sound at all")}),
        ("file", {"file": ("a.wav", b"")}),
        ("file", {"file": ("a.wav", sound[:44])}),  # its head alone
        ("language", {"language": "klingon"}),
        ("language", {"language": "de"}),  # these weights know English alone
        ("response_format", {"response_format": "diarized_json"}),
        ("temperature", {"temperature": 9}),
        ("timestamp_granularities[]", {"response_format": "verbose_json", "timestamp_granularities": ["word"]}),
        ("speed", {"extra_body": {"speed": "2"}}),
    ]  # fmt: skip
    for param, fields in wrong:
        assert named_in(client, {"file": ("a.wav", sound), **fields}) == param, fields


def named_in(client: OpenAI, fields: dict[str, object]) -> str | None:
    """The field that a 400 names; empty: it was answered."""
    try:
        client.audio.transcriptions.create(**{"model": "whisper-tiny", **fields})  # type: ignore[call-overload]
    except BadRequestError as refused:
        return refused.param
    return ""


def other_questions(client: OpenAI) -> None:
    """What a model for transcription is not asked."""
    with pytest.raises(BadRequestError, match="whisper-tiny"):
        client.chat.completions.create(model="whisper-tiny", messages=[{"role": "user", "content": "hi"}])
    with pytest.raises(BadRequestError, match="whisper-tiny"):
        client.embeddings.create(model="whisper-tiny", input="hi")


def raw_forms(url: str) -> None:
    """Forms that the client does not make: without a file, and no form."""
    path = f"{url}/audio/transcriptions"
    for sent in ({"files": {"model": (None, "whisper-tiny")}}, {"json": {"model": "whisper-tiny"}}):
        told = httpx.post(path, timeout=60, **sent)
        assert (told.status_code, told.json()["error"]["param"]) == (400, "file"), told.text
    sound = {"file": ("a.wav", SOUND.read_bytes())}
    told = httpx.post(f"{url}/audio/translations", files=sound, data={"model": "whisper-tiny"}, timeout=60)
    assert told.status_code == 400
    assert "not translated" in told.json()["error"]["message"]
