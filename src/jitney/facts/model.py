"""Facts: what the world is like, asked once and frozen. Plain data; `collect.py` asks."""

from __future__ import annotations

from typing import Literal

import msgspec


class EngineFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Abilities of the container engine that a Plan or a Dockerfile depends on.

    shares_files: the daemon sees this machine's files, so bind mounts work. cpus, memory_bytes: of its machine.
    """

    name: Literal["docker", "podman", "fake", "none"] = "none"
    version: str = ""
    arch: str = "amd64"
    buildkit: bool = False
    heredoc: bool = False
    copy_link: bool = False
    cgroup: int = 1
    shares_files: bool = True
    cpus: int = 1
    memory_bytes: int = 0
    has_gpu: bool = False


class Gpu(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    vendor: Literal["nvidia", "amd", "intel"]
    name: str = ""
    driver: str = ""
    compute_capability: str = ""
    memory_bytes: int = 0


class BaseOnHand(msgspec.Struct, frozen=True, kw_only=True):
    """A base image that is in the engine. key: `PROVIDER/KIND:VERSION-FLAVOUR` (see plan/bases.py);
    digest: `sha256:…` of its content, stable over engines; ref: what a FROM line says; recipe: fingerprint of what
    it was made by, empty for a registry's."""

    key: str
    ref: str
    digest: str
    size_bytes: int = 0
    recipe: str = ""


class Wheels(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Wheels beside the index. where: a folder, absolute, or a page's URL; empty: none. files: the folder's wheels, by name;
    digest: 24 hex digits over their names, sizes and times."""

    where: str = ""
    files: tuple[str, ...] = ()
    digest: str = ""


class IndexFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Package indexes. url: as configured, empty for the ecosystem's own. pytorch_cpu: an index that has CPU wheels
    of PyTorch and answers, else empty. debian_mirror: as apt has it. registry: image registry that answers, else empty."""

    python: str = ""
    pytorch_cpu: str = ""
    go_proxy: str = ""
    debian_mirror: str = ""
    registry: str = ""
    wheels: Wheels = Wheels()


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    engine: EngineFacts = EngineFacts()
    gpus: tuple[Gpu, ...] = ()
    bases: tuple[BaseOnHand, ...] = ()
    indexes: IndexFacts = IndexFacts()
    ca_bundle: str = ""
    """Path of the machine's CA bundle, handed to builds as a secret; empty: the engine's world needs none."""
    ca_digest: str = ""
    built: frozenset[str] = frozenset()
    """Tags of the images that Jitney has built here: a program whose tag is among them needs no build."""
    matrices: str = ""
    """The user's own rows of the PyTorch and CUDA tables (`jitney.matrix.overlay`), read where a program wants PyTorch."""

    def base(self, key: str) -> BaseOnHand | None:
        return next((b for b in self.bases if b.key == key), None)
