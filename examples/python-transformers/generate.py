"""Real inference with transformers and PyTorch, from weights in a GGUF file."""

import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

REPO = "HuggingFaceTB/SmolLM2-135M-Instruct-GGUF"
FILE = "smollm2-135m-instruct-q4_1.gguf"

torch.set_num_threads(1)
tokenizer = AutoTokenizer.from_pretrained(REPO, gguf_file=FILE)
model = AutoModelForCausalLM.from_pretrained(REPO, gguf_file=FILE, dtype=torch.float32)

prompt = " ".join(sys.argv[1:]) or "The capital of France is"
tokens = tokenizer(prompt, return_tensors="pt")
answer = model.generate(**tokens, max_new_tokens=8, do_sample=False)
print(tokenizer.decode(answer[0], skip_special_tokens=True))
