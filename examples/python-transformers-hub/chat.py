"""transformers as its own manual has it: a model by its name, no file, no cache folder, no network."""

import sys

from transformers import AutoModelForCausalLM, AutoTokenizer

CHECKPOINT = "HuggingFaceTB/SmolLM2-135M-Instruct"

tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
model = AutoModelForCausalLM.from_pretrained(CHECKPOINT)

messages = [{"role": "user", "content": " ".join(sys.argv[1:]) or "What is the capital of France?"}]
prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
tokens = tokenizer(prompt, return_tensors="pt")
answer = model.generate(**tokens, max_new_tokens=16, do_sample=False)
print(tokenizer.decode(answer[0][tokens["input_ids"].shape[-1] :], skip_special_tokens=True))
