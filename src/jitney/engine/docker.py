"""Docker by its HTTP API. Builds alone go through a docker client: BuildKit speaks gRPC (builder.py)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from jitney.engine import answers
from jitney.engine.address import Address
from jitney.engine.attachment import SocketAttachment
from jitney.engine.hardening import create_body
from jitney.engine.protocol import (
    LABEL,
    Abilities,
    Attachment,
    BuildCache,
    BuildRequest,
    ContainerInfo,
    ContainerSpec,
    ExitInfo,
    ImageConfig,
    ImageInfo,
    Layer,
    Listing,
    VolumeInfo,
)
from jitney.engine.wire import RefusedError, Wire
from jitney.errors import EngineError, EngineGone

SLOW_S = 900.0
"""Silence allowed while an image is pulled or imported."""

GOING_S = 10.0

EVENTS_S = 1.0
EVENTS_KEPT = 200
"""The daemon keeps its last 256 events: where it tells of so many, others may be lost."""

OUR_CACHES = ('with id "/jitney-', 'with id "jitney-', "/dev/jitney/", " JITNEY=")
"""Marks of a cache mount of ours in BuildKit's description. Docker 20.10 tells no ids there, only the argv of the first
command that used it; then /dev/jitney/ (where our build scripts are mounted) or JITNEY= (by env) in the argv tell."""


class DockerEngine:
    """An Engine. Cheap to make: nothing is asked before the first request."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._wire = Wire(address)

    def close(self) -> None:
        self._wire.close()

    def identity(self) -> str:
        """A daemon makes its socket when it starts: inode and time change with it. Elsewhere: the address."""
        if not self.address.path:
            return self.address.url
        try:
            socket = os.stat(self.address.path)  # noqa: PTH116  (pathlib: 4 ms of every start)
        except OSError:
            return ""
        return f"{self.address.url} {socket.st_ino} {socket.st_ctime_ns}"

    def abilities(self) -> Abilities:
        """Asks the daemon, and tries the docker clients on PATH for BuildKit (about 100 ms)."""
        from jitney.engine.builder import find_client

        version = self._wire.call("GET", "/version")
        info = self._wire.call("GET", "/info")
        return answers.abilities(version, info, self.address, find_client() is not None)

    # images

    def image(self, ref: str) -> ImageInfo | None:
        try:
            return answers.image(self._wire.call("GET", f"/images/{ref}/json"))
        except RefusedError as refusal:
            if refusal.status == 404:
                return None
            raise

    def images(self) -> list[ImageInfo]:
        """Ours: those with the label. What somebody built upon one of ours has inherited it, and has a name of its own."""
        return list(self.listing().images)

    def listing(self, known: Listing | None = None) -> Listing:
        """Docker opens every image for its list: 40 ms where there are 200."""
        if known is not None and known.at > 0 and self.address.path and not self._has_image_event(known.at):
            return known
        begin = time.monotonic()
        with self._wire.stream("GET", "/images/json", {"filters": _filters(label=[LABEL])}) as reply:
            found = msgspec.json.decode(reply.read())
            date = reply.headers.get("date", "")
        images = [answers.listed_image(body) for body in found]
        ours = tuple(image for image in images if not image.tags or any(map(_is_our_name, image.tags)))
        # the header is of the answer's end, to a second: what happened while the list was made counts as later
        return Listing(at=_seconds(date) - int(time.monotonic() - begin) - 2, images=ours)

    def _has_image_event(self, since: int) -> bool:
        """Also where it cannot be known: the daemon keeps its last 256 events only."""
        query = {"since": str(since), "until": f"{time.time():.6f}"}
        try:
            with self._wire.stream("GET", "/events", query, timeout_s=EVENTS_S) as reply:
                text = reply.read()
        except (EngineGone, RefusedError):  # a daemon whose clock is behind ours waits until then
            return True
        return b'"Type":"image"' in text or text.count(b"\n") >= EVENTS_KEPT

    def layers(self, ref: str) -> tuple[Layer, ...]:
        try:
            return answers.layers(
                self._wire.call("GET", f"/images/{ref}/json"),
                self._wire.call("GET", f"/images/{ref}/history"),
            )
        except RefusedError as refusal:
            if refusal.status == 404:
                return ()
            raise

    def image_config(self, ref: str) -> ImageConfig:
        return answers.image_config(self._wire.call("GET", f"/images/{ref}/json"))

    def import_image(
        self, rootfs: Iterable[bytes], tag: str, labels: Mapping[str, str], changes: Iterable[str] = ()
    ) -> str:
        """rootfs: an uncompressed tar. changes: Dockerfile lines (ENV, WORKDIR …). Returns the image id.

        When rootfs raises, nothing is tagged.
        """
        name, version = _split(tag)
        query = [("fromSrc", "-"), ("repo", name), ("tag", version)]
        lines = [f"LABEL {_quoted(key)}={_quoted(value)}" for key, value in labels.items()]
        query += [("changes", line) for line in (*lines, *changes)]
        headers = (("Content-Type", "application/x-tar"),)
        with self._wire.stream("POST", "/images/create", query, rootfs, headers, SLOW_S) as reply:
            last = _follow(reply, None)
        return str(last.get("status", ""))

    def build(self, request: BuildRequest, on_line: Callable[[str], None] | None = None) -> str:
        """Returns the image id; an empty string when the output went to a folder. Raises BuildError."""
        from jitney.engine.builder import build

        return build(self.address, request, on_line or _ignore)

    def pull(
        self, ref: str, auth: Mapping[str, str] | None = None, on_line: Callable[[str], None] | None = None
    ) -> ImageInfo:
        """ref: `name:tag` or `name@sha256:…`. auth: username, password, serveraddress, or identitytoken."""
        headers = (("X-Registry-Auth", _encoded(auth)),) if auth else ()
        query = (
            {"fromImage": ref} if "@" in ref else dict(zip(("fromImage", "tag"), _split(ref), strict=True))
        )
        with self._wire.stream("POST", "/images/create", query, None, headers, SLOW_S) as reply:
            _follow(reply, on_line)
        found = self.image(ref)
        if found is None:
            raise EngineError(f"the engine pulled {ref} and does not have it")
        return found

    def tag(self, ref: str, tag: str) -> None:
        name, version = _split(tag)
        self._wire.call("POST", f"/images/{ref}/tag", {"repo": name, "tag": version})

    def remove_image(self, ref: str) -> None:
        """Harmless where it is gone. Raises EngineError where a container uses it."""
        self._delete(f"/images/{ref}")

    # containers

    def create(self, spec: ContainerSpec) -> str:
        """Returns the container's id. It has AutoRemove and no name."""
        return str(self._wire.call("POST", "/containers/create", body=create_body(spec))["Id"])

    def attach(self, container: str) -> Attachment:
        """Before the start, so that no byte is missed; later, call recv_stdout once before any select."""
        query = {"stream": "1", "stdin": "1", "stdout": "1", "stderr": "1"}
        return SocketAttachment(*self._wire.hijack(f"/containers/{container}/attach", query))

    def start(self, container: str, meanwhile: Callable[[], None] | None = None) -> None:
        """A start that fails leaves a container in state `created` behind: remove it."""
        self._wire.call("POST", f"/containers/{container}/start", meanwhile=meanwhile)

    def kill(self, container: str, signal: str = "SIGKILL") -> None:
        """Harmless where it is over (409) or gone (404)."""
        try:
            self._wire.call("POST", f"/containers/{container}/kill", {"signal": signal})
        except RefusedError as refusal:
            if refusal.status not in (404, 409):
                raise

    def remove(self, container: str) -> None:
        """Kills it, removes it and its anonymous volumes. Harmless where it is gone; waits where it is going (409)."""
        try:
            self._delete(f"/containers/{container}", {"force": "1", "v": "1"})
        except RefusedError as refusal:
            if refusal.status != 409:
                raise
            self.wait_removed(container, GOING_S)

    def inspect(self, container: str) -> Mapping[str, object]:
        found: Mapping[str, object] = self._wire.call("GET", f"/containers/{container}/json")
        return found

    def containers(self, labels: Mapping[str, str] | None = None) -> list[ContainerInfo]:
        """Ours, in any state. labels: narrowed to these values (an empty value: the label is there)."""
        wanted = [LABEL, *(f"{key}={value}" if value else key for key, value in (labels or {}).items())]
        found = self._wire.call("GET", "/containers/json", {"all": "1", "filters": _filters(label=wanted)})
        return [answers.container(body) for body in found]

    def wait_removed(self, container: str, timeout_s: float) -> ExitInfo | None:
        """Until the container is gone. None: still there after timeout_s. Code -1: it was gone already."""
        deadline = time.monotonic() + timeout_s
        try:
            body = self._wire.call(
                "POST",
                f"/containers/{container}/wait",
                {"condition": "removed"},
                timeout_s=max(timeout_s, 0.001),
            )
        except RefusedError as refusal:
            if refusal.status == 404:
                return ExitInfo(code=-1)
            raise
        except EngineGone:
            if time.monotonic() >= deadline:
                return None
            raise
        return ExitInfo(code=body["StatusCode"], error=(body.get("Error") or {}).get("Message", ""))

    def put_archive(self, container: str, path: str, tar: Iterable[bytes]) -> None:
        """Unpack into a folder of the container that exists and is writable there."""
        headers = (("Content-Type", "application/x-tar"),)
        query = {"path": path}
        with self._wire.stream(
            "PUT", f"/containers/{container}/archive", query, tar, headers, SLOW_S
        ) as reply:
            reply.read()

    def export(self, container: str) -> Iterator[bytes]:
        """The container's files as a tar, in pieces."""
        with self._wire.stream("GET", f"/containers/{container}/export", timeout_s=SLOW_S) as reply:
            yield from reply

    # volumes and caches

    def create_volume(
        self, name: str, labels: Mapping[str, str], options: Mapping[str, str] | None = None
    ) -> None:
        body = {"Name": name, "Driver": "local", "DriverOpts": dict(options or {}), "Labels": dict(labels)}
        self._wire.call("POST", "/volumes/create", body=body)

    def volumes(self) -> list[VolumeInfo]:
        found = self._wire.call("GET", "/volumes", {"filters": _filters(label=[LABEL])})
        return [answers.volume(body) for body in found["Volumes"] or ()]

    def remove_volume(self, name: str) -> None:
        self._delete(f"/volumes/{name}")

    def build_caches(self) -> list[BuildCache]:
        """Cache mounts that carry a mark of ours. Asks for the whole disk usage: slow."""
        found = self._wire.call("GET", "/system/df", timeout_s=SLOW_S)["BuildCache"] or ()
        records = [answers.build_cache(body) for body in found if body.get("Type") == "exec.cachemount"]
        return [record for record in records if any(mark in record.description for mark in OUR_CACHES)]

    def remove_build_cache(self, cache: str) -> int:
        """Bytes that it freed."""
        query = {"all": "1", "filters": _filters(id=[cache])}
        return int(self._wire.call("POST", "/build/prune", query, timeout_s=SLOW_S)["SpaceReclaimed"])

    def _delete(self, path: str, query: dict[str, str] | None = None) -> None:
        try:
            self._wire.call("DELETE", path, query)
        except RefusedError as refusal:
            if refusal.status != 404:
                raise


