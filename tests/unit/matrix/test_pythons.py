"""For which Pythons a pinned framework has wheels, and how a user's rows come before ours."""

from __future__ import annotations

import pytest

from jitney.matrix import overlay, python_for, torch
from jitney.matrix.versions import allowed, exact, is_bounded, numbers


@pytest.mark.parametrize(
    ("specs", "newest"),
    [
        ({"torch": "==2.3.1"}, "3.12"),
        ({"torch": "==2.1.0+cu118"}, "3.11"),
        ({"torch": "<2.5"}, "3.12"),
        ({"Torch": "[extra]==2.3.1 ; sys_platform == 'linux'"}, "3.12"),
        ({"torchvision": "==0.18.1"}, "3.12"),
        ({"torchaudio": "==0.13.1"}, "3.11"),
        ({"tensorflow": "~=2.13.0"}, "3.11"),
        ({"jax": "==0.4.30"}, "3.12"),
        ({"vllm": "==0.6.0"}, "3.12"),
        ({"torch": "==2.6.0", "tensorflow": "==2.15.0"}, "3.11"),
    ],
)
def test_the_newest_python_with_wheels(specs: dict[str, str], newest: str) -> None:
    fit = python_for(specs)
    assert fit is not None
    assert fit.newest == newest
    assert "table of 20" in fit.why
    assert allowed([f"{newest}.0"], [fit.specifier])


@pytest.mark.parametrize(
    "specs", [{"torch": ">=2.0"}, {"torch": ""}, {"numpy": "==1.26"}, {"torch": "==0.4.1"}, {}]
)
def test_nothing_pinned_or_known_says_nothing(specs: dict[str, str]) -> None:
    assert python_for(specs) is None


def test_a_release_newer_than_the_table_counts_as_the_newest_in_it() -> None:
    newest = torch().rows[-1]
    fit = python_for({"torch": "==99.0"})
    assert fit is not None
    assert fit.newest == newest.pythons[-1]
    assert newest.torch in fit.why


def test_arm64_has_its_own_wheels() -> None:
    fit = python_for({"torch": "==2.5.0"}, "arm64")
    assert fit is not None
    assert fit.newest == "3.12"


def test_a_users_row_replaces_ours_and_another_is_added() -> None:
    extra = overlay({"torch": {"rows": [
        {"torch": "2.3.1", "pythons": ["3.14"]}, {"torch": "98.0", "pythons": ["3.20"]},
    ]}})  # fmt: skip
    assert [python_for({"torch": f"=={one}"}, "amd64", extra) for one in ("2.3.1", "98.0")] == [
        (">=3.14,<3.15", "3.14", python_for({"torch": "==2.3.1"}, "amd64", extra)[2]),  # type: ignore[index]
        (">=3.20,<3.21", "3.20", python_for({"torch": "==98.0"}, "amd64", extra)[2]),  # type: ignore[index]
    ]
    assert len(torch(extra).rows) == len(torch().rows) + 1


@pytest.mark.parametrize(
    "rows",
    [
        {"pytorch": {"rows": []}},
        {"torch": {"row": []}},
        {"torch": {"rows": {"torch": "2.3.1"}}},
        {"torch": {"rows": [{"pythons": ["3.14"]}]}},
        {"torch": {"rows": [{"torch": "2.3.1", "pythons": "3.14"}]}},
        {"torch": []},
    ],
)
def test_a_users_file_that_is_wrong_is_refused(rows: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        overlay(rows)


@pytest.mark.parametrize(
    ("text", "parts"),
    [("2.9.1+cu128", (2, 9, 1)), ("580", (580,)), ("13.0", (13,)), ("v1.2", (1, 2)), ("x", ())],
)
def test_numbers(text: str, parts: tuple[int, ...]) -> None:
    assert numbers(text) == parts


@pytest.mark.parametrize(
    ("spec", "pin", "bounded"),
    [
        ("==2.1.0", "2.1.0", True),
        ("[cuda]==2.1.0+cu121", "2.1.0+cu121", True),
        (">=2.1", "", False),
        ("~=2.1", "", True),
        (" @ https://example.com/x.whl", "", False),
        ("==2.1.*", "", True),
    ],
)
def test_specifiers(spec: str, pin: str, bounded: bool) -> None:
    assert (exact(spec), is_bounded(spec)) == (pin, bounded)
