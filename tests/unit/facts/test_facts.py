"""Facts, from trees made up for the purpose and from the fake engine."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from jitney.config import Config
from jitney.engine.fake import ABILITIES, FakeEngine
from jitney.engine.protocol import LABEL
from jitney.errors import UsageError
from jitney.facts import hardware, indexes, kept
from jitney.facts.collect import LABEL_DIGEST, LABEL_KEY, ca_bundle, collect, matrices, probe_pytorch_index
from jitney.facts.model import BaseOnHand, Gpu
from jitney.matrix import torch


class Counting(FakeEngine):
    """Counts how often its abilities were asked, and is known by name."""

    asked = 0
    name = "one"

    def identity(self) -> str:
        return self.name

    def abilities(self):  # type: ignore[no-untyped-def]  # as the fake's
        self.asked += 1
        return super().abilities()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(cache_dir=str(tmp_path / "cache"))


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_abilities_are_asked_once_for_the_same_engine(config: Config) -> None:
    engine = Counting()
    first, second = collect(engine, config), collect(engine, config)
    assert first == second
    assert engine.asked == 1
    assert (first.engine.name, first.engine.cpus, first.engine.cgroup) == ("fake", ABILITIES.cpus, 2)
    engine.name = "restarted"
    collect(engine, config)
    assert engine.asked == 2


def test_a_cache_that_cannot_be_written_or_read_does_no_harm(config: Config) -> None:
    engine = Counting()
    collect(engine, config)
    for path in (config.cache / "facts").iterdir():
        path.write_text("{")
    collect(engine, config)
    assert engine.asked == 2
    blocked = Config(cache_dir="/proc/nothing")
    assert collect(engine, blocked) == collect(engine, blocked)


def test_old_answers_are_asked_again(config: Config) -> None:
    kept.store(config, "x", "answer")
    assert kept.load(config, "x", str, 60) == "answer"
    path = config.cache / "facts/x.json"
    os.utime(path, (time.time() - 61, time.time() - 61))
    assert kept.load(config, "x", str, 60) is None


def test_bases_by_label_and_by_note(config: Config) -> None:
    engine = FakeEngine()
    labels = {LABEL: "base", LABEL_KEY: "debian/python:3.13-run", LABEL_DIGEST: "sha256:1"}
    engine.add_image("jitney-debian/python:3.13-run-1", labels, 7)
    engine.add_image("other:1", {LABEL: "image"})
    engine.add_image(
        "mine:2", labels, 99
    )  # somebody built upon our base: labels are inherited, the name is not
    pulled = engine.add_image("reg/python:3")
    kept.note_base(config, BaseOnHand(key="registry/python:3-run", ref=pulled.id, digest="sha256:2"))
    kept.note_base(config, BaseOnHand(key="registry/go:1-build", ref="reg/gone:1", digest="sha256:3"))
    facts = collect(engine, config)
    assert [base.key for base in facts.bases] == ["debian/python:3.13-run", "registry/python:3-run"]
    ours = facts.base("debian/python:3.13-run")
    assert ours == BaseOnHand(
        key="debian/python:3.13-run", ref="jitney-debian/python:3.13-run-1", digest="sha256:1", size_bytes=7
    )


def test_the_ca_bundle(tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("one")
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    first = collect(FakeEngine(), config)
    assert (first.ca_bundle, len(first.ca_digest)) == (str(bundle), 71)
    bundle.write_text("two")
    assert collect(FakeEngine(), config).ca_digest != first.ca_digest
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    assert ca_bundle() != str(tmp_path / "none")


NVIDIA_VERSION = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\n"


def test_nvidia_by_its_tool(tmp_path: Path) -> None:
    write(tmp_path, "proc/driver/nvidia/version", NVIDIA_VERSION)
    answer = "NVIDIA H100 80GB HBM3, 550.54.15, 9.0, 81559\nbroken line\n"
    assert hardware.gpus(tmp_path, lambda argv: answer) == (
        Gpu(
            vendor="nvidia",
            name="NVIDIA H100 80GB HBM3",
            driver="550.54.15",
            compute_capability="9.0",
            memory_bytes=81559 << 20,
        ),
    )


@pytest.mark.parametrize("module", ["Kernel Module  550.54.15", "Open Kernel Module for x86_64  550.54.15"])
def test_nvidia_by_the_driver_s_files(tmp_path: Path, module: str) -> None:
    write(tmp_path, "proc/driver/nvidia/version", f"NVRM version: NVIDIA UNIX {module}  Release Build\n")
    write(tmp_path, "proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t\t NVIDIA L4\nIRQ: 1\n")
    assert hardware.gpus(tmp_path, lambda argv: "") == (
        Gpu(vendor="nvidia", name="NVIDIA L4", driver="550.54.15"),
    )


def test_amd_by_kfd(tmp_path: Path) -> None:
    nodes = "sys/class/kfd/kfd/topology/nodes"
    write(tmp_path, f"{nodes}/0/properties", "cpu_cores_count 8\nsimd_count 0\n")
    write(tmp_path, f"{nodes}/1/properties", "simd_count 304\ngfx_target_version 90402\n")
    write(tmp_path, f"{nodes}/1/name", "ip discovery\n")
    write(tmp_path, f"{nodes}/1/mem_banks/0/properties", "heap_type 1\nsize_in_bytes 1000\n")
    write(tmp_path, "sys/module/amdgpu/version", "6.8.5\n")
    assert hardware.gpus(tmp_path) == (
        Gpu(
            vendor="amd", name="ip discovery", driver="6.8.5", compute_capability="gfx942", memory_bytes=1000
        ),
    )


@pytest.mark.parametrize(
    ("version", "want"), [(90402, "gfx942"), (90010, "gfx90a"), (110000, "gfx1100"), (0, "")]
)
def test_gfx_names(version: int, want: str) -> None:
    assert hardware.gfx(version) == want


def test_no_gpu(tmp_path: Path) -> None:
    assert hardware.gpus(tmp_path) == ()


SOURCES = """Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb deb-src
URIs: http://mirror.example/debian/
Suites: bookworm bookworm-updates
Components: main contrib
"""


@pytest.mark.parametrize(
    ("identity", "files", "want"),
    [
        ("debian", {"sources.list.d/debian.sources": SOURCES}, "http://mirror.example/debian"),
        (
            "debian",
            {"sources.list": "# x\ndeb [arch=amd64] https://m.example/debian trixie main\n"},
            "https://m.example/debian",
        ),
        ("debian", {"sources.list": "deb http://vendor.example/repo stable main\n"}, ""),
        ("debian", {}, ""),
        ("ubuntu", {"sources.list": "deb http://m.example/debian trixie main\n"}, ""),
    ],
)
def test_the_debian_mirror(tmp_path: Path, identity: str, files: dict[str, str], want: str) -> None:
    write(tmp_path, "etc/os-release", f'NAME="x"\nID={identity}\n')
    for name, text in files.items():
        write(tmp_path, f"etc/apt/{name}", text)
    assert indexes.debian_mirror(tmp_path) == want


def test_the_python_index(tmp_path: Path) -> None:
    home = {"HOME": "/home/me"}
    assert indexes.python_index(home, tmp_path) == ""
    write(tmp_path, "etc/pip.conf", "[global]\nindex-url = http://system/simple\n")
    assert indexes.python_index(home, tmp_path) == "http://system/simple"
    write(
        tmp_path,
        "home/me/.config/pip/pip.conf",
        "[global]\nextra-index-url = no\nindex_url=http://user/simple\n",
    )
    assert indexes.python_index(home, tmp_path) == "http://user/simple"
    assert indexes.python_index({"PIP_INDEX_URL": "http://env"}, tmp_path) == "http://env"
    assert (
        indexes.python_index({"PIP_INDEX_URL": "a", "UV_INDEX_URL": "b", "UV_DEFAULT_INDEX": "c"}, tmp_path)
        == "c"
    )


def test_the_configured_index_wins(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://env")
    asked = Config(cache_dir=config.cache_dir, python_index="http://asked", debian_mirror="http://m/debian")
    found = collect(FakeEngine(), asked).indexes
    assert (found.python, found.debian_mirror) == ("http://asked", "http://m/debian")


def test_pytorch_is_asked_once(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["http://wheels/cpu"])
    monkeypatch.setattr(indexes, "ask_pytorch", lambda: next(answers))
    assert collect(FakeEngine(), config).indexes.pytorch_cpu == ""
    assert probe_pytorch_index(config) == "http://wheels/cpu"
    assert probe_pytorch_index(config) == "http://wheels/cpu"
    assert collect(FakeEngine(), config).indexes.pytorch_cpu == "http://wheels/cpu"


def test_a_users_rows_of_the_matrices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert matrices(Config()) == ""
    file = tmp_path / "jitney" / "matrices.toml"
    file.parent.mkdir()
    file.write_text('[[torch.rows]]\ntorch = "99.0"\npythons = ["3.14"]\n')
    assert torch(matrices(Config())).rows[-1].torch == "99.0"
    for wrong in ("[[torch.rows]\n", '[[torch.rows]]\npythons = ["3.14"]\n', "[[torhc.rows]]\n"):
        file.write_text(wrong)
        with pytest.raises(UsageError, match=r"matrices\.toml"):
            matrices(Config())
