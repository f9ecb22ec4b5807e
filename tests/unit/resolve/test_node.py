"""Locks of JavaScript: kept to where they fit, refused where they do not."""

from __future__ import annotations

import json

import pytest

from jitney.errors import BuildError, ResolveError
from jitney.plan.request import ResolveRequest
from jitney.resolve.node import _names, _needs_packages, _plain, _split, translate
from jitney.resolve.node_fit import check_fit, manifest_for_install

MANIFEST = {
    "package.json": json.dumps({"dependencies": {"openai": "^6.0.0"}, "devDependencies": {"tsx": "4"}})
}


def npm(**dependencies: str) -> str:
    root = {"dependencies": dependencies, "devDependencies": {"tsx": "4"}}
    return json.dumps({"lockfileVersion": 3, "packages": {"": root}})


@pytest.mark.parametrize(
    ("path", "lock"),
    [
        ("package-lock.json", npm(openai="^6.0.0")),
        ("package-lock.json", json.dumps({"lockfileVersion": 1, "dependencies": {"openai": {}, "tsx": {}}})),
        (
            "app/pnpm-lock.yaml",
            "importers:\n  .:\n    dependencies:\n      openai:\n        specifier: ^6\n  tsx@4.0.0:\n",
        ),
        ("yarn.lock", 'openai@^6.0.0:\n  version "6.1.0"\ntsx@4:\n'),
        ("bun.lock", '{"packages": {"openai": ["openai@6.0.0"], "tsx": ["tsx@4.1.0"]}}'),
    ],
)
def test_a_lock_that_fits(path: str, lock: str) -> None:
    check_fit(path, lock, MANIFEST)


@pytest.mark.parametrize(
    ("path", "lock", "want"),
    [
        ("package-lock.json", npm(openai="^5.0.0"), r"asks for openai@\^6\.0\.0 \(it has \^5\.0\.0\)"),
        ("package-lock.json", npm(), r"asks for openai@\^6\.0\.0: the lock has not that"),
        ("package-lock.json", "{", "is no JSON"),
        (
            "pnpm-lock.yaml",
            "importers:\n  .:\n    dependencies:\n      openai-edge: 1\n",
            "pnpm-lock.yaml does not fit",
        ),
        ("yarn.lock", '"@scope/openai@^6":\n', "yarn.lock does not fit"),
    ],
)
def test_a_lock_that_does_not(path: str, lock: str, want: str) -> None:
    with pytest.raises(ResolveError, match=want) as caught:
        check_fit(path, lock, MANIFEST)
    assert "make it anew" in caught.value.hint


def test_an_edited_script_asks_for_nothing_anew() -> None:
    one = json.dumps(
        {"name": "x", "scripts": {"start": "a"}, "dependencies": {"openai": "6"}, "packageManager": "npm@1"}
    )
    other = json.dumps({"name": "x", "scripts": {"start": "b"}, "dependencies": {"openai": "6"}})
    assert manifest_for_install(one) == manifest_for_install(other)


def test_no_credentials_go_into_a_plan() -> None:
    text = "registry=https://mirror.example/\n//mirror.example/:_authToken=secret\nlegacy-peer-deps=true\n"
    assert _plain(".npmrc", text) == "registry=https://mirror.example/\nlegacy-peer-deps=true\n"
    assert _plain(".yarnrc.yml", "yarnPath: .yarn/x.cjs\nplugins:\n  - path: x\nnmMode: x\n") == "nmMode: x\n"


@pytest.mark.parametrize(
    ("lock", "text"),
    [
        ("package-lock.json", '{"packages": {"node_modules/a/node_modules/better-sqlite3": {}}}'),
        ("pnpm-lock.yaml", "packages:\n\n  better-sqlite3@11.1.0:\n    resolution: {}\n"),
        ("pnpm-lock.yaml", "packages:\n\n  /better-sqlite3@11.1.0:\n"),
        ("yarn.lock", 'better-sqlite3@^11.0.0:\n  version "11.1.0"\n'),
        ("yarn.lock", '"better-sqlite3@npm:^11.0.0":\n  version: 11.1.0\n'),
        ("bun.lock", '  "better-sqlite3": ["better-sqlite3@11.1.0", "", {}]'),
    ],
)
def test_names_in_any_lock(lock: str, text: str) -> None:
    assert "better-sqlite3" in _names({lock: text})


@pytest.mark.parametrize(
    ("features", "manifest", "want"),
    [
        (("build:npm run build",), {"devDependencies": {"typescript": "5"}}, True),
        (("build:npm run build",), {}, False),
        ((), {"devDependencies": {"typescript": "5"}}, False),
        (("member:packages/a",), {}, True),
    ],
)
def test_what_only_the_build_uses_is_asked_for(
    features: tuple[str, ...], manifest: dict[str, object], want: bool
) -> None:
    request = ResolveRequest(language="typescript", version="24", platform="linux/amd64", features=features)
    assert _needs_packages(request, {"package.json": json.dumps(manifest)}) is want


def test_requirements() -> None:
    assert _split("openai") == ("openai", "*")
    assert _split("@scope/name@^1") == ("@scope/name", "^1")
    assert _split("zod@^3.25.0") == ("zod", "^3.25.0")


@pytest.mark.parametrize(
    ("output", "want"),
    [
        (
            "npm error 404\njitney: error: no such package: nothing-at-all\n",
            "cannot be resolved: no such package: nothing-at-all",
        ),
        ("error: Import 'https://example.org/x.ts' failed.", "https://example.org/x.ts cannot be fetched"),
        ("something else\nbroke", "something else broke"),
    ],
)
def test_a_builds_words(output: str, want: str) -> None:
    assert want in translate(BuildError("the build failed", output=output)).message
