# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "apache-tvm==0.27.0.post1", "apache-tvm-ffi==0.1.15.post2", "h11==0.16.0", "httptools==0.9.0", "jinja2>=3.1.6",
#     "llguidance==1.6.1", "numpy>=2", "safetensors>=0.8", "starlette==1.10.0", "tokenizers>=0.21", "uvicorn==0.54.0",
# ]
# ///
"""Serves a model that TVM has compiled: the toolchain that made it is the one that runs it."""

from adapter.main import main
from adapter.with_tvm import load

if __name__ == "__main__":
    main(load)
