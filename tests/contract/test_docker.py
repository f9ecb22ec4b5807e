"""What only a real engine can show: builds with BuildKit, archives, volumes with content, mount points, a dead start."""

from __future__ import annotations

import io
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from jitney.engine import connect
from jitney.engine.protocol import BuildRequest, ContainerSpec, Engine, VolumeMount
from jitney.errors import BuildError, EngineError
from tests.contract.program import KIND, rootfs

pytestmark = pytest.mark.engine
TAG = "jitney-contract/docker:1"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    docker = connect()
    changes = ["ENV A=b", "WORKDIR /data"]
    docker.import_image(
        rootfs(tmp_path_factory.mktemp("rootfs")), TAG, {**KIND, "odd": 'a "b" $c \\d'}, changes
    )
    yield docker
    docker.remove_image(TAG)
    docker.close()


def test_labels_survive_whatever_they_hold(engine: Engine) -> None:
    image = engine.image(TAG)
    assert image is not None
    assert image.labels["odd"] == 'a "b" $c \\d'


def test_a_failed_step_is_told_in_its_own_words(engine: Engine) -> None:
    with pytest.raises(BuildError) as caught:
        engine.build(
            BuildRequest(dockerfile=f'FROM {TAG}\nRUN ["/program", "fail"]\n', labels=KIND, no_cache=True)
        )
    assert 'RUN ["/program", "fail"]' in caught.value.message or "RUN /program fail" in caught.value.message
    assert set(caught.value.output.split()) == {"out", "err"}


def test_a_dockerfile_that_is_none(engine: Engine) -> None:
    with pytest.raises(BuildError) as caught:
        engine.build(BuildRequest(dockerfile="FROG x\n"))
    assert "FROG" in caught.value.message + caught.value.output


def test_output_goes_to_a_folder(engine: Engine, tmp_path: Path) -> None:
    dockerfile = (
        f"FROM {TAG} AS one\nCOPY a /data/a\nFROM scratch AS out\nCOPY --from=one /data/a /a\nFROM {TAG}\n"
    )
    request = BuildRequest(dockerfile=dockerfile, context={"a": b"hi"}, target="out", output=tmp_path / "o")
    assert engine.build(request) == ""
    assert [(path.name, path.read_bytes()) for path in (tmp_path / "o").iterdir()] == [("a", b"hi")]


def test_a_secret_is_there_in_the_build_and_not_in_the_image(engine: Engine, tmp_path: Path) -> None:
    secret = tmp_path / "my, secret"
    secret.write_text("hush")
    mount = "--mount=type=secret,id=ca,target=/data/secret"
    dockerfile = f'FROM {TAG}\nRUN {mount} ["/program", "print", "/data/secret"]\n'
    tag = f"jitney-contract/secret:{uuid.uuid4().hex[:8]}"
    lines: list[str] = []
    request = BuildRequest(dockerfile=dockerfile, tag=tag, labels=KIND, secrets={"ca": secret}, no_cache=True)
    engine.build(request, lines.append)
    assert any("hush" in line for line in lines)
    container = engine.create(ContainerSpec(image=tag, argv=("/program",), labels=KIND))
    files = b"".join(engine.export(container))
    engine.remove(container)
    engine.remove_image(tag)
    assert b"hush" not in files


def test_our_cache_mounts_are_found_and_removed_one_by_one(engine: Engine) -> None:
    mark = uuid.uuid4().hex[:8]
    run = 'RUN --mount=type=cache,id={0}-{2},target={1} ["/program", "write", "{1}/{2}"]\n'
    steps = run.format("jitney-contract", "/dev/jitney", mark) + run.format("theirs", "/tmp", mark)
    built = engine.build(BuildRequest(dockerfile=f"FROM {TAG}\n{steps}", no_cache=True))
    engine.remove_image(built)
    ours = [cache for cache in engine.build_caches() if mark in cache.description]
    assert ["/dev/jitney" in cache.description for cache in ours] == [True]
    engine.remove_build_cache(ours[0].id)
    assert not any(mark in cache.description for cache in engine.build_caches())


def test_mount_points_are_made_on_a_read_only_root(engine: Engine) -> None:
    mount = VolumeMount(kind="tmpfs", target="/not/there/yet", readonly=False, options="size=1m,mode=1777")
    argv = ("/program", "write", "/not/there/yet/x")
    container = engine.create(ContainerSpec(image=TAG, argv=argv, labels=KIND, mounts=(mount,)))
    engine.start(container)
    ended = engine.wait_removed(container, 10)
    assert ended is not None
    assert ended.code in (0, -1)


def test_a_volume_is_filled_by_an_archive_and_read_by_another(engine: Engine) -> None:
    volume = f"jitney-contract-{uuid.uuid4().hex[:8]}"
    engine.create_volume(volume, KIND)
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        entry = tarfile.TarInfo("x")
        entry.size, entry.mode = 5, 0o444
        tar.addfile(entry, io.BytesIO(b"there"))
    write = VolumeMount(kind="volume", source=volume, target="/data", readonly=False)
    filler = engine.create(ContainerSpec(image=TAG, argv=("/program",), labels=KIND, mounts=(write,)))
    engine.put_archive(filler, "/data", [file.getvalue()])
    engine.remove(filler)
    read = VolumeMount(kind="volume", source=volume, target="/data")
    spec = ContainerSpec(image=TAG, argv=("/program", "print", "/data/x"), labels=KIND, mounts=(read,))
    container = engine.create(spec)
    attachment = engine.attach(container)
    engine.start(container)
    output = b""
    while not attachment.eof:
        output += attachment.recv_stdout()
    attachment.close()
    engine.wait_removed(container, 10)
    engine.remove_volume(volume)
    assert output == b"there"


def test_a_start_that_fails_says_what_and_leaves_a_container_to_remove(engine: Engine) -> None:
    container = engine.create(ContainerSpec(image=TAG, argv=("/none",), labels=KIND))
    with pytest.raises(EngineError, match="/none"):
        engine.start(container)
    engine.remove(container)
    assert container not in {box.id for box in engine.containers()}


def test_an_archive_that_breaks_off_leaves_no_image(engine: Engine) -> None:
    def broken() -> Iterator[bytes]:
        yield bytes(512)
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        engine.import_image(broken(), "jitney-contract/broken:1", KIND)
    assert engine.image("jitney-contract/broken:1") is None
    assert engine.image(TAG) is not None
