"""Wheels that lie beside the index: a page of links is named to the installer, a folder is an image that the build mounts."""

from __future__ import annotations

import re

from jitney.facts.model import Wheels
from jitney.plan.model import Lock, Mount
from jitney.plan.torch import normal

_TOLD = (
    "import os, runpy, sys; os.environ['UV_FIND_LINKS'] = sys.argv[1]; sys.argv = sys.argv[2:]; "
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)
"""A variable for one program, by Python: bases have no shell and no `env`."""


def wheels_image(wheels: Wheels) -> str:
    """The image that has nothing but the folder's wheels."""
    return f"jitney/wheels:{wheels.digest}"


def wheel_words(lock: Lock, wheels: Wheels, folder: str) -> tuple[str, ...]:
    """What stands before the installer's file in its command; nothing where no locked package can be among them."""
    if not _wanted(lock, wheels):
        return ()
    return ("-c", _TOLD, folder if wheels.files else wheels.where)


def wheel_mounts(lock: Lock, wheels: Wheels, folder: str) -> list[Mount]:
    if not wheels.files or not _wanted(lock, wheels):
        return []
    return [Mount(kind="bind", stage=wheels_image(wheels), target=folder)]


def _wanted(lock: Lock, wheels: Wheels) -> bool:
    """Of a folder it is known what is in it, so that other programs' images stay as they are."""
    if not wheels.files:
        return bool(wheels.where)
    locked = {normal(name) for name in re.findall(r"(?m)^([\w.-]+)==", lock.packages)}
    return not locked.isdisjoint(normal(name.partition("-")[0]) for name in wheels.files)
