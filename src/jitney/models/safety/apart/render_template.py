"""Render a model's chat templates for small conversations, as the hub's libraries do, in Jinja's sandbox and within bounds.

question: {"templates": {name: text}}   answer: {"problems": {name: {"kind": …, "message": …}}}, nothing for what renders

kind `malicious`: it reached for what the sandbox keeps from it. `endless`: it wrote more than it may, or asked for more memory.
`broken`: no conversation could be rendered, for another reason. A template that refuses a conversation by its own
`raise_exception` is in order. Time is bounded for the whole process: it is ended by a signal.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from jinja2 import Environment, Template, nodes
    from jinja2.parser import Parser

MEMORY = 512 << 20
SECONDS = 4
MAX_OUTPUT = 1 << 20
USER, ANSWER = {"role": "user", "content": "What is 2+2?"}, {"role": "assistant", "content": "4"}
SYSTEM = {"role": "system", "content": "Be brief."}
TOOL = {
    "type": "function",
    "function": {"name": "add", "description": "adds", "parameters": {"type": "object", "properties": {}}},
}
CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [
        {"id": "call00001", "type": "function", "function": {"name": "add", "arguments": {"a": 2}}}
    ],
}
RESULT = {"role": "tool", "tool_call_id": "call00001", "name": "add", "content": "4"}
CONVERSATIONS: tuple[dict[str, Any], ...] = (
    {"messages": [USER]},
    {"messages": [SYSTEM, USER, ANSWER, USER]},
    {"messages": [USER, CALL, RESULT], "tools": [TOOL]},
    {"messages": [USER, ANSWER], "tools": [], "enable_thinking": False, "documents": []},
)


class Refused(Exception):
    """The template's own `raise_exception`."""


class Endless(Exception):
    """It writes more than it may."""


def environment() -> Environment:
    from jinja2 import nodes
    from jinja2.exceptions import SecurityError
    from jinja2.ext import Extension, loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """The hub's `{% generation %}` marks what the model wrote: here it is just what stands in it."""

        tags = {"generation"}  # noqa: RUF012  as Jinja declares it

        def parse(self, parser: Parser) -> nodes.Node:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return nodes.Scope(body).set_lineno(line)

    class Strict(ImmutableSandboxedEnvironment):
        """What is unsafe is an error when it is looked at, not an empty word."""

        def unsafe_undefined(self, obj: object, attribute: str) -> NoReturn:
            raise SecurityError(f"it reaches for {attribute!r} of a {type(obj).__name__}")

    env = Strict(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    env.filters["tojson"] = to_json
    env.globals["raise_exception"] = refuse
    env.globals["strftime_now"] = lambda form: "2026-01-01"
    return env


def to_json(
    value: object,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def refuse(message: object) -> NoReturn:
    raise Refused(str(message))


def render(template: Template, conversation: dict[str, Any]) -> None:
    size = 0
    words = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    for piece in template.generate(add_generation_prompt=True, **words, **conversation):
        size += len(piece)
        if size > MAX_OUTPUT:
            raise Endless(f"it writes more than {MAX_OUTPUT >> 20} MB for a short conversation")


def problem(env: Environment, text: str) -> dict[str, str] | None:
    from jinja2.exceptions import SecurityError, TemplateError

    last = None
    try:
        template = env.from_string(text)
    except (TemplateError, RecursionError, SyntaxError, ValueError) as error:
        return {"kind": "broken", "message": f"{type(error).__name__}: {error}"[:300]}
    for conversation in CONVERSATIONS:
        try:
            render(template, conversation)
            last = None
        except SecurityError as error:
            return {"kind": "malicious", "message": str(error)[:300]}
        except (MemoryError, Endless, OverflowError) as error:
            return {"kind": "endless", "message": str(error)[:300] or "it asks for more memory than it may"}
        except Refused:
            last = None
        except Exception as error:  # noqa: BLE001  a template raises whatever its expressions raise
            last = last or {"kind": "broken", "message": f"{type(error).__name__}: {error}"[:300]}
    return last


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    question = json.load(sys.stdin)
    env = environment()
    found = {name: problem(env, text) for name, text in question["templates"].items()}
    json.dump({"problems": {name: one for name, one in found.items() if one}}, sys.stdout)


if __name__ == "__main__":
    main()
