"""The gateway: what programs speak, answered by a runtime that speaks less. docs/api.md says what is answered.

    OpenAI · Anthropic · Ollama  ──►  one request for the runtime (chat, text, vectors)  ──►  llama-server
    their streams and bodies     ◄──  Text · Call · End (answer.py)                      ◄──

It runs in a box of its own and knows nothing about boxes: it imports nothing of Jitney but itself.
"""
