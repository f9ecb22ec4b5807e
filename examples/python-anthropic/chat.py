"""Anthropic's own library; the answer as it comes. There is no requirements.txt: the import says it."""

import sys

import anthropic

client = anthropic.Anthropic()
question = " ".join(sys.argv[1:]) or "What is 2+2?"

with client.messages.stream(
    model="claude-sonnet-4-5",
    max_tokens=24,
    messages=[{"role": "user", "content": question}],
    extra_body={"temperature": 0},
) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
print()
