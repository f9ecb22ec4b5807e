"""Package indexes, as this machine's own tools are configured. No host name is written here: what is not configured
is left to the tool's own default."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from jitney.config import Config
from jitney.errors import UsageError
from jitney.facts import kept
from jitney.facts.model import Wheels

HOUR_S = 3600.0
REGISTRY_S = 3.0
UV_S = 30.0
KEPT = "engine-registry"
"""The kept answer that `jitney setup --base-provider registry` writes when the engine's own registry gave a base."""

ENGINE_REGISTRY = "engine"
"""Stands for whatever registry the engine itself falls back to."""


def python_index(environ: Mapping[str, str], root: Path = Path("/")) -> str:
    """UV_DEFAULT_INDEX, UV_INDEX_URL, PIP_INDEX_URL, then pip's configuration files, the user's first."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if environ.get(name):
            return environ[name]
    home = environ.get("HOME", "")
    files = [Path(environ["PIP_CONFIG_FILE"])] if environ.get("PIP_CONFIG_FILE") else []
    if home:
        files += [root / home.lstrip("/") / ".config/pip/pip.conf", root / home.lstrip("/") / ".pip/pip.conf"]
    for path in (*files, root / "etc/pip.conf"):
        if match := re.search(r"^\s*index[-_]url\s*[=:]\s*(\S+)", _text(path), re.MULTILINE):
            return match[1]
    return ""


def debian_mirror(root: Path = Path("/")) -> str:
    """The mirror of Debian's main archive that apt uses here; empty on other distributions."""
    names = {
        line.removeprefix("ID=").strip("\"'")
        for line in _text(root / "etc/os-release").split("\n")
        if line.startswith("ID=")
    }
    if "debian" not in names:
        return ""
    folder = root / "etc/apt"
    files = [folder / "sources.list", *_inside(folder / "sources.list.d")]
    for path in files:
        for found in _deb822(path) if path.suffix == ".sources" else _one_line(path):
            if _is_archive(found):
                return found.rstrip("/")
    return ""


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _one_line(path: Path) -> list[str]:
    return re.findall(
        r"^\s*deb\s+(?:\[[^\]]*\]\s*)?(https?://\S+)\s+\S+.*\bmain\b", _text(path), re.MULTILINE
    )


def _deb822(path: Path) -> list[str]:
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", _text(path)):
        fields = {
            name.lower(): value
            for name, value in re.findall(r"^([\w-]+):[ \t]*(.*)$", paragraph, re.MULTILINE)
        }
        types, off = fields.get("types", "").split(), fields.get("enabled", "yes").lower() == "no"
        if "deb" in types and "main" in fields.get("components", "").split() and not off:
            found += [uri for uri in fields.get("uris", "").split() if uri.startswith("http")]
    return found


def _is_archive(url: str) -> bool:
    """The main archive lies at a path that ends with `debian`; security and vendors' repositories do not."""
    return url.rstrip("/").rpartition("/")[2] == "debian"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def registry(config: Config) -> str:
    """The configured registry if it answers (asked once an hour), or what `jitney setup` found the engine can reach."""
    if not config.registry:
        return ENGINE_REGISTRY if kept.load(config, KEPT, bool, 7 * 24 * HOUR_S) else ""
    if config.base_provider == "debian":
        return ""
    name = kept.key("registry", config.registry)
    answers = kept.load(config, name, bool, HOUR_S)
    if answers is None:
        answers = _answers(config.registry)
        kept.store(config, name, answers)
    return config.registry if answers else ""


def _answers(prefix: str) -> bool:
    """`GET /v2/`: 200, or 401 where it wants credentials. Plain HTTP on loopback only, as the engine does."""
    import httpx

    host = prefix.partition("/")[0]
    is_local = re.match(r"(localhost|127\.[\d.]+)(:\d+)?$", host) is not None
    for scheme in ("http", "https") if is_local else ("https",):
        try:
            if httpx.get(f"{scheme}://{host}/v2/", timeout=REGISTRY_S).status_code in (200, 401):
                return True
        except httpx.HTTPError:
            continue
    return False


def ask_pytorch() -> str:
    """uv knows where PyTorch's CPU wheels lie: it resolves torch there, and says from where. Empty where it cannot."""
    import os
    import subprocess

    from uv import find_uv_bin

    argv = [find_uv_bin(), "pip", "compile", "--quiet", "--no-deps", "--no-header", "--no-annotate"]
    argv += ["--torch-backend", "cpu", "--emit-index-annotation", "--python-version", "3.13", "-"]
    env = {**os.environ, "UV_HTTP_RETRIES": "0"}  # a question, not a download: no is an answer
    try:
        done = subprocess.run(argv, input="torch\n", capture_output=True, text=True, timeout=UV_S, env=env)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(r"#\s+from\s+(\S+)", done.stdout)
    return match[1] if done.returncode == 0 and match and "+cpu" in done.stdout else ""


def wheels(where: str) -> Wheels:
    """What the setting python_wheels leads to. Raises UsageError: a folder that is not there, or has no wheels."""
    if where.startswith(("https://", "http://")):
        return Wheels(where=where)
    folder = Path(where).expanduser().absolute()
    found = sorted(folder.glob("*.whl"))
    if not found:
        what = "has no wheels" if folder.is_dir() else "is no folder"
        raise UsageError(f"python_wheels: {folder} {what}", "name a folder of .whl files, or a page's URL")
    seen = [f"{one.name} {one.stat().st_size} {one.stat().st_mtime_ns}" for one in found]
    digest = hashlib.sha256("\n".join(seen).encode()).hexdigest()[:24]
    return Wheels(where=str(folder), files=tuple(one.name for one in found), digest=digest)
