"""The tables as data types, each read once and only when asked for. extra: a user's rows, as `overlay` gives them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

FOLDER = Path(__file__).parent


class TorchRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A release as the package index has it. pythons, arm64: series with wheels for Linux on amd64 and on arm64; cuda,
    cuda_arm64: what those wheels are built for, empty: the CPU alone; vision, audio: the releases that go with it."""

    torch: str
    pythons: tuple[str, ...] = ()
    arm64: tuple[str, ...] = ()
    cuda: str = ""
    cuda_arm64: str = ""
    cudnn: str = ""
    vision: str = ""
    audio: str = ""


class Variant(msgspec.Struct, frozen=True, omit_defaults=True):
    """The builds of a series in PyTorch's own index."""

    series: str
    cuda: tuple[str, ...] = ()
    rocm: tuple[str, ...] = ()
    source: str = ""


class Architectures(msgspec.Struct, frozen=True, omit_defaults=True, rename={"first": "from", "last": "to"}):
    """Compute capabilities that builds of these series for a CUDA (`12.8`, or all of `13`) have kernels for."""

    first: str
    last: str
    cuda: str
    amd64: tuple[str, ...] = ()
    arm64: tuple[str, ...] = ()
    source: str = ""


class TorchTable(msgspec.Struct, frozen=True):
    made: str = ""
    rows: tuple[TorchRow, ...] = ()
    variants: tuple[Variant, ...] = ()
    architectures: tuple[Architectures, ...] = ()


class Release(msgspec.Struct, frozen=True, omit_defaults=True, rename={"version": "tensorflow"}):
    """A release of TensorFlow. cuda, cudnn: what it was built with."""

    version: str
    pythons: tuple[str, ...] = ()
    arm64: tuple[str, ...] = ()
    cuda: str = ""
    cudnn: str = ""


class JaxRelease(msgspec.Struct, frozen=True, omit_defaults=True, rename={"version": "jax"}):
    """A release of jax and jaxlib. cuda12, cuda13: the least CUDA that its plugin of that name wants, empty: no such plugin."""

    version: str
    pythons: tuple[str, ...] = ()
    arm64: tuple[str, ...] = ()
    cuda12: str = ""
    cudnn12: str = ""
    cuda13: str = ""
    cudnn13: str = ""


class Server(msgspec.Struct, frozen=True, omit_defaults=True):
    """A release of a model server. torch: the release it pins; python: a specifier; cuda, driver: where its makers say so."""

    server: str
    version: str
    torch: str = ""
    python: str = ""
    cuda: str = ""
    driver: str = ""
    arm64: bool = False
    source: str = ""


class Image(msgspec.Struct, frozen=True, omit_defaults=True):
    """An official image; tag: how a release's is made, empty: not by the release's number."""

    server: str
    image: str
    tag: str = ""
    registry: str = ""
    source: str = ""


class Driver(msgspec.Struct, frozen=True, omit_defaults=True):
    """The least driver for a CUDA release (`11.0`) or for all of a major one (`12`)."""

    cuda: str
    driver: str
    source: str = ""


class Rocm(msgspec.Struct, frozen=True, omit_defaults=True):
    rocm: str
    gfx: tuple[str, ...] = ()


class TensorFlowTable(msgspec.Struct, frozen=True):
    made: str = ""
    rows: tuple[Release, ...] = ()


class JaxTable(msgspec.Struct, frozen=True):
    made: str = ""
    rows: tuple[JaxRelease, ...] = ()


class ServerTable(msgspec.Struct, frozen=True):
    made: str = ""
    rows: tuple[Server, ...] = ()
    images: tuple[Image, ...] = ()


class Gpus(msgspec.Struct, frozen=True):
    """rows: drivers; rocm: which AMD GPUs a ROCm serves."""

    made: str = ""
    rows: tuple[Driver, ...] = ()
    rocm: tuple[Rocm, ...] = ()


Table = TypeVar("Table")

KINDS: dict[str, type[msgspec.Struct]] = {"torch": TorchTable, "tensorflow": TensorFlowTable, "jax": JaxTable, "servers": ServerTable, "gpus": Gpus}  # fmt: skip
KEYS = {
    ("torch", "rows"): ("torch",), ("torch", "variants"): ("series",), ("torch", "architectures"): ("from", "to", "cuda"),
    ("tensorflow", "rows"): ("tensorflow",), ("jax", "rows"): ("jax",), ("servers", "rows"): ("server", "version"),
    ("servers", "images"): ("server", "image"), ("gpus", "rows"): ("cuda",), ("gpus", "rocm"): ("rocm",),
}  # fmt: skip
"""What makes a row of a list the same row: a user's replaces it, another is added."""


def torch(extra: str = "") -> TorchTable:
    return _read("torch", TorchTable, extra)


def tensorflow(extra: str = "") -> TensorFlowTable:
    return _read("tensorflow", TensorFlowTable, extra)


def jax(extra: str = "") -> JaxTable:
    return _read("jax", JaxTable, extra)


def servers(extra: str = "") -> ServerTable:
    return _read("servers", ServerTable, extra)


def gpus(extra: str = "") -> Gpus:
    return _read("gpus", Gpus, extra)


def overlay(rows: dict[str, Any]) -> str:
    """A user's file, checked, in the form that `extra` takes. ValueError (msgspec.ValidationError): an unknown table or list,
    a row without what names it, a wrong type."""
    for name, table in rows.items():
        if name not in KINDS or not isinstance(table, dict):
            raise ValueError(f"[{name}] is no table of these: {', '.join(KINDS)}")
        for part, added in table.items():
            if (name, part) not in KEYS:
                lists = ", ".join(known for owner, known in KEYS if owner == name)
                raise ValueError(f"[[{name}.{part}]]: expected one of {lists}")
            if not isinstance(added, list):
                raise ValueError(f"{name}.{part} is no list of tables: write [[{name}.{part}]]")
        msgspec.convert(table, KINDS[name])
    return msgspec.json.encode(rows, order="sorted").decode() if rows else ""


def _read(name: str, kind: type[Table], extra: str) -> Table:
    found = _table(name, extra)
    assert isinstance(found, kind), name
    return found


@cache
def _table(name: str, extra: str) -> object:
    data = (FOLDER / f"{name}.json").read_bytes()
    added = msgspec.json.decode(extra).get(name) if extra else None
    if not added:
        return msgspec.json.decode(data, type=KINDS[name])
    table: dict[str, Any] = msgspec.json.decode(data)
    for part, rows in added.items():
        key = KEYS[name, part]
        merged: dict[tuple[Any, ...], Any] = {}
        for row in (*table[part], *rows):
            merged[tuple(row.get(field) for field in key)] = row
        table[part] = list(merged.values())
    return msgspec.convert(table, KINDS[name])
