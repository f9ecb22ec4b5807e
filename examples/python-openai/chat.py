"""Asks a hosted model through OpenAI's own library and prints the answer as it comes.

Nothing here knows of Jitney: the library reads OPENAI_BASE_URL and OPENAI_API_KEY.
"""

import sys

from openai import OpenAI

question = " ".join(sys.argv[1:]) or "What is 2+2?"
client = OpenAI()

stream = client.chat.completions.create(
    model="gpt-4o-mini",
    messages=[{"role": "user", "content": question}],
    temperature=0,
    max_tokens=24,
    stream=True,
)
for chunk in stream:
    if chunk.choices and chunk.choices[0].delta.content:
        print(chunk.choices[0].delta.content, end="", flush=True)
print()
