"""The contract of embeddings, asked of each runtime that gives MiniLM's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.contract.runtimes.served import served
from tests.contract.runtimes.subject import Subject
from tests.contract.runtimes.vectors import VECTORS


@pytest.fixture(scope="module")
def encoder(request: pytest.FixtureRequest) -> Iterator[Subject]:
    with served(request.param, "minilm") as subject:
        yield subject


@pytest.mark.parametrize("check", VECTORS, ids=lambda check: check.__name__)
def test_vectors(encoder: Subject, check: Callable[[Subject], None]) -> None:
    check(encoder)
