"""What every engine promises. The fake passes the same suite as Docker, so tests may lean on it."""

from __future__ import annotations

import select
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from jitney.engine import connect
from jitney.engine.fake import Box, FakeEngine, echo
from jitney.engine.protocol import (
    LABEL_BASE,
    Attachment,
    BuildRequest,
    ContainerSpec,
    Engine,
    Listing,
    VolumeMount,
)
from jitney.errors import BuildError, EngineError
from tests.contract.program import KIND, TAG, rootfs


def _script(box: Box) -> int:
    """What PROGRAM does, in Python."""
    text = box.spec.argv[-1]
    if text == "cat":
        return echo(box)
    if text == "fail":
        box.write(b"out\n")
        box.write(b"err\n", 2)
        return 7
    if text == "sleep":
        box.killed.wait(100)
        return 0
    raise AssertionError(text)


@pytest.fixture(scope="module", params=["fake", pytest.param("docker", marks=pytest.mark.engine)])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    root = rootfs(tmp_path_factory.mktemp("rootfs"))
    if request.param == "fake":
        fake = FakeEngine()
        fake.programs[TAG] = _script
        fake.import_image(root, TAG, KIND)
        yield fake
        fake.close()
        return
    docker = connect()
    docker.import_image(root, TAG, KIND)
    yield docker
    for box in docker.containers({"jitney.test": "contract"}):
        docker.remove(box.id)
    docker.remove_image(TAG)
    docker.close()


def spec(script: str, **more: object) -> ContainerSpec:
    return ContainerSpec(image=TAG, argv=("/program", script), labels=KIND, **more)  # type: ignore[arg-type]  # test table


def drain(attachment: Attachment, seconds: float = 20) -> bytes:
    """Everything until the end."""
    found, deadline = b"", time.monotonic() + seconds
    while not attachment.eof and time.monotonic() < deadline:
        select.select([attachment], [], [], 0.2)
        found += attachment.recv_stdout()
    assert attachment.eof, f"no end after {seconds} s; so far {found!r}"
    return found


def ids(engine: Engine) -> set[str]:
    return {box.id for box in engine.containers({"jitney.test": "contract"})}


def test_a_program_runs_and_is_gone(engine: Engine) -> None:
    container = engine.create(spec("fail"))
    assert container in ids(engine)
    attachment = engine.attach(container)
    engine.start(container)
    assert drain(attachment) == b"out\n"
    assert attachment.stderr_tail == b"err\n"
    ended = engine.wait_removed(container, 10)
    assert ended is not None
    assert ended.code in (7, -1)
    assert container not in ids(engine)
    attachment.close()
    attachment.close()


def test_wait_gives_the_code_to_who_waits_early_enough(engine: Engine) -> None:
    container = engine.create(spec("cat"))
    attachment = engine.attach(container)
    engine.start(container)
    assert engine.wait_removed(container, 0.2) is None
    engine.kill(container)
    ended = engine.wait_removed(container, 10)
    assert ended is not None
    assert ended.code == 137
    attachment.close()


def test_bytes_come_back_whole_in_order(engine: Engine) -> None:
    container = engine.create(spec("cat"))
    attachment = engine.attach(container)
    engine.start(container)
    data = bytes(range(256)) * 16384
    sent, back = 0, b""
    while len(back) < len(data):
        readable, writable, _ = select.select([attachment], [attachment] if sent < len(data) else [], [], 10)
        assert readable or writable
        if writable:
            sent += attachment.send(memoryview(data)[sent : sent + 65536])
        if readable:
            back += attachment.recv_stdout()
    assert back == data
    attachment.close()
    engine.remove(container)


def test_the_end_of_the_attachment_is_the_end_of_stdin(engine: Engine) -> None:
    container = engine.create(spec("cat"))
    attachment = engine.attach(container)
    engine.start(container)
    attachment.close()
    ended = engine.wait_removed(container, 10)
    assert ended is not None
    assert ended.code in (0, -1)


def test_what_is_sent_to_a_dead_box_is_dropped(engine: Engine) -> None:
    container = engine.create(spec("fail"))
    attachment = engine.attach(container)
    engine.start(container)
    drain(attachment)
    engine.wait_removed(container, 10)
    assert attachment.send(b"x" * 10) == 10
    assert attachment.send(b"x" * 10) == 10
    attachment.close()


def test_stopping_twice_is_harmless(engine: Engine) -> None:
    container = engine.create(spec("sleep"))
    engine.start(container)
    engine.kill(container)
    engine.remove(container)
    engine.remove(container)
    engine.kill(container)
    assert container not in ids(engine)


def test_a_created_container_can_be_removed(engine: Engine) -> None:
    container = engine.create(spec("cat"))
    assert [box.state for box in engine.containers({"jitney.test": "contract"}) if box.id == container] == [
        "created"
    ]
    engine.remove(container)
    assert container not in ids(engine)


def test_containers_are_found_by_label_alone(engine: Engine) -> None:
    container = engine.create(spec("cat"))
    assert ids(engine) == {container}
    assert engine.containers({"jitney.test": "other"}) == []
    assert container in {box.id for box in engine.containers({"jitney.test": ""})}
    engine.remove(container)


def test_unknown_things(engine: Engine) -> None:
    assert engine.image("jitney-contract/none:1") is None
    engine.remove("f" * 64)
    engine.remove_image("jitney-contract/none:1")
    engine.remove_volume("jitney-contract-none")
    with pytest.raises(EngineError, match="No such container"):
        engine.start("f" * 64)
    with pytest.raises(EngineError, match="No such image"):
        engine.create(ContainerSpec(image="jitney-contract/none:1", argv=("x",), labels=KIND))


