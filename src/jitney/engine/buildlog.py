"""BuildKit's plain progress, read line by line, so that a failed build can say what failed, in its own words.

#5 [2/3] RUN pip install nothing        the vertex's name
#5 0.731 ERROR: No matching …           what its process wrote
#5 ERROR: process … exit code: 1        its end
------ … ------                         the client's own summary
ERROR: failed to solve: …               last
"""

from __future__ import annotations

import re

OUTPUT_LIMIT = 64 << 10
_LINE = re.compile(r"#(\d+) (.*)")
_WRITTEN = re.compile(r"\d+\.\d+ (.*)")


class BuildLog:
    """Feed it every line; ask it for the failure."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._written: dict[str, list[str]] = {}
        self._failed = ""
        self._last = ""
        self._all: list[str] = []
        self._size = 0

    def add(self, line: str) -> None:
        self._keep(line)
        match = _LINE.fullmatch(line)
        if match is None:
            self._last = line.strip() or self._last
            return
        vertex, text = match.groups()
        self._names.setdefault(vertex, text)
        if written := _WRITTEN.fullmatch(text):
            self._written.setdefault(vertex, []).append(written[1])
        elif text.startswith("ERROR"):
            self._failed = vertex
            self._names.setdefault(vertex, text)

    def failure(self, code: int) -> tuple[str, str, str]:
        """Message, hint and output for a BuildError; code: the client's."""
        step = self._names.get(self._failed, "")
        reason = re.sub(r"^(ERROR: )?(failed to solve: )?", "", self._last)
        if not step:
            return (
                f"the build failed: {reason or f'the docker client ended with {code}'}",
                "",
                self._tail(self._all),
            )
        output = self._tail(self._written.get(self._failed, [])) or reason
        return f"the build failed at {step}", "", output

    def _keep(self, line: str) -> None:
        self._all.append(line)
        self._size += len(line) + 1
        while self._size > OUTPUT_LIMIT and len(self._all) > 1:
            self._size -= len(self._all.pop(0)) + 1

    @staticmethod
    def _tail(lines: list[str]) -> str:
        return "\n".join(lines)[-OUTPUT_LIMIT:]
