"""The client's own terminal while a program has one in its box: raw, and always put back."""

from __future__ import annotations

import os


def window_size(fd: int) -> tuple[int, int] | None:
    """Rows, columns; None where this is no terminal."""
    try:
        size = os.get_terminal_size(fd)
    except OSError:
        return None
    return size.lines, size.columns


class Terminal:
    """Raw mode of a terminal. `raw` and `restore` may be called in any order, any number of times."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._saved: list[object] | None = None

    def raw(self) -> None:
        import termios
        import tty

        if self._saved is None and os.isatty(self._fd):
            self._saved = list(termios.tcgetattr(self._fd))
            tty.setraw(self._fd, termios.TCSANOW)

    def restore(self) -> None:
        if self._saved is None:
            return
        import termios

        saved, self._saved = self._saved, None
        try:
            termios.tcsetattr(self._fd, termios.TCSANOW, saved)  # type: ignore[arg-type]  # as tcgetattr gave it
        except termios.error:  # the terminal hung up: nobody is left to see it
            return
