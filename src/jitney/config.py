"""Configuration, layered: defaults < /etc/jitney.toml < user's file < project's jitney.toml < JITNEY_* < flags.

The one place, besides facts/, that reads the environment for Jitney's own settings. `load` checks every file: an unknown
key or a wrong type is a UsageError that names file and key.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from jitney.errors import UsageError

DEFAULT_DISK_BUDGET = 20 << 30
DEFAULT_MODEL_BUDGET = 100 << 30
PREFIX = "JITNEY_"


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting. Sizes in bytes, times in seconds, 0: none (memory: derived from the machine).

    Flags of `jitney run` have the same names; lists given by several layers are not merged: the last layer wins.
    """

    # engine, bases, indexes
    engine_host: str = ""
    engine_files: Literal["auto", "shared", "separate"] = "auto"
    """Whether the engine sees this machine's files: asked (auto), or known better."""
    base_provider: Literal["auto", "debian", "registry"] = "auto"
    registry: str = ""
    debian_mirror: str = ""
    python_index: str = ""
    python_wheels: str = ""
    """A folder of wheels, or a page that links to some: beside the index, for packages that no index has."""
    pytorch: Literal["auto", "index", "debian", "pypi"] = "auto"
    prerelease: bool = False
    # the program
    language: str = ""
    version: str = ""
    entry: str = ""
    packages: tuple[str, ...] = ()
    apt: tuple[str, ...] = ()
    frameworks: tuple[dict[str, Any], ...] = ()
    """Rows beside the tables of frameworks, in files alone (`[[frameworks]]`): fields as in detect/frameworks.py."""
    imports: dict[str, str] = msgspec.field(default_factory=dict)
    """Python module → requirement that brings it, beside the tables, in files alone (`[imports]`): `fitz = "PyMuPDF"`; an empty one:
    nothing has to be installed for it. The longest dotted name wins."""
    env: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    model: str = ""
    redirect: bool = True
    """Vendors' names in the code lead to the model beside the program."""
    redirects: tuple[str, ...] = ()
    # a model
    runtime: str = ""
    """What turns weights into answers; empty: the first that takes them as they are."""
    threads: int = 0
    """Of a runtime, 0: as many as suit the machine now."""
    context: int = 0
    """Tokens, 0: as many as the model has, up to 8,192."""
    slots: int = 4
    """Answers at once that share the context."""
    gpu_layers: int = -1
    """Of the model on the GPU (with gpus), -1: all that fit."""
    adapters: tuple[str, ...] = ()
    """References of LoRA adapters that the model is given."""
    runtime_args: tuple[str, ...] = ()
    """Words at the end of a runtime's command."""
    allow_pickle: bool = False
    """Weights in pickle format are taken where nothing else holds the model, if two scanners pass them."""
    trusted_keys: tuple[str, ...] = ()
    """Files of public keys (PEM): a model's signature must be one of theirs."""
    require_signature: bool = False
    lock_file: str = ""
    """The jitney.lock whose models count: beside the program, or in the current folder."""
    # the sandbox
    memory_bytes: int = 0
    cpus: float = 0.0
    pids: int = 512
    timeout_s: float = 0.0
    allow_hosts: tuple[str, ...] = ()
    network: bool = False
    writes: tuple[str, ...] = ()
    gpus: bool = False
    user: str = "65532:65532"
    # life
    no_cache: bool = False
    ephemeral: bool = False
    disk_budget_bytes: int = DEFAULT_DISK_BUDGET
    model_budget_bytes: int = DEFAULT_MODEL_BUDGET
    """Of the Store: beyond it the longest unused models go, never a pinned one or one in use. 0: no bound."""
    cache_dir: str = ""
    data_dir: str = ""

    @property
    def cache(self) -> Path:
        """Regenerable things: resolutions, facts, contexts. `$XDG_CACHE_HOME/jitney`."""
        return Path(self.cache_dir or _xdg("XDG_CACHE_HOME", ".cache"))

    @property
    def data(self) -> Path:
        """Things worth keeping: the Store of weights. `$XDG_DATA_HOME/jitney`."""
        return Path(self.data_dir or _xdg("XDG_DATA_HOME", ".local/share"))

    @property
    def user_dir(self) -> Path:
        """The user's own settings: `config.toml`, `models.toml`. `$XDG_CONFIG_HOME/jitney`."""
        return Path(_xdg("XDG_CONFIG_HOME", ".config"))


OF_THE_MACHINE = (
    "engine_host",
    "engine_files",
    "base_provider",
    "registry",
    "debian_mirror",
    "python_index",
    "python_wheels",
    "pytorch",
    "gpus",
    "user",
    "disk_budget_bytes",
    "cache_dir",
    "data_dir",
)
"""Settings that count for a program of Jitney's own (a conversion, a runtime) as they do for the user's."""


def of_the_machine(config: Config) -> Config:
    """The same machine, and nothing of the user's program."""
    return Config(**{name: getattr(config, name) for name in OF_THE_MACHINE})


def _xdg(variable: str, fallback: str) -> str:
    root = os.environ.get(variable) or str(Path.home() / fallback)
    return str(Path(root) / "jitney")


def load(project: Path | None, flags: Mapping[str, Any]) -> Config:
    """Read all layers. project: the folder whose `jitney.toml` counts, if any; flags: only those that were given."""
    merged: dict[str, Any] = {}
    for path in _files(project):
        merged.update(_read(path))
    merged.update(_from_environment())
    merged.update(flags)
    try:
        return msgspec.convert(merged, Config)
    except msgspec.ValidationError as error:
        raise UsageError(f"configuration: {error}") from error


def _files(project: Path | None) -> list[Path]:
    user = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "jitney" / "config.toml"
    files = [Path("/etc/jitney.toml"), user]
    if project is not None:
        files.append(project / "jitney.toml")
    return [path for path in files if path.is_file()]


def _read(path: Path) -> dict[str, Any]:
    import tomllib  # 15 ms that a run without config files does not pay

    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        msgspec.convert(values, Config)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {error}", f"known keys: {', '.join(Config.__struct_fields__)}") from error
    return values


def _from_environment() -> dict[str, Any]:
    """`JITNEY_MEMORY_BYTES=…` and so on; lists are separated by commas."""
    values: dict[str, Any] = {}
    for name in Config.__struct_fields__:
        if name == "imports":
            continue
        text = os.environ.get(PREFIX + name.upper())
        if text is None:
            continue
        default = getattr(Config(), name)
        values[name] = _parse(PREFIX + name.upper(), text, default)
    return values


def _parse(variable: str, text: str, default: object) -> object:
    try:
        if isinstance(default, bool):
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[
                text.lower()
            ]
        if isinstance(default, int):
            return int(text)
        if isinstance(default, float):
            return float(text)
    except (KeyError, ValueError) as error:
        raise UsageError(f"{variable}={text}: expected a value like {default!r}") from error
    if isinstance(default, tuple):
        return tuple(part for part in text.split(",") if part)
    return text
