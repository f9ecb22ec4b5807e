# /// script
# dependencies = [
#     "accelerate>=1.2", "apache-tvm==0.27.0.post1", "apache-tvm-ffi==0.1.15.post2", "gguf>=0.17", "numpy>=2",
#     "safetensors>=0.8", "tokenizers>=0.22", "torch>=2.6", "transformers>=4.56",
# ]
# ///
"""Runs in a sandbox without network: a Llama-like model is compiled by Apache TVM, eight bits a number, as a tar on standard
output: lib.so, params.safetensors, the tokenizer's files and jitney-tvm.json, which says how to call it.

Arguments as for to_safetensors.py, which makes the folder of a GGUF. It is compiled for the baseline of the architecture that
this processor reaches: a library for the machine's very processor ends on another one with SIGILL. What was made is loaded
and asked before it is handed out.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
import time

import made
import numpy as np
import processor
import tokenizers
import tvm
import tvm_linker
import tvm_model
import tvm_run
from safetensors.numpy import save_file

SIZES = (1, 16)
"""Tokens at once: of an answer, of a prompt."""
BESIDE = ("config.json", "generation_config.json", "tokenizer", "chat_template", "special_tokens")


def main(path: str, dtype: str, bits: str) -> None:
    import to_safetensors  # PyTorch, which the rest does without

    assert bits == "int8", "the one width there is"
    with tempfile.TemporaryDirectory() as room:
        folder, out = to_safetensors.opened(path, dtype, room), room + "/out"
        os.mkdir(out)
        try:
            write(folder, processor.baseline(), out)
        except tvm_model.UnsupportedError as error:
            sys.exit("TVM: %s: this is not compiled here" % error)
        check(out)
        made.hand_out(out)


def write(folder: str, level: str, out: str) -> None:
    shape = tvm_model.read_shape(folder)
    made.say("eight bits a number")
    values = dict(tvm_model.parameters(folder, shape))
    save_file(values, out + "/params.safetensors")
    types = {name: (value.shape, str(value.dtype)) for name, value in values.items()}
    made.say("compiling for %s" % level)
    start = time.monotonic()
    target = tvm.target.Target(processor.described(level))
    compiled = tvm.compile(tvm_model.graph(shape, types, SIZES), target)
    compiled.export_library(out + "/lib.so", fcompile=tvm_linker.link)
    made.say("compiled in %.0f s" % (time.monotonic() - start))
    for name in sorted(os.listdir(folder)):
        if name.startswith(BESIDE):
            shutil.copyfile(folder + "/" + name, out + "/" + name)
    with open(out + "/jitney-tvm.json", "w", encoding="utf-8") as file:
        json.dump(about(shape, list(values), level, out), file, indent=1)


def about(shape: tvm_model.Shape, names: list[str], level: str, out: str) -> dict[str, object]:
    """What whoever loads it must know."""
    with open(out + "/lib.so", "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    return {
        "version": 1,
        "toolchain": {"apache-tvm": tvm.__version__},
        "target": processor.described(level),
        "machine": platform.machine(),
        "flags": list(processor.LEVELS.get(level, ())),
        "library": digest,
        "dtype": "int8",
        "sizes": list(SIZES),
        "block": tvm_model.kernels.BLOCK,
        "layers": shape.layers,
        "kept": shape.kept,
        "width": shape.width,
        "vocabulary": shape.vocabulary,
        "context": shape.context,
        "turning": list(shape.turning),
        "parameters": names,
    }


def check(folder: str) -> None:
    model = tvm_run.Model(folder, context=256, slots=1)
    words = tokenizers.Tokenizer.from_file(folder + "/tokenizer.json")
    tokens = words.encode(made.PROMPT).ids
    logits = model.feed(tokens, 0, 0)
    new = [int(np.argmax(logits))]
    while len(new) < made.WORDS:
        logits = model.feed(new[-1:], len(tokens) + len(new) - 1, 0)
        new.append(int(np.argmax(logits)))
    if not np.isfinite(logits).all():
        sys.exit("the compiled model's numbers are none")
    made.require_words(str(words.decode(new)))


if __name__ == "__main__":
    main(*sys.argv[1:4])
