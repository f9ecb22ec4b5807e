"""What the Store holds: found by name, kept while used, pinned, removed with what only it had, within a budget."""

from __future__ import annotations

import errno
import io
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.unit.models.build import META, gguf, safetensors

from jitney.errors import BusyError, JitneyError, ModelError
from jitney.models.fetch import fetch
from jitney.models.layout import Want, library_view
from jitney.models.model import Alias, Weights
from jitney.models.reference import parse
from jitney.models.storage import budget, holds
from jitney.models.storage.holdings import Holding, find, holdings, is_used, remove, total_bytes
from jitney.models.storage.store import Store


@pytest.fixture(autouse=True)
def let_go() -> Iterator[None]:
    yield
    holds.release()


def take(store: Store, folder: Path, name: str, elements: int = 256) -> Weights:
    (folder / name).write_bytes(gguf(META, elements=elements))
    return fetch(store, parse(f"./{name}", {}, folder))


def one(store: Store, text: str, folder: Path) -> Holding:
    return find(store, text, {}, folder)[0]


def test_by_path_by_id_and_not_by_another_word(store: Store, tmp_path: Path) -> None:
    weights = take(store, tmp_path, "a.gguf")
    take(store, tmp_path, "b.gguf", 512)
    hex_digits = weights.digest.removeprefix("sha256:")
    for word in ("./a.gguf", str(tmp_path / "a.gguf"), hex_digits, hex_digits[:4], weights.digest):
        assert one(store, word, tmp_path).weights.digest == weights.digest
    for word in ("nonesuch", hex_digits[:3], "zzzz"):
        with pytest.raises(ModelError, match="no such model"):
            one(store, word, tmp_path)


def test_a_folder_goes_by_its_path(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    for name, elements in (("a.gguf", 256), ("b.gguf", 512)):
        (folder / name).write_bytes(gguf(META, elements=elements))
    weights = fetch(store, parse("./a folder", {}, tmp_path))
    for word in ("./a folder", str(folder)):
        found = one(store, word, tmp_path)
        assert found.weights.digest == weights.digest
        assert found.refs == (str(folder),)


def test_a_near_name_is_offered(store: Store, tmp_path: Path) -> None:
    weights = take(store, tmp_path, "a.gguf")
    store.remember(msgspec.structs.replace(weights, ref="pypi://x/smol.gguf", alias="smollm2"))
    with pytest.raises(ModelError) as caught:
        one(store, "smolm2", tmp_path)
    assert "did you mean smollm2?" in caught.value.hint


def test_by_short_name_and_by_hub_name(store: Store, tmp_path: Path) -> None:
    weights = take(store, tmp_path, "a.gguf")
    store.remember(
        msgspec.structs.replace(weights, ref="pypi://x==1/a.gguf", alias="tiny", hubs=("Org/Tiny",))
    )
    table = {"tiny": Alias(ref="pypi://x==1/a.gguf")}
    for word in ("tiny", "pypi://x==1/a.gguf", "org/tiny"):
        assert find(store, word, table, tmp_path)[0].name == "tiny"


def test_the_same_bytes_are_one_model(store: Store, tmp_path: Path) -> None:
    take(store, tmp_path, "a.gguf")
    first = holdings(store)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.gguf").write_bytes((tmp_path / "a.gguf").read_bytes())
    fetch(store, parse("./more/a.gguf", {}, tmp_path))
    second = holdings(store)
    assert [found.id for found in second] == [first[0].id]
    assert len(second[0].refs) == 2
    assert total_bytes(store) == first[0].weights.bytes


def test_removed_with_its_view_and_nothing_of_others(store: Store, tmp_path: Path) -> None:
    kept, gone = take(store, tmp_path, "a.gguf"), take(store, tmp_path, "b.gguf", 512)
    view = library_view(store, (Want(weights=gone, repo="org/b"),))
    holds.release()
    assert remove(store, one(store, "./b.gguf", tmp_path)) == gone.bytes
    assert not store.path(gone).exists()
    assert not Path(view.path).exists()
    assert store.path(kept).exists()
    assert [found.weights.digest for found in holdings(store)] == [kept.digest]


def test_a_file_that_two_models_share_stays_with_the_other(store: Store, tmp_path: Path) -> None:
    for name, extra in (("one", "1"), ("two", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_bytes(safetensors())
        (tmp_path / name / "config.json").write_text(f'{{"n": {extra}}}')
        fetch(store, parse(f"./{name}", {}, tmp_path))
    first, second = holdings(store)
    assert first.own_bytes == second.own_bytes == 8
    assert remove(store, first) == 8
    assert store.path(second.weights).exists()


def convert(store: Store, source: Weights, name: str) -> Weights:
    """As a conversion keeps its result."""
    data = gguf({**META, "general.name": name})
    file = store.add_stream(io.BytesIO(data))
    ref = f"gguf://{source.digest.removeprefix('sha256:')}?recipe=0123456789abcdef&tools=abc"
    made = msgspec.structs.replace(source, ref=ref, files=(msgspec.structs.replace(file, name="made.gguf"),))
    return store.remember(msgspec.structs.replace(made, main="made.gguf"))


def test_what_was_converted_goes_by_the_same_name_and_what_was_made_of_that(
    store: Store, tmp_path: Path
) -> None:
    weights = take(store, tmp_path, "a.gguf")
    first = convert(store, weights, "first")
    second = convert(store, first, "second")
    found = find(store, "./a.gguf", {}, tmp_path)
    assert [each.weights.digest for each in found] == [weights.digest, first.digest, second.digest]
    assert [each.made_from for each in found] == ["", found[0].id, found[1].id]
    assert find(store, found[1].id, {}, tmp_path) == found[1:]


HOLDER = """
import sys, time
from pathlib import Path
from jitney.models.storage.store import Store
from jitney.models.layout import Want, library_view
store = Store(Path(sys.argv[1]))
library_view(store, (Want(weights=store.all()[0]),))
print("held", flush=True)
time.sleep(60)
"""


def test_one_that_a_living_process_uses_is_neither_removed_nor_cleared(store: Store, tmp_path: Path) -> None:
    take(store, tmp_path, "a.gguf")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store.root)], stdout=subprocess.PIPE, text=True
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(BusyError, match="in use by a run"):
                remove(store, one(store, "./a.gguf", tmp_path))
            assert budget.shrink(store, 1) == []
        finally:
            holder.kill()
    assert len(budget.shrink(store, 1)) == 1, "killed, it holds nothing"


def test_the_longest_unused_goes_first_and_a_pinned_one_never(store: Store, tmp_path: Path) -> None:
    names = ("a.gguf", "b.gguf", "c.gguf", "d.gguf")
    kept = {name: take(store, tmp_path, name, 32_000 + 32 * at) for at, name in enumerate(names)}
    for at, name in enumerate(names):
        store.hold(kept[name])
        mark = store.root / "used" / kept[name].digest.removeprefix("sha256:")
        os.utime(mark, (time.time() + 1000 * at, time.time() + 1000 * at))
    holds.release()
    store.pin(kept["a.gguf"].digest)
    room = sum(weights.bytes for weights in kept.values()) - 1
    gone = budget.shrink(store, room, keep={kept["b.gguf"].digest})
    assert [each.weights.digest for each in gone] == [kept["c.gguf"].digest]
    assert budget.shrink(store, room) == [], "it is within the budget now"
    assert len(budget.shrink(store, 1)) == 2
    assert [each.pinned for each in holdings(store)] == [True]
    store.pin(kept["a.gguf"].digest, pinned=False)
    assert len(budget.shrink(store, 1)) == 1


def test_what_nothing_leads_to_goes_first_when_it_is_old(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = take(store, tmp_path, "a.gguf")
    stray = store.add_stream(io.BytesIO(b"x" * 5000))
    assert budget.shrink(store, weights.bytes, keep={weights.digest}) == []
    assert store.has(stray.sha256), "somebody may be fetching it"
    monkeypatch.setattr(budget, "STALE_S", -1.0)
    shown = tmp_path / "as in a view"
    os.link(store.blob(stray.sha256), shown)
    store.hold(weights)
    assert budget.sweep(store) == 0, "something is used, and this may be it"
    holds.release()
    assert budget.shrink(store, weights.bytes) == []
    assert not store.has(stray.sha256)
    assert store.path(weights).exists()


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS])
def test_somebody_else_s_store_can_be_read(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    weights = take(store, tmp_path, "a.gguf")

    def refused(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "open", refused)
    store.hold(weights)
    assert is_used(store, holdings(store)[0]) is False
    with pytest.raises(ModelError, match=os.strerror(code)):
        remove(store, holdings(store)[0])


def test_no_budget_is_no_bound(store: Store, tmp_path: Path) -> None:
    take(store, tmp_path, "a.gguf")
    assert budget.shrink(store, 0) == []


def test_a_bad_blob_takes_its_view_with_it(store: Store, tmp_path: Path) -> None:
    weights = take(store, tmp_path, "a.gguf")
    view = library_view(store, (Want(weights=weights),))
    blob = store.path(weights)
    blob.chmod(0o644)
    with blob.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"!")
    assert len(store.verify()) == 1
    assert not Path(view.path).exists(), "it would have shown the bad bytes for ever"
    again = fetch(store, parse("./a.gguf", {}, tmp_path))
    main = Path(library_view(store, (Want(weights=again),)).path) / "files" / "a.gguf"
    assert main.read_bytes() == (tmp_path / "a.gguf").read_bytes()


