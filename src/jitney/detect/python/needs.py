"""Distributions that a program's calls and words ask for, though no import names them."""

from __future__ import annotations

from collections.abc import Iterator

from jitney.detect.code import At
from jitney.detect.data.python_implied import CALLS, PREFIXES, PROVIDERS, STOOD_IN, WORDS
from jitney.detect.python.code import Facts
from jitney.detect.python.modules import Program

_Need = tuple[str, str, At]
"""Requirement, rule, the place that says so."""
_INDEXES = (
    ".VectorStoreIndex",
    ".SummaryIndex",
    ".DocumentSummaryIndex",
    ".PropertyGraphIndex",
    ".KnowledgeGraphIndex",
)


def needs(program: Program) -> Iterator[_Need]:
    tops = {module.partition(".")[0] for module in program.outside}
    for path, facts in program.files.items():
        yield from _called(path, facts, tops)
        yield from _removed(path, facts)
        if "init_chat_model" in facts.calls or "init_embeddings" in facts.calls:
            yield from _providers(facts)
    yield from _drivers(program, tops)
    yield from _defaults(program)


def _called(path: str, facts: Facts, tops: set[str]) -> Iterator[_Need]:
    for top, call, requirement in CALLS:
        if call in facts.calls and top in tops:
            yield requirement, "call.implied", At(call, path, facts.calls[call])


def _removed(path: str, facts: Facts) -> Iterator[_Need]:
    """Modules that newer versions of Python have no longer."""
    for item in facts.imports:
        top = item.module.partition(".")[0]
        if top in STOOD_IN and not item.level and not item.optional:
            name, since = STOOD_IN[top]
            yield f'{name} ; python_version >= "{since}"', "import.removed", At(item.module, path, item.line)


def _providers(facts: Facts) -> Iterator[_Need]:
    """`init_chat_model("openai:gpt-…")`: the name's head says which integration LangChain loads."""
    heads: dict[str, At] = {}
    is_word = _says_provider(facts)
    for at in facts.code.strings:
        head, colon, _ = at.value.partition(":")
        if head in PROVIDERS and " " not in at.value and (colon or is_word):
            heads.setdefault(head, at)
    for head, at in (heads or _by_prefix(facts)).items():
        yield PROVIDERS[head], "model.provider", at


def _by_prefix(facts: Facts) -> dict[str, At]:
    """Providers of the models that are named without one."""
    found = {}
    for use in facts.code.models:
        if provider := next((one for start, one in PREFIXES if use.name.startswith(start)), ""):
            found[provider] = At(use.name, use.why.file, use.why.line)
    return found


def _says_provider(facts: Facts) -> bool:
    return "init_chat_model(model_provider)" in facts.calls or "init_embeddings(provider)" in facts.calls


def _drivers(program: Program, tops: set[str]) -> Iterator[_Need]:
    """Drivers of databases by their addresses, and the like. A driver that is imported is the program's own choice."""
    rows = [row for row in WORDS if tops & set(row[0].split("|"))]
    for at in program.code.strings if rows else ():
        for _, word, requirement in rows:
            is_chosen = word == "postgresql://" and tops & {"psycopg", "asyncpg", "pg8000"}
            if (at.value.startswith(word) if word.endswith("/") else at.value == word) and not is_chosen:
                yield requirement, "word.implied", At(word, at.file, at.line)


def _defaults(program: Program) -> Iterator[_Need]:
    """LlamaIndex takes OpenAI for a model and for embeddings that nobody names."""
    asked = [
        at
        for name, (at, _) in program.outside.items()
        if name.startswith("llama_index.core") and name.endswith(_INDEXES)
    ]
    for kind in ("llms", "embeddings") if asked else ():
        if not any(name.startswith(f"llama_index.{kind}.") for name in program.outside):
            yield f"llama-index-{kind}-openai", "default.implied", asked[0]
