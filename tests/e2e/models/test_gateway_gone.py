"""The gateway's image may be cleaned away while a program is still being built: it is built again, once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jitney import execute, road
from jitney.cli.report import Report
from jitney.config import load
from jitney.engine import connect
from jitney.runtimes.gateway import gateway_tag
from jitney.source.opening import open_source

pytestmark = [pytest.mark.engine, pytest.mark.model]


def test_an_image_that_went_away_is_told_apart(
    tmp_path: Path, assert_nothing_left: Callable[[], None]
) -> None:
    program = tmp_path / "ask.py"
    program.write_text("print('never')\n")
    config, engine, report = load(None, {"model": "smollm2"}), connect(""), Report(quiet=True)
    with open_source(str(program)) as source:
        prepared = road.ensure_image(
            road.prepare(source, config, engine, report), source, config, engine, report
        )
        engine.remove_image(gateway_tag(prepared.facts, config))
        with pytest.raises(execute.ImageGone):
            execute.execute(prepared, execute.Errand(), source, config, engine, report)
        road.ensure_gateway(prepared.facts, config, engine, report, seen=False)
        assert execute.execute(prepared, execute.Errand(), source, config, engine, report).exit_code == 0
    engine.close()
    assert_nothing_left()
