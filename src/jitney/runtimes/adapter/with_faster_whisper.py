"""faster-whisper: Whisper in CTranslate2's folder. It reads every sound format that FFmpeg knows (PyAV has it inside)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import faster_whisper

from .backend import CannotLoadError, Loaded, RefusedError, Segment, Settings, Speech, Transcript
from .words import folder_of

OFFERS = frozenset(["transcription"])


def load(settings: Settings) -> Loaded:
    folder = str(folder_of(settings.model))
    try:
        model = faster_whisper.WhisperModel(
            folder,
            device="cpu",
            compute_type="default",
            cpu_threads=settings.threads,
            num_workers=1,
            local_files_only=True,
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise CannotLoadError(f"faster-whisper {faster_whisper.__version__}: {error}") from error

    def transcribe(sound: bytes, speech: Speech) -> Transcript:
        return _transcript(model, sound, speech)

    return Loaded(context=settings.context, offers=OFFERS, transcribe=transcribe)


def _transcript(model: Any, sound: bytes, speech: Speech) -> Transcript:
    """Read whole at once, heard piece by piece as the segments are asked for."""
    from av.error import FFmpegError

    known = model.supported_languages  # the library itself goes on in English where a model knows that alone
    if speech.language and speech.language not in known:
        raise RefusedError("language", f"{speech.language!r} is not one of {', '.join(known)}")

    try:
        samples = faster_whisper.decode_audio(io.BytesIO(sound))
    except (FFmpegError, IndexError, ValueError) as error:
        raise RefusedError("file", f"it is no sound that can be read: {error}") from error
    if not len(samples):
        raise RefusedError("file", "there is no sound in it")
    segments, info = model.transcribe(
        samples,
        language=speech.language or None,
        initial_prompt=speech.prompt or None,
        temperature=speech.temperature,
        task="translate" if speech.translate else "transcribe",
    )
    return Transcript(language=info.language, duration=info.duration, segments=_pieces(segments))


def _pieces(segments: Any) -> Iterator[Segment]:
    for one in segments:
        yield Segment(start=one.start, end=one.end, text=one.text)
