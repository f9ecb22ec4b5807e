"""Hosts of the adapter: what goes into their boxes, what they offer, what they refuse."""

from __future__ import annotations

import ast
import tomllib

import msgspec
import pytest

from jitney.facts.model import EngineFacts, Facts
from jitney.models.model import ModelInfo, WeightFile, Weights
from jitney.runtimes.adapted import CTRANSLATE2, TRANSFORMERS, Adapted
from jitney.runtimes.hosts import HOSTS, RAY, TORCHSERVE, TRITON
from jitney.runtimes.protocol import Serving

INFO = ModelInfo(
    architecture="llama", context=8192, parameters=134_515_008, layers=30, kv_width=192, embedding=576,
    vocabulary=49152, chat_template=True,
)  # fmt: skip
FILES = (WeightFile(name="model.bin", sha256="0" * 64, bytes=135_000_000),)
CT2 = Weights(ref="x", format="ctranslate2", main="model.bin", files=FILES, alias="tiny", info=INFO)
HF = msgspec.structs.replace(CT2, format="safetensors", main="model.safetensors")
every_host = pytest.mark.parametrize("host", HOSTS, ids=lambda one: one.name)


def imported(text: str) -> set[str]:
    """Modules of the adapter that a file asks for: `adapter.NAME`, `.NAME`."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.level == 1:
                found.add(f"adapter/{node.module}.py")
            elif node.module.startswith("adapter."):
                found.add(f"{node.module.replace('.', '/')}.py")
        elif isinstance(node, ast.ImportFrom) and node.level == 1:
            found |= {f"adapter/{one.name}.py" for one in node.names}
    return found


@every_host
def test_all_that_a_hosts_files_import_of_the_adapter_goes_along(host: Adapted) -> None:
    program = host.holder(Facts()).program
    wanted = {name for text in program.values() for name in imported(text)}
    assert wanted <= program.keys()


@every_host
def test_its_packages_stand_in_the_header_of_what_is_run_first(host: Adapted) -> None:
    entry = next(iter(host.holder(Facts()).program.values()))
    lines = entry.split("# /// script\n")[1].split("# ///")[0].splitlines()
    header = tomllib.loads("\n".join(line.removeprefix("#").removeprefix(" ") for line in lines))
    names = {one.split("=")[0].split(">")[0].split("[")[0] for one in header["dependencies"]}
    assert {"starlette", "jinja2", "tokenizers"} <= names
    assert names & {"ray", "nvidia-pytriton", "torchserve"}


def test_they_offer_what_they_host_does() -> None:
    for host, hosted, weights in (
        (RAY, CTRANSLATE2, CT2),
        (TRITON, CTRANSLATE2, CT2),
        (TORCHSERVE, TRANSFORMERS, HF),
    ):
        assert host.features(weights) == hosted.features(weights)
        serving = Serving(weights=weights, model=f"/models/files/{weights.main}", alias="tiny")
        assert host.memory_bytes(serving) > hosted.memory_bytes(serving)
        assert host.argv(serving) == hosted.argv(serving)


def test_other_machines_and_formats_are_refused() -> None:
    arm = Facts(engine=EngineFacts(arch="arm64"))
    assert "amd64 alone" in TRITON.refuses(CT2, arm)
    assert TRITON.refuses(CT2, Facts()) == ""
    assert "takes safetensors" in TORCHSERVE.refuses(CT2, Facts())
    embedding = msgspec.structs.replace(HF, info=msgspec.structs.replace(INFO, kind="embedding"))
    assert "is for text" in TORCHSERVE.refuses(embedding, Facts())
