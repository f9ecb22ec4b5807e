"""LiteLLM: one call for any vendor; here one of each kind."""

import litellm

litellm.suppress_debug_info = True
QUESTION = [{"role": "user", "content": "What is 2+2?"}]

for model in ("openai/gpt-4o-mini", "anthropic/claude-sonnet-4-5"):
    reply = litellm.completion(model=model, messages=QUESTION, temperature=0, max_tokens=24)
    print(f"{model}: {reply.choices[0].message.content}")
