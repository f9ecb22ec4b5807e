"""Checkpoints that PyTorch itself wrote: scanned, taken, loaded in a sandbox; a pickled module is refused."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from tests.conftest import Jitney

pytestmark = [pytest.mark.engine, pytest.mark.slow]

WRITES = """
import base64, collections, io
import torch
tensors = collections.OrderedDict(
    w=torch.arange(4.0), half=torch.zeros(2, dtype=torch.float16), b=torch.zeros(2, dtype=torch.bfloat16), view=torch.eye(3).t()
)
layer = torch.nn.Linear(2, 2)
for name, what, how in (
    ("tensors", tensors, {}),
    ("old", tensors, {"_use_new_zipfile_serialization": False}),
    ("parameters", dict(layer.named_parameters()), {}),
    ("checkpoint", {"model": layer.state_dict(), "epoch": 3, "args": {"lr": 0.1}}, {}),
    ("module", layer, {}),
):
    file = io.BytesIO()
    torch.save(what, file, **how)
    print(name, base64.b64encode(file.getvalue()).decode())
"""
LOADS = """
import torch
state = torch.load("/models/files/tensors.pt", weights_only=True)
print(sorted(state), state["w"].tolist())
"""


@pytest.fixture
def checkpoints(jitney: Jitney, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Name → a file that torch has written in a sandbox."""
    (tmp_path / "writes.py").write_text(WRITES)
    done = jitney("run", tmp_path / "writes.py")
    assert done.returncode == 0, done.stderr.decode()
    monkeypatch.setenv("JITNEY_DATA_DIR", str(tmp_path / "data"))
    found = {}
    for line in done.stdout.decode().splitlines():
        name, _, data = line.partition(" ")
        found[name] = tmp_path / f"{name}.pt"
        found[name].write_bytes(base64.b64decode(data))
    return found


def test_what_torch_writes(jitney: Jitney, checkpoints: dict[str, Path], tmp_path: Path) -> None:
    for name in ("tensors", "old", "parameters", "checkpoint"):
        refused = jitney("pull", checkpoints[name])
        assert refused.returncode == 125
        assert b"pickle format are refused" in refused.stderr
        taken = jitney("pull", "--allow-pickle", checkpoints[name])
        assert taken.returncode == 0, taken.stderr.decode()
    module = jitney("pull", "--allow-pickle", checkpoints["module"])
    assert module.returncode == 125
    assert b"nobody knows that" in module.stderr
    (tmp_path / "loads.py").write_text(LOADS)
    model = checkpoints["tensors"]
    done = jitney("run", "--allow-pickle", "--model", model, tmp_path / "loads.py")
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == b"['b', 'half', 'view', 'w'] [0.0, 1.0, 2.0, 3.0]\n"
    without = jitney("run", "--model", model, tmp_path / "loads.py")
    assert without.returncode == 125
    assert b"pickle format are refused" in without.stderr
