# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "h11==0.16.0", "httptools==0.9.0", "jinja2==3.1.6", "llguidance==1.6.1", "numpy>=2", "onnxruntime-genai==0.18.0",
#     "starlette==1.10.0", "tokenizers==0.23.1", "uvicorn==0.54.0",
# ]
# ///
"""Serves an ONNX model by ONNX Runtime GenAI."""

from adapter.main import main
from adapter.with_onnx_genai import load

if __name__ == "__main__":
    main(load)
