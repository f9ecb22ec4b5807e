"""Every example is seen as its expect.toml says: which of them reach a model, and whether in their own process."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.source import open_source

EXAMPLES = Path(__file__).parents[3] / "examples"
BLIND = {"assembly-syscalls"}
"""Takes its variables from the stack, byte by byte: nothing that a table could name."""


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in EXAMPLES.glob("*/expect.toml")), ids=lambda path: path.name
)
def test_an_example_is_seen_as_it_is(folder: Path) -> None:
    wanted = tomllib.loads((folder / "expect.toml").read_text(encoding="utf-8"))
    with open_source(str(folder / wanted["source"])) as source:
        seen = detect(source, Wishes())
    modes = {"none": {"none"}, "in-process": {"in-process"}, "beside": {"local-server", "hosted"}}[
        wanted["kind"]
    ]
    assert seen.entry
    assert seen.mode in (modes | {"none"} if folder.name in BLIND else modes)
    assert not seen.unknown, "every import of an example is known"


def test_a_written_address_beside_an_api_path_is_the_models() -> None:
    """The client is told only where the server is; what is asked of it stands elsewhere in the file."""
    with open_source(str(EXAMPLES / "cpp-cmake")) as source:
        seen = detect(source, Wishes())
    assert [(end.kind, end.port) for end in seen.endpoints] == [("local", 8080)]
