"""Bases of the languages that are tables: one layer each on Debian's own, so that thirty languages cost one system.

ruby.toml  run   = ["ruby"]   ─► ruby:3.3-run   = debian:13-full + ruby
d.toml     build = ["ldc"]    ─► d:1.40-build   = debian:13-build + ldc
"""

from __future__ import annotations

import re

import msgspec

from jitney.bases.hooks import Recipe
from jitney.languages import names, table

SUITES = {"trixie": "13", "bookworm": "12", "sid": "sid"}


def kind_of(name: str) -> str:
    """The language of a base's name (`ruby:3.3-run`), where it is a table; else an empty string."""
    kind = name.partition(":")[0]
    return kind if kind in names() else ""


def table_recipe(name: str) -> Recipe | None:
    """name: `KIND:VERSION-FLAVOUR`. None: no table says how it is made."""
    kind = kind_of(name)
    match = re.fullmatch(r"([\w.+-]+)-(run|build)", name.partition(":")[2])
    if not kind or match is None:
        return None
    language = table(kind)
    tools = language.debian
    if match[1] not in tools.all_versions:
        return None
    is_build = match[2] == "build"
    return Recipe(
        suite=tools.suite,
        variant="minbase",
        packages=tools.build if is_build else tools.run,
        parent=f"debian:{SUITES[tools.suite]}-{'build' if is_build else 'full'}",
        adds=tuple(
            msgspec.structs.replace(add, version=add.version.replace("{version}", match[1]))
            for add in tools.adds
            if (add.is_build if is_build else add.is_run)(language)
        ),
        path=tools.path,
    )


def table_image(name: str) -> str:
    """The official image of the same use; empty: the table names none."""
    kind = kind_of(name)
    match = re.fullmatch(r"([\w.+]+)-(run|build)", name.partition(":")[2])
    if not kind or match is None:
        return ""
    tools = table(kind).registry
    image = tools.build_image if match[2] == "build" else tools.run_image
    return image.replace("{version}", match[1])
