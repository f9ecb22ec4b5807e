"""MLC-LLM's plan: its commands word for word, its packages by what wheels there are, and the traps that were met."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from jitney.facts.model import Facts, Gpu, IndexFacts, Wheels
from jitney.models.formats.convert import Conversion
from jitney.models.formats.targets import TARGETS
from jitney.models.model import ModelInfo, WeightFile, Weights
from jitney.plan.scripts import script
from jitney.runtimes.mlc import MLC, packages
from jitney.runtimes.programs import ADAPTER
from jitney.runtimes.protocol import Serving

HOST = {"kind": "llvm", "mtriple": "x86_64-linux-gnu", "mcpu": "x86-64-v3"}
PAGE = Wheels(where="https://example.org/wheels")
FOLDER = Wheels(
    where="/w", files=("mlc_llm-0.20.0.dev0-py3-none-any.whl", "x-1-py3-none-any.whl"), digest="0" * 24
)
BOTH = Wheels(where="/w", files=(*FOLDER.files, "mlc_ai-0.21.0-cp312-abi3-linux_x86_64.whl"), digest="1" * 24)
WEIGHTS = Weights(
    ref="mlc://x",
    format="mlc",
    main="mlc-chat-config.json",
    files=(WeightFile(name="lib.so", sha256="0" * 64, bytes=79_000_000),),
    info=ModelInfo(layers=30, kv_width=192, chat_template=True),
)


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """inside/mlc_commands.py, where the scripts beside it find it."""
    folder = ADAPTER.parents[1] / "inside"
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "executable", "python")
    monkeypatch.delitem(sys.modules, "mlc_commands", raising=False)
    yield importlib.import_module("mlc_commands")
    sys.modules.pop("mlc_commands", None)


def test_the_commands_in_order(commands: ModuleType) -> None:
    target = commands.target(HOST)
    assert [" ".join(words) for words in (
        commands.convert_weight("HF", "q4f32_1", "OUT"),
        commands.gen_config("HF", "q4f32_1", "chatml", 2048, 4, "OUT"),
        commands.compile_library("OUT", target),
        commands.serve("OUT", "cpu", 8080, 2048, 4),
    )] == [
        "python -m mlc_llm convert_weight HF --device cpu --quantization q4f32_1 -o OUT",
        "python -m mlc_llm gen_config HF --quantization q4f32_1 --conv-template chatml --context-window-size 2048 "
        "--prefill-chunk-size 512 --max-batch-size 4 -o OUT",
        f"python -m mlc_llm compile OUT/mlc-chat-config.json --device {target} -o OUT/lib.so",
        "python -m mlc_llm serve OUT --model-lib OUT/lib.so --device cpu --mode interactive --overrides "
        "context_window_size=2048;prefill_chunk_size=512;max_num_sequence=1 --host 127.0.0.1 --port 8080",
    ]  # fmt: skip


def test_a_gpu_batches(commands: ModuleType) -> None:
    words = commands.serve("OUT", "cuda", 8080, 2048, 4)
    assert words[words.index("--mode") + 1] == "local"
    assert "max_num_sequence=4" in words[words.index("--overrides") + 1]


def test_the_host_stands_inside_the_device(commands: ModuleType) -> None:
    """Else MLC compiles for the build machine's own processor."""
    assert json.loads(commands.target(HOST)) == {**HOST, "host": HOST}
    cuda = {"kind": "cuda", "arch": "sm_90"}
    assert json.loads(commands.target(HOST, cuda)) == {**cuda, "host": HOST}


def test_nothing_is_compiled_or_fetched_while_it_serves(commands: ModuleType) -> None:
    told = commands.environment("/tmp/home", 2)
    assert told["MLC_JIT_POLICY"] == told["MLC_DOWNLOAD_CACHE_POLICY"] == "READONLY"
    assert told["TVM_NUM_THREADS"] == "2"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("{{'<|im_start|>' + role}}", "chatml"),
        ("<|start_header_id|>", "llama-3"),
        ("[INST] x", "mistral_default"),
        ("", "LM"),
    ],
)
def test_conversations_have_their_names(commands: ModuleType, text: str, want: str) -> None:
    assert commands.template(text) == want


def test_packages_follow_the_wheels() -> None:
    assert packages(Wheels()) == ()
    assert packages(Wheels(where="/w", files=("x-1-py3-none-any.whl",))) == ()
    assert packages(FOLDER) == ("mlc-llm==0.20.0.dev0", "apache-tvm==0.26.0", "apache-tvm-ffi==0.1.15.post2")
    assert packages(BOTH) == ("mlc-llm==0.20.0.dev0", "mlc-ai==0.21.0")
    assert packages(PAGE) == ("mlc-llm-nightly-cpu>=0.20.dev0", "mlc-ai-nightly-cpu>=0.20.dev0")
    assert packages(PAGE, "nvidia")[0] == "mlc-llm-nightly-cu130>=0.20.dev0"


