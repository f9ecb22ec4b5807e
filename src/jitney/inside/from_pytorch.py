# /// script
# dependencies = ["accelerate>=1.2", "torch>=2.6", "transformers>=4.56"]
# ///
"""Runs in a sandbox without network: a Hugging Face folder whose weights are PyTorch's pickles becomes one of safetensors, as a
tar on standard output.

Arguments as for to_safetensors.py, the path being one of the folder. PyTorch reads with weights_only, which makes tensors and runs
nothing; were it wrong, there is nothing in the sandbox to have. What was written must say the same as what was read.
"""

from __future__ import annotations

import os
import sys
import tempfile

import made
import torch
import transformers


def main(path: str, dtype: str, asked: str) -> None:
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as out:
        before = turn(os.path.dirname(path), asked or dtype, out)
        after = answer(out)
        if after != before:
            sys.exit("the converted model says %r, the original %r" % (after, before))
        made.require_words(after)
        made.hand_out(out)


def turn(folder: str, dtype: str, out: str) -> str:
    """The same folder with safetensors. Returns what the original says."""
    made.say(
        "reading %s"
        % ", ".join(name for name in os.listdir(folder) if name.endswith((".bin", ".pt", ".pth")))
    )
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=getattr(torch, dtype), weights_only=True, use_safetensors=False
    )
    before = go_on(model, tokenizer)
    made.say("writing safetensors, %s" % dtype)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    return before


def answer(folder: str) -> str:
    """What the model of a folder says, loaded as a program would."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    return go_on(transformers.AutoModelForCausalLM.from_pretrained(folder), tokenizer)


def go_on(model: transformers.PreTrainedModel, tokenizer: transformers.PreTrainedTokenizerBase) -> str:
    tokens = tokenizer(made.PROMPT, return_tensors="pt")
    with torch.no_grad():
        ids = model.generate(**tokens, max_new_tokens=made.WORDS, do_sample=False)
    return str(tokenizer.decode(ids[0][tokens["input_ids"].shape[-1] :], skip_special_tokens=True))


if __name__ == "__main__":
    main(*sys.argv[1:4])
