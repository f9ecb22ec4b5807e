"""Loads a model's weights into this very process and prints the tokens as they come.

The weights come from wherever Hugging Face's library finds them; nothing here knows of Jitney.
"""

import sys

import xllamacpp
from huggingface_hub import hf_hub_download

REPO = "HuggingFaceTB/SmolLM2-135M-Instruct-GGUF"
FILE = "smollm2-135m-instruct-q4_1.gguf"

params = xllamacpp.CommonParams()
params.model.path = hf_hub_download(REPO, FILE)
params.n_ctx = 512
params.n_parallel = 1
params.cpuparams.n_threads = 1
params.cpuparams_batch.n_threads = 1
params.warmup = False
params.verbosity = -1
server = xllamacpp.Server(params)


def show(chunk: object) -> bool:
    """One piece of the answer; returning true would stop the generation."""
    for one in chunk if isinstance(chunk, list) else [chunk]:
        for choice in one.get("choices", []):
            print(choice.get("text", ""), end="", flush=True)
    return False


prompt = " ".join(sys.argv[1:]) or "The capital of France is"
print(prompt, end="", flush=True)
server.handle_completions({"prompt": prompt, "max_tokens": 16, "temperature": 0, "stream": True}, show)
print()
