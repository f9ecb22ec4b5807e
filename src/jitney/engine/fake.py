"""An engine in memory: for tests and dry runs, with the same promises as the real one (tests/contract holds it to them).

    fake = FakeEngine()
    fake.programs["box"] = echo            # by image tag: a Python function is what the container does
    container = fake.create(ContainerSpec(image="box", argv=("x",), labels={"jitney": "run"}))

A program is a function of a `Box`: it reads stdin, writes stdout and stderr, returns the exit code. It runs in a thread,
over a real socket pair, so that select, half-read frames and lost connections behave as they do in earnest.
"""

from __future__ import annotations

import hashlib
import itertools
import select
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from jitney.engine.attachment import SocketAttachment
from jitney.engine.hardening import create_body
from jitney.engine.protocol import (
    LABEL,
    LABEL_BASE,
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
from jitney.errors import BuildError, EngineError, EngineGone

KILLED = 137
CREATED = 1_700_000_000
STDOUT, STDERR = 1, 2


class Box:
    """What a program sees of its container."""

    def __init__(self, spec: ContainerSpec, connection: socket.socket) -> None:
        self.spec = spec
        self.archives: list[tuple[str, bytes]] = []
        self.killed = threading.Event()
        self._socket = connection

    def read(self, size: int = 65536) -> bytes:
        """Standard input; b"" at its end, or when the box is killed."""
        while not self.killed.is_set():
            if select.select([self._socket], [], [], 0.02)[0]:
                try:
                    return self._socket.recv(size)
                except OSError:
                    return b""
        return b""

    def write(self, data: bytes, stream: int = STDOUT) -> None:
        """stream: 1 stdout, 2 stderr. Lost where nobody listens any more."""
        try:
            self._socket.sendall(bytes([stream, 0, 0, 0]) + len(data).to_bytes(4) + data)
        except OSError:
            return


Program: TypeAlias = Callable[[Box], int]


def echo(box: Box) -> int:
    """Writes what it reads until its input ends."""
    while data := box.read():
        box.write(data)
    return 0


class _Container:
    def __init__(self, spec: ContainerSpec, number: int) -> None:
        self.id = hashlib.sha256(f"container {number}".encode()).hexdigest()
        self.spec = spec
        self.state = "created"
        self.code = -1
        self.attached = False
        self.gone = threading.Event()
        self.near, far = socket.socketpair()
        self.box = Box(spec, far)
        self.far = far

    def close(self) -> None:
        """The far end goes; the near one belongs to whoever attached."""
        self.far.close()
        if not self.attached:
            self.near.close()
        self.gone.set()


class FakeEngine:
    """programs: image tag → what its containers do (others: echo). configs: image tag → what it says of itself. builds: every request. fail: method name → the error
    that it raises next."""

    def __init__(self, abilities: Abilities | None = None) -> None:
        self.programs: dict[str, Program] = {}
        self.configs: dict[str, ImageConfig] = {}
        self.builds: list[BuildRequest] = []
        self.fail: dict[str, EngineError] = {}
        self.build_result: Callable[[BuildRequest], None] = lambda request: None
        self._abilities = abilities or ABILITIES
        self._images: dict[str, ImageInfo] = {}
        self._containers: dict[str, _Container] = {}
        self._volumes: dict[str, VolumeInfo] = {}
        self._numbers = itertools.count(1)

    def close(self) -> None:
        """Whatever still runs is over."""
        for container in list(self._containers):
            self.remove(container)

    def identity(self) -> str:
        return ""

    def abilities(self) -> Abilities:
        self._trip("abilities")
        return self._abilities

    def _trip(self, method: str) -> None:
        if error := self.fail.pop(method, None):
            raise error

    # images

    def add_image(self, tag: str, labels: Mapping[str, str] | None = None, size: int = 1 << 20) -> ImageInfo:
        """As if it had been there. Replaces the tag."""
        name = tag if ":" in tag.rpartition("/")[2] else f"{tag}:latest"
        identity = "sha256:" + hashlib.sha256(f"{name} {next(self._numbers)}".encode()).hexdigest()
        info = ImageInfo(
            id=identity, tags=(name,), size_bytes=size, created=CREATED, labels=dict(labels or {})
        )
        self._images[name] = info
        return info

    def image(self, ref: str) -> ImageInfo | None:
        self._trip("image")
        by_id = next((image for image in self._images.values() if ref in (image.id, *image.digests)), None)
        return by_id or self._images.get(ref) or self._images.get(f"{ref}:latest")

    def images(self) -> list[ImageInfo]:
        self._trip("images")
        return [image for image in self._images.values() if LABEL in image.labels]

    def listing(self, known: Listing | None = None) -> Listing:
        return Listing(at=0, images=tuple(self.images()))

    def layers(self, ref: str) -> tuple[Layer, ...]:
        """One of its own, on those of the base that its label names."""
        found = self.image(ref)
        if found is None:
            return ()
        below = self.layers(found.labels.get(LABEL_BASE, "")) if LABEL_BASE in found.labels else ()
        own = found.size_bytes - sum(layer.size_bytes for layer in below)
        return (*below, Layer(digest=found.id, size_bytes=max(own, 0)))

    def image_config(self, ref: str) -> ImageConfig:
        self._need_image(ref)
        return self.configs.get(ref, ImageConfig())

    def import_image(
        self, rootfs: Iterable[bytes], tag: str, labels: Mapping[str, str], changes: Iterable[str] = ()
    ) -> str:
        self._trip("import_image")
        size = sum(map(len, rootfs))
        return self.add_image(tag, labels, size).id

    def build(self, request: BuildRequest, on_line: Callable[[str], None] | None = None) -> str:
        self._trip("build")
        for source in _from_lines(request.dockerfile):
            if self.image(source) is None:
                raise BuildError(f"the build failed at FROM {source}", output=f"{source}: not found")
        self.builds.append(request)
        self.build_result(request)
        if on_line:
            on_line("#1 DONE 0.0s")
        if request.output is not None:
            return ""
        return self.add_image(request.tag or f"untagged-{len(self.builds)}", request.labels).id

    def pull(
        self, ref: str, auth: Mapping[str, str] | None = None, on_line: Callable[[str], None] | None = None
    ) -> ImageInfo:
        self._trip("pull")
        found = self.image(ref)
        if found is None:
            raise EngineError(f"the engine refused: manifest for {ref} not found: manifest unknown")
        return found

    def tag(self, ref: str, tag: str) -> None:
        found = self._need_image(ref)
        added = self.add_image(tag, found.labels, found.size_bytes)
        self._images[added.tags[0]] = ImageInfo(
            id=found.id, tags=added.tags, size_bytes=found.size_bytes, created=CREATED, labels=found.labels
        )

    def remove_image(self, ref: str) -> None:
        self._trip("remove_image")
        found = self.image(ref)
        if found is None:
            return
        used = {image.id for box in self._containers.values() if (image := self.image(box.spec.image))}
        if found.id in used:
            raise EngineError("the engine refused: conflict: the image is being used by a container")
        self._images = {tag: image for tag, image in self._images.items() if image != found}

    def _need_image(self, ref: str) -> ImageInfo:
        found = self.image(ref)
        if found is None:
            raise EngineError(f"the engine refused: No such image: {ref}")
        return found

    # containers

    def create(self, spec: ContainerSpec) -> str:
        self._trip("create")
        self._need_image(spec.image)
        container = _Container(spec, next(self._numbers))
        self._containers[container.id] = container
        for mount in spec.mounts:
            if mount.kind == "volume":
                self._volumes.setdefault(mount.source, VolumeInfo(name=mount.source, labels=mount.labels))
        return container.id

    def attach(self, container: str) -> Attachment:
        self._trip("attach")
        found = self._need(container)
        found.attached = True
        return SocketAttachment(found.near, b"")

    def start(self, container: str, meanwhile: Callable[[], None] | None = None) -> None:
        self._trip("start")
        found = self._need(container)
        if meanwhile is not None:
            meanwhile()
        if found.state == "created":
            found.state = "running"
            threading.Thread(target=self._live, args=(found,), daemon=True).start()

    def _live(self, container: _Container) -> None:
        program = self.programs.get(container.spec.image, echo)
        code = program(container.box)
        container.code = KILLED if container.box.killed.is_set() else code
        self._containers.pop(container.id, None)
        container.close()

    def kill(self, container: str, signal: str = "SIGKILL") -> None:
        self._trip("kill")
        if found := self._containers.get(container):
            found.box.killed.set()

    def remove(self, container: str) -> None:
        self._trip("remove")
        found = self._containers.get(container)
        if found is None:
            return
        found.box.killed.set()
        if found.state == "created":
            del self._containers[container]
            found.close()
        else:
            found.gone.wait(5)

    def inspect(self, container: str) -> Mapping[str, object]:
        found = self._need(container)
        body = create_body(found.spec)
        host = body.pop("HostConfig")
        return {"Id": found.id, "State": {"Status": found.state}, "Config": body, "HostConfig": host}

    def containers(self, labels: Mapping[str, str] | None = None) -> list[ContainerInfo]:
        self._trip("containers")
        found = []
        for box in list(self._containers.values()):
            if LABEL in box.spec.labels and _match(box.spec.labels, labels or {}):
                info = ContainerInfo(
                    id=box.id,
                    image=box.spec.image,
                    state=box.state,
                    created=CREATED,
                    labels=dict(box.spec.labels),
                )
                found.append(info)
        return found

    def wait_removed(self, container: str, timeout_s: float) -> ExitInfo | None:
        self._trip("wait_removed")
        found = self._containers.get(container)
        if found is None:
            return ExitInfo(code=-1)
        return ExitInfo(code=found.code) if found.gone.wait(timeout_s) else None

    def put_archive(self, container: str, path: str, tar: Iterable[bytes]) -> None:
        self._trip("put_archive")
        self._need(container).box.archives.append((path, b"".join(tar)))

    def export(self, container: str) -> Iterator[bytes]:
        self._need(container)
        yield bytes(1024)

    def _need(self, container: str) -> _Container:
        found = self._containers.get(container)
        if found is None:
            raise EngineError(f"the engine refused: No such container: {container}")
        return found

    def die(self) -> None:
        """As if the daemon were killed: boxes fall silent, and every request fails."""
        for container in list(self._containers.values()):
            container.box.killed.set()
            container.far.shutdown(socket.SHUT_RDWR)
        self._trip = self._gone  # type: ignore[method-assign]  # a dead engine answers nothing

    def _gone(self, method: str) -> None:
        raise EngineGone(f"the engine died ({method})")

    # volumes and caches

    def create_volume(
        self, name: str, labels: Mapping[str, str], options: Mapping[str, str] | None = None
    ) -> None:
        self._trip("create_volume")
        self._volumes.setdefault(name, VolumeInfo(name=name, labels=dict(labels)))

    def volumes(self) -> list[VolumeInfo]:
        self._trip("volumes")
        return [volume for volume in self._volumes.values() if LABEL in volume.labels]

    def remove_volume(self, name: str) -> None:
        self._trip("remove_volume")
        if any(mount.source == name for box in self._containers.values() for mount in box.spec.mounts):
            raise EngineError(f"the engine refused: remove {name}: volume is in use")
        self._volumes.pop(name, None)

    def build_caches(self) -> list[BuildCache]:
        return []

    def remove_build_cache(self, cache: str) -> int:
        return 0


def _match(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(key in labels and value in ("", labels[key]) for key, value in wanted.items())


def _from_lines(dockerfile: str) -> list[str]:
    """The images that stages start from: neither scratch nor an earlier stage."""
    words = [line.split() for line in dockerfile.splitlines() if line.upper().startswith("FROM ")]
    stages = {line[3] for line in words if len(line) == 4}
    return [line[1] for line in words if line[1] not in stages | {"scratch"}]


ABILITIES = Abilities(
    name="fake",
    version="1.0",
    api="1.41",
    arch="amd64",
    cgroup=2,
    cpus=2,
    memory_bytes=8 << 30,
    buildkit=True,
    heredoc=False,
    copy_link=False,
    shares_files=True,
)
