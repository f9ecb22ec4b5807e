"""Libraries of C and C++ are Debian packages, as the mirror has them: known from the sources, or learnt from a failed build."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jitney.plan.model import Lock

if TYPE_CHECKING:
    from jitney.plan.request import ResolveRequest
    from jitney.resolve.world import World


def resolve_native(request: ResolveRequest, world: World, texts: Mapping[str, str]) -> Lock:
    return Lock(language=request.language, version=request.version, prerelease=request.prerelease)
