"""The rounds against stand-ins whose figures are known."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.bench.standin import Candidate, Clock, Mute, StandIn

from jitney.bench.energy import Meter
from jitney.bench.measure import measure
from jitney.bench.model import Report, Row, Settings
from jitney.cli.report import Report as Speaker

SETTINGS = Settings(n=3, prompt_tokens=40, tokens=11)


def measured(*candidates: Candidate, reasons: tuple[Row, ...] = (), meter: Meter | None = None) -> Report:
    return measure(candidates, reasons, "m", SETTINGS, Speaker(quiet=True), meter or Meter(Path("/nowhere")))


def test_the_figures_are_those_of_the_clock() -> None:
    one = Candidate("one", StandIn(Clock(), each_s=0.02, read_s=0.001))
    [row] = measured(one).rows
    values = {name: round(found.median, 6) for name, found in row.values.items()}
    assert values == {
        "peak_memory_mb": 500,
        "ms_per_token": 20,
        "first_token_ms": 60,  # 40 tokens of 1 ms, and the first of 20 ms
        "start_s": 2,
        "prefill_tok_s": round(40 / 0.06, 6),
        "decode_tok_s": 50,
        "cpu_ms_per_token": round(1000 * (0.04 + 11 * 0.02) / 11, 6),
    }
    assert row.values["start_s"].n == 3
    assert (row.marks, row.reason) == ((), "")


def test_every_round_is_a_life_of_its_own_and_the_prompt_is_the_same() -> None:
    one, two = (Candidate(name, StandIn(Clock())) for name in ("one", "two"))
    measured(one, two)
    assert [(each.lives, each.ended) for each in (one, two)] == [(4, 4), (4, 4)]
    timed = [[text for text in each.asked.prompts if len(text.split()) == 40] for each in (one, two)]
    assert set(timed[1][-3:]) == {timed[0][-1]}
    warm = two.asked.prompts[-2]
    assert not timed[0][-1].startswith(warm[:20]), "what is cached of the warm-up does not help"


def test_runtimes_take_turns() -> None:
    order: list[str] = []

    class Noted(Candidate):
        def live(self):  # type: ignore[no-untyped-def]  # as the base
            order.append(self.row.runtime)
            return super().live()

    measured(*(Noted(name, StandIn(Clock())) for name in ("a", "b")))
    assert order == ["a", "b"] * 4


def test_a_fast_wrong_runtime_is_marked() -> None:
    good, fast = (
        Candidate("good", StandIn(Clock(), knows=17)),
        Candidate("fast", StandIn(Clock(), knows=3, each_s=0.0001)),
    )
    first, second = measured(good, fast).rows
    assert first.quality is not None and second.quality is not None
    assert (first.quality.right, second.quality.right, second.quality.of) == (17, 3, 24)
    assert first.marks == ()
    assert "3 of 24 questions right, the best 17" in second.marks[0]


def test_perplexity_where_a_runtime_tells_probabilities() -> None:
    features = ("completions", "echo", "logprobs")
    [row] = measured(Candidate("one", StandIn(Clock()), features=features)).rows
    assert row.quality is not None
    assert row.quality.perplexity == pytest.approx(7.389, abs=0.001)  # e²


def test_a_runtime_that_refuses_them() -> None:
    features = ("completions", "echo", "logprobs")
    [row] = measured(Candidate("one", Mute(Clock()), features=features)).rows
    assert row.quality is not None
    assert (row.quality.right, row.quality.perplexity, row.reason) == (24, None, "")


def test_a_runtime_that_only_chats() -> None:
    [row] = measured(Candidate("one", StandIn(Clock(), knows=9), features=("chat",))).rows
    assert row.quality is not None
    assert row.quality.right == 9


def test_an_answer_that_ends_early_is_told() -> None:
    short = StandIn(Clock())
    short.most = 6
    [row] = measured(Candidate("one", short)).rows
    assert row.marks == ("its answer ended after 6 tokens, not 11",)


@pytest.mark.parametrize(
    ("dies", "reason", "marks"), [(1, "one died", ()), (3, "", ("1 of 3 rounds: one died",))]
)
def test_one_that_dies_is_told_and_the_other_goes_on(dies: int, reason: str, marks: tuple[str, ...]) -> None:
    dead, other = Candidate("one", StandIn(Clock()), dies=dies), Candidate("two", StandIn(Clock()))
    first, second = measured(dead, other).rows
    assert (first.reason, first.marks) == (reason, marks)
    assert second.values["start_s"].n == 3
    assert dead.ended == dead.lives - 1, "and no life is left"


def test_those_that_cannot_run_stand_below() -> None:
    rows = measured(Candidate("one", StandIn(Clock())), reasons=(Row(runtime="nim", reason="no GPU"),)).rows
    assert [(row.runtime, row.reason) for row in rows] == [("one", ""), ("nim", "no GPU")]


def test_energy_by_the_kernels_counters(tmp_path: Path) -> None:
    zone = tmp_path / "intel-rapl:0"
    zone.mkdir()
    (tmp_path / "intel-rapl:0:0").mkdir()
    (zone / "energy_uj").write_text("900000\n")
    (zone / "max_energy_range_uj").write_text("1000000\n")
    meter = Meter(tmp_path)
    before = meter.begin()
    (zone / "energy_uj").write_text("950000\n")
    assert meter.joules(before) == pytest.approx(0.05)
    (zone / "energy_uj").write_text("100000\n")
    assert meter.joules(before) == pytest.approx(0.2), "it began anew at its range"


def test_energy_that_cannot_be_read_has_a_reason(tmp_path: Path) -> None:
    assert "no energy counters" in Meter(tmp_path).reason
    assert Meter(tmp_path).joules({}) is None
    (tmp_path / "intel-rapl:0").mkdir()
    assert "cannot be read" in Meter(tmp_path).reason
