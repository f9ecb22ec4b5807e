"""The formats that weights can be turned into, one row each: from what, by which script, with how many bits, for which models.

    GGUF ────────┬─ to_safetensors.py ──► a Hugging Face folder: safetensors, config, tokenizer, chat template
                 ├─ quantise_gguf.py ───► GGUF of other bits, by llama-quantize
    GGUF or a  ──┼─ to_gguf.py ─────────► GGUF, by llama.cpp's own converter
    folder of    ├─ to_onnx_genai.py ───► ONNX Runtime GenAI's folder, by its own builder
    safetensors  ├─ to_ctranslate2.py ──► CTranslate2's folder, by its own converter
                 ├─ to_openvino.py ─────► OpenVINO's folder, by OpenVINO GenAI's reader
                 └─ to_tvm.py ──────────► a library compiled by TVM, and its numbers
    CTranslate2 ─── to_whisper_ggml.py ─► Whisper in whisper.cpp's one file

A script that starts from a folder makes one from a GGUF first, in the same sandbox: nothing in between is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from jitney.models.model import Format, Kind

SMALL = 1_000_000_000
"""Parameters up to which every number keeps four bytes: exact, and quick on any processor. Larger models get two."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One way to a format.

    small: the usual one for models of up to SMALL parameters, where the first of `widths` costs them their sense.
    made_from: formats that the script reads. scripts: in inside/; the first is run. frameworks: of programs that read the
    result from a hub's folder; empty: any. main: the file that names the result, empty: the largest of the format.
    widths: what may be asked for → bytes a number takes, the usual one first; empty first: by the size of the model.
    models: architectures that the converter knows, as GGUF names them; empty: whatever it is given, and it says itself.
    apt: Debian packages that it calls. of_machine: the result runs on processors like this one's alone.
    keeps: without a wish it has the bits of the weights. memory: bytes a parameter takes while it is made, with four in
    between. kind: of the models that it is for.
    """

    name: str
    format: Format
    made_from: tuple[Format, ...]
    scripts: tuple[str, ...]
    widths: Mapping[str, float]
    frameworks: tuple[str, ...] = ()
    main: str = ""
    models: frozenset[str] = frozenset()
    apt: tuple[str, ...] = ()
    of_machine: bool = False
    keeps: bool = False
    small: str = ""
    memory: float = 10
    kind: Kind = "text"


def same(architecture: str) -> str:
    """One spelling for what GGUF calls `qwen2moe` and transformers `qwen2_moe`."""
    return re.sub(r"[^a-z0-9]", "", architecture.lower())


def _models(text: str) -> frozenset[str]:
    return frozenset(map(same, text.split()))


READ_FROM_GGUF = _models(
    "bloom deci falcon gemma2 gemma3 gemma4 gpt2 gpt_oss lfm2 llama mamba minimax_m2 mistral nemotron phi3 qwen2 qwen2_moe "
    "qwen3 qwen3_moe stablelm starcoder2"
)
"""By transformers 5.12 (GGUF_SUPPORTED_ARCHITECTURES), those that go on with a text."""
_CTRANSLATE2 = _models(
    "bloom codegen falcon gemma gemma2 gemma3 gemma3_text gpt2 gptbigcode gptj gptneox gpt_neox llama mistral mpt opt phi "
    "phi2 phi3 qwen2 qwen3"
)
"""By ctranslate2 4.8 (converters/transformers.py, register_loader), those that its Generator runs."""
_ONNX_GENAI = _models(
    "chatglm ernie4_5 gemma gemma2 gemma3 gemma3_text gemma4 gpt_oss granite hunyuan-dense internlm2 lfm2 llama mistral "
    "nemotron olmo phi phi2 phi3 phimoe qwen2 qwen3 smollm3"
)
"""By onnxruntime-genai 0.18 (models/builder.py)."""
_OPENVINO = _models("llama qwen2 qwen3")
"""By openvino-genai 2026.4, which reads GGUF itself (documentation: GGUF support)."""
_TVM = _models("llama mistral qwen2 qwen3")
"""By tvm_model.py."""

_GGUF: tuple[Format, ...] = ("gguf",)
_EITHER: tuple[Format, ...] = ("gguf", "safetensors")
FOLDER_FROM_GGUF = _FOLDER = "to_safetensors.py"
_MADE = "made.py"
_LLAMA_CPP = ("llama.cpp-tools",)

_BLOCKS = {
    "Q8_0": 1.0625, "Q6_K": 0.82, "Q5_K_M": 0.71, "Q5_K_S": 0.69, "Q5_1": 0.75, "Q5_0": 0.69, "Q4_K_M": 0.6, "Q4_K_S": 0.58,
    "Q4_1": 0.63, "Q4_0": 0.57, "IQ4_XS": 0.54, "IQ4_NL": 0.57, "Q3_K_L": 0.53, "Q3_K_M": 0.49, "Q3_K_S": 0.44, "Q2_K": 0.42,
    "F16": 2.0, "BF16": 2.0, "F32": 4.0,
}  # fmt: skip
"""As llama-quantize names them (those that need no importance matrix)."""

TARGETS = (
    Target(name="onnx-genai", format="onnx-genai", made_from=_EITHER, scripts=("to_onnx_genai.py", _FOLDER, _MADE),
           widths={"int4": 0.9, "int8": 1.3, "fp16": 2.1, "bf16": 2.1, "fp32": 4.1},
           frameworks=("onnxruntime-genai",), main="genai_config.json", models=_ONNX_GENAI, small="int8"),
    Target(name="ctranslate2", format="ctranslate2", made_from=_EITHER, scripts=("to_ctranslate2.py", _FOLDER, _MADE),
           widths={"int8": 1.0, "int8_float16": 1.0, "int8_bfloat16": 1.0, "int16": 2.0, "float16": 2.0, "bfloat16": 2.0,
                   "float32": 4.0},
           frameworks=("ctranslate2",), main="model.bin", models=_CTRANSLATE2),
    Target(name="openvino", format="openvino", made_from=_GGUF, scripts=("to_openvino.py", "quantise_gguf.py", _MADE),
           widths={"": 1.0, "int8": 1.1, "int4": 0.8, "fp16": 2.1}, main="openvino_model.xml", models=_OPENVINO, apt=_LLAMA_CPP,
           keeps=True, memory=6),
    Target(name="safetensors", format="safetensors", made_from=_GGUF, scripts=(_FOLDER, _MADE),
           widths={"": 4.0, "float32": 4.0, "bfloat16": 2.0, "float16": 2.0}, models=READ_FROM_GGUF),
    Target(name="safetensors-of-pickles", format="safetensors", made_from=("pytorch",), scripts=("from_pytorch.py", _MADE),
           widths={"": 4.0, "float32": 4.0, "bfloat16": 2.0, "float16": 2.0}),
    Target(name="gguf-quantised", format="gguf", made_from=_GGUF, scripts=("quantise_gguf.py", _MADE), widths=_BLOCKS,
           apt=_LLAMA_CPP, memory=2),
    Target(name="gguf", format="gguf", made_from=("safetensors",), scripts=("to_gguf.py", "quantise_gguf.py", _MADE), widths=_BLOCKS,
           apt=(*_LLAMA_CPP, "python3-gguf")),
    Target(name="tvm", format="tvm", made_from=_EITHER,
           scripts=("to_tvm.py", "tvm_model.py", "tvm_kernels.py", "tvm_linker.py", "tvm_run.py", "processor.py", _FOLDER, _MADE),
           widths={"int8": 1.0}, main="jitney-tvm.json", models=_TVM, apt=("binutils",), of_machine=True, memory=14),
    Target(name="whisper-ggml", format="ggml", made_from=("ctranslate2",), scripts=("to_whisper_ggml.py", _MADE), widths={"f16": 2.0},
           main="ggml-model.bin", kind="transcription", memory=6),
    Target(name="mlc", format="mlc", made_from=_EITHER, scripts=("to_mlc.py", "mlc_commands.py", "processor.py", _FOLDER, _MADE),
           widths={"q4f32_1": 0.65, "q4f16_1": 0.65, "q3f16_1": 0.55, "q0f32": 2.1, "q0f16": 2.1},
           main="mlc-chat-config.json", apt=("gcc", "libc6-dev"), of_machine=True, memory=14),
)  # fmt: skip
"""The first that fits is taken. A program that loads a repository itself gets those of its frameworks."""
