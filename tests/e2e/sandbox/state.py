"""The effective state of a box, from its own /proc files: what is really true there, not what was asked for."""

from __future__ import annotations

from collections.abc import Iterable

KERNELS_OWN = ("proc", "devpts")
WRITABLE = {
    "/src",
    "/tmp",
    "/home/jitney",
    "/run/secrets",
    "/dev",
    "/dev/shm",
    "/dev/mqueue",
    "/sys/fs/cgroup",
}
"""/dev is root's, 0755."""


def assert_powerless(status: Iterable[str]) -> None:
    """No capability, not root, no way to more; the engine's seccomp filter, and init's own."""
    fields = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(fields[name], 16) == 0, name
    assert fields["Uid"].split() == ["65532"] * 4
    assert fields["Gid"].split() == ["65532"] * 4
    assert fields["Groups"].split() in ([], ["65532"])
    assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")
    assert int(fields["Seccomp_filters"]) >= 2


def assert_limited(limits: Iterable[str], nofile: int) -> None:
    values = {line[:26].strip(): line[26:].split() for line in limits}
    assert values["Max core file size"][:2] == ["0", "0"]
    assert values["Max open files"][:2] == [str(nofile), str(nofile)]


def assert_locked(
    mounts: Iterable[str], also_writable: Iterable[str] = ()
) -> dict[str, tuple[str, list[str]]]:
    """The root, init and everything else are read-only; what is not is memory of a bounded size. Returns target → (kind,
    options)."""
    found = {line.split()[1]: (line.split()[2], line.split()[3].split(",")) for line in mounts}
    assert "ro" in found["/"][1]
    assert "ro" in found["/.jitney"][1]
    for target in ("/src", "/tmp", "/home/jitney", "/run/secrets"):
        kind, options = found[target]
        assert kind == "tmpfs" and {"rw", "nosuid", "nodev"} <= set(options), target
        assert {"mode=700", "uid=65532", "gid=65532"} <= set(options)
        assert any(option.startswith("size=") for option in options)
    writable = {
        target for target, (kind, options) in found.items() if "rw" in options and kind not in KERNELS_OWN
    }
    masked = {target for target in writable if target.startswith("/proc/")}  # empty things over kernel files
    assert writable - masked - WRITABLE - set(also_writable) == set()
    assert not any(target.endswith("docker.sock") for target in found)
    return found
