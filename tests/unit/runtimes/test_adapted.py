"""The adapter's rows: what they take and refuse, the words of their command, the files of their boxes."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from jitney.facts.model import EngineFacts, Facts
from jitney.models.model import Format, Kind, ModelInfo, WeightFile, Weights
from jitney.runtimes import adapted
from jitney.runtimes.adapted import ROWS, Adapted
from jitney.runtimes.adapter.main import read_settings
from jitney.runtimes.protocol import Serving

HERE = Facts(engine=EngineFacts(arch="amd64"))
INFO = ModelInfo(
    architecture="llama", layers=30, kv_width=192, embedding=576, vocabulary=49152, parameters=134_515_008,
    chat_template=True,
)  # fmt: skip
FOLDER = Path(adapted.__file__).with_name("adapter")
OF_BASES = ("torch", "transformers", "tokenizers", "numpy", "jinja2")
"""Debian's where PyTorch is Debian's (plan/torch.py); numpy is what its libraries agree on."""

by_name = pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])


def weights(form: Format, kind: Kind = "text", **info: object) -> Weights:
    about = msgspec.structs.replace(INFO, kind=kind, **info)
    files = (WeightFile(name="main", sha256="0" * 64, bytes=538_090_408),)
    return Weights(ref="r", format=form, main="main", files=files, info=about)


@by_name
def test_it_takes_its_own_format_and_kind(row: Adapted) -> None:
    assert row.refuses(weights(row.formats[0], row.kinds[0]), HERE) == ""
    assert row.formats[0] in row.refuses(weights("gguf", row.kinds[0]), HERE)
    other: Kind = "text" if "text" not in row.kinds else "transcription"
    assert other in row.refuses(weights(row.formats[0], other), HERE)


@by_name
def test_its_command_is_what_the_adapter_reads(row: Adapted) -> None:
    serving = Serving(
        weights=weights(row.formats[0]), model="/models/files/main", alias="smollm2", context=4096, threads=3, slots=2,
        most_tokens=77, vectors=True, adapters=("/a", "/b"), projector="/p",
    )  # fmt: skip
    found = read_settings(list(row.argv(serving)))
    assert (found.model, found.alias, found.port, found.context) == (
        "/models/files/main",
        "smollm2",
        8080,
        4096,
    )
    assert (found.threads, found.slots, found.most_tokens, found.vectors) == (3, 2, 77, True)
    assert (found.adapters, found.projector) == (("/a", "/b"), "/p")
    assert row.env(serving)["OMP_NUM_THREADS"] == "3"


@by_name
def test_its_box_has_every_module_that_is_imported(row: Adapted) -> None:
    files = row.holder(HERE).program
    assert next(iter(files)) == f"{row.entry}.py"
    for name, text in files.items():
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.ImportFrom):
                continue
            if node.level:
                wanted = [node.module] if node.module else [alias.name for alias in node.names]
                assert all(f"adapter/{one}.py" in files for one in wanted), f"{name}: {wanted}"
            elif (node.module or "").startswith("adapter"):
                assert (node.module or "").replace(".", "/") + ".py" in files


@by_name
def test_its_packages_are_pinned(row: Adapted) -> None:
    header = re.search(r"(?ms)^# /// script$\n(.*?)^# ///$", row.holder(HERE).program[f"{row.entry}.py"])
    assert header is not None
    table = tomllib.loads("\n".join(line[2:] for line in header[1].splitlines()))
    loose = [one for one in table["dependencies"] if "==" not in one]
    assert all(re.split(r"[<>=]", one)[0] in OF_BASES for one in loose), loose


def test_nothing_of_jitney_is_imported() -> None:
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            assert not any(name.split(".")[0] == "jitney" for name in names), path.name


MEASURED = (("transformers", "safetensors", 538_090_408, 1000), ("onnxruntime-genai", "onnx-genai", 140_000_000, 330),
            ("ctranslate2", "ctranslate2", 135_000_000, 270), ("openvino-genai", "openvino", 110_000_000, 460))  # fmt: skip
"""Most memory of SmolLM2's box with 512 tokens of context, in MB (VmHWM)."""


@pytest.mark.parametrize(("name", "form", "size", "peak"), MEASURED, ids=[row[0] for row in MEASURED])
def test_memory_is_above_what_was_measured_and_not_far(name: str, form: Format, size: int, peak: int) -> None:
    row = next(row for row in ROWS if row.name == name)
    own = weights(form)
    own = msgspec.structs.replace(own, files=(msgspec.structs.replace(own.files[0], bytes=size),))
    limit = row.memory_bytes(Serving(weights=own, model="m", alias="a", context=512)) >> 20
    assert peak < limit < 3 * peak


def test_a_longer_context_takes_more() -> None:
    for row in ROWS:
        one, other = (
            row.memory_bytes(Serving(weights=weights(row.formats[0]), model="m", alias="a", context=size))
            for size in (1024, 8192)
        )
        assert other > one or row.kinds == ("transcription",)


@pytest.mark.parametrize(
    ("log", "says"),
    [
        (
            "noise\ncannot load the model: tokenizer.json is missing\n",
            "could not be loaded: tokenizer.json is missing",
        ),
        ("ModuleNotFoundError: No module named 'x'\n", "do not fit together"),
        ("[Errno 98] error while attempting to bind: address already in use\n", "port"),
        ("nothing known\n", ""),
    ],
)
def test_last_words(log: str, says: str) -> None:
    told = adapted.TRANSFORMERS.diagnose(log)
    assert says in told
    assert bool(told) == bool(says)


def test_features_follow_the_weights() -> None:
    row = adapted.TRANSFORMERS
    assert "chat" in row.features(weights("safetensors"))
    assert "chat" not in row.features(weights("safetensors", chat_template=False))
    assert row.features(weights("safetensors", "embedding")) == ("embeddings",)
    assert row.features(weights("safetensors", "reranking")) == ("reranking",)
    assert "seed" not in adapted.CTRANSLATE2.features(weights("ctranslate2"))
