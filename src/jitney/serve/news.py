"""What who started the gateway tells it on standard input, a line each; its end is the end of the gateway.

gone NAME WHY   this model's runtime is gone and will not come back by itself: its requests are told at once
back NAME       it is there again
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

from jitney.serve.models import Models


async def follow(models: Models, ended: Callable[[], None]) -> None:
    """Read the news until their end."""
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await reader.readline():
        hear(models, line.decode("utf-8", "replace").strip())
    ended()


def hear(models: Models, news: str) -> None:
    word, _, rest = news.partition(" ")
    name, _, why = rest.partition(" ")
    model = models.named(name)
    if model is not None and word in ("gone", "back"):
        model.upstream.gone = (why or "it ended") if word == "gone" else ""
