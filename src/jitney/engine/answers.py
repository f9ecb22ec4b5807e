"""The engine's JSON → our data types."""

from __future__ import annotations

import os
from typing import Any

from jitney.engine.address import Address
from jitney.engine.protocol import (
    Abilities,
    BuildCache,
    ContainerInfo,
    ImageConfig,
    ImageInfo,
    Layer,
    VolumeInfo,
)

FIRST_WITH_HEREDOC = 23
"""Docker 23.0 carries BuildKit 0.10, whose Dockerfile 1.4 has heredocs and COPY --link; 20.10 refuses."""

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}
EMPTY_LAYER = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
"""The digest of a tar of nothing."""
NO_TAG = "<none>:<none>"


def abilities(version: Any, info: Any, address: Address, buildkit: bool) -> Abilities:
    modern = buildkit and _major(version["Version"]) >= FIRST_WITH_HEREDOC
    return Abilities(
        name=_name(version),
        version=version["Version"],
        api=version["ApiVersion"],
        arch=ARCHITECTURES.get(info["Architecture"], info["Architecture"]),
        cgroup=int(info.get("CgroupVersion") or 1),
        cpus=info["NCPU"],
        memory_bytes=info["MemTotal"],
        buildkit=buildkit,
        heredoc=modern,
        copy_link=modern,
        shares_files=bool(address.path) and _is_this_machine(info),
        id=info.get("ID", ""),
        runtimes=tuple(sorted(info.get("Runtimes") or ())),
    )


def _name(version: Any) -> str:
    parts = {part.get("Name", "") for part in version.get("Components") or ()}
    return "podman" if any("Podman" in part for part in parts) else "docker"


def _major(version: str) -> int:
    digits = version.partition(".")[0]
    return int(digits) if digits.isdigit() else 0


def _is_this_machine(info: Any) -> bool:
    """A Unix socket may lead elsewhere: into a virtual machine, by ssh, out of a container. Names tell; and where the
    daemon keeps its own files, which a container or chroot that was handed its socket does not have."""
    here = os.uname()
    if (info.get("KernelVersion"), info.get("Name")) != (here.release, here.nodename):
        return False
    return os.path.isdir(info.get("DockerRootDir") or "/")  # noqa: PTH112  (pathlib: 4 ms of every start)


def image(body: Any) -> ImageInfo:
    """Of an inspect."""
    import datetime

    created = (
        datetime.datetime.fromisoformat(body["Created"][:19] + "+00:00") if body.get("Created") else None
    )
    return ImageInfo(
        id=body["Id"],
        tags=tuple(body.get("RepoTags") or ()),
        size_bytes=body["Size"],
        created=int(created.timestamp()) if created else 0,
        labels=(body.get("Config") or {}).get("Labels") or {},
        digests=tuple(body.get("RepoDigests") or ()),
    )


def image_config(body: Any) -> ImageConfig:
    """Of an inspect."""
    config = body.get("Config") or {}
    test = (config.get("Healthcheck") or {}).get("Test") or ["NONE"]
    return ImageConfig(
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config.get("Cmd") or ()),
        env=tuple(config.get("Env") or ()),
        user=config.get("User") or "",
        workdir=config.get("WorkingDir") or "",
        volumes=tuple(config.get("Volumes") or ()),
        ports=tuple(config.get("ExposedPorts") or ()),
        stop_signal=config.get("StopSignal") or "",
        has_healthcheck=test[0] != "NONE",
    )


def listed_image(body: Any) -> ImageInfo:
    """Of a list."""
    return ImageInfo(
        id=body["Id"],
        tags=tuple(tag for tag in body.get("RepoTags") or () if tag != NO_TAG),
        size_bytes=body["Size"],
        created=body["Created"],
        labels=body.get("Labels") or {},
        digests=tuple(digest for digest in body.get("RepoDigests") or () if not digest.startswith("<none>")),
    )


def layers(inspected: Any, history: Any) -> tuple[Layer, ...]:
    """The history has sizes and no digests, the image digests and no sizes; lines without a layer have size 0, and so have
    some layers: the lowest ones, where they cannot be told apart."""
    digests = list(inspected["RootFS"].get("Layers") or ())
    sizes = [entry["Size"] for entry in reversed(history) if entry["Size"]]
    empty = [digest == EMPTY_LAYER for digest in digests]
    if len(digests) - sum(empty) == len(sizes):
        rest = iter(sizes)
        sizes = [0 if none else next(rest) for none in empty]
    else:
        sizes = [0] * (len(digests) - len(sizes)) + sizes
    return tuple(Layer(digest=digest, size_bytes=size) for digest, size in zip(digests, sizes, strict=False))


def container(body: Any) -> ContainerInfo:
    return ContainerInfo(
        id=body["Id"],
        image=body["Image"],
        state=body["State"],
        created=body["Created"],
        labels=body.get("Labels") or {},
    )


def volume(body: Any) -> VolumeInfo:
    return VolumeInfo(name=body["Name"], labels=body.get("Labels") or {})


def build_cache(body: Any) -> BuildCache:
    return BuildCache(
        id=body["ID"],
        size_bytes=body.get("Size") or 0,
        in_use=bool(body.get("InUse")),
        description=body.get("Description") or "",
    )
