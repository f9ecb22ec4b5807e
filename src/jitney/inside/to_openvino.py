# /// script
# requires-python = ">=3.14"
# dependencies = ["nncf>=3", "openvino>=2026", "openvino-genai>=2026", "openvino-tokenizers>=2026"]
# ///
"""Runs in a sandbox without network: a GGUF file becomes a folder for OpenVINO GenAI, by its own reader, as a tar on standard
output.

Arguments: the file's path, a type of numbers that nobody needs here, the bits: empty for those that the file has; others by
NNCF, from 16 bits that llama-quantize makes first. The result is asked before it is handed out.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile

import made
import openvino
import openvino_genai
import quantise_gguf

MODES = {"int8": "INT8_ASYM", "int4": "INT4_SYM"}
ONE_THREAD = {"INFERENCE_NUM_THREADS": 1}


def main(path: str, dtype: str, bits: str) -> None:
    with tempfile.TemporaryDirectory() as room:
        if bits:
            source = quantise_gguf.write(path, "F16", room)
        else:  # the reader wants a file that it may write to, and puts the result beside it
            source = shutil.copyfile(path, room + "/model.gguf")
        made.say("converting for OpenVINO, %s" % (bits or "the bits of the GGUF"))
        openvino_genai.LLMPipeline(source, "CPU", enable_save_ov_model=True, **ONE_THREAD)
        out = room + "/out"
        os.mkdir(out)
        for name in sorted(os.listdir(room)):
            if name.startswith("openvino_"):
                os.rename(room + "/" + name, out + "/" + name)
        if bits in MODES:
            compress(out, room, MODES[bits])
        check(out)
        made.hand_out(out)


def compress(out: str, room: str, mode: str) -> None:
    """Fewer bits a number in the model of this folder."""
    import nncf  # scikit-learn and more, and a word to its makers' statistics, which no network carries

    made.say("compressing, %s" % mode)
    whole = openvino.Core().read_model(out + "/openvino_model.xml")
    fallback = nncf.GroupSizeFallbackMode.ADJUST  # where rows are no multiple of the usual group
    fewer = nncf.compress_weights(
        whole,
        mode=getattr(nncf.CompressWeightsMode, mode),
        advanced_parameters=nncf.AdvancedCompressionParameters(group_size_fallback_mode=fallback)
        if mode.startswith("INT4")
        else None,
    )
    openvino.save_model(fewer, room + "/openvino_model.xml")
    del whole, fewer
    for name in ("openvino_model.xml", "openvino_model.bin"):
        os.replace(room + "/" + name, out + "/" + name)


def check(folder: str) -> None:
    pipeline = openvino_genai.LLMPipeline(folder, "CPU", **ONE_THREAD)
    words = pipeline.generate(
        made.PROMPT, max_new_tokens=made.WORDS, do_sample=False, apply_chat_template=False
    )
    made.require_words(str(words))


if __name__ == "__main__":
    main(*sys.argv[1:4])