def test_its_program_asks_for_them() -> None:
    facts = Facts(gpus=(Gpu(vendor="amd"),), indexes=IndexFacts(wheels=PAGE))
    cpu, gpu = (MLC.holder(facts, gpus=gpus).program for gpus in (False, True))
    assert list(cpu) == ["serve_mlc.py", "mlc_commands.py"]
    assert (
        '"mlc-llm-nightly-cpu>=0.20.dev0", "mlc-ai-nightly-cpu>=0.20.dev0", "fastapi' in cpu["serve_mlc.py"]
    )
    assert "mlc-llm-nightly-rocm62" in gpu["serve_mlc.py"]


def test_it_says_what_it_lacks() -> None:
    assert "nobody said where" in MLC.refuses(WEIGHTS, Facts())
    assert MLC.refuses(WEIGHTS, Facts(indexes=IndexFacts(wheels=PAGE))) == ""
    assert MLC.diagnose("x\ncannot load the model: lib.so is not the library\n").startswith(
        "the model could not"
    )
    assert "do not fit each other" in MLC.diagnose("ImportError: libmlc_llm.so: undefined symbol: _ZN3tvm")


def test_its_arguments() -> None:
    serving = Serving(
        weights=WEIGHTS, model="/models/files/mlc-chat-config.json", alias="m", context=2048, threads=2
    )
    assert " ".join(MLC.argv(serving)) == (
        "--model /models/files/mlc-chat-config.json --port 8080 --context 2048 --threads 2 --slots 4"
    )
    assert MLC.memory_bytes(serving) > 521 << 20, "the peak that was measured"


def test_the_position_base_is_copied_to_where_mlc_looks(commands: ModuleType, tmp_path: Path) -> None:
    """transformers 5 writes it one level down; MLC would take 10,000 without a word."""
    functions = _functions("to_mlc.py", ("prepare", "require_turning"), mlc=commands)
    (tmp_path / "config.json").write_text(
        '{"rope_parameters": {"rope_theta": 100000.0}, "max_position_embeddings": 64}'
    )
    assert functions["prepare"](str(tmp_path)) == (100000.0, 64)
    assert json.loads((tmp_path / "config.json").read_text())["rope_theta"] == 100000.0
    (tmp_path / "mlc-chat-config.json").write_text('{"model_config": {"position_embedding_base": 10000}}')
    with pytest.raises(SystemExit, match="position base"):
        functions["require_turning"](str(tmp_path), 100000.0)


def _functions(name: str, wanted: tuple[str, ...], **modules: ModuleType) -> dict[str, Any]:
    """Functions of a script whose packages are not here."""
    import ast

    tree = ast.parse(script(name))
    tree.body = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name in wanted]
    scope: dict[str, Any] = {"json": json, "sys": sys, "MOST_CONTEXT": 8192, **modules}
    exec(compile(tree, name, "exec"), scope)
    return scope


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"library": "0"}, "not the library"),
        ({"machine": "m68k"}, "m68k"),
        ({"flags": ["avx1024"]}, "avx1024"),
        ({"toolchain": {"mlc-llm": "0.1"}}, "compiled with mlc-llm 0.1"),
    ],
)
def test_the_library_is_the_one_that_was_made(
    commands: ModuleType, tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    spec = importlib.util.spec_from_file_location("serve_mlc", ADAPTER / "serve_mlc.py")
    assert spec is not None and spec.loader is not None
    entry = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(entry)
    (tmp_path / "lib.so").write_bytes(b"\x7fELF")
    about = {
        "library": hashlib.sha256(b"\x7fELF").hexdigest(),
        "machine": platform.machine(),
        "flags": [],
        "toolchain": commands.toolchain(),
        **changes,
    }
    reason = entry.unfit(tmp_path, about)
    assert said in reason if said else reason == ""


def test_other_wheels_make_another_library() -> None:
    """What one toolchain compiled is never taken for another's."""
    target = next(one for one in TARGETS if one.name == "mlc")
    plain = Conversion(weights=WEIGHTS, target=target, quantisation="q4f32_1")
    ones = [
        msgspec.structs.replace(plain, beside=packages(wheels), wheels=wheels.digest)
        for wheels in (FOLDER, BOTH, msgspec.structs.replace(FOLDER, digest="2" * 24), PAGE)
    ]
    assert len({one.ref for one in (plain, *ones)}) == 5
