"""Text out of tokens: characters of several tokens, stop strings over their borders, the choice of tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.unit.runtimes.adapter_parts import write_folder

from jitney.runtimes.adapter.backend import CannotLoadError, RefusedError, Step, Wish
from jitney.runtimes.adapter.flow import Flow, Stops
from jitney.runtimes.adapter.grammar import Grammar, bounded
from jitney.runtimes.adapter.sampling import Choice, candidates
from jitney.runtimes.adapter.template import Template
from jitney.runtimes.adapter.words import Stream, Words


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Words:
    return Words(write_folder(tmp_path_factory.mktemp("model")))


STOPS: tuple[tuple[str, list[str], list[str], str, bool], ...] = (
    ("none", [], ["ab", "cd"], "abcd", False),
    ("whole in a piece", ["b"], ["abc"], "a", True),
    ("over a border", ["lo wo"], ["hel", "lo", " w", "orld"], "hel", True),
    ("almost", ["lox"], ["hel", "lo", "w"], "hellow", False),
    ("begun at the end", ["xyz"], ["abx", "y"], "abxy", False),
    ("the first of two", ["d", "b"], ["abcd"], "a", True),
    ("begins with itself", ["aab"], ["aa", "aab"], "aa", True),
    ("empty stops nothing", [""], ["ab"], "ab", False),
)


@pytest.mark.parametrize(("name", "stop", "pieces", "want", "hit"), STOPS, ids=[row[0] for row in STOPS])
def test_stop_strings(name: str, stop: list[str], pieces: list[str], want: str, hit: bool) -> None:
    stops = Stops(stop)
    said = ""
    for piece in pieces:
        said += "" if stops.hit else stops.take(piece)
    assert (said + stops.rest(), stops.hit) == (want, hit)


@pytest.mark.parametrize(
    "text", ["plain", "日本語 — 🗼 ü", "a\N{REPLACEMENT CHARACTER}b", " leading", "👩‍👩‍👧"]
)
def test_characters_come_whole(words: Words, text: str) -> None:
    stream = Stream(words, words.encode("before: é"))
    pieces = [stream.take(token) for token in words.encode(text)]
    assert "".join(pieces) + stream.rest() == text
    assert all(len(piece.encode("utf-8")) < 5 for piece in pieces if "\N{REPLACEMENT CHARACTER}" not in text)


def test_half_a_character_at_the_end_is_left_out(words: Words) -> None:
    stream = Stream(words, [])
    said = [stream.take(token) for token in words.encode("a🗼")[:-1]]
    assert "".join(said) + stream.rest() == "a"


def test_log_probabilities_go_with_their_words(words: Words) -> None:
    flow = Flow(words, [], ["END"], tells=True)
    pieces = [flow.take(Step(token, -1.0)) for token in words.encode("ab ENDx")[:6]]
    told = [entry["token"] for piece in pieces if piece for entry in piece.logprobs]
    assert flow.ended
    assert told == ["a", "b", " "], "those of the stop string are not told"


def test_an_end_token_ends_and_is_counted(words: Words) -> None:
    flow = Flow(words, [], [], tells=False)
    flow.take(Step(words.encode("a")[0]))
    assert flow.take(Step(next(iter(words.ends)))) is None
    assert (flow.ended, flow.tokens) == (True, 2)


def logits(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, dtype=np.float32)


def wish(**more: object) -> Wish:
    return Wish(max_tokens=8, **more)  # type: ignore[arg-type]


CANDIDATES: tuple[tuple[str, dict[str, object], set[int]], ...] = (
    ("top_k", {"top_k": 2}, {1, 2}),
    ("top_p, just below two", {"top_p": 0.6}, {1}),
    ("top_p, just above one", {"top_p": 0.7}, {1, 2}),
    ("min_p", {"min_p": 0.2}, {1, 2}),
    ("top_k, then top_p", {"top_k": 3, "top_p": 0.99}, {0, 1, 2}),
    ("nothing", {}, {0, 1, 2, 3}),
)


@pytest.mark.parametrize(("name", "more", "want"), CANDIDATES, ids=[row[0] for row in CANDIDATES])
def test_candidates(name: str, more: dict[str, object], want: set[int]) -> None:
    """Chances 0.06, 0.64, 0.24, 0.06 of four tokens."""
    tokens, chances = candidates(logits(0.0, 2.4, 1.4, 0.0), wish(**more))
    kept = set(range(4)) if tokens is None else {int(token) for token in tokens}
    assert kept == want
    assert len(chances) == len(want)


def test_the_nucleus_is_exact_where_many_are_alike() -> None:
    tokens, _ = candidates(np.zeros(5000, dtype=np.float32), wish(top_p=0.5))
    assert tokens is not None
    assert len(tokens) in (2500, 2501), "half of what is all alike"


def test_chances_are_kept() -> None:
    values = logits(0.0, 1.0, 2.0)
    choice = Choice(wish(temperature=1.0, seed=1), [])
    found = np.bincount([choice.step(values).token for _ in range(4000)], minlength=3) / 4000
    assert found == pytest.approx(np.exp(values) / np.exp(values).sum(), abs=0.03)


def test_a_seed_repeats() -> None:
    values = np.zeros(1000, dtype=np.float32)

    def made(seed: int | None) -> list[int]:
        choice = Choice(wish(seed=seed), [])
        return [choice.step(values).token for _ in range(5)]

    assert made(7) == made(7)
    assert made(7) != made(8)
    assert made(None) != made(None)


def test_penalties_and_biases() -> None:
    values = logits(0.0, 1.0, 0.9)
    choice = Choice(wish(temperature=0, frequency=0.2), [])
    assert [choice.step(values).token for _ in range(3)] == [1, 2, 1]
    assert Choice(wish(temperature=0, bias={1: -100.0}), []).step(values).token == 2
    assert Choice(wish(temperature=0, repetition=2.0), [1]).step(values).token == 2, "the prompt counts"
    assert values.tolist() == pytest.approx([0.0, 1.0, 0.9]), "the library's buffer is as it was"


def test_log_probabilities_are_the_models_own() -> None:
    values = logits(0.0, 1.0, 2.0)
    step = Choice(wish(temperature=0, logprobs=2, bias={0: 50.0}), []).step(values)
    own = np.log(np.exp(values) / np.exp(values).sum())
    assert step.logprob == pytest.approx(own[0], abs=1e-6)
    assert [token for token, _ in step.top] == [2, 1]


SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}, "w": {"enum": ["x", "y"]}},
    "required": ["n", "w"],
    "additionalProperties": False,
}


def test_a_schema_leaves_only_what_fits(words: Words) -> None:
    grammar = Grammar(words, SCHEMA)
    said = ""
    for sign in '{"n":12,"w":"y"}':
        values = grammar.masked(np.zeros(words.size, dtype=np.float32))
        token = words.encode(sign)[0]
        assert values[token] == 0, f"{sign!r} may follow {said!r}"
        assert values[words.encode("#")[0]] == -np.inf
        grammar.take(token)
        said += sign
    assert grammar.is_over


def test_a_schema_that_is_none_is_refused(words: Words) -> None:
    with pytest.raises(RefusedError) as caught:
        Grammar(words, {"type": "wizard"})
    assert caught.value.param == "response_format"


def test_whole_numbers_end() -> None:
    assert bounded({"items": [{"type": "integer"}]})["items"][0]["maximum"] == 10**15
    assert bounded({"type": "integer", "minimum": 3}) == {"type": "integer", "minimum": 3}
    assert bounded({"enum": [{"type": "integer"}]}) == {"enum": [{"type": "integer"}]}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{{ raise_exception('no system') }}", "no system"),
        ("{{ messages.__class__.__mro__ }}", "unsafe"),
        ("{{ messages[0].missing.deeper }}", "no attribute"),
    ],
)
def test_a_template_that_does_not_take_the_messages(text: str, says: str) -> None:
    with pytest.raises(RefusedError, match=says) as caught:
        Template(text, {}).render([{"role": "user", "content": "x"}])
    assert caught.value.param == "messages"


def test_a_broken_template() -> None:
    with pytest.raises(CannotLoadError, match="chat template"):
        Template("{% if %}", {})


def test_a_template_writes_json_as_it_is() -> None:
    assert Template("{{ messages | tojson }}", {}).render([{"content": "<ü>"}]) == '[{"content": "<ü>"}]'


def test_a_tokenizer_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CannotLoadError, match=r"tokenizer\.json is missing"):
        Words(tmp_path)
