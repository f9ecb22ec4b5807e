"""One request for the bytes of a file, by the standard library's client: large reads straight from the socket.

urllib.request knows the proxy variables, redirects and the machine's certificates; a body read from it costs a third of what it
costs through a client that parses every piece in Python (measured: benchmarks/pull.py). Credentials go to the host that they are
meant for, and a redirect never leads from https to http.
"""

from __future__ import annotations

import http.client
import netrc
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from email.message import Message
from typing import IO, Any
from urllib.parse import urlsplit

from jitney.errors import ModelError
from jitney.models.storage.brought import Unreachable as Unreachable

SILENCE_S = 60.0
"""Without a byte for so long, a connection counts as lost."""
RETRIED = (408, 425, 429, 500, 502, 503, 504)
MAX_WAIT_S = 120
"""What a server that is asked too often may have us wait; longer is a refusal."""
AUTHORIZATION = "Authorization"


class CutError(Exception):
    """The connection broke or the server is busy; what arrived is kept. `message`: what was seen. wait_s: asked for by the server."""

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class RefusedError(ModelError):
    """The server answered with a status that asking again will not change. headers: of the answer."""

    def __init__(self, url: str, status: int, reason: str, headers: Message) -> None:
        super().__init__(f"{shown(url)}: the server answered {status} {reason}".rstrip())
        self.status = status
        self.headers = headers

    @property
    def code(self) -> str:
        """The model hub's word for it."""
        return self.headers.get("X-Error-Code", "")


class Answer:
    """An open answer. status: 200, 206 or 416; total: size of the whole file in bytes as the server states it, or 0."""

    def __init__(self, response: http.client.HTTPResponse | urllib.error.HTTPError) -> None:
        self.status = response.status or 0
        self.headers: Message = response.headers
        self._response = response

    @property
    def total(self) -> int:
        if found := re.search(r"/(\d+)$", self.headers.get("Content-Range", "")):
            return int(found[1])
        length = self.headers.get("Content-Length", "")
        return int(length) if self.status == 200 and length.isdecimal() else 0

    def continues(self, offset: int) -> bool:
        """Whether the bytes are those from `offset` on."""
        found = re.match(r"bytes (\d+)-", self.headers.get("Content-Range", ""))
        return self.status == 206 and found is not None and int(found[1]) == offset

    def read_into(self, buffer: memoryview) -> int:
        """Fill the buffer, less at the end. The number of bytes; 0: there are no more. CutError: the connection broke."""
        try:
            return self._response.readinto(buffer)
        except (OSError, http.client.HTTPException) as error:
            raise CutError(_words(error)) from error

    def close(self) -> None:
        self._response.close()


def ask(url: str, offset: int, headers: Mapping[str, str]) -> Answer:
    """Ask for the bytes from `offset` on. CutError: try again. RefusedError. ModelError: not an address of the web."""
    if not url.startswith(("https://", "http://")):  # urllib would open files too
        raise ModelError(f"{shown(url)[:200]}: expected an address that begins with https://")
    wanted = {**_netrc(url), **headers}
    secret = wanted.pop(AUTHORIZATION, "")
    request = urllib.request.Request(url, headers={**wanted, "Accept-Encoding": "identity"})  # noqa: S310  reference.py lets http(s) through
    if offset:
        request.add_header("Range", f"bytes={offset}-")
    if secret:
        request.add_unredirected_header(AUTHORIZATION, secret)
    try:
        return Answer(_opener(secret).open(request, timeout=SILENCE_S))
    except urllib.error.HTTPError as error:
        if error.code == 416:
            return Answer(error)
        with error:
            raise _refused(url, error) from error
    except http.client.InvalidURL as error:
        raise ModelError(f"{shown(url)[:200]}: not an address: {error}") from error
    except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
        raise CutError(_words(error)) from error


def _refused(url: str, error: urllib.error.HTTPError) -> Exception:
    wait = error.headers.get("Retry-After", "")
    seconds = float(wait) if wait.isdecimal() else 0.0
    if error.code in RETRIED and seconds <= MAX_WAIT_S:
        return CutError(f"the server answered {error.code}", seconds)
    return RefusedError(url, error.code, error.reason, error.headers)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """The secret goes along to the same host only."""

    max_redirections = 8

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        here, there = urlsplit(req.full_url), urlsplit(newurl)
        if there.scheme not in ("https", here.scheme):
            raise ModelError(
                f"{shown(req.full_url)}: the server leads to {there.scheme}://{there.hostname}, expected https"
            )
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None and self.secret and here.netloc == there.netloc:
            following.add_unredirected_header(AUTHORIZATION, self.secret)
        return following


def _opener(secret: str) -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_Redirects(secret))


def _netrc(url: str) -> Mapping[str, str]:
    """The user's own credentials for this host, from ~/.netrc."""
    import base64

    with suppress(OSError, netrc.NetrcParseError):
        found = netrc.netrc().authenticators(urlsplit(url).hostname or "")
        if found:
            pair = base64.b64encode(f"{found[0]}:{found[2]}".encode()).decode()
            return {AUTHORIZATION: f"Basic {pair}"}
    return {}


def shown(url: str) -> str:
    """An address for people: without the query, where storage hosts put signatures."""
    return url.partition("?")[0]


def _words(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    if isinstance(reason, TimeoutError):
        return f"timed out: no byte for {SILENCE_S:.0f} s"
    return str(reason) or type(reason).__name__
