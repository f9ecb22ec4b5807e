"""The one thin adapter: libraries without a server of their own answer OpenAI's HTTP API.

It runs inside a box and imports nothing of Jitney outside this folder, which the box has as the package `adapter`:

    serve_LIBRARY.py ─► main ─► app (ASGI) ─► requests (checks, 400) ─► work (threads, turns) ─► a backend's `Loaded`
                                                                            │ words: tokenizer, chat template
                                                                            └ flow: text out of tokens, stop strings

A backend is one function, `load(settings) -> Loaded` (backend.py). One that computes logits, and leaves the choice of
tokens to `sampling.walk`, offers all that sampling offers: seed, penalties, logit bias, log probabilities, JSON schemas.
"""
