"""One contract for all runtimes, asked of each with SmolLM2 by the official OpenAI client (docs/runtimes.md has the table).

pytest tests/contract/runtimes                                        through `jitney serve`, the fast runtimes; -m slow: the others
pytest tests/contract/runtimes --contract-url http://127.0.0.1:8080 --contract-features chat,completions     of any server
… --contract-json benchmarks/results/contract.json                    keeps what was found
"""

from __future__ import annotations

from tests.contract.runtimes import offered, trouble
from tests.contract.runtimes.cases import CASES, Case
from tests.contract.runtimes.refusals import ASKS, check_refused
from tests.contract.runtimes.results import Results
from tests.contract.runtimes.subject import Subject

assert offered and trouble, "importing them adds their cases"


def test_the_contract(subject: Subject, contract: str, results: Results) -> None:
    """A case: passes where the runtime offers what it needs; is refused by name where not."""
    case = CASES[contract]
    with results.of(subject.runtime, case.name) as result:
        result.state = _kept(subject, case)


def test_what_is_not_offered_is_refused(subject: Subject, results: Results) -> None:
    """Feature by feature, all told at once. That what is offered works, its case shows."""
    missed = []
    for feature in sorted(ASKS.keys() - subject.features):
        try:
            with results.of(subject.runtime, f"feature {feature}") as result:
                check_refused(subject, feature)
                result.state = "refused"
        except AssertionError as error:
            missed.append(f"{feature}: {error}")
    assert not missed, "\n".join(missed)


def _kept(subject: Subject, case: Case) -> str:
    if not case.feature or case.feature in subject.features:
        case.check(subject)
        return "pass"
    if case.feature not in ASKS:
        return "not offered"
    check_refused(subject, case.feature)
    return "refused"
