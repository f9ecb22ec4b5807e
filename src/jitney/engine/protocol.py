"""The only door to containers: requests in, outcomes out. Implemented by docker.py and fake.py, one contract suite for both.

Everything here carries Jitney's label; an engine lists and removes nothing that lacks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, Protocol

import msgspec

LABEL = "jitney"
"""Every container, image, volume of ours has it (and names of images begin with `jitney`); its value is the kind: `run`, `model`, `base`, `image`, `init`, `probe`."""

LABEL_RUN = "jitney.run"
"""One id a run: guard and sweep remove by it."""

LABEL_BASE = "jitney.base"
"""On an image: the ref of the base of its last stage, whose bytes it shares."""

LABEL_OWNER = "jitney.owner"
"""`BOOT_ID:PID:START_TIME` of the client, so that a sweep knows whether it lives."""


class Abilities(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the engine can do; probed, never assumed (docs/decisions, facts on dialects)."""

    name: str
    version: str
    api: str
    arch: str
    cgroup: int
    cpus: int
    memory_bytes: int
    buildkit: bool
    heredoc: bool
    copy_link: bool
    shares_files: bool
    id: str = ""
    runtimes: tuple[str, ...] = ()


class VolumeMount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """kind `bind`: source is a host path; `volume`: a named volume; `tmpfs`: options in `options`.

    labels: of a volume that is not there yet and is made with the container.
    """

    kind: Literal["bind", "volume", "tmpfs"]
    target: str
    source: str = ""
    readonly: bool = True
    options: str = ""
    labels: Mapping[str, str] = {}


class ContainerSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One hardened single-use container. Defaults are the hardened ones; loosening is visible where it is done."""

    image: str
    argv: tuple[str, ...]
    labels: Mapping[str, str]
    user: str = "65532:65532"
    mounts: tuple[VolumeMount, ...] = ()
    memory_bytes: int = 0
    cpus: float = 0.0
    pids: int = 512
    nofile: int = 4096
    network: bool = False
    readonly: bool = True
    shm_bytes: int = 64 << 20
    gpus: bool = False
    stop_signal: str = "SIGTERM"


class ContainerInfo(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    image: str
    state: str
    created: int
    labels: Mapping[str, str]


class ImageInfo(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    tags: tuple[str, ...]
    size_bytes: int
    created: int
    labels: Mapping[str, str]
    digests: tuple[str, ...] = ()


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """Our images as they were at a time of the engine's own clock, seconds since 1970."""

    at: int
    images: tuple[ImageInfo, ...]


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """One layer of an image; images with the same digest share it."""

    digest: str
    size_bytes: int


class VolumeInfo(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    labels: Mapping[str, str]


class BuildCache(msgspec.Struct, frozen=True, kw_only=True):
    """A record of the builder's cache that one of our Dockerfiles made (cache mounts whose id begins with `jitney-`)."""

    id: str
    size_bytes: int
    in_use: bool
    description: str


class ExitInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine says of a container that is over."""

    code: int
    oom_killed: bool = False
    error: str = ""


class ImageConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an image says of how it is run. env: `NAME=value`; ports: `80/tcp`; has_healthcheck: one other than NONE."""

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    user: str = ""
    workdir: str = ""
    volumes: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    stop_signal: str = ""
    has_healthcheck: bool = False


class BuildRequest(msgspec.Struct, frozen=True, kw_only=True):
    """dockerfile: its text. context: path → bytes or a host path to copy from. secrets: id → host path.
    args: build arguments. target: stage, empty for the last. output: a host folder for the files of the target stage, instead of an image.
    pull is never asked for: bases are on hand or the build fails."""

    dockerfile: str
    tag: str = ""
    labels: Mapping[str, str] = {}
    context: Mapping[str, bytes | Path] = {}
    secrets: Mapping[str, Path] = {}
    args: Mapping[str, str] = {}
    target: str = ""
    output: Path | None = None
    no_cache: bool = False


class Attachment(Protocol):
    """The attached stdin and stdout of a container: a connected stream socket and the bytes that came with the reply.

    fileno() for select; recv_stdout() takes the engine's multiplexing off: bytes of the container's stdout read so far
    (stderr goes to `stderr_tail`), b"" where nothing is there yet; `eof` is true once the other side has closed.
    """

    eof: bool
    stderr_tail: bytes

    def fileno(self) -> int: ...
    def recv_stdout(self) -> bytes: ...
    def send(self, data: bytes | memoryview) -> int: ...
    def close(self) -> None: ...


class Engine(Protocol):
    """Raises EngineMissing (nobody answers, no permission), EngineGone (died while needed), EngineError (refused)."""

    def abilities(self) -> Abilities: ...
    def identity(self) -> str:
        """Names this very engine without a request: what was asked of it holds while this is the same. "": unknown."""
        ...

    def close(self) -> None: ...

    # images
    def image(self, ref: str) -> ImageInfo | None: ...
    def images(self) -> list[ImageInfo]: ...
    def listing(self, known: Listing | None = None) -> Listing:
        """What `images` gives, with its time. known: a former answer of this same daemon, given back where nothing has
        happened to any image since, which costs far less to ask."""
        ...

    def layers(self, ref: str) -> tuple[Layer, ...]:
        """From the lowest to the highest; none where the image is gone. The sizes add up to the image's."""
        ...

    def image_config(self, ref: str) -> ImageConfig:
        """EngineError: no such image."""
        ...

    def import_image(
        self, rootfs: Iterable[bytes], tag: str, labels: Mapping[str, str], changes: Iterable[str] = ()
    ) -> str: ...
    def build(self, request: BuildRequest, on_line: Callable[[str], None] | None = None) -> str: ...
    def pull(
        self, ref: str, auth: Mapping[str, str] | None = None, on_line: Callable[[str], None] | None = None
    ) -> ImageInfo: ...
    def tag(self, ref: str, tag: str) -> None: ...
    def remove_image(self, ref: str) -> None: ...

    # containers
    def create(self, spec: ContainerSpec) -> str: ...
    def attach(self, container: str) -> Attachment: ...
    def start(self, container: str, meanwhile: Callable[[], None] | None = None) -> None:
        """meanwhile: work of the caller's, done while the engine starts it (some 80 ms)."""
        ...

    def kill(self, container: str, signal: str = "SIGKILL") -> None: ...
    def remove(self, container: str) -> None: ...
    def inspect(self, container: str) -> Mapping[str, object]: ...
    def containers(self, labels: Mapping[str, str] | None = None) -> list[ContainerInfo]: ...
    def wait_removed(self, container: str, timeout_s: float) -> ExitInfo | None: ...
    def put_archive(self, container: str, path: str, tar: Iterable[bytes]) -> None: ...
    def export(self, container: str) -> Iterator[bytes]: ...

    # volumes
    def create_volume(
        self, name: str, labels: Mapping[str, str], options: Mapping[str, str] | None = None
    ) -> None: ...
    def volumes(self) -> list[VolumeInfo]: ...
    def remove_volume(self, name: str) -> None: ...
    def build_caches(self) -> list[BuildCache]: ...
    def remove_build_cache(self, cache: str) -> int: ...
