"""Chat templates: rendered in a sandbox when a model comes; what reaches out of it, or does not end, is not taken."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from tests.unit.models.build import META, gguf, safetensors

from jitney.errors import ModelError
from jitney.models.fetch import fetch
from jitney.models.reference import parse
from jitney.models.safety.templates import chat_templates, require_harmless
from jitney.models.storage.store import Store

CHATML = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m.content }}<|im_end|>\n{% endfor %}"

FINE = {
    "chatml": CHATML,
    "with a word of its own": "{{ raise_exception('no system messages') }}",
    "with tools": "{% if tools %}{{ tools | tojson(indent=2) }}{% endif %}{{ strftime_now('%d %b') }}",
    "loop controls": "{% for m in messages %}{% if loop.index > 1 %}{% break %}{% endif %}{{ m.role }}{% endfor %}",
    "marks of the hub": "{% generation %}{{ messages[0].content }}{% endgeneration %}",
    "namespaces": "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
}

MALICIOUS = {
    "a class": ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "__class__"),
    "by a filter": ("{{ ''|attr('__class__') }}", "__class__"),
    "by an index": ("{{ messages['__class__'] }}", "__class__"),
    "globals of a function": ("{{ cycler.__init__.__globals__.os.popen('id').read() }}", "__init__"),
    "of its own": ("{{ self.__init__.__globals__ }}", "__init__"),
    "by format": ("{{ '{0.__class__}'.format(messages) }}", "__class__"),
    "by format_map": ("{{ '{m.__class__}'.format_map({'m': 1}) }}", "__class__"),
    "a function's code": ("{{ raise_exception.__code__ }}", "__code__"),
    "changes what it is given": ("{{ messages.append(1) }}", "append"),
    "no end of loops": ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "more time"),
    "no end of words": ("{% for i in range(99999) %}{{ 'a' * 1000 }}{% endfor %}", "more than 1 MB"),
    "all memory at once": ("{{ 'a' * 10000000000 }}", "memory"),
    "all memory bit by bit": (
        "{% set x = namespace(s='a') %}{% for i in range(60) %}{% set x.s = x.s + x.s %}{% endfor %}",
        "memory",
    ),
    "a long range": ("{{ range(1000000000) | list }}", "Range too big"),
}  # fmt: skip

BROKEN = {
    "no template": "{% if %}",
    "a name that nobody has": "{{ nobody.has.it }}",
    "a filter that nobody has": "{{ messages | nonesuch }}",
    "itself for ever": "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "deep": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
}


@pytest.mark.parametrize("name", FINE)
def test_what_models_come_with_is_taken_without_a_word(name: str) -> None:
    said: list[str] = []
    require_harmless({"t": FINE[name]}, said.append)
    assert said == []


@pytest.mark.parametrize("name", MALICIOUS)
def test_what_is_malicious_is_refused_in_bounded_time(name: str) -> None:
    text, word = MALICIOUS[name]
    begin = time.monotonic()
    with pytest.raises(ModelError, match="the chat template is refused") as caught:
        require_harmless({"model.gguf": text}, print)
    assert word in caught.value.message
    assert time.monotonic() - begin < 15


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_only_broken_is_told(name: str) -> None:
    said: list[str] = []
    require_harmless({"t": BROKEN[name]}, said.append)
    assert len(said) == 1
    assert said[0].startswith("t: the chat template cannot be rendered")


def test_a_gguf_file_with_a_malicious_template_is_no_model(store: Store, tmp_path: Path) -> None:
    meta = {**META, "tokenizer.chat_template": MALICIOUS["a class"][0]}
    (tmp_path / "m.gguf").write_bytes(gguf(meta))
    with pytest.raises(ModelError, match=r"m\.gguf: tokenizer\.chat_template: the chat template is refused"):
        fetch(store, parse("./m.gguf", {}, tmp_path))
    assert store.all() == []


def test_every_place_of_a_template_is_looked_at(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    (folder / "additional_chat_templates").mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(safetensors())
    (folder / "chat_template.jinja").write_text("one")
    (folder / "additional_chat_templates" / "rag.jinja").write_text("two")
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": "three"}))
    rows = [{"name": "default", "template": "four"}, {"name": "tools", "template": "five"}, "?"]
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": rows}))
    weights = fetch(store, parse("./m", {}, tmp_path))
    assert sorted(chat_templates(store, weights).values()) == ["five", "four", "one", "three", "two"]


def test_named_templates_of_a_gguf_file(store: Store, tmp_path: Path) -> None:
    meta = {**META, "tokenizer.chat_template.tool_use": "{{ 1 }}"}
    (tmp_path / "m.gguf").write_bytes(gguf(meta))
    weights = fetch(store, parse("./m.gguf", {}, tmp_path))
    assert sorted(chat_templates(store, weights)) == [
        "m.gguf: tokenizer.chat_template",
        "m.gguf: tokenizer.chat_template.tool_use",
    ]


def test_a_template_larger_than_any_is_not_even_rendered(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(safetensors())
    (folder / "chat_template.jinja").write_text("a" * (2 << 20))
    with pytest.raises(ModelError, match="2,097,152 characters"):
        fetch(store, parse("./m", {}, tmp_path))
