# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "h11==0.16.0", "httptools==0.9.0", "jinja2>=3.1.6", "llguidance==1.6.1", "numpy>=2", "starlette==1.10.0",
#     "tokenizers>=0.21", "torch>=2.6", "transformers>=5", "uvicorn==0.54.0",
# ]
# ///
"""Serves a Hugging Face model. torch, transformers, tokenizers and numpy have no exact version here: where no index has
PyTorch for CPUs, they are Debian's (plan/torch.py), and a lock pins them elsewhere."""

from adapter.main import main
from adapter.with_transformers import load

if __name__ == "__main__":
    main(load)
