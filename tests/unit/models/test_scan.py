"""Pickles: refused, or scanned by two, and what was not seen counts as found."""

from __future__ import annotations

import collections
import io
import os
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from jitney.errors import ModelError
from jitney.models.fetch import Terms, fetch
from jitney.models.formats.check import check
from jitney.models.reference import parse
from jitney.models.safety import scan
from jitney.models.safety.apart import DiedError, ask
from jitney.models.safety.gate import Policy
from jitney.models.storage.store import Store

ALLOWED = Policy(allow_pickle=True)


class _Evil:
    def __reduce__(self) -> Any:
        return os.system, ("echo pwned",)


def calling(module: str, name: str, *arguments: str) -> bytes:
    """A pickle, protocol 2, that calls `module.name(*arguments)`."""
    words = b"".join(b"X" + struct.pack("<I", len(one)) + one.encode() for one in arguments)
    return b"\x80\x02c" + f"{module}\n{name}\n".encode() + b"(" + words + b"tR."


def checkpoint(data: bytes, **more: bytes) -> bytes:
    """As torch.save lays it out since 1.6."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/data/0", bytes(8))
        archive.writestr("archive/version", "3\n")
        for name, content in more.items():
            archive.writestr(f"archive/{name}", content)
    return whole.getvalue()


def tensors() -> bytes:
    """{"w": a tensor of two floats}, as torch pickles it: protocol 2, a storage by its persistent id."""
    storage = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02tQ"
    tensor = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00K\x02\x85K\x01\x85\x89"
    tensor += b"ccollections\nOrderedDict\n)RtR"
    return b"\x80\x02ccollections\nOrderedDict\n)RX\x01\x00\x00\x00w" + tensor + b"s."


def legacy(data: bytes) -> bytes:
    """As torch.save laid it out before: five pickles, then the numbers."""
    parts = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
    head = b"".join(pickle.dumps(one, 2) for one in parts)
    return head + data + pickle.dumps(["0"], 2) + struct.pack("<q", 2) + bytes(8)


def write(tmp_path: Path, name: str, data: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


CLEAN = {
    "a checkpoint": checkpoint(tensors()),
    "an old checkpoint": legacy(tensors()),
    "plain numbers": pickle.dumps({"w": [1.0, 2.0]}),
    "protocol 0": pickle.dumps(collections.OrderedDict(a=1), 0),
}


@pytest.mark.parametrize("what", CLEAN)
def test_what_torch_writes_passes(tmp_path: Path, what: str) -> None:
    scan.require_clean(write(tmp_path, "m.bin", CLEAN[what]), "m.bin")


DIRTY = {
    "os.system": pickle.dumps(_Evil()),
    "os.system, protocol 0": pickle.dumps(_Evil(), 0),
    "in a checkpoint": checkpoint(pickle.dumps(_Evil())),
    "in an old checkpoint": legacy(pickle.dumps(_Evil(), 2)),
    "eval": calling("builtins", "eval", "1"),
    "python 2's eval": calling("__builtin__", "eval", "1"),
    "getattr": calling("builtins", "getattr", "a", "b"),
    "a module of nobody's list": calling("mypackage.models", "build", "x"),
    "runpy": calling("runpy", "run_path", "x"),
    "pip": calling("pip", "main", "install"),
    "webbrowser": calling("webbrowser", "open", "https://example.org"),
    "a second pickle behind the first": pickle.dumps([1]) + pickle.dumps(_Evil()),
    "bytes behind the last one": pickle.dumps([1]) + b"more",
    "bytes behind the one in the archive": checkpoint(tensors() + b"more"),
    "an archive's second pickle": checkpoint(tensors(), **{"constants.pkl": pickle.dumps(_Evil())}),
    "code in the archive": checkpoint(tensors(), **{"code/model.py": b"import os"}),
    "a member of unknown use": checkpoint(tensors(), **{"extra.bin": pickle.dumps(_Evil())}),
    "an archive behind a pickle": pickle.dumps([1]) + checkpoint(tensors()),
    "an archive without a pickle": checkpoint(b"")[:4] + b"broken",
    "nothing that can be read": b"\x80\x04\x95garbage",
    "an empty file": b"",
}


@pytest.mark.parametrize("what", DIRTY)
def test_what_calls_or_cannot_be_seen_through_is_refused(tmp_path: Path, what: str) -> None:
    with pytest.raises(ModelError, match="refused"):
        scan.require_clean(write(tmp_path, "m.pt", DIRTY[what]), "m.pt")


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", tensors())
        archive.writestr("archive/data.pkl", pickle.dumps(_Evil()))
    with pytest.raises(ModelError, match="two members"):
        scan.require_clean(path, "m.pt")


def test_both_scanners_look(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        scan.require_clean(write(tmp_path, "m.pt", pickle.dumps(_Evil())), "m.pt")
    assert "picklescan" in caught.value.message
    assert "fickling" in caught.value.message


def test_without_the_flag_nothing_is_scanned_or_taken(store: Store, tmp_path: Path) -> None:
    write(tmp_path, "m.pt", checkpoint(tensors()))
    with pytest.raises(ModelError, match="pickle format are refused") as caught:
        fetch(store, parse("./m.pt", {}, tmp_path))
    assert "--allow-pickle" in caught.value.hint
    assert not list(store.blobs())


def test_with_it_a_clean_one_is_taken_and_asked_for_again_each_time(store: Store, tmp_path: Path) -> None:
    write(tmp_path, "m.pt", checkpoint(tensors()))
    ref = parse("./m.pt", {}, tmp_path)
    assert fetch(store, ref, terms=Terms(policy=ALLOWED)).format == "pytorch"
    assert fetch(store, ref, terms=Terms(policy=ALLOWED)).format == "pytorch"
    with pytest.raises(ModelError, match="pickle format are refused"):
        fetch(store, ref)


def test_a_dirty_one_is_not_taken_in(store: Store, tmp_path: Path) -> None:
    write(tmp_path, "m.pt", pickle.dumps(_Evil()))
    with pytest.raises(ModelError, match=r"calls posix\.system"):
        fetch(store, parse("./m.pt", {}, tmp_path), terms=Terms(policy=ALLOWED))
    assert not list(store.blobs())


def test_a_pickle_of_old_that_calls_itself_bin_is_one(tmp_path: Path) -> None:
    path = write(tmp_path, "pytorch_model.bin", pickle.dumps(_Evil(), 0))
    with pytest.raises(ModelError, match="pickle format are refused"):
        check(path)


@pytest.mark.parametrize("name", ["M.PT", "m.Ckpt", "m.PKL", "m.joblib"])
def test_the_ending_s_case_does_not_matter(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match="pickle format are refused"):
        check(write(tmp_path, name, b"x"))


def test_a_scanner_that_dies_has_not_passed_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def died(*_: object) -> None:
        raise DiedError("it took more time than it may")

    monkeypatch.setattr(scan, "ask", died)
    with pytest.raises(ModelError, match="could not be scanned: it took more time"):
        scan.require_clean(write(tmp_path, "m.pt", checkpoint(tensors())), "m.pt")


def test_whoever_is_asked_and_crashes_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(DiedError, match="KeyError"):
        ask("scan_pickle.py", {"no": "path"}, scan.Seen, 30)
