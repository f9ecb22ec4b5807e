"""whisper.cpp by its Python binding. Sound is read by PyAV, which has FFmpeg inside, as whisper.cpp wants it: 16 kHz, one channel."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from pywhispercpp.model import Model

from .backend import CannotLoadError, Loaded, RefusedError, Segment, Settings, Speech, Transcript

OFFERS = frozenset(["transcription"])
RATE = 16000
LEAST_S = 1.1
"""whisper.cpp hears nothing in less than a second."""
ENGLISH = 51864
"""Tokens of models that know English alone."""
_HUNDREDTHS = 100.0


def load(settings: Settings) -> Loaded:
    try:
        model = Model(settings.model, n_threads=settings.threads, print_progress=False, print_realtime=False)
    except (RuntimeError, ValueError, OSError) as error:
        raise CannotLoadError(f"whisper.cpp: {error}") from error

    known = languages(settings.model)

    def transcribe(sound: bytes, speech: Speech) -> Transcript:
        if speech.language and speech.language not in known:
            raise RefusedError("language", f"{speech.language!r} is not one of {', '.join(known)}")
        return _transcript(model, sound, speech, known)

    return Loaded(context=settings.context, offers=OFFERS, transcribe=transcribe)


def _transcript(model: Any, sound: bytes, speech: Speech, known: list[str]) -> Transcript:
    """known: languages; the one that is spoken is found where none is told and the model knows several."""
    samples = read(sound)
    enough = _long_enough(samples)
    language = speech.language or (known[0] if len(known) == 1 else model.auto_detect_language(enough)[0][0])
    found = model.transcribe(
        enough,
        language=language,
        initial_prompt=speech.prompt,
        temperature=speech.temperature,
        translate=speech.translate,
    )
    return Transcript(language=language, duration=len(samples) / RATE, segments=_pieces(found))


def languages(path: str) -> list[str]:
    """What the model understands. Behind the file's magic number stands how many tokens it has (whisper_model_load)."""
    with Path(path).open("rb") as file:
        _, tokens = struct.unpack("<2i", file.read(8))
    return sorted(Model.available_languages()) if tokens > ENGLISH else ["en"]


def read(sound: bytes) -> np.ndarray[Any, Any]:
    """Samples between -1 and 1. RefusedError: it is no sound."""
    try:
        with av.open(io.BytesIO(sound), mode="r") as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
            pieces = [
                frame.to_ndarray().reshape(-1)
                for decoded in (*container.decode(audio=0), None)
                for frame in resampler.resample(decoded)
            ]
    except (FFmpegError, IndexError, ValueError) as error:
        raise RefusedError("file", f"it is no sound that can be read: {error}") from error
    samples = np.concatenate(pieces) if pieces else np.empty(0, np.int16)
    if not len(samples):
        raise RefusedError("file", "there is no sound in it")
    return samples.astype(np.float32) / 32768


def _long_enough(samples: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    missing = int(LEAST_S * RATE) - len(samples)
    return np.pad(samples, (0, missing)) if missing > 0 else samples


def _pieces(found: Any) -> Iterator[Segment]:
    for one in found:
        yield Segment(start=one.t0 / _HUNDREDTHS, end=one.t1 / _HUNDREDTHS, text=one.text)
