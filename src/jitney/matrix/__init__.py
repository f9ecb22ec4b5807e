"""Which build of PyTorch, TensorFlow, JAX, vLLM … is for which Python, CUDA, driver and GPU: tables, and pure questions to them.

The tables are made by `tools/matrices.py` (a date in each) and read only where such a package is wanted. A user's own rows come
before them (`matrices.toml` beside `config.toml`; docs/matrices.md). Beyond a table's end the newest row below is taken, and
said to be.
"""

from jitney.matrix.pythons import PythonFit, python_for
from jitney.matrix.tables import (
    Gpus,
    Release,
    Server,
    TorchRow,
    TorchTable,
    gpus,
    jax,
    overlay,
    servers,
    tensorflow,
    torch,
)

__all__ = [
    "Gpus",
    "PythonFit",
    "Release",
    "Server",
    "TorchRow",
    "TorchTable",
    "gpus",
    "jax",
    "overlay",
    "python_for",
    "servers",
    "tensorflow",
    "torch",
]
