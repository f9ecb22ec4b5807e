"""mistral.rs: a Hugging Face folder, computed in Rust. It has its own server loop, batching and sampling.

Its Python interface streams chats alone, so it is given a template that passes the finished prompt through. It tells text and no
tokens: where a tokenizer is of bytes it is given a decoder by which it tells the vocabulary's own pieces (`ĠParis`), which
are tokens again here; of others its text is taken as it is.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .backend import ANY_OBJECT, CannotLoadError, Loaded, RefusedError, Settings, Step, Steps, Wish
from .grammar import OBJECT, bounded
from .words import HubTokens, Words, defaults, folder_of, read_json

OFFERS = frozenset(
    ["chat", "completions", "echo", "logprobs", "penalties", "logit-bias", "json-schema", "min-p", "batching"]
)
_PIECES = {
    "type": "Sequence",
    "decoders": [
        {"type": "ByteFallback"},
        {"type": "Fuse"},
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
    ],
}
_ONE_ASKS = threading.Lock()
"""The runner takes one request at a time (`Already borrowed`); the answers come side by side."""
_AS_IT_IS = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


def load(settings: Settings) -> Loaded:
    os.environ["RAYON_NUM_THREADS"] = str(settings.threads)  # read once, when the library comes
    os.environ.setdefault("RUST_LOG", "error")
    import mistralrs

    folder = folder_of(settings.model)
    described = read_json(folder / "config.json")
    words = Words(folder)
    assert isinstance(words.tokens, HubTokens), "no other was given"
    room = _prepared(folder, described, words.tokens)
    try:
        runner = mistralrs.Runner(
            which=mistralrs.Which.Plain(model_id=str(room)),
            max_seqs=settings.slots,
            no_paged_attn=True,
            token_source="none",  # noqa: S106  the word for none
            jinja_explicit=str(room / "as_it_is.jinja"),
        )
    except ValueError as error:
        raise CannotLoadError(f"mistral.rs: {error}") from error
    context = min(settings.context, int(described.get("max_position_embeddings") or settings.context))

    def generate(prompt: Sequence[int], wish: Wish) -> Steps:
        return _steps(mistralrs, runner, words, prompt, wish)

    offers = OFFERS if words.tokens.is_bytes else OFFERS - {"logprobs"}
    offers = offers if words.template else offers - {"chat"}
    return Loaded(context, offers, words, generate, at_once=settings.slots, defaults=defaults(folder))


def _prepared(folder: Path, described: dict[str, Any], tokens: HubTokens) -> Path:
    """The folder with a config.json as it was before transformers 5, which put the positions' numbers in a table."""
    room = Path(tempfile.mkdtemp())
    for path in folder.iterdir():
        if path.suffix != ".gguf" and path.name not in ("config.json", "tokenizer.json"):
            (room / path.name).symlink_to(path)
    rope = described.get("rope_parameters") or {}
    (room / "config.json").write_text(json.dumps({**rope, **described}), encoding="utf-8")
    tokenizer = json.loads(tokens.json)
    if tokens.is_bytes:
        tokenizer["decoder"] = _PIECES
    (room / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    (room / "as_it_is.jinja").write_text(_AS_IT_IS, encoding="utf-8")
    return room


def _steps(mistralrs: Any, runner: Any, words: Words, prompt: Sequence[int], wish: Wish) -> Steps:
    assert isinstance(words.tokens, HubTokens), "made by load"
    greedy = wish.temperature == 0
    request = mistralrs.ChatCompletionRequest(
        messages=[{"role": "user", "content": words.tokens.decode(prompt, special=True)}],
        model="default",
        max_tokens=wish.max_tokens,
        temperature=None if greedy else wish.temperature,
        top_p=None if greedy else wish.top_p,
        top_k=1 if greedy else wish.top_k or None,
        min_p=None if greedy else wish.min_p or None,
        presence_penalty=wish.presence or None,
        frequency_penalty=wish.frequency or None,
        repetition_penalty=wish.repetition if wish.repetition != 1 else None,
        logit_bias=dict(wish.bias) or None,
        logprobs=wish.logprobs is not None,
        top_logprobs=wish.logprobs or None,
        **_grammar(wish),
        stream=True,
    )
    try:
        with _ONE_ASKS:
            chunks = runner.send_chat_completion_request(request)
        yield from _tokens(chunks, words.tokens, wish)
    except ValueError as error:
        if "grammar" not in str(error).lower():
            raise
        raise RefusedError("response_format", f"the schema cannot be honoured: {error}") from error


def _grammar(wish: Wish) -> dict[str, str]:
    if wish.schema is None:
        return {}
    if wish.schema == ANY_OBJECT:
        return {"grammar": OBJECT, "grammar_type": "lark"}
    return {"grammar": json.dumps(bounded(wish.schema)), "grammar_type": "json_schema"}


def _tokens(chunks: Any, tokens: HubTokens, wish: Wish) -> Iterator[Step]:
    for chunk in chunks:
        choice = chunk.choices[0]
        said = choice.delta.content or ""
        token = tokens.number(said) if tokens.is_bytes else None
        if token is not None:
            told = choice.logprobs if wish.logprobs is not None else None
            yield Step(token, told.logprob, _top(told)) if told else Step(token)
        elif said:
            yield Step(-1, text=said)
        if choice.finish_reason:
            return


def _top(told: Any) -> tuple[tuple[int, float], ...]:
    return tuple((one.token, one.logprob) for one in told.top_logprobs or ())
