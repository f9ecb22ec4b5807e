"""Detection of a source that stands in the test: what the tests of every language begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jitney.detect import detect
from jitney.detect.model import Detection, Wishes
from jitney.source import Source


def see(
    files: Mapping[str, str | bytes], entry: str = "", workdir: str | None = None, **wishes: Any
) -> Detection:
    """files: path → text. entry: the file that is handed over; workdir: the folder, where it is not the root."""
    return detect(Source.from_mapping(dict(files), entry, workdir), Wishes(**wishes))


def feature(found: Detection, name: str) -> list[str]:
    """Values of `NAME:VALUE` among the features."""
    return [one.partition(":")[2] for one in found.features if one.startswith(f"{name}:")]


def packages(found: Detection) -> list[str]:
    return [package.name + package.spec for package in found.packages]


def errors(found: Detection) -> dict[str, str]:
    """Code → message of what stops the road."""
    return {one.code: one.message for one in found.findings if one.level == "error"}
