"""TensorFlow and JAX where a GPU is wanted: does the CUDA that they were built with reach the driver, and do they bring one?

Their wheels in the package index compute on the CPU alone unless an extra brings NVIDIA's libraries. Nothing is added here:
what the program asks for is kept, and the extra that mends it is named.
"""

from __future__ import annotations

import re

from jitney.detect.model import Detection, Package
from jitney.facts.model import Facts
from jitney.findings import Evidence, Finding
from jitney.matrix import jax, tensorflow
from jitney.matrix.builds import driver_floor
from jitney.matrix.pythons import newest_below
from jitney.matrix.versions import clean, numbers
from jitney.plan.model import Lock

NAMES = frozenset(["tensorflow", "jax"])
JAX_EXTRA = re.compile(r"cuda(12|13)?(?:-local|_local)?$")


def others(
    detection: Detection, facts: Facts, lock: Lock
) -> tuple[tuple[Evidence, ...], tuple[Finding, ...]]:
    """What was seen and is worth a warning, for a program that wants a GPU, where one is there."""
    evidence: list[Evidence] = []
    findings: list[Finding] = []
    for one in detection.packages:
        name = one.name.lower()
        if name in NAMES:
            version, cuda, made, extra = (_tensorflow if name == "tensorflow" else _jax)(one, facts, lock)
            if not version:
                continue
            what = f"CUDA {cuda}" if cuda else "the CPU alone"
            evidence.append(
                Evidence(
                    rule=f"gpu.{name}", decides="gpu", value=f"{name} {version}, for {what} (table of {made})"
                )
            )
            findings += _mending(one, version, cuda, extra, facts)
    return tuple(evidence), tuple(findings)


def _mending(one: Package, version: str, cuda: str, extra: str, facts: Facts) -> list[Finding]:
    name = one.name.lower()
    if not cuda:
        return [Finding(
            level="warning", code="gpu-without-cuda", hint=f"{name}[{extra}] brings them", file=one.why.file, line=one.why.line,
            message=f"{name} is asked for without NVIDIA's libraries, so it computes on the CPU",
        )]  # fmt: skip
    floor = driver_floor(cuda, facts.matrices)
    low = [gpu.driver for gpu in facts.gpus if gpu.vendor == "nvidia" and _is_below(gpu.driver, floor)]
    if not low:
        return []
    message = f"{name} {version} is for CUDA {cuda}, which wants an NVIDIA driver of {floor} or newer; here is {low[0]}"
    return [
        Finding(
            level="warning", code="gpu-driver", message=message, hint="a newer driver, or an older release"
        )
    ]


def _is_below(driver: str, floor: str) -> bool:
    return bool(driver) and numbers(driver) < numbers(floor)


def _extras(one: Package) -> list[str]:
    match = re.match(r"\s*\[([^\]]*)\]", one.spec)
    return [extra.strip() for extra in match[1].split(",")] if match else []


def _locked(name: str, lock: Lock) -> str:
    match = re.search(rf"(?m)^{name}==([^\s\\;]+)", lock.packages)
    return f"=={match[1]}" if match else ""


def _tensorflow(one: Package, facts: Facts, lock: Lock) -> tuple[str, str, str, str]:
    """Release, its CUDA (empty: not brought along), the table's date, the extra that brings it. Since 2.14 there is one; before,
    the libraries were the image's."""
    table = tensorflow(facts.matrices)
    rows = {row.version: row for row in table.rows}
    version = newest_below(list(rows), _locked("tensorflow", lock) or clean(one.spec))
    brings = "and-cuda" in _extras(one)
    return version, rows[version].cuda if brings and version else "", table.made, "and-cuda"


def _jax(one: Package, facts: Facts, lock: Lock) -> tuple[str, str, str, str]:
    """The extra that fits the driver: `cuda13` where it is new enough and the release has such a plugin."""
    table = jax(facts.matrices)
    rows = {row.version: row for row in table.rows}
    version = newest_below(list(rows), _locked("jax", lock) or clean(one.spec))
    if not version:
        return "", "", table.made, ""
    row = rows[version]
    is_new = not any(_is_below(gpu.driver, driver_floor("13", facts.matrices)) for gpu in facts.gpus)
    for extra in _extras(one):
        if match := JAX_EXTRA.match(extra):
            return version, (row.cuda13 if match[1] == "13" else row.cuda12) or "12", table.made, extra
    return version, "", table.made, "cuda13" if is_new and row.cuda13 else "cuda12"
