"""ContainerSpec → the create body. The one place where the sandbox's outer walls are written down."""

from __future__ import annotations

from typing import Any

from jitney.engine.protocol import ContainerSpec, VolumeMount


def create_body(spec: ContainerSpec) -> dict[str, Any]:
    """Nothing about the program is in here: its argv and environment reach init by the leash."""
    return {
        "Image": spec.image,
        "Entrypoint": list(spec.argv),
        "Cmd": [],
        "Env": [],
        "User": spec.user,
        "Labels": dict(spec.labels),
        "WorkingDir": "/",
        "StopSignal": spec.stop_signal,
        "Tty": False,
        "OpenStdin": True,
        "StdinOnce": True,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "NetworkDisabled": not spec.network,
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": host_config(spec),
    }


def host_config(spec: ContainerSpec) -> dict[str, Any]:
    """swap = memory, so there is none; log driver none: output goes to the client alone."""
    config: dict[str, Any] = {
        "AutoRemove": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "Privileged": False,
        "ReadonlyRootfs": spec.readonly,
        "LogConfig": {"Type": "none"},
        "Memory": spec.memory_bytes,
        "MemorySwap": spec.memory_bytes,
        "NanoCpus": round(spec.cpus * 1e9),
        "PidsLimit": spec.pids,
        "Ulimits": [
            {"Name": "nofile", "Soft": spec.nofile, "Hard": spec.nofile},
            {"Name": "core", "Soft": 0, "Hard": 0},
        ],
        "IpcMode": "private",
        "ShmSize": spec.shm_bytes,
        "Mounts": [_mount(mount) for mount in spec.mounts if mount.kind != "tmpfs"],
        "Tmpfs": {mount.target: _tmpfs_options(mount) for mount in spec.mounts if mount.kind == "tmpfs"},
    }
    if spec.gpus:
        config["DeviceRequests"] = [{"Driver": "", "Count": -1, "Capabilities": [["gpu"]]}]
    return config


def _mount(mount: VolumeMount) -> dict[str, Any]:
    """`rprivate`: what is mounted below it later does not appear inside. A missing source is an error."""
    body: dict[str, Any] = {
        "Type": mount.kind,
        "Source": mount.source,
        "Target": mount.target,
        "ReadOnly": mount.readonly,
    }
    if mount.kind == "bind":
        body["BindOptions"] = {"Propagation": "rprivate"}
    else:
        body["VolumeOptions"] = {"NoCopy": True, "Labels": dict(mount.labels)}
    return body


def _tmpfs_options(mount: VolumeMount) -> str:
    access = "ro" if mount.readonly else "rw"
    return ",".join(part for part in (access, "nosuid", "nodev", mount.options) if part)
