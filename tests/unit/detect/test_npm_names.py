"""Bare JavaScript: which imports are packages."""

from __future__ import annotations

import pytest

from jitney.detect import detect
from jitney.detect.data.lines import holds
from jitney.detect.model import Detection, Wishes
from jitney.source import Source


def seen(code: str, **files: str) -> Detection:
    beside = {name.replace("__", "."): text for name, text in files.items()}
    return detect(Source.from_mapping({"main.ts": code, **beside}, "main.ts"), Wishes())


@pytest.mark.parametrize(
    ("code", "want"),
    [
        ("import { openai } from '@ai-sdk/openai';\nconsole.log(openai)\n", ["@ai-sdk/openai"]),
        ("import x from 'ai/rsc';\nconsole.log(x)\n", ["ai"]),
        (
            "import fs from 'node:fs/promises';\nimport { readFile } from 'fs/promises';\nconsole.log(fs, readFile)\n",
            [],
        ),
        (
            "import { x } from '@/lib/x';\nimport { y } from '~/lib/y';\nimport z from '#z';\nconsole.log(x, y, z)\n",
            [],
        ),
        ("import type { OpenAI } from 'openai';\nlet x: OpenAI\n", []),
        ("const x = await import('zod');\nconsole.log(x)\n", ["zod"]),
        ("const text = \"import x from 'zod'\"; // require('ai')\nconsole.log(text)\n", []),
    ],
)
def test_names(code: str, want: list[str]) -> None:
    found = seen(code)
    assert ([one.name for one in found.packages], found.unknown) == (want, ())


def test_paths_of_tsconfig_are_local() -> None:
    paths = '{"compilerOptions": {"paths": {"zod": ["./own.ts"]}}}'
    files = {
        "main.ts": "import z from 'zod';\nconsole.log(z)\n",
        "own.ts": "export default 1\n",
        "tsconfig.json": paths,
    }
    assert not detect(Source.from_mapping(files), Wishes(entry="main.ts")).packages


def test_a_name_that_few_install_is_shown_and_not_installed() -> None:
    found = seen("import x from 'opnai';\nconsole.log(x)\n")
    assert not found.packages
    assert [(one.name, one.line) for one in found.unknown] == [("opnai", 1)] and "openai" in found.unknown[
        0
    ].near


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 100])
def test_a_word_is_found_in_a_sorted_text(count: int) -> None:
    words = sorted(f"w{number}" for number in range(count))
    text = "".join(f"{word}\n" for word in words)
    assert all(holds(text, word) for word in words)
    assert not any(holds(text, word) for word in ("", "a", "w", "w00", "w5x", "zz"))
