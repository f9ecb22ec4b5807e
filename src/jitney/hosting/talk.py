"""Answers of a runtime's OpenAI API, read as they come, over one connection each. h11 is imported with this: while the model loads."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import h11
import msgspec

from jitney.errors import ModelError
from jitney.hosting.questions import Refused
from jitney.sandbox.call import Call

WHOLE_AT_MOST = 256 << 20


class Answer:
    """Iterating gives each server-sent event's data, or the one JSON of an answer that does not stream.

    wait: lets the boxes go on until the call has news. Refused: an error of the server's; ConnectionError: it broke off.
    """

    def __init__(self, call: Call, wait: Callable[[], object]) -> None:
        self._call = call
        self._wait = wait
        self._http = h11.Connection(h11.CLIENT)
        self._http.send(h11.Request(method="POST", target="/", headers=[("Host", "127.0.0.1")]))
        self._http.send(h11.EndOfMessage())

    def close(self) -> None:
        """What it still computes is stopped."""
        self._call.close()

    def __iter__(self) -> Iterator[msgspec.Raw]:
        head: h11.Response | None = None
        text = bytearray()
        for event in self._events():
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                text += event.data
                if head is not None and _is_stream(head):
                    yield from _sse(text)
                elif len(text) > WHOLE_AT_MOST:
                    raise ModelError(f"an answer of more than {WHOLE_AT_MOST >> 20} MB")
            elif isinstance(event, h11.EndOfMessage):
                break
        if head is None:
            raise ConnectionError("no answer")
        if head.status_code >= 400:
            raise Refused(*_told(bytes(text), head.status_code))
        if not _is_stream(head):
            yield msgspec.Raw(bytes(text))

    def _events(self) -> Iterator[object]:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise ConnectionError(str(error)) from error
            if event is not h11.NEED_DATA:
                yield event
                if isinstance(event, h11.ConnectionClosed):
                    raise ConnectionError("it ended too soon")
                continue
            self._wait()
            data = self._call.take()
            if data or not self._call.is_over:
                self._http.receive_data(data) if data else None
            elif self._call.failed:
                raise ConnectionError("nobody answers")
            else:
                self._http.receive_data(b"")


def _is_stream(head: h11.Response) -> bool:
    kinds = [value for name, value in head.headers if name == b"content-type"]
    return bool(kinds) and kinds[0].startswith(b"text/event-stream")


def _sse(text: bytearray) -> Iterator[msgspec.Raw]:
    """Whole events are taken out of `text`. An error among them is raised."""
    while (end := text.find(b"\n")) >= 0:
        line = bytes(text[:end]).strip()
        del text[: end + 1]
        if line.startswith((b"error:", b'data: {"error"', b'data:{"error"')):
            raise Refused(*_told(line.partition(b":")[2], 500))
        if line.startswith(b"data:") and line[5:].strip() != b"[DONE]":
            yield msgspec.Raw(line[5:])


def _told(data: bytes, status: int) -> tuple[str, str]:
    """Message and hint in an error of the OpenAI shape, or its text."""
    try:
        found = msgspec.json.decode(data)
    except msgspec.DecodeError:
        return f"the runtime answered {status}: {data[:300].decode('utf-8', 'replace').strip()}", ""
    error = found.get("error", found) if isinstance(found, dict) else found
    message = error.get("message", "") if isinstance(error, dict) else str(error)
    return f"the runtime refused: {message or data[:300].decode('utf-8', 'replace')}", ""
