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
import json
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
    cut_as_before(out, path)
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


DIGITS = ("smollm", "starcoder", "refact", "codeshell", "command-r")
"""Of `tokenizer.ggml.pre` (llama.cpp's llama-vocab.cpp): texts are cut before each digit, then as GPT-2 does."""


def cut_as_before(folder: str, path: str) -> None:
    """GPT-2's kind of tokenizer, where the library made SentencePiece's of it: bytes are letters, and digits stand alone where
    the GGUF says so."""
    fields = gguf.GGUFReader(path).fields
    kind, cut = (fields.get("tokenizer.ggml." + name) for name in ("model", "pre"))
    with open(folder + "/tokenizer.json", encoding="utf-8") as file:
        whole = json.load(file)
    if kind is None or kind.contents() != "gpt2" or not whole["model"].get("byte_fallback"):
        return
    whole["model"].update(byte_fallback=False, fuse_unk=False, unk_token=None)
    letters = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    digits = {"type": "Digits", "individual_digits": True}
    alone = cut is not None and cut.contents() in DIGITS
    whole["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [digits, letters]} if alone else letters
    whole["decoder"] = {**letters, "add_prefix_space": True}
    os.unlink(folder + "/tokenizer.json")
    with open(folder + "/tokenizer.json", "w", encoding="utf-8") as file:
        json.dump(whole, file, ensure_ascii=False)


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