def _seconds(date: str) -> int:
    """A `Date` header. 0 where there is none: everything has happened since."""
    from email.utils import mktime_tz, parsedate_tz

    parsed = parsedate_tz(date)
    return int(mktime_tz(parsed)) if parsed else 0


def _is_our_name(tag: str) -> bool:
    return tag.startswith(("jitney/", "jitney-"))


def _ignore(line: str) -> None:
    """Nobody listens."""


def _filters(**values: list[str]) -> str:
    return msgspec.json.encode(values).decode()


def _split(ref: str) -> tuple[str, str]:
    """`host:5000/name:tag` → (`host:5000/name`, `tag`); `latest` where there is none."""
    name, colon, tag = ref.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (ref, "latest")


def _quoted(text: str) -> str:
    """A Dockerfile word: quoted, `$` literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def _encoded(auth: Mapping[str, str]) -> str:
    import base64

    return base64.urlsafe_b64encode(msgspec.json.encode(dict(auth))).decode()


def _follow(reply: Iterable[bytes], on_line: Callable[[str], None] | None) -> dict[str, Any]:
    """Progress of a pull or import, JSON lines. Returns the last; EngineError for one that is an error."""
    last: dict[str, Any] = {}
    rest = b""
    for piece in reply:
        *lines, rest = (rest + piece).split(b"\n")
        for line in filter(bytes.strip, lines):
            last = _message(line, on_line)
    return _message(rest, on_line) if rest.strip() else last


def _message(line: bytes, on_line: Callable[[str], None] | None) -> dict[str, Any]:
    message: dict[str, Any] = msgspec.json.decode(line)
    if "error" in message:
        raise EngineError(f"the engine refused: {message['error']}")
    if on_line and message.get("status"):
        on_line(" ".join(filter(None, (message.get("id"), message["status"], message.get("progress")))))
    return message
