"""Chat templates: a program by strangers, rendered in Jinja's sandbox."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import jinja2
import jinja2.ext
import jinja2.meta
import jinja2.nodes
import jinja2.parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .backend import CannotLoadError, RefusedError

Json = dict[str, Any]


class _Generation(jinja2.ext.Extension):
    """`{% generation %}` marks an assistant's words, for training."""

    tags = {"generation"}  # noqa: RUF012  Jinja's own declaration

    def parse(self, parser: jinja2.parser.Parser) -> jinja2.nodes.Node | list[jinja2.nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class Template:
    """names: the texts of bos_token, eos_token. CannotLoadError: it is no template."""

    def __init__(self, text: str, names: dict[str, str]) -> None:
        around = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", _Generation]
        )
        around.filters["tojson"] = _to_json
        around.globals["raise_exception"] = _raise
        around.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
        try:
            self.knows_tools = "tools" in jinja2.meta.find_undeclared_variables(around.parse(text))
            self._template = around.from_string(text)
        except jinja2.TemplateError as error:
            raise CannotLoadError(f"the chat template is broken: {error}") from error
        self._names = names

    def render(self, messages: list[Json], tools: list[Json] | None = None) -> str:
        """RefusedError: it does not take these messages, and says why."""
        more: Json = {"tools": tools} if tools else {"tools": None}
        try:
            return self._template.render(messages=messages, add_generation_prompt=True, **self._names, **more)
        except (jinja2.TemplateError, TypeError, ValueError, OverflowError) as error:
            raise RefusedError(
                "messages", f"the model's chat template does not take them: {error}"
            ) from error


def _to_json(value: Any, indent: int | None = None) -> str:
    """Not Jinja's own: that one writes for HTML."""
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _raise(message: str) -> None:
    raise jinja2.TemplateError(message)
