"""The event loop of the client: descriptors, timers, nothing else. One thread; several boxes share one
loop."""

from __future__ import annotations

import heapq
import selectors
from collections.abc import Callable
from itertools import count
from time import monotonic

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE


class Timer:
    """Runs once, at `when` (monotonic seconds), unless cancelled."""

    __slots__ = ("action", "when")

    def __init__(self, when: float, action: Callable[[], None]) -> None:
        self.when = when
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        self.action = None


class Loop:
    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = count()

    def watch(self, fd: int, events: int, on_event: Callable[[int], None]) -> bool:
        """Set what is watched on a descriptor; events 0: nothing any more.

        False: this kind of descriptor (regular file, /dev/null) cannot be watched, since it is always ready.
        """
        known = self._selector.get_map().get(fd)
        if not events:
            if known is not None:
                self._selector.unregister(fd)
            return True
        try:
            if known is None:
                self._selector.register(fd, events, on_event)
            elif known.events != events or known.data != on_event:
                self._selector.modify(fd, events, on_event)
        except PermissionError:
            return False
        return True

    def forget(self, fd: int) -> None:
        """Before a watched descriptor is closed."""
        if fd >= 0 and fd in self._selector.get_map():
            self._selector.unregister(fd)

    def after(self, seconds: float, action: Callable[[], None]) -> Timer:
        timer = Timer(monotonic() + seconds, action)
        heapq.heappush(self._timers, (timer.when, next(self._order), timer))
        return timer

    def run(self, is_done: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Serve events until is_done() or the time is over; says whether is_done()."""
        end = None if timeout_s is None else monotonic() + timeout_s
        while not is_done():
            now = monotonic()
            if end is not None and now >= end:
                return False
            for key, events in self._selector.select(self._patience(now, end)):
                if (
                    self._selector.get_map().get(key.fd) is key
                ):  # not forgotten by an earlier callback of this round
                    key.data(events)
            self._ring(monotonic())
        return True

    def close(self) -> None:
        self._timers.clear()
        self._selector.close()

    def _patience(self, now: float, end: float | None) -> float | None:
        times = [end] if end is not None else []
        if self._timers:
            times.append(self._timers[0][0])
        return max(0.0, min(times) - now) if times else None

    def _ring(self, now: float) -> None:
        while self._timers and self._timers[0][0] <= now:
            action = heapq.heappop(self._timers)[2].action
            if action is not None:
                action()
