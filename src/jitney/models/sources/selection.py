"""Which files of a repository are one model. Pure: names and sizes in, names out.

a file or folder that was asked for ··· that, with its shards; a GGUF with its projector
GGUF ··································· one quantisation of them, all its shards, one projector
a folder of one library ················ the folder (ONNX GenAI, OpenVINO, CTranslate2, MLC), the one for the CPU where there are several
safetensors ···························· all, with configuration, tokenizer, templates
ONNX · pickles (when they are allowed) · the same

What says who may use it comes along: README.md, LICENSE*, model.sig.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

import msgspec

from jitney.errors import ModelError
from jitney.models.formats.folder import PEFT, PEFT_WEIGHTS, shards
from jitney.models.sources.quantisation import Variant, choose, label

_NAMING = (
    "genai_config.json",
    "mlc-chat-config.json",
    "openvino_model.xml",
    "openvino_language_model.xml",
    "openvino_encoder_model.xml",
)
_BESIDE = (
    "*.json", "*.txt", "*.model", "*.jinja", "*.tiktoken", "tokenizer*", "merges*", "vocab*", "README.md", "LICENSE*", "LICENCE*",
    "NOTICE*", "*.sig",
)  # fmt: skip
"""What libraries read beside weights, and what says whose they are."""
_PAPERS = ("README.md", "LICENSE*", "LICENCE*", "NOTICE*", "*.sig", "chat_template.jinja")
_OTHERS = (
    "original/*",
    "consolidated*",
    "onnx/*",
    "openvino/*",
    "coreml/*",
    "runs/*",
    "*/checkpoint-*/*",
    "checkpoint-*/*",
    "metal/*",
)
"""The same weights once more, for others."""
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """files: paths in the repository. root: the folder that the model's own names are relative to (`` or `a/b/`). said: why these."""

    files: tuple[str, ...]
    root: str = ""
    said: str = ""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the reference says: text for messages; file: a path, or a folder with `/` at its end; memory: in bytes, 0: not known."""

    text: str
    file: str = ""
    quantisation: str = ""
    memory: int = 0
    pickles: bool = False


def select(sizes: Mapping[str, int], asked: Asked) -> Selection:
    """sizes: path → bytes of every file of the repository. Raises ModelError: no such file or quantisation, not a model."""
    if asked.file:
        return _one(sizes, asked)
    if any(_is_gguf(name) for name in sizes):
        return _gguf(sizes, asked)
    if asked.quantisation:
        raise ModelError(
            f"{asked.text}: there is no quantisation {asked.quantisation}: the repository holds no GGUF files",
            "leave it out; jitney convert makes one",
        )
    naming = [name for name in sizes if PurePosixPath(name).name in _NAMING or _is_ctranslate2(name, sizes)]
    if naming and not any(name.endswith(".safetensors") and "/" not in name for name in sizes):
        return _below(sizes, _folder_of(min(naming, key=_for_cpu)))
    for weights in ("*.safetensors", "*.onnx", *(_PICKLES if asked.pickles else ())):
        if any(_is_own(name, weights) for name in sizes):
            return _with_weights(sizes, weights)
    if any(_matches(name, "*.onnx") for name in sizes):
        return _onnx(sizes)
    raise _nothing(sizes, asked)


def _is_gguf(name: str) -> bool:
    return name.lower().endswith(".gguf")


def _is_projector(name: str) -> bool:
    return _is_gguf(name) and "mmproj" in PurePosixPath(name).name.lower()


def _is_aside(name: str) -> bool:
    """A GGUF file that is no model: a projector, what quantising was weighted by, an adapter, a vocabulary."""
    return _is_projector(name) or bool(
        re.search(r"imatrix|lora|adapter|vocab-only", PurePosixPath(name).name.lower())
    )


def _is_ctranslate2(name: str, sizes: Mapping[str, int]) -> bool:
    folder = PurePosixPath(name).parent
    beside = [
        (folder / one).as_posix()
        for one in ("config.json", "vocabulary.json", "vocabulary.txt", "shared_vocabulary.json")
    ]
    return PurePosixPath(name).name == "model.bin" and any(one in sizes for one in beside[1:])


def _for_cpu(name: str) -> tuple[bool, bool, int, str]:
    lowered = name.lower()
    return ("cpu" not in lowered, "int4" not in lowered, name.count("/"), name)


def _folder_of(name: str) -> str:
    folder = PurePosixPath(name).parent.as_posix()
    return "" if folder == "." else f"{folder}/"


def _matches(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(PurePosixPath(name).name, pattern)


def _is_own(name: str, pattern: str) -> bool:
    return _matches(name, pattern) and not any(fnmatch.fnmatchcase(name, one) for one in _OTHERS)


def _papers(sizes: Mapping[str, int]) -> list[str]:
    return [name for name in sizes if "/" not in name and any(_matches(name, one) for one in _PAPERS)]


def _one(sizes: Mapping[str, int], asked: Asked) -> Selection:
    folder = asked.file.rstrip("/") + "/"
    if asked.file not in sizes and any(name.startswith(folder) for name in sizes):
        inside = {name.removeprefix(folder): size for name, size in sizes.items() if name.startswith(folder)}
        inner = select(inside, msgspec.structs.replace(asked, file=""))
        below = tuple(folder + name for name in inner.files)
        return Selection(files=below, root=folder + inner.root, said=inner.said)
    named = asked.file if asked.file in sizes else _by_base_name(sizes, asked)
    files = list(shards(named))
    missing = [name for name in files if name not in sizes]
    if missing:
        raise ModelError(f"{asked.text}: a part of the model is missing in the repository: {missing[0]}")
    if _is_gguf(named):
        files += [*_projector(sizes), *_papers(sizes)]
    elif named.endswith((".safetensors", ".onnx", *(one[1:] for one in _PICKLES))):
        files += [
            name
            for name in sizes
            if _folder_of(name) == _folder_of(named) and any(_matches(name, one) for one in _BESIDE)
        ]
    if named.endswith(".onnx"):
        files += [name for name in sizes if name.startswith(f"{named}") and name != named]
    return Selection(files=tuple(dict.fromkeys(files)))


def _by_base_name(sizes: Mapping[str, int], asked: Asked) -> str:
    found = [name for name in sizes if PurePosixPath(name).name == asked.file]
    if len(found) == 1:
        return found[0]
    near = difflib.get_close_matches(asked.file, list(sizes), n=3, cutoff=0.5)
    if not near:
        near = sorted(sizes, key=lambda name: -sizes[name])[:5]
    raise ModelError(f"{asked.text}: the repository has no file {asked.file}", f"there is: {', '.join(near)}")


def _gguf(sizes: Mapping[str, int], asked: Asked) -> Selection:
    first = [name for name in sizes if _is_gguf(name) and not _is_aside(name) and name == shards(name)[0]]
    whole = [name for name in first if all(part in sizes for part in shards(name))]
    if not whole:
        raise ModelError(
            f"{asked.text}: {'parts of the model are missing in the repository' if first else 'only projectors (mmproj), and no model'}",
            f"there is: {', '.join(sorted(name for name in sizes if _is_gguf(name))[:6])}",
        )
    variants = [
        Variant(label=label(name), files=shards(name), bytes=sum(sizes[part] for part in shards(name)))
        for name in whole
    ]
    chosen, said = choose(variants, asked.quantisation, asked.memory, asked.text)
    return Selection(files=(*chosen.files, *_projector(sizes), *_papers(sizes)), said=said)


def _projector(sizes: Mapping[str, int]) -> list[str]:
    """One is enough: half precision, as llama.cpp's own examples take it."""
    found = [name for name in sizes if _is_projector(name)]
    rank = {"F16": 0, "BF16": 1, "Q8_0": 2, "": 3, "F32": 4}
    return sorted(found, key=lambda name: (rank.get(label(name), 5), name))[:1]


