# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "h11==0.16.0", "httptools==0.9.0", "jinja2==3.1.6", "numpy>=2", "openvino-genai==2026.4.1.0", "starlette==1.10.0",
#     "tokenizers==0.23.1", "uvicorn==0.54.0",
# ]
# ///
"""Serves an OpenVINO model by OpenVINO GenAI."""

from adapter.main import main
from adapter.with_openvino import load

if __name__ == "__main__":
    main(load)
