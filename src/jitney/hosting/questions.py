"""Questions to a runtime's OpenAI API."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from jitney.errors import ModelError

JSON = "application/json"


class Refused(ModelError):
    """The runtime answered with an error of its own."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """path: below the server; body: JSON where `kind` is JSON."""

    path: str
    body: bytes
    kind: str = JSON

    def request(self) -> bytes:
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {self.kind}\r\n"
            f"Content-Length: {len(self.body)}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + self.body


def ask_chat(model: str, messages: list[dict[str, object]], options: Mapping[str, object]) -> Question:
    """A chat whose answer streams, with its usage at the end."""
    body = {"model": model, "messages": messages, **options, **_STREAM}
    return Question(path="/v1/chat/completions", body=msgspec.json.encode(body))


def ask_text(model: str, prompt: str, options: Mapping[str, object]) -> Question:
    """The prompt goes on, without a template."""
    body = {"model": model, "prompt": prompt, **options, **_STREAM}
    return Question(path="/v1/completions", body=msgspec.json.encode(body))


def ask_vectors(model: str, texts: list[str]) -> Question:
    return Question(path="/v1/embeddings", body=msgspec.json.encode({"model": model, "input": texts}))


def ask_transcript(model: str, name: str, audio: bytes) -> Question:
    """One audio file, as a form (RFC 7578)."""
    mark = "jitney-7MA4YWxkTrZu0gW"
    safe = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)
    head = (
        f'--{mark}\r\nContent-Disposition: form-data; name="model"\r\n\r\n{model}\r\n'
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{safe}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + audio + f"\r\n--{mark}--\r\n".encode()
    return Question(path="/v1/audio/transcriptions", body=body, kind=f"multipart/form-data; boundary={mark}")


_STREAM = {"stream": True, "stream_options": {"include_usage": True}}
