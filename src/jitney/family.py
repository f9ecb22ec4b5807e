"""The image family: bases and programs that share layers, and what each adds to the disk beyond the one it stands on.

debian:13-full ─┬─ debian:13-build ── rust:1.85-build
                └─ ruby:3.3-run ──┬── a program
                                  └── a program
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from jitney.engine.protocol import LABEL, Engine, ImageInfo, Layer

KINDS = ("image", "base", "init", "uv")


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One image. parent: the name of the base whose layers it has, empty: none; adds_bytes: layers that nobody before it in the
    family has, so that the sum over all is what lies on the disk."""

    name: str
    kind: Literal["base", "image"]
    parent: str
    size_bytes: int
    adds_bytes: int


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """members: bases first, each behind its parent, then programs. total_bytes: of all layers, each counted once."""

    members: tuple[Member, ...] = ()
    total_bytes: int = 0

    @property
    def bases(self) -> tuple[Member, ...]:
        return tuple(member for member in self.members if member.kind == "base")

    @property
    def programs(self) -> tuple[Member, ...]:
        return tuple(member for member in self.members if member.kind == "image")


class _Seen(msgspec.Struct, frozen=True):
    name: str
    kind: Literal["base", "image"]
    layers: tuple[Layer, ...]

    @property
    def digests(self) -> tuple[str, ...]:
        return tuple(layer.digest for layer in self.layers)


def family(engine: Engine) -> Family:
    """Two requests an image: for a look, not for a run."""
    found = (_seen(engine, image) for image in engine.images() if image.labels.get(LABEL) in KINDS)
    seen = sorted((one for one in found if one.layers), key=lambda one: one.name)
    bases = [one for one in seen if one.kind == "base"]
    parents = {one.name: _parent(one, bases) for one in seen}
    ordered = [*_tree(bases, parents, ""), *(one for one in seen if one.kind == "image")]
    counted: set[str] = set()
    members = [_member(one, parents[one.name], counted) for one in ordered]
    return Family(
        members=tuple(one for one in members if one.adds_bytes or not one.name.startswith("sha256:")),
        total_bytes=sum(one.adds_bytes for one in members),
    )


def _seen(engine: Engine, image: ImageInfo) -> _Seen:
    """One that lost its tag to a newer one is nobody's base any more."""
    name = image.tags[0] if image.tags else image.id
    is_base = image.labels.get(LABEL) != "image" and bool(image.tags)
    return _Seen(name, "base" if is_base else "image", engine.layers(image.id))


def _parent(one: _Seen, bases: Iterable[_Seen]) -> _Seen | None:
    """The base with the most of its layers below this one's; of two that are the same, the first by name."""
    below = [
        base
        for base in bases
        if base.name != one.name
        and one.digests[: len(base.layers)] == base.digests
        and (len(base.layers) < len(one.layers) or one.kind == "image" or base.name < one.name)
    ]
    return max(below, key=lambda base: len(base.layers), default=None)


def _tree(bases: list[_Seen], parents: dict[str, _Seen | None], parent: str) -> Iterable[_Seen]:
    for base in bases:
        above = parents[base.name]
        if (above.name if above else "") == parent:
            yield base
            yield from _tree(bases, parents, base.name)


def _member(one: _Seen, parent: _Seen | None, counted: set[str]) -> Member:
    new = {layer.digest: layer.size_bytes for layer in one.layers if layer.digest not in counted}
    counted.update(new)
    return Member(
        name=one.name,
        kind=one.kind,
        parent=parent.name if parent else "",
        size_bytes=sum(layer.size_bytes for layer in one.layers),
        adds_bytes=sum(new.values()),
    )
