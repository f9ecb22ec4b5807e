"""Source: what the user handed over. Everything below `root` can be read; `files()` lists the program's own
folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType

from jitney.errors import SourceError
from jitney.findings import Finding
from jitney.source import tar
from jitney.source.ignore import Ignore
from jitney.source.paths import inside, is_under, parent
from jitney.source.text import decode
from jitney.source.tree import MemoryTree, Stat, Tree
from jitney.source.walk import Limits, Walk

MAX_TEXT = 8 << 20
"""Manifests and locks are smaller; the rest of a longer file is not looked at, and that is said."""

MAX_CODE = 512 << 10
"""Nobody writes longer code; what is longer is generated or packed, and takes seconds to parse."""

CODE = (".py", ".pyw", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".go", ".rs", ".java", ".kt", ".kts", ".scala",
        ".groovy", ".clj", ".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".rb", ".php", ".pl", ".pm", ".lua", ".sh", ".cs", ".fs",
        ".swift", ".hs", ".ml", ".ex", ".exs", ".erl", ".r", ".R", ".jl", ".dart", ".zig", ".nim", ".d", ".sql")  # fmt: skip


class Source:
    """label: as the user wrote it. entry: the file handed over, relative to the root, "" for a folder.
    workdir: the program's own folder. alone: only the entry counts, what lies beside it is not the program's
    (a script in a home folder). Paths are relative to the root, with `/`."""

    def __init__(
        self, tree: Tree, *, label: str, entry: str = "", workdir: str = "", alone: bool = False
    ) -> None:
        self.tree = tree
        self.label = label
        self.entry = entry
        self.workdir = workdir
        self.alone = alone
        self._findings: list[Finding] = []
        self._walks: dict[str, tuple[str, ...]] = {}
        self._texts: dict[str, str] = {}
        self._listings: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self._on_close: Callable[[], None] | None = None

    @classmethod
    def from_mapping(
        cls, files: Mapping[str, str | bytes], entry: str = "", workdir: str | None = None
    ) -> Source:
        """A tree in memory: path → content. workdir: the entry's folder unless given."""
        folder = parent(entry) if workdir is None else workdir
        return cls(MemoryTree(files), label=entry or ".", entry=entry, workdir=folder)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What reading the tree brought to light so far."""
        return tuple(self._findings)

    def add_finding(self, finding: Finding) -> None:
        self._findings.append(finding)

    def on_close(self, action: Callable[[], None]) -> None:
        """What `close()` has to undo, a clone for instance."""
        self._on_close = action

    def close(self) -> None:
        """Remove what was made for this source. Twice is harmless."""
        action, self._on_close = self._on_close, None
        if action is not None:
            action()

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def at(self, workdir: str) -> Source:
        """The same tree with the program's folder elsewhere in it: a member of a workspace, the only program below. What was
        read is shared, and so are the findings."""
        other = Source(self.tree, label=self.label, entry=self.entry, workdir=workdir, alone=self.alone)
        other._findings, other._walks, other._texts = self._findings, self._walks, self._texts
        other._listings = self._listings
        return other

    def files(self, under: str | None = None) -> tuple[str, ...]:
        """The files of the program's own folder, sorted; or those under another folder of the root. The
        entry is one of
        them, whatever `.dockerignore` says. Where the source stands alone, it is the entry only."""
        folder = self.workdir if under is None else under
        if folder not in self._walks:
            self._walks[folder] = self._walk(folder)
        return self._walks[folder]

    def written(self) -> tuple[str, ...]:
        """The files of the program's own folder without what it carries of others' (vendored libraries, built products)."""
        from jitney.source.vendored import written

        return written(self.files(), self.workdir)

    def _walk(self, folder: str) -> tuple[str, ...]:
        if self.alone and self.entry and is_under(self.entry, folder):
            return (self.entry,)
        walk = Walk(self.tree, folder, Limits(), self._ignore())
        self._findings.extend(walk.findings)
        if self.entry and is_under(self.entry, folder) and self.entry not in walk.files:
            return tuple(sorted((*walk.files, self.entry)))
        return walk.files

    def _ignore(self) -> Ignore:
        """The program's own `.dockerignore`, else the one of the root."""
        for folder in dict.fromkeys((self.workdir, "")):
            path = f"{folder}/.dockerignore" if folder else ".dockerignore"
            if self.tree.stat(path) is not None:
                return Ignore(self.read_text(path).splitlines(), folder)
        return Ignore()

    def folder(self, path: str = "") -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the files and of the folders right in a folder; both empty where there is no such folder. What only seems
        to lie there (a link that leads outside) is not among them."""
        clean = inside(path)
        if clean is None:
            return (), ()
        if clean not in self._listings:
            files, folders = self.tree.folder(clean) or ((), ())
            there = tuple(name for name in files if self.tree.stat(f"{clean}/{name}".lstrip("/")) is not None)
            self._listings[clean] = (there, tuple(folders))
        return self._listings[clean]

    def _stat(self, path: str) -> Stat | None:
        clean = inside(path)
        return self.tree.stat(clean) if clean else None

    def has(self, path: str) -> bool:
        """Whether a regular file lies there, inside the root."""
        return self._stat(path) is not None

    def has_folder(self, path: str) -> bool:
        clean = inside(path)
        return clean is not None and self.tree.folder(clean) is not None

    def size(self, path: str) -> int:
        """Bytes. SourceError: no such file."""
        stat = self._stat(path)
        if stat is None:
            raise SourceError(f"{self.label} has no file {path}")
        return stat.size

    def read_bytes(self, path: str) -> bytes:
        """The whole file. SourceError: missing, unreadable, outside the root."""
        self.size(path)
        return b"".join(self.tree.chunks(inside(path) or ""))

    def read_text(self, path: str) -> str:
        """The first 8 MiB (512 KiB of code) as text, whatever their encoding; never fails on bytes that are no text. A file that
        is longer is a finding."""
        clean = inside(path) or path
        if clean not in self._texts:
            most = MAX_CODE if clean.endswith(CODE) else MAX_TEXT
            if self.size(clean) > most:
                message = f"{clean} is longer than {most >> 10} KiB: the rest is not looked at"
                self.add_finding(Finding(level="note", code="source.long", message=message, file=clean))
            self._texts[clean] = decode(self._head(clean, most))
        return self._texts[clean]

    def _head(self, clean: str, most: int) -> bytes:
        data = bytearray()
        for chunk in self.tree.chunks(clean):
            data += chunk
            if len(data) >= most:
                break
        return bytes(data[:most])

    def lay(self, path: str, text: str) -> None:
        """A file that detection makes of what lies there (a notebook's script): read and taken along like any other."""
        self.tree.lay(path, text.encode())
        self._texts[path] = text

    def digest(self, paths: Iterable[str]) -> str:
        """sha256 over the sorted files: path, executable or not, length, bytes."""
        whole = hashlib.sha256()
        for path in sorted(set(paths)):
            stat = self._stat(path)
            if stat is None:
                raise SourceError(f"{self.label} has no file {path}")
            whole.update(
                b"%s\0%d\0%d\0" % (path.encode(errors="surrogateescape"), stat.executable, stat.size)
            )
            for chunk in self.tree.chunks(path):
                whole.update(chunk)
        return f"sha256:{whole.hexdigest()}"

    def tar(self, paths: Iterable[str]) -> Iterator[bytes]:
        """A deterministic GNU tar of these files, in pieces of at most 256 KiB."""
        return tar.stream(self.tree, tuple(paths))

    def host_path(self, path: str = "") -> Path | None:
        """Where it lies on this machine, links resolved; None: only in memory, or outside the root."""
        clean = inside(path)
        return None if clean is None else self.tree.host_path(clean)
