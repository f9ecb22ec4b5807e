# /// script
# dependencies = ["accelerate>=1.2", "gguf>=0.17", "torch>=2.6", "transformers>=4.56"]
# ///
"""Runs in a sandbox without network: a GGUF file becomes a Hugging Face folder, as a tar on standard output.

Arguments: the GGUF's path, the type of numbers (`float32`, `bfloat16`). What was written is loaded again and asked before
it is handed out: it must say the same next words as the weights it was made from. Words about it go to standard error.
"""

from __future__ import annotations

import gc
import os
import sys
import tarfile
import tempfile

os.environ["TQDM_DISABLE"] = "1"
import gguf
import torch
import transformers

PROMPT = "The capital of France is"
WORDS = 6


def main(path: str, dtype: str) -> None:
    with tempfile.TemporaryDirectory() as out:
        before = write(path, dtype, out)
        check(out, before)
        hand_out(out)


def write(path: str, dtype: str, out: str) -> str:
    """The Hugging Face folder for a GGUF. Returns what the original says after PROMPT."""
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    folder, file = os.path.split(path)
    say("reading %s" % file)
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
    say("writing safetensors, %s" % dtype)
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


def hand_out(folder: str) -> None:
    """All files of a folder as a tar on standard output."""
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(os.listdir(folder)):
            tar.add(os.path.join(folder, name), name, filter=plain)
    say("made with transformers %s, torch %s" % (transformers.__version__, torch.__version__))


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
    if after != before or not after.strip():
        sys.exit("the converted model says %r, the original %r" % (after, before))
    say("checked: %r goes on %r" % (PROMPT, after))


def answer(model: transformers.PreTrainedModel, tokenizer: transformers.PreTrainedTokenizerBase) -> str:
    tokens = tokenizer(PROMPT, return_tensors="pt")
    with torch.no_grad():
        made = model.generate(**tokens, max_new_tokens=WORDS, do_sample=False)
    return str(tokenizer.decode(made[0][tokens["input_ids"].shape[-1] :], skip_special_tokens=True))


def plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """The same bytes whoever made it, and when."""
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    info.mode = 0o444
    return info


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
