"""Models as data: what a reference means, and the verified files it stands for."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

Format = Literal[
    "gguf",
    "safetensors",
    "onnx",
    "onnx-genai",
    "ctranslate2",
    "openvino",
    "tvm",
    "mlc",
    "ggml",
    "pytorch",
    "other",
]
"""What a runtime reads. The last six are folders of one library each, told by the file that names them: genai_config.json,
model.bin beside config.json, openvino_model.xml, lib.so with jitney-tvm.json, mlc-chat-config.json; ggml is whisper.cpp's.
pytorch: pickles, taken only where the user allows them and both scanners passed them (scan.py)."""

Kind = Literal["text", "embedding", "reranking", "transcription"]
"""What a model is for. `text`: it goes on writing, and chats where it has a template."""

Role = Literal["model", "projector", "adapter"]
"""What a file of weights is by itself. `projector`: of images into a model's space (mmproj); `adapter`: LoRA."""


class Alias(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A short name of a model, as an alias file has it.

    sha256, bytes: of the one file that `ref` names (0: unknown). archive: it is a zip whose members are the
    model. hubs: repository names under which libraries ask for it, siblings included. served: names that
    clients ask a server for.
    """

    ref: str
    sha256: str = ""
    bytes: int = 0
    archive: bool = False
    hubs: tuple[str, ...] = ()
    served: tuple[str, ...] = ()
    about: str = ""


class Reference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A parsed model reference.

    kind `pypi`, `npm`: package, version (empty: newest) and file, a path or base name inside the package; `url`: url;
    `file`, `folder`: path, absolute. `hf`: package is org/repo, version the revision, file one file of it; `ollama`, `oci`:
    package is host/name (host empty: Ollama's own), version the tag or digest; `s3`: package is the bucket, file the key or
    prefix. quantisation: asked for (`Q4_K_M`), empty: chosen by what fits. sha256 and bytes: what must arrive, empty and 0
    where nobody said.
    """

    kind: Literal["pypi", "npm", "url", "file", "folder", "hf", "ollama", "oci", "s3"]
    text: str
    alias: str = ""
    package: str = ""
    version: str = ""
    file: str = ""
    url: str = ""
    path: str = ""
    quantisation: str = ""
    sha256: str = ""
    bytes: int = 0
    archive: bool = False
    hubs: tuple[str, ...] = ()

    @property
    def canonical(self) -> str:
        """The reference in full: the same for an alias and for what it stands for."""
        at = "==" if self.kind == "pypi" else "@"
        version = f"{at}{self.version}" if self.version else ""
        match self.kind:
            case "pypi" | "npm":
                return f"{self.kind}://{self.package}{version}/{self.file}"
            case "hf":
                part = self.file or self.quantisation
                return f"hf://{self.package}{version}{f':{part}' if part else ''}"
            case "ollama" | "oci":
                at = "@" if ":" in self.version else ":"
                return f"{self.kind}://{self.package.lstrip('/')}{at}{self.version}"
            case "s3":
                return f"s3://{self.package}/{self.file}"
            case "url":
                return f"{self.url}#sha256={self.sha256}"
        return self.path

    def at(self, revision: str, main: str = "") -> Reference:
        """This reference held to what it led to. main: the file of several that was chosen."""
        if self.kind not in ("hf", "oci") or not revision:
            return self
        return msgspec.structs.replace(self, version=revision, file=main or self.file)


class WeightFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a model: its name inside the model (`/` between folders), SHA-256 as hex, size in bytes."""

    name: str
    sha256: str
    bytes: int


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the header of the weights says. context: in tokens; the dimensions are for memory estimates. licence: as stated,
    an SPDX identifier where it is one."""

    architecture: str = ""
    name: str = ""
    context: int = 0
    quantisation: str = ""
    parameters: int = 0
    tensor_bytes: int = 0
    layers: int = 0
    kv_width: int = 0
    embedding: int = 0
    vocabulary: int = 0
    chat_template: bool = False
    pooling: bool = False
    kind: Kind = "text"
    role: Role = "model"
    licence: str = ""


class Weights(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Verified files in the Store. ref: canonical; main: the name of the file that a runtime is given, for formats that are a
    folder the file that names them. projector: of images into the model's space (mmproj); adapters: LoRA, in order. signed:
    fingerprint of the trusted key whose signature over these files was checked (signatures.py). revision: the commit or digest
    that the reference led to when the files came; empty where there is no such thing."""

    ref: str
    format: Format
    main: str
    files: tuple[WeightFile, ...]
    alias: str = ""
    hubs: tuple[str, ...] = ()
    info: ModelInfo = ModelInfo()
    projector: str = ""
    adapters: tuple[str, ...] = ()
    signed: str = ""
    revision: str = ""

    @property
    def digest(self) -> str:
        """`sha256:…`: of the one file, or of the sorted list of files."""
        if len(self.files) == 1:
            return f"sha256:{self.files[0].sha256}"
        lines = "".join(sorted(f"{file.sha256}  {file.name}\n" for file in self.files))
        return f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    def file(self, name: str) -> WeightFile:
        return next(file for file in self.files if file.name == name)
