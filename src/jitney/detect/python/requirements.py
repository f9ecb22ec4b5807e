"""requirements.txt as pip reads it: continuations, comments, `-r` and `-c`, options, hashes, markers, local
folders."""

from __future__ import annotations

import re

from jitney.detect.model import Package
from jitney.detect.notes import Notes
from jitney.detect.python.packages import split
from jitney.findings import Evidence
from jitney.source import Source
from jitney.source.paths import join, parent

MAX_DEPTH = 10
_SPEC = re.compile(
    r"(\[[A-Za-z0-9_.,\s-]*\])?\s*(?:\(?\s*(?:[<>=!~]=?=?\s*[^;\s,]+\s*,?\s*)*\)?|@\s*\S+)\s*(;.*)?"
)

_VARIABLE = re.compile(r"\$\{[A-Z_][A-Z0-9_]*\}")
"""pip would put the environment's value there."""

INDEXES = frozenset({"-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--no-index"})
TORCH_INDEX = r"/whl/(?:nightly/)?(?:cpu|cu\d+|rocm[\d.]+|xpu|torch_stable)"
HARMLESS = frozenset(
    {"--trusted-host", "--prefer-binary", "--require-hashes", "--only-binary", "--use-feature", "--no-cache-dir",
     "--upgrade", "-U", "--no-build-isolation"}
)  # fmt: skip
"""Options of pip's that ask for what Jitney does anyway, or that change nothing of which versions are taken."""


class Reading:
    """What a set of requirement files says. files: in the order they were read. local: folders named by
    path."""

    def __init__(self, source: Source, notes: Notes) -> None:
        self.source, self.notes = source, notes
        self.packages: list[Package] = []
        self.constraints: list[Package] = []
        self.files: list[str] = []
        self.local: list[str] = []

    def read(self, path: str, depth: int = 0, *, constraint: bool = False) -> None:
        if path in self.files or depth > MAX_DEPTH:
            return
        self.files.append(path)
        pending, start = "", 0
        for number, raw in enumerate(self.source.read_text(path).splitlines(), 1):
            start = start if pending else number
            pending += raw
            if pending.endswith("\\"):
                pending = pending[:-1]
                continue
            self._line(re.sub(r"(^|\s)#.*", "", pending).strip(), path, start, depth, constraint)
            pending = ""
        if pending:
            self._line(pending.strip(), path, start, depth, constraint)

    def _line(self, line: str, path: str, number: int, depth: int, constraint: bool) -> None:
        if not line:
            return
        if line.startswith("-"):
            option = re.match(r"(--[a-z-]+|-[a-zA-Z])[\s=]*(.*)", line)
            name, value = (option[1], option[2].strip()) if option else (line, "")
            self.option(name, value, path, number, depth)
        else:
            self.add(re.split(r"\s+--hash", line)[0].strip(), path, number, constraint=constraint)

    def option(self, name: str, value: str, path: str, number: int, depth: int) -> None:
        if name in ("-r", "--requirement", "-c", "--constraint"):
            target = join(parent(path), value)
            if target is None or not self.source.has(target):
                self.notes.tell("error", "python.requirements.missing", f"{path}:{number} names {value}, which does not exist",
                                hint="hand over the folder that has it, or remove the line", file=path,
                                line=number)  # fmt: skip
            else:
                self.read(target, depth + 1, constraint=name.startswith(("-c", "--c")))
        elif name in ("-e", "--editable"):
            self.add(value, path, number)
        elif name not in HARMLESS:
            self._refuse(f"{name} {value}".strip(), name, path, number)

    def _refuse(self, text: str, name: str, path: str, number: int) -> None:
        """An index that a file names would decide what is installed; only the user's own configuration may."""
        if name in INDEXES and re.search(TORCH_INDEX, text):
            self.notes.tell("note", "python.torch.index", f"{path}:{number}: {text} is not used: PyTorch's build is chosen by what "
                            "the machine has", file=path, line=number)  # fmt: skip
        elif name in INDEXES:
            self.notes.tell("error", "python.index", f"{path}:{number}: {text}: packages come from the configured index alone",
                            hint="set `python_index` in jitney.toml to an index that has them all, and remove the line",
                            file=path, line=number)  # fmt: skip
        else:
            hint = "run with --prerelease" if name == "--pre" else ""
            message = f"{path}:{number}: {text} is not followed"
            self.notes.tell("warning", "python.option", message, hint=hint, file=path, line=number)

    def add(self, text: str, path: str, line: int, *, constraint: bool = False) -> None:
        """One requirement; what is none becomes a finding that names file and line."""
        place = text.partition("[")[0].partition("@")[0]
        if variable := _VARIABLE.search(text):
            self.notes.tell("error", "python.requirement.variable", f"{path}:{line}: {variable[0]} is a variable of the environment, "
                            "which nothing here says", hint="write its value into the file", file=path, line=line)  # fmt: skip
        elif text.startswith((".", "/", "file:")) or ("/" in place and "://" not in text):
            self._add_local(text, path, line)
        elif package := _package(text, path, line):
            (self.constraints if constraint else self.packages).append(package)
        else:
            self.notes.tell("error", "python.requirement", f"{path}:{line}: `{text[:80]}` is no requirement",
                            hint="NAME, NAME==VERSION or NAME @ URL", file=path, line=line)  # fmt: skip

    def _add_local(self, text: str, path: str, line: int) -> None:
        place = join(parent(path), text.partition("[")[0].removeprefix("file:"))
        if place is None or not self.source.has_folder(place):
            self.notes.tell("error", "python.local", f"{path}:{line}: {text} is no folder inside the source",
                            hint="hand over the folder that holds both", file=path, line=line)  # fmt: skip
        else:
            self.local.append(place)


def _package(text: str, path: str, line: int) -> Package | None:
    """None: it is no requirement."""
    why = Evidence(rule="python.requirement", decides="package", value=text, file=path, line=line)
    if re.match(r"(git|hg|https?)[+:]", text):
        return Package(name=_name_in(text), spec=f" @ {text}", why=why)
    name, spec = split(text)
    if not name or not _SPEC.fullmatch(spec):
        return None
    return Package(name=name, spec=f" {spec}" if spec.startswith(("@", ";")) else spec, why=why)


def _name_in(url: str) -> str:
    """`#egg=NAME`, else the repository's own name."""
    egg = re.search(r"#egg=([\w.-]+)", url)
    return egg[1] if egg else url.rstrip("/").rpartition("/")[2].partition(".git")[0].partition("@")[0]
