"""BuildPlan → Dockerfile, context and tag. Pure."""

from __future__ import annotations

from jitney.plan.model import BuildPlan
from jitney.render.dockerfile import render_dockerfile, render_instruction, trace
from jitney.render.tag import image_tag


def context_files(build: BuildPlan) -> dict[str, bytes]:
    """The generated files of the context. The user's sources are added by the caller, under `src/`."""
    return {path: text.encode() for path, text in sorted(build.files.items())}


__all__ = ["context_files", "image_tag", "render_dockerfile", "render_instruction", "trace"]
