# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "av==16.1.0", "h11==0.16.0", "httptools==0.9.0", "jinja2==3.1.6", "numpy>=2", "python-multipart==0.0.34",
#     "pywhispercpp==1.5.1", "starlette==1.10.0", "tokenizers==0.23.1", "uvicorn==0.54.0",
# ]
# ///
"""Serves Whisper in whisper.cpp's form."""

from adapter.main import main
from adapter.with_whisper_cpp import load

if __name__ == "__main__":
    main(load)
