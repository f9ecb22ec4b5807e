# /// script
# dependencies = ["accelerate>=1.2", "gguf>=0.17", "torch>=2.6", "transformers>=4.56"]
# ///
"""Runs in a sandbox without network: a GGUF file becomes a Hugging Face folder, as a tar on standard output.

Arguments: the GGUF's path, the type of numbers (`float32`, `bfloat16`, `float16`), the type asked for (wins, may be empty).
What was written is loaded again and asked before it is handed out: it must say the same next words as the weights it was
made from.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile

os.environ["TQDM_DISABLE"] = "1"
import gguf
import made
import torch
import transformers


def main(path: str, dtype: str, asked: str) -> None:
    with tempfile.TemporaryDirectory() as out:
        before = write(path, asked or dtype, out)
        check(out, before)
        made.hand_out(out)


def opened(path: str, dtype: str, room: str) -> str:
    """The Hugging Face folder of a model: the one that `path` lies in, or one made in `room` from a GGUF."""
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    if not path.endswith(".gguf"):
        return os.path.dirname(path)
    write(path, dtype, room + "/hf")
    return room + "/hf"


def write(path: str, dtype: str, out: str) -> str:
    """The Hugging Face folder for a GGUF. Returns what the original says after the prompt."""
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    folder, file = os.path.split(path)
    made.say("reading %s" % file)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=file)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=file, dtype=getattr(torch, dtype)
    )
    tokenizer.clean_up_tokenization_spaces = (
        False  # a GGUF does not say; True is for BERT's and breaks others
    )
    name_the_ends(tokenizer, path)
    before = answer(model, tokenizer)
    forget_the_quantisation(model)
    made.say("writing safetensors, %s" % dtype)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    del model
    gc.collect()
    return before


def name_the_ends(tokenizer: transformers.PreTrainedTokenizerBase, path: str) -> None:
    """The tokens that begin and end a text, as the GGUF has them: the library's reader leaves both at the first it meets."""
    fields = gguf.GGUFReader(path).fields
    for name in ("bos", "eos"):
        field = fields.get("tokenizer.ggml.%s_token_id" % name)
        if field is not None:
            setattr(tokenizer, name + "_token", tokenizer.convert_ids_to_tokens(int(field.contents())))


def forget_the_quantisation(model: transformers.PreTrainedModel) -> None:
    """Weights read from a GGUF are plain numbers by now, but still say that they are quantised, and are not saved then."""
    model.hf_quantizer = None
    for name in ("quantization_config", "_pre_quantization_dtype"):
        if hasattr(model.config, name):
            delattr(model.config, name)


def check(folder: str, before: str) -> None:
    """Load it as a program would, and generate."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    after = answer(model, tokenizer)
    if after != before:
        sys.exit("the converted model says %r, the original %r" % (after, before))
    made.require_words(after)


def answer(model: transformers.PreTrainedModel, tokenizer: transformers.PreTrainedTokenizerBase) -> str:
    tokens = tokenizer(made.PROMPT, return_tensors="pt")
    with torch.no_grad():
        ids = model.generate(**tokens, max_new_tokens=made.WORDS, do_sample=False)
    return str(tokenizer.decode(ids[0][tokens["input_ids"].shape[-1] :], skip_special_tokens=True))


if __name__ == "__main__":
    main(*sys.argv[1:4])
