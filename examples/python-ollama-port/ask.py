"""Asks a model server on this machine, at the port where Ollama listens; the standard library is enough."""

import json
import sys
import urllib.request

ADDRESS = "http://localhost:11434/v1/chat/completions"

body = {
    "model": "llama3.2",
    "messages": [{"role": "user", "content": " ".join(sys.argv[1:]) or "What is 2+2?"}],
    "temperature": 0,
    "max_tokens": 24,
}
request = urllib.request.Request(ADDRESS, json.dumps(body).encode(), {"Content-Type": "application/json"})
with urllib.request.urlopen(request) as reply:
    print(json.load(reply)["choices"][0]["message"]["content"])
