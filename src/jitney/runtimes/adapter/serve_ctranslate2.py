# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "ctranslate2==4.8.5", "h11==0.16.0", "httptools==0.9.0", "jinja2==3.1.6", "starlette==1.10.0",
#     "tokenizers==0.23.1", "uvicorn==0.54.0",
# ]
# ///
"""Serves a CTranslate2 model."""

from adapter.main import main
from adapter.with_ctranslate2 import load

if __name__ == "__main__":
    main(load)
