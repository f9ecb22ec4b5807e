"""Downloads against a server that misbehaves: whole and right, or nothing."""

from __future__ import annotations

import hashlib
import multiprocessing
import time
from pathlib import Path

import pytest
from tests.unit.models.server import serving

from jitney.errors import ModelError
from jitney.models.sources import download as module
from jitney.models.sources import wire
from jitney.models.sources.download import Remote, download
from jitney.models.storage.files import room_for
from jitney.models.storage.store import Store

CONTENT = bytes(range(256)) * 4096
SHA = hashlib.sha256(CONTENT).hexdigest()


def remote(url: str, sha256: str = SHA, size: int = 0) -> Remote:
    return Remote(url=url, sha256=sha256, bytes=size)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0.0)


def assert_only_the_blob(store: Store) -> None:
    assert store.blob(SHA).read_bytes() == CONTENT
    assert store.blob(SHA).stat().st_mode & 0o777 == 0o444
    assert not list((store.root / "parts").iterdir())


def assert_no_blob(store: Store) -> None:
    assert not list(store.blobs())


def test_it_arrives_whole_and_progress_is_told(store: Store) -> None:
    seen: list[tuple[int, int]] = []
    with serving(CONTENT) as server:
        download(store, remote(server.url), progress=lambda done, total: seen.append((done, total)))
        download(store, remote(server.url))
        assert len(server.asked) == 1, "the second time nothing is asked"
    assert_only_the_blob(store)
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_cut_connections_are_resumed_where_they_broke(store: Store) -> None:
    with serving(CONTENT) as server:
        server.cuts = [100_000, 200_000, 1]
        download(store, remote(server.url))
        assert server.asked == ["", "bytes=100000-", "bytes=300000-", "bytes=300001-"]
    assert_only_the_blob(store)


def test_many_cuts_in_a_row(store: Store) -> None:
    with serving(CONTENT) as server:
        server.cuts = [10_000] * 40
        download(store, remote(server.url))
    assert_only_the_blob(store)


def test_a_later_run_goes_on_from_what_an_earlier_one_left(store: Store) -> None:
    with serving(CONTENT) as server:
        server.cuts = [400_000] + [0] * 20
        with pytest.raises(ModelError, match=r"cut short: 400,000 of 1,048,576 bytes arrived"):
            download(store, remote(server.url, size=len(CONTENT)))
        assert_no_blob(store)
        server.cuts = []
        server.asked = []
        download(store, remote(server.url))
        assert server.asked == ["bytes=400000-"]
    assert_only_the_blob(store)


def test_a_server_without_ranges_starts_over(store: Store) -> None:
    with serving(CONTENT) as server:
        server.ranges, server.cuts = False, [5000]
        download(store, remote(server.url))
        assert server.asked == ["", "bytes=5000-"]
    assert_only_the_blob(store)


def test_an_older_part_of_another_file_is_found_out_and_dropped(store: Store) -> None:
    parts = store.root / "parts"
    parts.mkdir(parents=True)
    (parts / f"{SHA}.part").write_bytes(b"of another file" * 100)
    with serving(CONTENT) as server:
        download(store, remote(server.url))
    assert_only_the_blob(store)


@pytest.mark.parametrize("left", [CONTENT, CONTENT + b"more"])
def test_416_means_whole_already_or_too_long(store: Store, left: bytes) -> None:
    parts = store.root / "parts"
    parts.mkdir(parents=True)
    (parts / f"{SHA}.part").write_bytes(left)
    with serving(CONTENT) as server:
        download(store, remote(server.url))
    assert_only_the_blob(store)


def test_a_wrong_hash_keeps_nothing(store: Store) -> None:
    with serving(CONTENT[:-1] + b"x") as server, pytest.raises(ModelError) as caught:
        download(store, remote(server.url))
    assert "wrong hash" in caught.value.message
    assert SHA in caught.value.message
    assert_no_blob(store)
    assert not list((store.root / "parts").iterdir())


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_told_at_once(store: Store, status: int) -> None:
    with serving(CONTENT) as server:
        server.statuses = [status]
        with pytest.raises(ModelError, match=f"answered {status}"):
            download(store, remote(server.url))
        assert len(server.asked) == 1


def test_a_busy_server_is_asked_again_but_not_for_ever(store: Store) -> None:
    with serving(CONTENT) as server:
        server.statuses = [503, 429, 500]
        download(store, remote(server.url))
        assert_only_the_blob(store)
    other = "0" * 64
    with serving(CONTENT) as server:
        server.statuses = [503] * 50
        with pytest.raises(ModelError, match="answered 503"):
            download(store, remote(server.url, other))
        assert len(server.asked) == module.TRIES


def test_nobody_there(store: Store) -> None:
    with serving(CONTENT) as server:
        url = server.url
    with pytest.raises(ModelError) as caught:
        download(store, remote(url))
    assert "HTTPS_PROXY" in caught.value.hint


def test_a_server_that_falls_silent_counts_as_cut(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SILENCE_S", 0.1)
    with serving(CONTENT) as server:
        server.pause_s = 0.4
        with pytest.raises(ModelError, match="timed out"):
            download(store, remote(server.url, "1" * 64, 10 * len(CONTENT)))


def test_no_room_is_said_before_a_byte_is_written(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no room for the model"):
        room_for(tmp_path, 1 << 60)
    room_for(tmp_path, 0)


def _fetch(root: str, url: str) -> None:
    download(Store(Path(root)), remote(url))


def test_many_processes_download_it_once(store: Store) -> None:
    spawn = multiprocessing.get_context("spawn")
    with serving(CONTENT) as server:
        server.pause_s = 0.01
        children = [spawn.Process(target=_fetch, args=(str(store.root), server.url)) for _ in range(4)]
        for child in children:
            child.start()
        for child in children:
            child.join(60)
        assert [child.exitcode for child in children] == [0, 0, 0, 0]
        assert len(server.asked) == 1
    assert_only_the_blob(store)


def test_a_killed_download_leaves_no_lock_and_is_resumed(store: Store) -> None:
    spawn = multiprocessing.get_context("spawn")
    with serving(CONTENT) as server:
        server.pause_s = 0.2
        child = spawn.Process(target=_fetch, args=(str(store.root), server.url))
        child.start()
        part = store.root / "parts" / f"{SHA}.part"
        deadline = time.monotonic() + 30
        while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.02)
        child.kill()
        child.join()
        assert_no_blob(store)
        server.pause_s = 0.0
        download(store, remote(server.url))
        assert server.asked[-1].startswith("bytes=")
    assert_only_the_blob(store)


def _fetch_with_a_full_disk(root: str, url: str, said: str) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    try:
        _fetch(root, url)
    except ModelError as error:
        Path(said).write_text(error.message)


def test_a_disk_that_fills_up_meanwhile(store: Store, tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk: the write fails in the same place."""
    said = tmp_path / "said"
    spawn = multiprocessing.get_context("spawn")
    with serving(CONTENT) as server:
        child = spawn.Process(target=_fetch_with_a_full_disk, args=(str(store.root), server.url, str(said)))
        child.start()
        child.join(60)
        assert said.read_text().startswith("the disk is full")
        assert_no_blob(store)
        download(store, remote(server.url))
        assert server.asked[-1] == "bytes=300000-", "and when there is room again, it goes on"
    assert_only_the_blob(store)
