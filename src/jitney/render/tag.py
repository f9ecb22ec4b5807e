"""The image's tag: a hash over what the build is made of, so that a tag which exists needs no build."""

from __future__ import annotations

import hashlib

import msgspec

from jitney.plan.model import Base, BuildPlan, Stage

DIGITS = 24


def image_tag(build: BuildPlan) -> str:
    """`jitney/run:` and 24 hex digits. Reasons do not count (a line moved is no new image), nor what a base is called
    where its content is known."""
    bare = msgspec.structs.replace(build, stages=tuple(_bare(stage) for stage in build.stages))
    canonical = msgspec.json.encode(bare, order="sorted")
    return f"jitney/run:{hashlib.sha256(canonical).hexdigest()[:DIGITS]}"


def _bare(stage: Stage) -> Stage:
    instructions = tuple(msgspec.structs.replace(one, why=()) for one in stage.instructions)
    return msgspec.structs.replace(stage, why=(), base=_content(stage.base), instructions=instructions)


def _content(base: Base) -> Base:
    return Base(key="", ref="", digest=base.digest) if base.digest else Base(key=base.key, ref=base.ref)
