"""When a go.sum is enough, and when the indexes are asked."""

from __future__ import annotations

import pytest

from jitney.resolve.go import is_complete, module_roots

SUM = "example.org/a v1.2.0 h1:x=\nexample.org/a v1.2.0/go.mod h1:y=\n"

CASES = [
    ("nothing asked for", "module m\n\ngo 1.24\n", "", True),
    ("one line", "module m\n\nrequire example.org/a v1.2.0\n", SUM, True),
    ("block", "module m\n\nrequire (\n\texample.org/a v1.2.0\n)\n", SUM, True),
    ("no go.sum", "module m\n\nrequire example.org/a v1.2.0\n", "", False),
    (
        "only its go.mod",
        "module m\n\nrequire example.org/a v1.2.0\n",
        "example.org/a v1.2.0/go.mod h1:y=\n",
        False,
    ),
    ("another version", "module m\n\nrequire example.org/a v1.3.0\n", SUM, False),
    ("indirect ones may lack it", "module m\n\nrequire example.org/b v1.0.0 // indirect\n", "", True),
    (
        "a folder instead",
        "module m\n\nrequire example.org/b v1.0.0\n\nreplace example.org/b => ../b\n",
        "",
        True,
    ),
]


@pytest.mark.parametrize(
    ("go_mod", "go_sum", "want"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_is_complete(go_mod: str, go_sum: str, want: bool) -> None:
    assert is_complete(go_mod, go_sum) is want


def test_the_repository_of_an_import_is_asked_for_by_its_name() -> None:
    imports = (
        "github.com/ollama/ollama/api",
        "github.com/openai/openai-go/v3/option",
        "github.com/tmc/langchaingo/llms",
        "github.com/tmc/langchaingo/llms/openai",
        "github.com/x/pinned@v1.2.3",
        "golang.org/x/net/html",
        "google.golang.org/genai",
        "gopkg.in/yaml.v3",
    )
    assert module_roots(imports) == (
        "github.com/ollama/ollama@latest",
        "github.com/openai/openai-go/v3@latest",
        "github.com/tmc/langchaingo@latest",
        "github.com/x/pinned@v1.2.3",
        "golang.org/x/net@latest",
        "gopkg.in/yaml.v3@latest",
    )
