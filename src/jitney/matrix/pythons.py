"""For which Pythons a pinned framework has wheels: a program that pins torch 2.3 and says nothing of Python needs 3.12 or older."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from jitney.matrix import tables
from jitney.matrix.versions import allowed, clean, exact, is_bounded, numbers


class PythonFit(NamedTuple):
    """specifier: of the series that all have wheels for (`>=3.8,<3.13`); newest: the last of them; why: for evidence, with
    the table's date."""

    specifier: str
    newest: str
    why: str


def python_for(specs: Mapping[str, str], arch: str = "amd64", extra: str = "") -> PythonFit | None:
    """specs: package → specifier, as the source pins them (`{"torch": "==2.3.1"}`); those that are not bounded above say nothing.
    None: nothing is pinned that has a table, or no Python has them all."""
    series: set[str] = set()
    reasons: list[str] = []
    for name, spec in specs.items():
        if not is_bounded(spec):
            continue
        found, why = _pythons(re.sub(r"[-_.]+", "-", name).lower(), spec, arch, extra)
        if found:
            series = series & set(found) if reasons else set(found)
            reasons.append(why)
    if not series:
        return None
    ordered = sorted(series, key=numbers)
    major, minor = ordered[-1].split(".")
    return PythonFit(f">={ordered[0]},<{major}.{int(minor) + 1}", ordered[-1], "; ".join(reasons))


def _pythons(name: str, spec: str, arch: str, extra: str) -> tuple[tuple[str, ...], str]:
    """Series, and why. Empty: no table has the package, or no row fits."""
    if name in ("torch", "torchvision", "torchaudio"):
        return _torch(name, spec, arch, extra)
    if name == "tensorflow":
        found = tables.tensorflow(extra)
        return _newest({row.version: _of(row, arch) for row in found.rows}, spec, name, found.made)
    if name in ("jax", "jaxlib"):
        table = tables.jax(extra)
        return _newest({row.version: _of(row, arch) for row in table.rows}, spec, name, table.made)
    if name in ("vllm", "sglang"):
        return _server(name, spec, arch, extra)
    return (), ""


def _torch(name: str, spec: str, arch: str, extra: str) -> tuple[tuple[str, ...], str]:
    table = tables.torch(extra)
    field = {"torch": "torch", "torchvision": "vision", "torchaudio": "audio"}[name]
    rows = {getattr(row, field): _of(row, arch) for row in table.rows if getattr(row, field)}
    return _newest(rows, spec, name, table.made)


def _of(row: tables.TorchRow | tables.Release | tables.JaxRelease, arch: str) -> tuple[str, ...]:
    return row.arm64 if arch == "arm64" else row.pythons


def _newest(
    rows: Mapping[str, tuple[str, ...]], spec: str, name: str, made: str
) -> tuple[tuple[str, ...], str]:
    """The Pythons of the newest release that the specifier allows."""
    version = newest_below(list(rows), spec)
    if not version or not rows[version]:
        return (), ""
    return rows[
        version
    ], f"{name} {version} has wheels for Python {rows[version][0]} to {rows[version][-1]} (table of {made})"


def newest_below(versions: list[str], spec: str) -> str:
    """The newest that a specifier allows; for a pin that is not there, the newest one below it (not where all are newer)."""
    if found := allowed(versions, [spec]):
        return found[-1]
    pin = exact(clean(spec))
    below = [one for one in versions if pin and numbers(one) < numbers(pin)]
    return below[-1] if below else ""


def _server(name: str, spec: str, arch: str, extra: str) -> tuple[tuple[str, ...], str]:
    """A server's own condition on Python, and that of the torch it pins."""
    table = tables.servers(extra)
    releases = {row.version: row for row in table.rows if row.server == name}
    version = newest_below(list(releases), spec)
    if not version or not releases[version].torch:
        return (), ""
    row = releases[version]
    found, _ = _torch("torch", f"=={row.torch}", arch, extra)
    fitting = tuple(one for one in found if allowed([f"{one}.0"], [row.python]))
    return fitting, f"{name} {version} pins torch {row.torch} (table of {table.made})"
