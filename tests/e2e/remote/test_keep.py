"""Weights that are sent to an engine: once, whole, and no rest of a sender that died. With the fake engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from jitney import disk
from jitney.engine.fake import FakeEngine
from jitney.engine.protocol import LABEL, LABEL_OWNER
from jitney.errors import EngineError
from jitney.sandbox.deliver import LABEL_BYTES, LABEL_HOLDS, keep_tree
from jitney.sandbox.owner import owner, world

IMAGE = "some/image:1"
RUN = {LABEL: "run", "jitney.run": "r1"}


@pytest.fixture
def engine() -> FakeEngine:
    fake = FakeEngine()
    fake.add_image(IMAGE, {})
    return fake


def volumes(engine: FakeEngine) -> dict[str, Mapping[str, str]]:
    return {volume.name: volume.labels for volume in engine.volumes()}


def keep(engine: FakeEngine, sent: list[str], key: str = "k") -> str:
    def tar() -> Iterator[bytes]:
        sent.append(key)
        yield bytes(1024)

    mount = keep_tree(engine, tar, key=key, size=7, target="/models", image=IMAGE, labels=RUN)
    assert (mount.target, mount.readonly) == ("/models", True)
    return mount.source


def test_a_tree_is_sent_once_and_outlives_its_run(engine: FakeEngine) -> None:
    sent: list[str] = []
    first = keep(engine, sent)
    assert keep(engine, sent) == first
    assert sent == ["k"]
    assert keep(engine, sent, "other") != first
    assert all("jitney.run" not in labels for labels in volumes(engine).values()), "no guard removes it"
    assert engine.containers() == []


def test_of_two_senders_the_first_mark_holds(engine: FakeEngine) -> None:
    def tar() -> Iterator[bytes]:
        engine.create_volume("winner", {LABEL: "weights", LABEL_BYTES: "7", LABEL_OWNER: owner()})
        engine.create_volume("jitney-weights-k", {LABEL: "weights", LABEL_HOLDS: "winner"})
        yield bytes(1024)

    mount = keep_tree(engine, tar, key="k", size=7, target="/models", image=IMAGE, labels=RUN)
    assert mount.source == "winner"
    assert set(volumes(engine)) == {"winner", "jitney-weights-k"}


def test_nothing_is_left_of_a_sending_that_fails(engine: FakeEngine) -> None:
    engine.fail["put_archive"] = EngineError("no space left on device")
    with pytest.raises(EngineError):
        keep(engine, [])
    assert volumes(engine) == {}


def test_what_a_dead_sender_left_goes_with_the_next(engine: FakeEngine) -> None:
    dead = {LABEL: "weights", LABEL_BYTES: "7", LABEL_OWNER: f"{world()}:4194305:1"}
    alive = {**dead, LABEL_OWNER: owner()}
    engine.create_volume("half", dead)
    engine.create_volume("under-way", alive)
    keep(engine, [])
    assert "half" not in volumes(engine)
    assert "under-way" in volumes(engine)


def test_a_tree_that_was_removed_alone_is_sent_again(engine: FakeEngine) -> None:
    sent: list[str] = []
    engine.remove_volume(keep(engine, sent))
    assert keep(engine, sent) in volumes(engine)
    assert len(sent) == 2


def test_clean_removes_tree_and_mark(engine: FakeEngine) -> None:
    name = keep(engine, [])
    assert [(item.kind, item.name, item.own_bytes) for item in disk.volumes(engine)] == [("volume", name, 7)]
    assert disk.remove_volume(engine, name)
    assert volumes(engine) == {}
