"""What is written down while a source is looked at: evidence and findings, in the order they were met."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from jitney.detect.code import Code
from jitney.findings import Evidence, Finding

if TYPE_CHECKING:
    from jitney.detect.frameworks import Framework


class Notes:
    """known: frameworks that the user adds to the tables. settings: what files beside the program say of its model."""

    def __init__(self, known: tuple[Framework, ...] = ()) -> None:
        self.known = known
        self.settings = Code()
        self.evidence: list[Evidence] = []
        self.findings: list[Finding] = []

    def mark(self) -> tuple[int, int]:
        """Where both lists stand, for whoever takes back what is noted from here on."""
        return len(self.evidence), len(self.findings)

    def saw(
        self, rule: str, decides: str, value: str, file: str = "", line: int = 0, losers: tuple[str, ...] = ()
    ) -> Evidence:
        seen = Evidence(rule=rule, decides=decides, value=value, file=file, line=line, losers=losers)
        self.evidence.append(seen)
        return seen

    def tell(
        self,
        level: Literal["error", "warning", "note"],
        code: str,
        message: str,
        *,
        hint: str = "",
        file: str = "",
        line: int = 0,
    ) -> None:
        finding = Finding(level=level, code=code, message=message, hint=hint, file=file, line=line)
        if finding not in self.findings:
            self.findings.append(finding)