def _below(sizes: Mapping[str, int], root: str) -> Selection:
    """Everything in a folder; what lies deeper is another model's, or not."""
    files = [
        name
        for name in sizes
        if name.startswith(root) and not name.endswith((".png", ".jpg", ".gif", ".gitattributes"))
    ]
    deeper = {_folder_of(name) for name in files if PurePosixPath(name).name in _NAMING} - {root}
    kept = [name for name in files if not any(name.startswith(folder) for folder in deeper)]
    return Selection(files=tuple(kept), root=root)


def _with_weights(sizes: Mapping[str, int], pattern: str) -> Selection:
    """Weights of one kind at the top and in folders of their own, and what lies beside them."""
    weights = [name for name in sizes if _is_own(name, pattern)]
    top = [name for name in weights if "/" not in name]
    if any(PurePosixPath(name).name == PEFT for name in sizes) and any(
        name.endswith(PEFT_WEIGHTS) for name in weights
    ):
        top = [name for name in top if name.endswith(PEFT_WEIGHTS)]
    beside = [
        name
        for name in sizes
        if any(_matches(name, one) for one in _BESIDE)
        and not any(fnmatch.fnmatchcase(name, other) for other in _OTHERS)
    ]
    data = [
        name
        for name in sizes
        if pattern == "*.onnx" and ".onnx" in name and name not in weights and _is_own(name, "*")
    ]
    return Selection(files=tuple(dict.fromkeys([*(top or weights), *beside, *data])))


def _onnx(sizes: Mapping[str, int]) -> Selection:
    """`onnx/model.onnx` with its data, or the first of what is there, and what lies at the top."""
    models = sorted(name for name in sizes if _matches(name, "*.onnx"))
    main = next((name for name in models if PurePosixPath(name).name == "model.onnx"), models[0])
    data = [name for name in sizes if name.startswith(main) and name != main]
    beside = [name for name in sizes if "/" not in name and any(_matches(name, one) for one in _BESIDE)]
    return Selection(files=(main, *data, *beside))


def _nothing(sizes: Mapping[str, int], asked: Asked) -> ModelError:
    pickles = [name for name in sizes if any(_matches(name, one) for one in _PICKLES)]
    if pickles:
        return ModelError(
            f"{asked.text}: its weights are in pickle format alone ({pickles[0]}): loading them runs code that is inside the file",
            "take a repository with safetensors or GGUF files, or --allow-pickle, which has two scanners look at them",
        )
    shown = ", ".join(sorted(sizes)[:6]) or "nothing"
    return ModelError(
        f"{asked.text}: not a model: no weights among its {len(sizes)} files", f"there is: {shown}"
    )
