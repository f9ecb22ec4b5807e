"""Imports of a program without a manifest → packages of the registry.

In this ecosystem an import is its package's name, so the question is not which package, but whether to trust the name: only
names that very many people install are taken (data/npm_names.txt, made by tools/npm_table.py from a dated list of the registry by
monthly downloads: a hundred thousand; a scope belongs to its owner, so it counts as a whole). Any other stops the run.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jitney.detect.data.lines import holds

BUILTINS = frozenset(
    [
        "assert",
        "async_hooks",
        "buffer",
        "child_process",
        "cluster",
        "console",
        "constants",
        "crypto",
        "dgram",
        "diagnostics_channel",
        "dns",
        "domain",
        "events",
        "fs",
        "http",
        "http2",
        "https",
        "inspector",
        "module",
        "net",
        "os",
        "path",
        "perf_hooks",
        "process",
        "punycode",
        "querystring",
        "readline",
        "repl",
        "sea",
        "sqlite",
        "stream",
        "string_decoder",
        "sys",
        "test",
        "timers",
        "tls",
        "trace_events",
        "tty",
        "url",
        "util",
        "v8",
        "vm",
        "wasi",
        "worker_threads",
        "zlib",
    ]
)
"""Node's own modules, which Deno and Bun have too; with `/promises` and the like behind them, or `node:` before."""

# No name begins with `~`, `_` or a dot: `~/x` is an alias of some bundler.
_BARE = re.compile(r"(@[\w.~-]+/[\w.~-]+|[A-Za-z0-9-][\w.~-]*)((?:/[^?#]*)?)")

IMPLIED: tuple[tuple[str, str, str], ...] = (
    ("openai", r"\bConfiguration\b|\bOpenAIApi\b", "^3.3.0"),
    ("openai", r"\bOpenAIClient\b", "^3.3.0"),
    ("@azure/openai", r"\bOpenAIClient\b|\bAzureKeyCredential\b", "^1.0.0-beta.12"),
    ("langchain", r"^/(?:llms|chat_models|embeddings)/(?!(?:base|fake|universal)$)", "^0.1.37"),
    ("langchain", r"^/(?:schema|prompts|output_parsers|document_loaders|callbacks|retrievers|chains|memory|vectorstores|"
                  r"text_splitter|agents/\w)", "^0.3.0"),
    ("ai", r"\bStreamingTextResponse\b|\bOpenAIStream\b|\bLangChainAdapter\b", "^3.4.0"),
    ("ai", r"\bexperimental_generateText\b|\bexperimental_streamText\b|\bCoreMessage\b", "^4.3.0"),
    ("@anthropic-ai/sdk", r"\bHUMAN_PROMPT\b|\bAI_PROMPT\b", "^0.24.0"),
    ("cohere-ai", r"\bdefault\.init\b", "^6.2.0"),
)  # fmt: skip
"""Package, pattern over the sub-path and the imported names, version: what newer versions have no longer."""

TOGETHER: dict[str, tuple[str, str]] = {
    "zod-to-json-schema": ("zod", "^3.25.0"),
    "typechat": ("typescript", "^5"),
}
"""Package → another whose version it limits without saying so: what it makes of newer ones is wrong, not refused."""

COMMONJS = {
    "node-fetch": "^2", "chalk": "^4", "ora": "^5", "inquirer": "^8", "got": "^11", "execa": "^5", "nanoid": "^3",
    "p-limit": "^3", "p-retry": "^4", "p-queue": "^6", "globby": "^11", "strip-ansi": "^6", "boxen": "^5", "delay": "^5",
    "clipboardy": "^2", "open": "^8", "figures": "^3", "uuid": "^9", "find-up": "^5", "log-symbols": "^4", "mime": "^3",
    "wrap-ansi": "^7", "string-width": "^4", "cli-cursor": "^3", "gradient-string": "^2", "term-size": "^2", "meow": "^9",
    "configstore": "^5", "conf": "^10", "update-notifier": "^5", "unified": "^9", "remark": "^13", "file-type": "^16",
    "franc": "^5", "pretty-ms": "^7", "serialize-error": "^8", "terminal-link": "^2", "marked": "^12", "marked-terminal": "^5",
}  # fmt: skip
"""The last major whose `require()` gives the function itself: newer ones are ES modules, whose namespace it would give."""


@cache
def _names() -> str:
    return (Path(__file__).parents[1] / "data/npm_names.txt").read_text(encoding="utf-8")


def split(specifier: str) -> tuple[str, str]:
    """Package and sub-path of a bare specifier; empty where it is none (`./x`, `#internal`, `https://…`)."""
    match = _BARE.fullmatch(specifier)
    return (match[1], match[2]) if match else ("", "")


def is_builtin(specifier: str) -> bool:
    """Part of the runtime: `fs`, `fs/promises`, `node:test`, `bun:sqlite`, `cloudflare:…` is not."""
    if specifier.startswith(("node:", "bun:")) or specifier in ("bun", "electron"):
        return specifier != "electron"
    return specifier.partition("/")[0] in BUILTINS


def is_known(package: str) -> bool:
    scope = package.partition("/")[0] + "/" if package.startswith("@") else ""
    return holds(_names(), scope or package)


def near(package: str) -> tuple[str, ...]:
    from difflib import get_close_matches

    first = [name for name in _names().split() if name[0] == package[0] and abs(len(name) - len(package)) < 4]
    return tuple(get_close_matches(package, first, 3, 0.75))


def version_for(package: str, subpath: str, names: tuple[str, ...], *, required: bool) -> str:
    """What the way it is imported says about its version; empty: any."""
    said = " ".join((subpath, *names)) if subpath else " ".join(names)
    for name, pattern, version in IMPLIED:
        if name == package and re.search(pattern, said):
            return version
    return COMMONJS.get(package, "") if required else ""
