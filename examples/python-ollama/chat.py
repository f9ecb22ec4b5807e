# /// script
# requires-python = ">=3.11"
# dependencies = ["ollama>=0.4"]
# ///
"""Ollama's own library, streaming. Its packages stand in the script's own header."""

import sys

import ollama

question = " ".join(sys.argv[1:]) or "What is 2+2?"
options = {"temperature": 0, "num_predict": 24}
for part in ollama.chat("llama3.2", [{"role": "user", "content": question}], stream=True, options=options):
    print(part.message.content, end="", flush=True)
print()
