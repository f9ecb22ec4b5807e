# /// script
# dependencies = [
#     "accelerate>=1.2", "gguf>=0.17", "onnx>=1.17", "onnx-ir>=0.1", "onnxruntime-genai>=0.9", "torch>=2.6",
#     "transformers>=4.56",
# ]
# ///
"""Runs in a sandbox without network: a GGUF file or a Hugging Face folder becomes one for ONNX Runtime GenAI, as a tar on
standard output.

Arguments as for to_safetensors.py, which makes the folder of a GGUF; the last one is the builder's name of a type of numbers.
The result is asked before it is handed out.
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import sys
import tempfile

import made
import onnxruntime_genai as og
import to_safetensors


def main(path: str, dtype: str, bits: str) -> None:
    with tempfile.TemporaryDirectory() as room:
        folder, out = to_safetensors.opened(path, dtype, room), room + "/out"
        made.say("converting for ONNX Runtime GenAI, %s" % bits)
        build("-i", folder, "-o", out, "-p", bits, "-e", "cpu", "-c", room + "/cache")
        name_the_tokenizer(out)
        check(out)
        made.hand_out(out)


def build(*words: str) -> None:
    """The library's own builder, which is a program. Python 3.14 refuses the wording of its help, which nobody reads here."""
    setattr(argparse._ActionsContainer, "_check_help", lambda self, action: None)  # noqa: B010  not a known attribute
    sys.argv = ["builder", *words]
    runpy.run_module("onnxruntime_genai.models.builder", run_name="__main__", alter_sys=True)


def name_the_tokenizer(folder: str) -> None:
    """ONNX Runtime knows tokenizers by the names of old, and one decoder each."""
    with open(folder + "/tokenizer.json", encoding="utf-8") as file:
        tokenizer = json.load(file)
    with open(folder + "/tokenizer_config.json", encoding="utf-8") as file:
        config = json.load(file)
    is_bytes = "ByteLevel" in json.dumps(tokenizer.get("pre_tokenizer"))
    if is_bytes:
        tokenizer["decoder"] = {
            "type": "ByteLevel",
            "add_prefix_space": True,
            "trim_offsets": True,
            "use_regex": True,
        }
    config["tokenizer_class"] = "GPT2Tokenizer" if is_bytes else "LlamaTokenizer"
    for name, content in (("tokenizer.json", tokenizer), ("tokenizer_config.json", config)):
        os.unlink(folder + "/" + name)
        with open(folder + "/" + name, "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False)


def check(folder: str) -> None:
    model = og.Model(folder)
    tokenizer = og.Tokenizer(model)
    settings = og.GeneratorParams(model)
    settings.set_search_options(max_length=32, do_sample=False)
    generator = og.Generator(model, settings)
    generator.append_tokens(tokenizer.encode(made.PROMPT))
    ids: list[int] = []
    while not generator.is_done() and len(ids) < made.WORDS:
        generator.generate_next_token()
        ids.append(generator.get_next_tokens()[0])
    made.require_words(str(tokenizer.decode(ids)))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(*sys.argv[1:4])
