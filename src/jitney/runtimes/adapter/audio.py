"""/v1/audio/transcriptions: a sound file in, words out. The library reads the file's format itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from . import checks
from .backend import Loaded, RefusedError, Segment, Speech, Transcript
from .exchange import or_gone
from .work import Work

FORMATS = ("json", "text", "srt", "verbose_json", "vtt")
MOST_SOUND = 512 << 20
_FIELDS = (
    "file",
    "model",
    "language",
    "prompt",
    "response_format",
    "temperature",
    "timestamp_granularities[]",
)


async def transcriptions(request: Request, loaded: Loaded, work: Work) -> Response:
    sound, fields = await _read(request)
    form = fields.get("response_format") or "json"
    if form not in FORMATS:
        raise RefusedError("response_format", f"one of {', '.join(FORMATS)} is expected, not {form!r}")
    if fields.get("timestamp_granularities[]", "segment") != "segment":
        raise RefusedError("timestamp_granularities[]", "segment is offered")
    speech = Speech(
        language=fields.get("language", ""),
        prompt=fields.get("prompt", ""),
        temperature=_temperature(fields.get("temperature", "0")),
    )
    transcript, segments = await or_gone(request, work.call(_heard, loaded, sound, speech))
    return _told(transcript, segments, form)


async def _read(request: Request) -> tuple[bytes, dict[str, str]]:
    try:
        async with request.form(max_files=1, max_fields=16, max_part_size=1 << 20) as form:
            return await _fields(form)
    except HTTPException as error:
        raise RefusedError("file", f"a multipart form is expected: {error.detail}") from error


async def _fields(form: FormData) -> tuple[bytes, dict[str, str]]:
    fields: dict[str, str] = {}
    sound: bytes | None = None
    for name, value in form.multi_items():
        if name not in _FIELDS:
            raise RefusedError(name, "this runtime does not know the field")
        if isinstance(value, UploadFile) and name == "file":
            if (value.size or 0) > MOST_SOUND:
                raise RefusedError("file", f"it is larger than {MOST_SOUND >> 20} MiB", status=413)
            sound = await value.read()
        elif isinstance(value, str) and name != "file":
            fields[name] = value
        else:
            raise RefusedError(name, "a file is expected in `file`, and text elsewhere")
    if not sound:
        raise RefusedError("file", "it is missing" if sound is None else "it is empty")
    return sound, fields


def _temperature(text: str) -> float:
    try:
        return checks.number({"temperature": float(text)}, "temperature", 0, 1) or 0.0
    except ValueError as error:
        raise RefusedError("temperature", f"a number is expected, not {text!r}") from error


def _heard(loaded: Loaded, sound: bytes, speech: Speech) -> tuple[Transcript, list[Segment]]:
    """In a worker thread: the segments are computed as they are asked for."""
    assert loaded.transcribe is not None, "offered"
    transcript = loaded.transcribe(sound, speech)
    return transcript, list(transcript.segments)


def _told(transcript: Transcript, segments: Sequence[Segment], form: str) -> Response:
    text = "".join(segment.text for segment in segments).strip()
    if form == "json":
        return JSONResponse({"text": text})
    if form == "text":
        return PlainTextResponse(text + "\n")
    if form == "srt":
        return PlainTextResponse(
            "\n".join(_cue(at, one, ",", f"{at}\n") for at, one in enumerate(segments, 1))
        )
    if form == "vtt":
        return PlainTextResponse(
            "WEBVTT\n\n" + "\n".join(_cue(at, one, ".", "") for at, one in enumerate(segments))
        )
    told: list[dict[str, Any]] = [
        {"id": at, "start": one.start, "end": one.end, "text": one.text} for at, one in enumerate(segments)
    ]
    head = {"task": "transcribe", "language": transcript.language, "duration": transcript.duration}
    return JSONResponse({**head, "text": text, "segments": told})


def _cue(at: int, segment: Segment, point: str, head: str) -> str:
    times = f"{_clock(segment.start, point)} --> {_clock(segment.end, point)}"
    return f"{head}{times}\n{segment.text.strip()}\n"


def _clock(seconds: float, point: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    minutes, second = divmod(whole, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}{point}{thousandths:03}"
