"""Which build of PyTorch a GPU runs: newest release first, by the tables of jitney.matrix (dated; a user's rows before ours).

a pin (==, the lock, a server that pins it) ─► that release: a warning where its build cannot run here, and what can
loose ─► the newest whose build runs here; the resolver is kept from newer ones
beyond the table's end ─► taken as the newest in it, with a warning

A build runs where the driver reaches its CUDA's floor and it has kernels for every GPU there: binaries of the same major
capability and no newer minor, or PTX that the driver compiles. What is not known (no driver seen, no row) is no obstacle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.facts.model import Facts, Gpu
from jitney.findings import Evidence, Finding
from jitney.matrix import TorchRow, TorchTable, gpus, servers, torch
from jitney.matrix.builds import LOCAL, Build, driver_floor, of_local, runs
from jitney.matrix.builds import kernels as kernels_of
from jitney.matrix.pythons import newest_below
from jitney.matrix.versions import allowed, clean, exact, numbers, series
from jitney.plan.bases import fits
from jitney.plan.model import Lock

SERVERS = ("vllm", "sglang")
"""Packages that pin the torch that they were compiled for."""

LOSERS = 3


class Accelerated(NamedTuple):
    """index: to be asked beside the package index; limits: constraints for the resolver."""

    url: str
    limits: tuple[str, ...]
    evidence: Evidence
    findings: tuple[Finding, ...]


class Here(NamedTuple):
    """What decides: the GPUs of the chosen vendor, the engine's architecture, the index of PyTorch's own builds (its CPU
    folder, whose neighbours are the others), a user's rows."""

    gpus: tuple[Gpu, ...]
    arch: str
    cpu_index: str
    extra: str

    @property
    def is_amd(self) -> bool:
        return bool(self.gpus) and self.gpus[0].vendor == "amd"

    def __str__(self) -> str:
        drivers = ", ".join(sorted({gpu.driver for gpu in self.gpus if gpu.driver})) or "not seen"
        able = ", ".join(sorted({gpu.compute_capability for gpu in self.gpus if gpu.compute_capability}))
        return f"driver {drivers}, capability {able or 'not seen'}"


def accelerate(detection: Detection, facts: Facts, config: Config, lock: Lock) -> Accelerated:
    """For a program that wants a GPU, where one is there."""
    here = _here(facts)
    table = torch(here.extra)
    specs, pin = _asked(detection, here)
    wanted = config.version or detection.version
    builds = [
        one
        for row in reversed(table.rows)
        if _has_python(row, here, wanted)
        for one in _builds(row, table, here)
    ]
    ours = set(allowed([row.torch for row in table.rows], specs))
    fitting = [one for one in builds if one.torch in ours]
    chosen, losers = _first_running(fitting, here)
    locked = _locked(lock) or pin
    if locked and (chosen is None or numbers(locked) != numbers(chosen.torch)):
        return _judged(locked, builds, table, here)
    if chosen is None:
        return _none_runs(losers, builds, table, here)
    limits = (f"torch<={chosen.torch}",) if losers and not detection.lock else ()
    told = tuple(f"{build.torch}: {why}" for build, why in losers[:LOSERS])
    return Accelerated(chosen.url, limits, _saw(str(chosen), table, here, told), ())


def _here(facts: Facts) -> Here:
    """NVIDIA's before AMD's: what is of one vendor only is built for one vendor."""
    for vendor in ("nvidia", "amd"):
        if found := tuple(gpu for gpu in facts.gpus if gpu.vendor == vendor):
            break
    return Here(found, facts.engine.arch, facts.indexes.pytorch_cpu, facts.matrices)


def _asked(detection: Detection, here: Here) -> tuple[list[str], str]:
    """All conditions on torch, and the release that they pin, if they do."""
    specs = [
        clean(one.spec) for one in (*detection.packages, *detection.constraints) if _name(one.name) == "torch"
    ]
    for one in detection.packages:
        name = _name(one.name)
        if name in ("torchvision", "torchaudio") and (pin := exact(clean(one.spec))):
            field = "vision" if name == "torchvision" else "audio"
            specs += [f"=={row.torch}" for row in torch(here.extra).rows if getattr(row, field) == pin][:1]
        if name in SERVERS and (pin := exact(clean(one.spec))):
            releases = {row.version: row.torch for row in servers(here.extra).rows if row.server == name}
            version = newest_below(list(releases), f"=={pin}")
            specs += [f"=={releases[version]}"] if version and releases[version] else []
    pins = [pin for spec in specs if (pin := exact(spec))]
    return [spec for spec in specs if spec], pins[0] if pins else ""


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _locked(lock: Lock) -> str:
    match = re.search(r"(?m)^torch==([^\s\\;]+)", lock.packages)
    return match[1] if match else ""


def _has_python(row: TorchRow, here: Here, wanted: str) -> bool:
    return any(fits(one, wanted) for one in (row.arm64 if here.arch == "arm64" else row.pythons))


def _builds(row: TorchRow, table: TorchTable, here: Here) -> Iterator[Build]:
    """The package index's own first: no other index has to be asked for it."""
    cuda = row.cuda_arm64 if here.arch == "arm64" else row.cuda
    yield Build(row.torch, f"cuda {cuda}" if cuda else "")
    neighbours = here.cpu_index.rstrip("/").removesuffix("/cpu")
    if neighbours == here.cpu_index.rstrip("/"):
        return  # an index of another layout: where its other builds lie is not known
    for variant in (one for one in table.variants if one.series == series(row.torch)):
        for kind, versions in (("cuda", variant.cuda), ("rocm", variant.rocm)):
            for version in reversed(versions):
                build = Build(row.torch, f"{kind} {version}")
                yield build._replace(url=f"{neighbours}/{build.folder}")


