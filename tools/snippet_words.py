"""Make src/jitney/source/words.json: what words, signs and beginnings of lines say about a language.

    uv run --with numpy --with scipy --with-editable . python tools/snippet_words.py CHECKOUTS

Learns from the half of the benchmark's snippets that is not held out (benchmarks/detection_snippets.py) a softmax regression over
the presence of features; keeps the features that say most, prunes small weights. What goes into the table is words and numbers, and
only words that occur in several repositories.
"""

from __future__ import annotations

import datetime
import json
import math
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]
from benchmarks.detection_snippets import SAMPLES, Snippet, snippets  # noqa: E402

from jitney.source.words import features  # noqa: E402

OUT = ROOT / "src" / "jitney" / "source" / "words.json"
FAMILIES = {"typescript": "javascript", "cpp": "c"}
NO_PROGRAMS = {
    "Markdown": "text", "JSON": "text", "YAML": "text", "HTML": "text", "CSS": "text", "XML": "text", "INI": "text",
    "TOML": "text", "SQL": "text", "Text": "text", "reStructuredText": "text", "SVG": "text", "CSV": "text", "Diff": "text",
}  # fmt: skip
SEVERAL = 4
"""Repositories (or samples of linguist) that have a feature: fewer is chance, or somebody's own name."""
FEATURES_EACH = 45
LEAST = 0.4
ROUNDS = 120
FEW = 100
FEWEST = 3
"""Files of a language from which nothing is learnt but these files: it is left to its marks."""


def texts(checkouts: Path) -> Iterable[Snippet]:
    """linguist's samples of what is no program, and the Markdown of the trees; all of it learnt from."""
    for folder in NO_PROGRAMS:
        for path in sorted((checkouts / SAMPLES / folder).rglob("*"))[:40]:
            if path.is_file():
                yield Snippet("text", path.read_text(encoding="utf-8", errors="replace"), str(path), False)
    for tree in sorted(checkouts.iterdir())[::2]:
        for pattern in ("*.md", "*.yml", "*.json", "LICENSE"):
            for path in sorted(tree.glob(pattern))[:2]:
                yield Snippet(
                    "text",
                    path.read_text(encoding="utf-8", errors="replace"),
                    f"{tree.name}/{path.name}",
                    False,
                )


def more(learnt: list[Snippet]) -> Iterable[Snippet]:
    """Languages with few files: windows all along them."""
    counts = Counter(one.language for one in learnt)
    for one in learnt:
        lines = one.text.splitlines()
        if counts[one.language] < FEW and one.origin.endswith("#0"):
            for first in range(0, min(len(lines), 600) - 12, 12):
                yield one._replace(text="\n".join(lines[first : first + 24]) + "\n")


def unit(origin: str) -> str:
    return origin if SAMPLES in origin else origin.partition("/")[0]


class Learner:
    """Softmax regression by full batches; rows are weighed so that rare languages count."""

    def __init__(self, found: list[set[str]], labels: list[str]) -> None:
        self.found = found
        self.names = sorted(set(labels))
        self.labels = np.array([self.names.index(one) for one in labels])
        counts = np.bincount(self.labels)
        rows = (1 / np.sqrt(np.maximum(counts, 5)))[self.labels]
        self.rows = rows / rows.mean()

    def matrix(self, words: list[str]) -> Any:
        numbers = {word: n for n, word in enumerate(words)}
        data, places, starts = [], [], [0]
        for one in self.found:
            known = sorted(numbers[word] for word in one if word in numbers)
            places += known
            data += [1 / math.sqrt(max(1, len(known)))] * len(known)
            starts.append(len(places))
        return sparse.csr_matrix(
            (data, places, starts), shape=(len(self.found), len(words)), dtype=np.float32
        )

    def fit(self, words: list[str]) -> tuple[Any, Any, Any]:
        seen = self.matrix(words)
        turned = seen.T.tocsr()
        wanted = np.eye(len(self.names), dtype=np.float32)[self.labels]
        state = [np.zeros((len(words), len(self.names)), np.float32), np.zeros(len(self.names), np.float32)]
        means = [[np.zeros_like(one), np.zeros_like(one)] for one in state]
        for step in range(1, ROUNDS + 1):
            scores = seen @ state[0] + state[1]
            odds = np.exp(scores - scores.max(1, keepdims=True))
            wrong = (odds / odds.sum(1, keepdims=True) - wanted) * self.rows[:, None] / len(self.found)
            rate = 0.5 * (1 - step / (ROUNDS * 1.2))
            for n, slope in enumerate((turned @ wrong + 2e-5 * state[0], wrong.sum(0))):
                first, second = means[n]
                first += 0.1 * (slope - first)
                second += 0.01 * (slope * slope - second)
                state[n] -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
            state[0] = np.sign(state[0]) * np.maximum(np.abs(state[0]) - 0.0005 * rate, 0)
        return seen, state[0], state[1]

    def telling(self, words: list[str]) -> list[str]:
        """For each language the features of great weight that many of its snippets have."""
        seen, weights, _ = self.fit(words)
        kept: set[int] = set()
        for number in range(len(self.names)):
            share = np.asarray((seen[self.labels == number] > 0).mean(0)).ravel()
            worth = weights[:, number] * np.sqrt(share)
            kept |= {int(n) for n in np.argsort(-worth)[:FEATURES_EACH] if worth[n] > 0}
        return [words[n] for n in sorted(kept)]


def main() -> None:
    checkouts = Path(sys.argv[1])
    learnt = [one for one in snippets(checkouts) if not one.is_held_out]
    files = Counter(one.language for one in learnt if one.origin.endswith("#0"))
    learnt = [one for one in learnt if files[one.language] >= FEWEST]
    learnt += [*more(learnt), *texts(checkouts)]
    found = [features(one.text) for one in learnt]
    spread: dict[str, set[str]] = {}
    for one, ours in zip(learnt, found, strict=True):
        for word in ours:
            spread.setdefault(word, set()).add(unit(one.origin))
    several = sorted(word for word, units in spread.items() if len(units) >= SEVERAL)
    learner = Learner(found, [FAMILIES.get(one.language, one.language) for one in learnt])
    words = learner.telling(several)
    _, weights, bias = learner.fit(words)
    rows = {}
    for n, word in enumerate(words):
        pairs = [(k, round(float(w) * 10)) for k, w in enumerate(weights[n]) if abs(w) >= LEAST]
        if pairs:
            rows[word] = [number for pair in pairs for number in pair]
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    lines = ",\n".join(
        f"{json.dumps(word)}:{json.dumps(row, separators=(',', ':'))}" for word, row in sorted(rows.items())
    )
    head = {"made": today, "languages": learner.names, "bias": [round(float(one) * 10) for one in bias]}
    OUT.write_text(
        json.dumps(head, separators=(",", ":"))[:-1] + ',"features":{\n' + lines + "\n}}\n", encoding="utf-8"
    )
    counts = Counter(one.language for one in learnt)
    print(
        f"{OUT.name}: {len(rows)} features, {len(learner.names)} languages, {sum(counts.values())} snippets, {OUT.stat().st_size >> 10} KiB"
    )


if __name__ == "__main__":
    main()
