"""What a Python package index says of wheels, without downloading one: names, tags, Requires-Python, Requires-Dist.

The page is PEP 503 or 691; a wheel's metadata is the file beside it (PEP 658) or, where the index has none, the METADATA inside
the wheel, read by HTTP ranges: the directory at the archive's end and the one member, not its gigabytes.
"""

from __future__ import annotations

import html
import io
import re
import sys
import zipfile
from collections.abc import Mapping
from email.parser import HeaderParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

import httpx
from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
from jitney.facts.indexes import python_index

JSON = "application/vnd.pypi.simple.v1+json"
BLOCK = 1 << 16
MACHINES = ("x86_64", "aarch64")


class Wheel(NamedTuple):
    """series: Pythons by its tags (`3.12`; `3.8+` for abi3, empty for pure ones); machine: empty where any will do."""

    project: str
    version: str
    series: tuple[str, ...]
    machine: str
    url: str
    requires_python: str = ""


class Metadata(NamedTuple):
    requires: tuple[Requirement, ...]
    requires_python: str


def default_index(environ: Mapping[str, str]) -> str:
    """As this machine's tools are configured (environment, pip's files); SystemExit where nothing is."""
    found = python_index(environ)
    if not found:
        sys.exit("no index is configured here: --index URL (the simple API's address) or UV_DEFAULT_INDEX")
    return found


class Index:
    """A simple index. `wheels` asks for a project's page, `metadata` for one wheel's."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self.url = url.rstrip("/") + "/"
        self.client = client

    def wheels(self, project: str) -> list[Wheel]:
        """Final releases' wheels for Linux (glibc), oldest first; yanked ones left out."""
        page = urljoin(self.url, f"{project}/")
        answer = self.client.get(page, headers={"Accept": f"{JSON}, text/html;q=0.5"})
        answer.raise_for_status()
        found = [one for link in links(answer.text, page) if (one := wheel(project, *link))]
        return sorted(found, key=lambda one: (Version(one.version), one.machine, one.url))

    def metadata(self, one: Wheel) -> Metadata:
        beside = self.client.get(one.url + ".metadata")
        text = beside.text if beside.status_code == 200 else self._inside(one)
        fields = HeaderParser().parsestr(text)
        requires = tuple(Requirement(line) for line in fields.get_all("Requires-Dist", []))
        return Metadata(requires, str(fields.get("Requires-Python", "")).strip())

    def _inside(self, one: Wheel) -> str:
        with zipfile.ZipFile(RangedFile(one.url, self.client)) as archive:
            name = next(
                name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)
            )
            return archive.read(name).decode("utf-8", "replace")


class RangedFile(io.RawIOBase):
    """A file behind HTTP ranges, read in blocks that are kept."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self.url, self.client, self.place = url, client, 0
        self.size = int(self._get("bytes=0-0").headers["content-range"].rpartition("/")[2])
        self.blocks: dict[int, bytes] = {}

    def _get(self, wanted: str) -> httpx.Response:
        answer = self.client.get(self.url, headers={"Range": wanted})
        if answer.status_code != 206:
            raise httpx.HTTPError(f"{self.url}: no ranges ({answer.status_code})")
        return answer

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.place

    def seek(self, offset: int, whence: int = 0) -> int:
        self.place = offset + (0, self.place, self.size)[whence]
        return self.place

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        end = self.size if size < 0 else min(self.place + size, self.size)
        numbers = range(self.place // BLOCK, (end + BLOCK - 1) // BLOCK)
        if missing := [n for n in numbers if n not in self.blocks]:
            first, last = missing[0], missing[-1]
            data = self._get(f"bytes={first * BLOCK}-{min((last + 1) * BLOCK, self.size) - 1}").content
            for n in range(first, last + 1):
                self.blocks[n] = data[(n - first) * BLOCK : (n - first + 1) * BLOCK]
        whole = b"".join(self.blocks[n] for n in numbers)
        start = self.place - (numbers[0] * BLOCK if numbers else 0)
        data = whole[start : start + max(0, end - self.place)]
        self.place += len(data)
        return data


def links(text: str, page: str) -> list[tuple[str, str, str]]:
    """File name, address, Requires-Python of each file that was not yanked."""
    if text.lstrip().startswith("{"):
        import json

        files = json.loads(text)["files"]
        return [
            (one["filename"], urljoin(page, one["url"]), one.get("requires-python") or "")
            for one in files
            if not one.get("yanked")
        ]
    found = []
    for attributes, name in re.findall(r"<a\s+([^>]*)>([^<]+)</a>", text):
        if "data-yanked" in attributes:
            continue
        fields = dict(re.findall(r'([\w-]+)="([^"]*)"', html.unescape(attributes)))
        address = urljoin(page, fields.get("href", "")).partition("#")[0]
        found.append((html.unescape(name).strip(), address, fields.get("data-requires-python", "")))
    return found


def wheel(project: str, name: str, url: str, requires_python: str) -> Wheel | None:
    """None: no wheel, for another system, of a pre-release, or of a free-threaded Python."""
    parts = name.removesuffix(".whl").split("-")
    if not name.endswith(".whl") or len(parts) not in (5, 6):
        return None
    version, (python, abi, platform) = parts[1], parts[-3:]
    try:
        if Version(version).is_prerelease:
            return None
    except InvalidVersion:
        return None
    if abi.endswith("t") or not (platform == "any" or re.match(r"(many)?linux", platform)):
        return None
    machine = next((one for one in MACHINES if platform.endswith(one)), "")
    if platform != "any" and not machine:
        return None
    return Wheel(project, version, series_of(python, abi), machine, url, requires_python)


def series_of(python: str, abi: str) -> tuple[str, ...]:
    found = [f"{tag[2]}.{tag[3:]}" for tag in python.split(".") if re.fullmatch(r"cp3\d+", tag)]
    return tuple(f"{one}+" for one in found) if abi == "abi3" else tuple(found)


def wanted(metadata: Metadata, machine: str, extra: str = "", python: str = "3.12") -> dict[str, Requirement]:
    """What a wheel requires on Linux of this machine, by name."""
    environment = {
        "sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": machine,
        "platform_python_implementation": "CPython", "implementation_name": "cpython", "extra": extra,
        "python_version": python, "python_full_version": f"{python}.0",
    }  # fmt: skip
    return {
        one.name.lower().replace("_", "-"): one
        for one in metadata.requires
        if one.marker is None or one.marker.evaluate(environment)
    }
