"""CTranslate2 in this very process: eight-bit weights from the folder that the hub's library finds."""

import sys

import ctranslate2
from huggingface_hub import snapshot_download
from tokenizers import Tokenizer

folder = snapshot_download("HuggingFaceTB/SmolLM2-135M-Instruct")
tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
generator = ctranslate2.Generator(folder, device="cpu", inter_threads=1, intra_threads=1)

prompt = " ".join(sys.argv[1:]) or "The capital of France is"
tokens = tokenizer.encode(prompt).tokens
print(prompt, end="", flush=True)


def show(step: ctranslate2.GenerationStepResult) -> bool:
    """One word of the answer; returning true would stop the generation."""
    print(tokenizer.decode([step.token_id]), end="", flush=True)
    return False


generator.generate_batch([tokens], max_length=12, include_prompt_in_result=False, callback=show)
print()
del generator  # its threads end before the interpreter does
