# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "h11==0.16.0", "httptools==0.9.0", "jinja2==3.1.6", "mistralrs==0.9.5", "starlette==1.10.0", "tokenizers==0.23.1",
#     "uvicorn==0.54.0",
# ]
# ///
"""Serves a Hugging Face model by mistral.rs."""

from adapter.main import main
from adapter.with_mistralrs import load

if __name__ == "__main__":
    main(load)