def _first_running(builds: list[Build], here: Here) -> tuple[Build | None, list[tuple[Build, str]]]:
    """The first that runs here, and those before it with what keeps them."""
    losers: list[tuple[Build, str]] = []
    for build in builds:
        why = obstacle(build, here) or (_doubt(build, here) if losers else "")
        if not why:
            return build, [one for one in losers if one[0].torch != build.torch]
        if not any(why == told for _, told in losers):
            losers.append((build, why))
    return None, losers


def obstacle(build: Build, here: Here) -> str:
    """What keeps a build from running on the GPUs here; empty: nothing that is known."""
    kind, _, version = build.platform.partition(" ")
    if not kind:
        return f"its wheel for {here.arch} is for the CPU alone"
    if here.is_amd:
        return _amd_obstacle(kind, version, here)
    if kind == "rocm":
        return "ROCm is for AMD's GPUs"
    floor = driver_floor(version, here.extra)
    for gpu in here.gpus:
        if gpu.driver and numbers(gpu.driver) < numbers(floor):
            return f"CUDA {version} wants driver {floor} or newer, here is {gpu.driver}"
        kernels = kernels_of(build.torch, version, here.arch, here.extra)
        if gpu.compute_capability and kernels and not runs(gpu.compute_capability, kernels):
            able = f"compute capability {gpu.compute_capability}"
            return f"it has no kernels for {able} (only {', '.join(kernels)})"
    return ""


def _doubt(build: Build, here: Here) -> str:
    """The newest release gets the benefit of the doubt; one that is taken instead of it has to be known to run."""
    _, _, version = build.platform.partition(" ")
    if here.is_amd:
        is_known = any(numbers(row.rocm) <= numbers(version) for row in gpus(here.extra).rocm)
    else:
        is_known = bool(kernels_of(build.torch, version, here.arch, here.extra))
    sees_gpu = any(gpu.compute_capability for gpu in here.gpus)
    return "" if is_known or not sees_gpu else "which GPUs it has kernels for is not known"


def _amd_obstacle(kind: str, version: str, here: Here) -> str:
    if kind != "rocm":
        return "CUDA is for NVIDIA's GPUs"
    known = [row for row in gpus(here.extra).rocm if numbers(row.rocm) <= numbers(version)]
    for gpu in here.gpus:
        if known and gpu.compute_capability and gpu.compute_capability not in known[-1].gfx:
            return f"ROCm {version} has no kernels for {gpu.compute_capability}"
    return ""


def _judged(pin: str, builds: list[Build], table: TorchTable, here: Here) -> Accelerated:
    """A pinned release: kept to, whatever the GPU; a warning where its build cannot run here."""
    release = newest_below([row.torch for row in table.rows], f"=={pin.partition('+')[0]}")
    if not release:
        told = f"torch {pin}: older than the table, so nothing is known of its builds"
        return Accelerated("", (), _saw(told, table, here), ())
    findings = []
    is_beyond = numbers(release) != numbers(pin)
    if is_beyond:
        findings.append(_beyond(pin, release, table))
    ours = [one for one in builds if one.torch == release] or [Build(release, "")]
    local = LOCAL.search(pin)
    if local:
        ours = [one for one in ours if one.folder == local[0][1:]] or [of_local(release, local)]
    chosen, losers = _first_running(ours, here)
    if chosen is None:
        findings.append(_cannot(losers, builds, here))
        chosen = losers[0][0]
    note = f" (pinned: {pin})" if is_beyond or local else " (pinned)"
    return Accelerated(chosen.url, (), _saw(f"{chosen}{note}", table, here), tuple(findings))


def _beyond(pin: str, release: str, table: TorchTable) -> Finding:
    return Finding(
        level="warning",
        code="torch-newer-than-table",
        message=f"torch {pin} is not in the table of {table.made} (to {table.rows[-1].torch}): it is taken as {release} is",
        hint="a row of your own says what it is built for: matrices.toml beside config.toml (docs/matrices.md)",
    )


def _cannot(losers: list[tuple[Build, str]], builds: list[Build], here: Here) -> Finding:
    """losers: what was asked for. The one that is of this GPU's kind says most."""
    own = "rocm" if here.is_amd else "cuda"
    build, why = next((one for one in losers if one[0].platform.startswith(own)), losers[0])
    able, _ = _first_running(builds, here)
    hint = "no release in the table runs on this GPU"
    if able is not None:
        hint = f"what runs here: {able}"
    elif not here.cpu_index:
        hint = "PyTorch's own index has builds that the package index has not: it did not answer here"
    if "driver" in why:
        hint += "; or a newer driver"
    return Finding(
        level="warning",
        code="torch-gpu-cannot",
        message=f"{build} cannot use the GPU here: {why}",
        hint=hint,
    )


def _none_runs(
    losers: list[tuple[Build, str]], builds: list[Build], table: TorchTable, here: Here
) -> Accelerated:
    """No pin, and nothing that fits the conditions runs here."""
    if not losers:
        return Accelerated("", (), _saw("no release in the table fits what is asked", table, here), ())
    return Accelerated("", (), _saw(str(losers[0][0]), table, here), (_cannot(losers, builds, here),))


def _saw(value: str, table: TorchTable, here: Here, losers: tuple[str, ...] = ()) -> Evidence:
    return Evidence(
        rule="torch.gpu", decides="torch", value=f"{value} ({here}; table {table.made})", losers=losers
    )
