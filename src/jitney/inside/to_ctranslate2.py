# /// script
# dependencies = ["accelerate>=1.2", "ctranslate2>=4.5", "gguf>=0.17", "torch>=2.6", "transformers>=4.56"]
# ///
"""Runs in a sandbox without network: a GGUF file or a Hugging Face folder becomes CTranslate2's, as a tar on standard output.

Arguments as for to_safetensors.py, which makes the folder of a GGUF; the last one is CTranslate2's name of a type of numbers.
The result is asked before it is handed out.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile

import ctranslate2
import made
import to_safetensors
import transformers
from ctranslate2.converters import TransformersConverter

BESIDE = ("tokenizer", "chat_template", "special_tokens", "generation_config")


def main(path: str, dtype: str, bits: str) -> None:
    with tempfile.TemporaryDirectory() as room:
        folder, out = to_safetensors.opened(path, dtype, room), room + "/out"
        made.say("converting for CTranslate2, %s" % bits)
        TransformersConverter(folder).convert(out, quantization=bits)
        for name in os.listdir(folder):
            if name.startswith(BESIDE) and not os.path.exists(out + "/" + name):
                shutil.copyfile(folder + "/" + name, out + "/" + name)
        check(out)
        made.hand_out(out)


def check(folder: str) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    generator = ctranslate2.Generator(folder, inter_threads=1, intra_threads=1)
    words = tokenizer.convert_ids_to_tokens(tokenizer(made.PROMPT)["input_ids"])
    said = generator.generate_batch([words], max_length=made.WORDS, include_prompt_in_result=False)
    made.require_words(str(tokenizer.decode(said[0].sequences_ids[0])))


if __name__ == "__main__":
    main(*sys.argv[1:4])
