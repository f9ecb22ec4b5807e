# /// script
# requires-python = ">=3.14"
# dependencies = ["sentencepiece>=0.2", "torch>=2.6", "transformers>=4.56"]
# ///
"""Runs in a sandbox without network: a Hugging Face folder becomes a GGUF file, by llama.cpp's own converter, as a tar on
standard output.

Arguments as for quantise_gguf.py, which gives it the bits that the converter has not. The result is asked before it is
handed out.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from pathlib import Path

import gguf  # Debian's python3-gguf, of the same source as the converter: the index's is older than that
import made
import quantise_gguf
import torch

CONVERTER = "/usr/share/llama.cpp/llama.cpp-tools"
"""Where Debian's llama.cpp-tools has the module that llama.cpp's convert_hf_to_gguf.py is made of."""
DIRECTLY = {
    "F32": gguf.LlamaFileType.ALL_F32,
    "F16": gguf.LlamaFileType.MOSTLY_F16,
    "BF16": gguf.LlamaFileType.MOSTLY_BF16,
    "Q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
}


def main(path: str, dtype: str, bits: str, kind: str) -> None:
    with tempfile.TemporaryDirectory() as room:
        out = room + "/out"
        os.mkdir(out)
        if bits in DIRECTLY:
            whole = write(os.path.dirname(path), bits, out)
        else:
            whole = quantise_gguf.write(write(os.path.dirname(path), "F16", room), bits, out)
        quantise_gguf.check(whole, kind)
        made.hand_out(out)


def write(folder: str, bits: str, out: str) -> str:
    """The GGUF of a folder, in the folder `out`. Returns its path."""
    sys.path.append(CONVERTER)
    from conversion import ModelBase, ModelType, get_model_architecture, get_model_class

    logging.basicConfig(level=logging.WARNING)
    torch.set_num_threads(1)
    target = "%s/model-%s.gguf" % (out, bits)
    settings = ModelBase.load_hparams(Path(folder), False)
    architecture = get_model_architecture(settings, ModelType.TEXT)
    made.say("converting %s to GGUF, %s" % (architecture, bits))
    try:
        converter = get_model_class(architecture)
    except NotImplementedError:
        sys.exit("llama.cpp's converter does not know the architecture %s" % architecture)
    with torch.inference_mode():
        converter(Path(folder), DIRECTLY[bits], Path(target)).write()
    return target


if __name__ == "__main__":
    main(*sys.argv[1:5])
