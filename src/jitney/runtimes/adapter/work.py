"""The way from a request to the library and back: threads of its own, as many as it can use; who comes later waits a turn.

event loop                     worker thread
stream() ── turn ────────────► Loaded.generate ─► flow ─► pieces
    ◄───── call_soon_threadsafe ──────────────────────────┘
the client leaves ─► stopped ─► the next token is not computed
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, TypeVar

from .backend import Loaded, RefusedError, Wish
from .flow import End, Flow, Piece

T = TypeVar("T")


class FailedError(RefusedError):
    """The library failed."""

    def __init__(self, message: str) -> None:
        super().__init__("", f"the model failed: {message}", status=500)


Event = Piece | End


class Work:
    """Of one model. `waiting`, `running`: requests."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._turn = asyncio.Semaphore(loaded.at_once)
        self._threads = ThreadPoolExecutor(loaded.at_once, thread_name_prefix="model")

    async def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """One call of the library, in its turn."""
        async with self._turn:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    async def stream(self, prompt: Sequence[int], wish: Wish, stop: Sequence[str]) -> AsyncIterator[Event]:
        """Pieces, then one End. Closing it stops the work; the turn is passed on when the library has stopped."""
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[Event | None] = asyncio.Queue()
        stopped = threading.Event()

        def put(event: Event | None) -> None:
            loop.call_soon_threadsafe(events.put_nowait, event)

        def answer() -> None:
            try:
                if not stopped.is_set():
                    self._answer(prompt, wish, stop, put, stopped)
            except RefusedError:
                raise
            except Exception as error:  # whatever a library raises is told to the client
                raise FailedError(f"{type(error).__name__}: {error}") from error
            finally:
                put(None)

        async with self._turn:
            working = loop.run_in_executor(self._threads, answer)
            try:
                while (event := await events.get()) is not None:
                    yield event
                await working
            finally:
                stopped.set()
                await asyncio.shield(asyncio.wait([working]))

    def _answer(
        self, prompt: Sequence[int], wish: Wish, stop: Sequence[str], put: Callable[[Event], None], stopped: threading.Event
    ) -> None:  # fmt: skip
        assert self._loaded.words is not None and self._loaded.generate is not None, "it offers text"
        flow = Flow(self._loaded.words, prompt, stop, tells=wish.logprobs is not None)
        began = first = time.perf_counter()
        with closing(self._loaded.generate(prompt, wish)) as steps:  # type: ignore[type-var]  # generators can be closed
            for step in steps:
                if stopped.is_set():
                    return
                if step is None:
                    continue
                if not flow.tokens:
                    first = time.perf_counter()
                piece = flow.take(step)
                if piece is not None:
                    put(piece)
                if flow.ended or flow.tokens == wish.max_tokens:
                    break
        if (rest := flow.rest()) is not None:
            put(rest)
        cut = not flow.ended and flow.tokens == wish.max_tokens
        now = time.perf_counter()
        times = ((first - began) * 1000, (now - first) * 1000)
        put(End("length" if cut else "stop", len(prompt), flow.tokens, *times))
