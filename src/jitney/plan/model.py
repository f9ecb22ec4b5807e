"""Plan: everything needed to build and run a program, as plain printable data. No decision is taken after it.

Plan
├── build   stages of instructions, generated files, secrets   → Dockerfile + context → Image
├── run     argv, environment, folder, how the source gets in
├── sandbox user, file systems, limits, network, relays
├── model   the model server beside it, if any
└── lock    exact versions, hashes and base digests
"""

from __future__ import annotations

from typing import Literal

import msgspec

from jitney.findings import Evidence, Finding

SCHEMA = 1


class Base(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a stage starts from. key: `PROVIDER/KIND:VERSION-FLAVOUR` (`debian/python:3.13-run`); ref: for FROM;
    digest: empty while the base has not been made or resolved."""

    key: str
    ref: str
    digest: str = ""


class Mount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A BuildKit mount of one RUN. source: secret id, cache id, or path in the context or in `stage`. seed: the folder of
    `stage` that a cache begins with. is_writable: a bind whose changes are thrown away after the step."""

    kind: Literal["cache", "secret", "bind"]
    target: str
    source: str = ""
    stage: str = ""
    seed: str = ""
    is_writable: bool = False


class Instruction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One Dockerfile instruction. `run` takes argv (exec form: bases may have no shell); `copy` takes source…, target;
    `env` NAME, VALUE; `workdir` path; `user` id. why: rule ids of the evidence that caused it, or plain words.
    compiles: the program's own code is compiled here, so that a failure is its own making (exit code 1)."""

    op: Literal["run", "copy", "env", "workdir", "user"]
    args: tuple[str, ...]
    stage: str = ""
    """For `copy`: the stage or image to copy from."""
    mounts: tuple[Mount, ...] = ()
    mode: str = ""
    why: tuple[str, ...] = ()
    compiles: bool = False


class Stage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """sealed: it takes minutes and other programs want the very same, so it is built by itself, kept as an image under its
    own hash, and taken from there (resolve/seal.py)."""

    name: str
    base: Base
    instructions: tuple[Instruction, ...] = ()
    why: tuple[str, ...] = ()
    sealed: bool = False


class BuildPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the image is made. The last stage is the image.

    files: generated context files, path → text. source: paths of the user's tree that go into the context (compiled
    languages), under `src/`; source_digest: hash of their bytes. secrets: ids (`ca`, `netrc` …); values come at build time.
    """

    stages: tuple[Stage, ...]
    files: dict[str, str] = {}
    source: tuple[str, ...] = ()
    source_digest: str = ""
    secrets: tuple[str, ...] = ()


Authority = Literal["machine", "run"]


class RunPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is started. argv: complete, the user's arguments are appended by the caller. env: fixed variables; the user's
    and the secrets are added at the start and are in no Plan. workdir: absolute, inside the sandbox.
    source: paths of the user's tree that are handed over, relative to its root; they land under /src.
    large: paths of it that are rather
    mounted, one by one, read-only, with a link in their place. delivery: `none` (all is in the image), `stream` (tar frames into a tmpfs), `mount` (read-only).
    trust: whose certificates are handed over: this machine's, those made for the run; empty: the image's own count.
    trust_store: where a Java trust store of the same lies inside, for programs with a JVM."""

    argv: tuple[str, ...]
    env: dict[str, str] = {}
    workdir: str = "/src"
    source: tuple[str, ...] = ()
    source_bytes: int = 0
    large: tuple[str, ...] = ()
    delivery: Literal["none", "stream", "mount"] = "stream"
    trust: tuple[Authority, ...] = ()
    trust_store: str = ""


class Relay(msgspec.Struct, frozen=True, kw_only=True):
    """A loopback port of the program that leads to the model beside it."""

    port: int
    why: str


class Redirect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A vendor's name that leads to the model, inside this sandbox alone. rule, file, line: where it was seen."""

    host: str
    port: int = 443
    rule: str
    file: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def is_plain(self) -> bool:
        return self.port == 80

    @property
    def url(self) -> str:
        port = "" if self.port in (80, 443) else f":{self.port}"
        return f"{'http' if self.is_plain else 'https'}://{self.host}{port}"


class SandboxPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Limits and openings. Sizes in bytes, time in seconds (0: none), tmpfs: mount point → size.
    allow_hosts: `name:port`. addresses: of them, where the user says where they lead. network: the engine's default network (only by --network). writes: host folders, read-write."""

    user: str = "65532:65532"
    memory_bytes: int = 2 << 30
    cpus: float = 0.0
    pids: int = 512
    nofile: int = 4096
    timeout_s: float = 0.0
    tmpfs: dict[str, int] = {}
    network: bool = False
    allow_hosts: tuple[str, ...] = ()
    addresses: dict[str, str] = {}
    writes: tuple[str, ...] = ()
    gpus: bool = False


class ModelPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The model for the program. ref: as asked for. serve: a server beside it (runtime, relays) or the Store mounted
    read-only in the libraries' layout under /models. redirects: names that lead to that server. digest: of the weights; bytes: their size, with what is made of them.
    loads: the Store's view is mounted at /models for the program's own loading. converts: what is made of the weights, once,
    because the program's library reads another format."""

    ref: str
    digest: str = ""
    runtime: str = ""
    serve: bool = False
    relays: tuple[Relay, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    bytes: int = 0
    loads: bool = False
    converts: tuple[str, ...] = ()


class Lock(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What makes a Plan repeatable; `jitney.lock` is its TOML.

    packages: one requirement a line with hashes, the ecosystem's own notation (requirements.txt with --hash; go.mod + go.sum
    in files). files: name → text. bases: key → digest. system: Debian packages. key: hash of what was asked.
    sdists: packages that have no wheel for the platform and are built from source, in a stage with a compiler.
    tolerate: sonames that no package could be found for; the program may never load what needs them.
    """

    schema: int = SCHEMA
    language: str = ""
    version: str = ""
    key: str = ""
    packages: str = ""
    files: dict[str, str] = {}
    system: tuple[str, ...] = ()
    bases: dict[str, str] = {}
    prerelease: bool = False
    sdists: tuple[str, ...] = ()
    tolerate: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    schema: int = SCHEMA
    language: str
    version: str
    build: BuildPlan
    run: RunPlan
    sandbox: SandboxPlan = SandboxPlan()
    model: ModelPlan | None = None
    lock: Lock = Lock()
    evidence: tuple[Evidence, ...] = ()
    findings: tuple[Finding, ...] = ()
