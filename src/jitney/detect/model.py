"""Detection: what Jitney saw in a source, each thing with its evidence. Plain data."""

from __future__ import annotations

from typing import Literal

import msgspec

from jitney.detect.frameworks import Framework, Mode
from jitney.findings import Evidence, Finding

__all__ = ["Detection", "Endpoint", "Mode", "ModelUse", "Package", "UnknownImport", "Weights", "Wishes"]


class Package(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A package the program needs. spec: what follows the name in the ecosystem's own notation (`>=1.2`,
    `[standard]>=0.30`, ` @ git+https://…`), empty where any version will do. why: the line that asks for it."""

    name: str
    spec: str = ""
    why: Evidence


class UnknownImport(msgspec.Struct, frozen=True, kw_only=True):
    """An import that no table knows: never installed by guess. near: known names that look like it."""

    name: str
    file: str
    line: int
    near: tuple[str, ...] = ()


class ModelUse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A model named in the code. kind: how it is used. file: a weight file asked for within the repository."""

    name: str
    kind: Literal["weights", "served", "embedding"]
    file: str = ""
    why: Evidence


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A way in which the program reaches a model.

    kind `env`: it reads the variable `name`. `local`: an address on this machine, `port`, whether written in the
    code or its framework's default. `hosted`: a vendor's `host` and `port`. api: the dialect spoken there.
    """

    kind: Literal["env", "local", "hosted"]
    api: Literal["openai", "anthropic", "ollama", "other"] = "openai"
    name: str = ""
    host: str = ""
    port: int = 0
    why: Evidence


class Weights(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Weights that lie in the folder. path: a file, or the folder of a model that is several. format: `gguf safetensors onnx
    pytorch bin`, by the ending. bytes: of all its files."""

    path: str
    format: str
    bytes: int


class Wishes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What flags and `jitney.toml` say about detection; each beats whatever the source says. packages, apt and
    frameworks are added. imports: module → requirement, before the tables."""

    language: str = ""
    version: str = ""
    entry: str = ""
    packages: tuple[str, ...] = ()
    apt: tuple[str, ...] = ()
    frameworks: tuple[Framework, ...] = ()
    imports: tuple[tuple[str, str], ...] = ()


class Detection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a source is. Paths are relative to the source's root, with `/`.

    frameworks: through which it reaches a model, the primary one first. fronts: through which people reach it.
    version: a version or PEP 440 / ecosystem specifier (`3.13`, `>=3.11`, `1.26.1`), empty: any.
    manager: who declares the packages: `uv poetry pdm pipenv requirements pyproject setup pep723 conda imports` for
        Python, `go.mod imports` for Go; manifests: the files read for it, the deciding one first.
    constraints: limits on versions of packages that nothing asks for by that line (pip's `-c`).
    lock: the lock file that pins everything, if there is one.
    entry: the file (Python: script or `package/__main__.py`; Go: the main package's folder) that is run.
    start: how it is run, without the interpreter: (`chat.py`,), (`-m`, `package`), (`-m`, `streamlit`, `run`, `app.py`) …
    workdir: the program's own folder.
    modes: all that it offers, mode first. env: variables the code reads. secrets: those of them that are secret.
    system: Debian packages that its packages need at run time, with the line that says so.
    features: switches of a language, of use to the planner only: `cgo`; `pythonpath:FOLDER` (relative to the root, "" is the
        root): has to be on the module path.
    takes: the files that go along into the sandbox or the build, sorted: the program's own folder and what it refers to
        above it, nothing else.
    """

    language: str
    version: str = ""
    frameworks: tuple[str, ...] = ()
    fronts: tuple[str, ...] = ()
    mode: Mode = "none"
    modes: tuple[Mode, ...] = ()
    entry: str = ""
    start: tuple[str, ...] = ()
    workdir: str = ""
    manager: str = ""
    manifests: tuple[str, ...] = ()
    lock: str = ""
    packages: tuple[Package, ...] = ()
    constraints: tuple[Package, ...] = ()
    unknown: tuple[UnknownImport, ...] = ()
    models: tuple[ModelUse, ...] = ()
    weights: tuple[Weights, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    env: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    system: tuple[Package, ...] = ()
    features: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def framework(self) -> str:
        """The primary framework, or an empty string."""
        return self.frameworks[0] if self.frameworks else ""
