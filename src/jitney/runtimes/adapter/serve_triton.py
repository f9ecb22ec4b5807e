# /// script
# requires-python = "==3.11.*"
# dependencies = [
#     "ctranslate2==4.8.5", "h11==0.16.0", "httptools==0.9.0", "jinja2==3.1.6", "numpy==1.26.4", "nvidia-pytriton==0.7.0",
#     "starlette==1.10.0", "tokenizers==0.23.1", "uvicorn==0.54.0",
# ]
# ///
"""Triton hosts a CTranslate2 model. Its package brings the server and wants a NumPy that newer Pythons have no wheel of."""

from adapter.main import main
from adapter.with_triton import load

if __name__ == "__main__":
    main(load)