def test_the_walls_are_in_the_container_s_config(engine: Engine) -> None:
    mount = VolumeMount(kind="tmpfs", target="/tmp", readonly=False, options="size=1m")
    container = engine.create(spec("cat", memory_bytes=64 << 20, cpus=1.5, mounts=(mount,)))
    found = engine.inspect(container)
    engine.remove(container)
    host, config = found["HostConfig"], found["Config"]
    assert isinstance(host, dict)
    assert isinstance(config, dict)
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["ReadonlyRootfs"] is True
    assert host["AutoRemove"] is True
    assert host["LogConfig"]["Type"] == "none"
    assert (host["Memory"], host["MemorySwap"], host["NanoCpus"]) == (64 << 20, 64 << 20, 1_500_000_000)
    assert host["PidsLimit"] == 512
    assert host["IpcMode"] == "private"
    assert host["Tmpfs"]["/tmp"] == "rw,nosuid,nodev,size=1m"
    assert {"Name": "core", "Soft": 0, "Hard": 0} in host["Ulimits"]
    assert (config["User"], config["Tty"], config["StdinOnce"]) == ("65532:65532", False, True)
    assert config["NetworkDisabled"] is True


def test_volumes(engine: Engine) -> None:
    name = f"jitney-contract-{uuid.uuid4().hex[:8]}"
    engine.create_volume(name, KIND)
    engine.create_volume(name, KIND)
    assert name in {volume.name for volume in engine.volumes()}
    mount = VolumeMount(kind="volume", source=name, target="/data", readonly=False)
    container = engine.create(spec("cat", mounts=(mount,)))
    with pytest.raises(EngineError, match="in use"):
        engine.remove_volume(name)
    engine.remove(container)
    engine.remove_volume(name)
    engine.remove_volume(name)
    assert name not in {volume.name for volume in engine.volumes()}


def test_a_mount_makes_its_volume_with_the_mount_s_labels(engine: Engine) -> None:
    name = f"jitney-contract-{uuid.uuid4().hex[:8]}"
    mount = VolumeMount(kind="volume", source=name, target="/data", labels=KIND)
    for _ in range(2):  # made by the first, found by the second
        engine.remove(engine.create(spec("cat", mounts=(mount,))))
    assert {volume.name: volume.labels for volume in engine.volumes()}[name] == KIND
    engine.remove_volume(name)


def test_work_is_done_while_the_engine_starts(engine: Engine) -> None:
    done: list[str] = []
    container = engine.create(spec("cat"))
    attachment = engine.attach(container)
    engine.start(container, meanwhile=lambda: done.append("once"))
    assert done == ["once"]
    attachment.close()
    engine.remove(container)


def test_images_by_tag_and_id(engine: Engine) -> None:
    image = engine.image(TAG)
    assert image is not None
    assert TAG in image.tags
    assert image.labels["jitney.test"] == "contract"
    assert image.size_bytes > 100_000
    assert TAG in {tag for found in engine.images() for tag in found.tags}
    engine.tag(TAG, "jitney-contract/other:2")
    other = engine.image("jitney-contract/other:2")
    assert other is not None
    assert other.id == image.id
    engine.remove_image("jitney-contract/other:2")
    assert engine.image("jitney-contract/other:2") is None
    assert engine.image(TAG) is not None


def test_a_listing_known_from_before_misses_nothing(engine: Engine) -> None:
    other = f"{TAG.rpartition(':')[0]}:listed"

    def tags(known: Listing | None) -> set[str]:
        return {tag for found in engine.listing(known).images for tag in found.tags}

    before = engine.listing()
    assert TAG in tags(before)
    engine.tag(TAG, other)
    assert other in tags(before)
    with_it = engine.listing(before)
    engine.remove_image(other)
    assert other not in tags(with_it)


def test_layers_add_up_and_are_shared(engine: Engine) -> None:
    tag = f"jitney-contract/layered:{uuid.uuid4().hex[:8]}"
    request = BuildRequest(
        dockerfile=f"FROM {TAG}\nENV A=b\nWORKDIR /data\nCOPY big /data/big\n",
        tag=tag,
        labels={**KIND, LABEL_BASE: TAG},
        context={"big": bytes(300_000)},
    )
    engine.build(request)
    base, image, whole = engine.layers(TAG), engine.layers(tag), engine.image(tag)
    assert whole is not None
    assert image[: len(base)] == base
    assert sum(layer.size_bytes for layer in image) == whole.size_bytes
    engine.remove_image(tag)
    assert engine.layers(tag) == ()


def test_a_build_makes_a_labelled_image(engine: Engine) -> None:
    tag = f"jitney-contract/built:{uuid.uuid4().hex[:8]}"
    dockerfile = f"FROM {TAG}\nCOPY hello /data/hello\n"
    lines: list[str] = []
    request = BuildRequest(dockerfile=dockerfile, tag=tag, labels=KIND, context={"hello": b"hi"})
    identity = engine.build(request, lines.append)
    image = engine.image(tag)
    assert image is not None
    assert (image.id, image.labels["jitney.test"]) == (identity, "contract")
    assert any("DONE" in line for line in lines)
    engine.remove_image(tag)


def test_a_build_without_its_base_fails_in_the_builder_s_words(engine: Engine) -> None:
    request = BuildRequest(
        dockerfile="FROM jitney-contract/absent:0\n", tag="jitney-contract/never:0", labels=KIND
    )
    with pytest.raises(BuildError) as caught:
        engine.build(request)
    assert "jitney-contract/absent:0" in caught.value.message
    assert engine.image("jitney-contract/never:0") is None


def test_export_gives_a_tar(engine: Engine, tmp_path: Path) -> None:
    container = engine.create(spec("cat"))
    size = sum(len(piece) for piece in engine.export(container))
    engine.remove(container)
    assert size >= 1024
