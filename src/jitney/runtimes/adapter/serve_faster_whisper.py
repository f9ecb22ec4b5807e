# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "av==16.1.0", "faster-whisper==1.2.1", "h11==0.16.0", "httptools==0.9.0", "jinja2==3.1.6", "python-multipart==0.0.34", "starlette==1.10.0",
#     "tokenizers==0.23.1", "uvicorn==0.54.0",
# ]
# ///
"""Serves Whisper in CTranslate2's form."""

from adapter.main import main
from adapter.with_faster_whisper import load

if __name__ == "__main__":
    main(load)