def test_only_what_was_asked_for_is_hashed(store: Store, tmp_path: Path) -> None:
    first, second = take(store, tmp_path, "a.gguf"), take(store, tmp_path, "b.gguf", 512)
    for weights in (first, second):
        store.path(weights).chmod(0o644)
        store.path(weights).write_bytes(b"spoilt")
    found = store.verify({second.files[0].sha256})
    assert [finding.file for finding in found] == [second.files[0].sha256]
    assert store.path(first).exists()


def _worker(root: str, folder: str, number: int) -> None:
    """Take in, use, remove, clear: whatever the others do meanwhile."""
    store = Store(Path(root))
    for turn in range(12):
        name = f"m{(number + turn) % 3}.gguf"
        try:
            weights = fetch(store, parse(f"./{name}", {}, Path(folder)))
            view = library_view(store, (Want(weights=weights),))
            data = (Path(view.path) / "files" / name).read_bytes()
            assert data == Path(folder, name).read_bytes(), "what is held is whole"
            holds.release()
            if turn % 3 == 0:
                remove(store, one(store, f"./{name}", Path(folder)))
            budget.shrink(store, 30_000)
        except JitneyError as error:  # removed between two steps, or in use: said, never a traceback
            assert (
                "run again" in error.hint or "no such model" in error.message or isinstance(error, BusyError)
            )
            holds.release()


def test_many_processes_take_use_and_remove_at_once(store: Store, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"m{number}.gguf").write_bytes(gguf(elements=32_000 + 320 * number))
    spawn = multiprocessing.get_context("spawn")
    children = [spawn.Process(target=_worker, args=(str(store.root), str(tmp_path), at)) for at in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(120)
    assert [child.exitcode for child in children] == [0, 0, 0, 0]
    assert store.verify() == []
    for each in holdings(store):
        assert store.path(each.weights).exists()
