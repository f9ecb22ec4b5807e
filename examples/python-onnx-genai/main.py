"""ONNX Runtime GenAI in this very process, the answer as it comes. The folder is whatever the hub's library finds."""

import sys

import onnxruntime_genai as og
from huggingface_hub import snapshot_download

model = og.Model(snapshot_download("HuggingFaceTB/SmolLM2-135M-Instruct"))
tokenizer = og.Tokenizer(model)
stream = tokenizer.create_stream()

question = " ".join(sys.argv[1:]) or "What is the capital of France?"
settings = og.GeneratorParams(model)
settings.set_search_options(max_length=96, do_sample=False)
generator = og.Generator(model, settings)
generator.append_tokens(tokenizer.encode(f"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"))
while not generator.is_done():
    generator.generate_next_token()
    print(stream.decode(generator.get_next_tokens()[0]), end="", flush=True)
print()
