# /// script
# dependencies = ["accelerate>=1.2", "ctranslate2>=4.5", "gguf>=0.17", "torch>=2.6", "transformers>=4.56"]
# ///
"""Runs in a sandbox without network: a GGUF file becomes CTranslate2's folder, eight bits a number, as a tar on standard output.

Arguments as for to_safetensors.py, which makes the folder in between. The result is asked before it is handed out.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile

import ctranslate2
import to_safetensors
import transformers
from ctranslate2.converters import TransformersConverter


def main(gguf: str, dtype: str) -> None:
    with tempfile.TemporaryDirectory() as room:
        middle, out = room + "/hf", room + "/out"
        to_safetensors.write(gguf, dtype, middle)
        to_safetensors.say("converting for CTranslate2, int8")
        TransformersConverter(middle).convert(out, quantization="int8")
        for name in os.listdir(middle):
            if name.startswith(("tokenizer", "chat_template", "special_tokens", "generation_config")):
                shutil.copyfile(middle + "/" + name, out + "/" + name)
        check(out)
        to_safetensors.hand_out(out)


def check(folder: str) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    generator = ctranslate2.Generator(folder, inter_threads=1, intra_threads=1)
    words = tokenizer.convert_ids_to_tokens(tokenizer(to_safetensors.PROMPT)["input_ids"])
    made = generator.generate_batch([words], max_length=to_safetensors.WORDS, include_prompt_in_result=False)
    after = str(tokenizer.decode(made[0].sequences_ids[0]))
    if not after.strip():
        sys.exit("the converted model says nothing")
    to_safetensors.say("checked: %r goes on %r" % (to_safetensors.PROMPT, after))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
