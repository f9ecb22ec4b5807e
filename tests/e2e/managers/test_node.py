"""JavaScript and TypeScript as they lie about: five lock formats, workspaces, builds, loaders, and what goes wrong.

An old version of a package that newer ones exist of shows at once whether a lock was kept to.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Jitney

pytestmark = pytest.mark.engine
Files = dict[str, str]

HASH = "sha512-C8cw/7VpfXLj8Yjlmux8lqb3mfIe3vEXTdik/cXTuzZ8FXJnu45UAWp94XlWWmcW7Yxl74wvHw8w10wIHNGHRQ=="
"""left-pad 1.1.0."""

MANIFEST = '{"name": "bot", "scripts": {"start": "node index.js"}, "dependencies": {"left-pad": "^1.1.0"}}'
USES = 'const { version } = require("left-pad/package.json");\nconsole.log(require("left-pad")("kept", 6), version);\n'
NPM = json.dumps(
    {
        "name": "bot",
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "bot", "dependencies": {"left-pad": "^1.1.0"}},
            "node_modules/left-pad": {"version": "1.1.0", "integrity": HASH},
        },
    }
)
PNPM = f"""lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .:
    dependencies:
      left-pad:
        specifier: ^1.1.0
        version: 1.1.0

packages:

  left-pad@1.1.0:
    resolution: {{integrity: {HASH}}}

snapshots:

  left-pad@1.1.0: {{}}
"""
YARN = f"""# yarn lockfile v1


left-pad@^1.1.0:
  version "1.1.0"
  resolved "https://registry.yarnpkg.com/left-pad/-/left-pad-1.1.0.tgz#47a2daf581ede454334dee6c6036cae00d912e4d"
  integrity {HASH}
"""
BERRY = """__metadata:
  version: 8
  cacheKey: 10c0

"bot@workspace:.":
  version: 0.0.0-use.local
  resolution: "bot@workspace:."
  dependencies:
    left-pad: "npm:^1.1.0"
  languageName: unknown
  linkType: soft

"left-pad@npm:^1.1.0":
  version: 1.1.0
  resolution: "left-pad@npm:1.1.0"
  checksum: 10c0/4de9425a88c4e3fe11ebf83c0d0236dfd088ac2efdbf4ecf6500d793958c6a0b81567c563cc2f2e3c16c8d72ae9b28da2b183078c0d558e842a2365fb1283be5
  languageName: node
  linkType: hard
"""
BUN = f"""{{
  "lockfileVersion": 1,
  "workspaces": {{"": {{"name": "bot", "dependencies": {{"left-pad": "^1.1.0"}}}}}},
  "packages": {{"left-pad": ["left-pad@1.1.0", "", {{}}, "{HASH}"]}}
}}
"""
BUILT: Files = {
    "package.json": json.dumps(
        {
            "name": "built",
            "type": "module",
            "scripts": {"build": "tsc", "start": "node dist/index.js"},
            "devDependencies": {"typescript": "~5.9.0"},
        }
    ),
    "tsconfig.json": '{"compilerOptions": {"target": "es2022", "module": "nodenext", "outDir": "dist", "rootDir": "src"}}',
    "src/index.ts": 'const word: string = "built";\nconsole.log(word);\n',
}


def lay(folder: Path, files: Files) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


slow = pytest.mark.slow
RUNS = [
    pytest.param({"package.json": MANIFEST, "index.js": USES, "package-lock.json": NPM}, "", "  kept 1.1.0", id="npm"),
    pytest.param(
        {"package.json": MANIFEST, "index.js": USES, "pnpm-lock.yaml": PNPM}, "", "  kept 1.1.0", id="pnpm", marks=slow
    ),
    pytest.param({"package.json": MANIFEST, "index.js": USES, "yarn.lock": YARN}, "", "  kept 1.1.0", id="yarn", marks=slow),
    pytest.param(
        {"package.json": MANIFEST, "index.js": USES, "yarn.lock": BERRY}, "", "  kept 1.1.0", id="berry", marks=slow
    ),
    pytest.param(
        {"package.json": MANIFEST.replace("node ", "bun "), "index.js": USES, "bun.lock": BUN},
        "",
        "  kept 1.1.0",
        id="bun",
        marks=slow,
    ),
    pytest.param(
        {
            "package.json": '{"name": "ws", "workspaces": ["packages/*"], "scripts": {"start": "node packages/app"}}',
            "packages/app/package.json": '{"name": "app", "main": "index.js", "dependencies": {"lib": "*"}}',
            "packages/app/index.js": 'console.log(require("lib"));',
            "packages/lib/package.json": '{"name": "lib"}',
            "packages/lib/index.js": 'module.exports = "from a member";',
        },
        "",
        "from a member",
        id="workspace",
        marks=slow,
    ),
    pytest.param(
        {"a.ts": 'enum Way { Up = "up" }\nconsole.log(await Promise.resolve(Way.Up));\n'}, "a.ts", "up", id="loader"
    ),
    pytest.param({"a.ts": 'const way: string = "plain types";\nconsole.log(way);\n'}, "a.ts", "plain types", id="types"),
    pytest.param(
        {"a.js": "const fs = require('fs');\nconsole.log(typeof fs, await 1);\n"}, "a.js", "object 1", id="both", marks=slow
    ),
    pytest.param(
        {".nvmrc": "lts/iron\n", "a.js": "console.log(process.version.split('.')[0]);"},
        "",
        "v20",
        id="an-older-node",
        marks=slow,
    ),
    pytest.param(BUILT, "", "built", id="build", marks=slow),
    pytest.param(
        {"deno.json": '{"tasks": {"start": "deno run main.ts"}, "imports": {"left-pad": "npm:left-pad@1.1.0"}}',
         "main.ts": 'import pad from "left-pad";\nconsole.log(pad("deno", 6));\n'},
        "",
        "  deno",
        id="deno",
        marks=slow,
    ),
    pytest.param(
        {"a.js": 'const Database = require("better-sqlite3");\nconsole.log(new Database(":memory:").prepare("select 6*7 as n").get().n);'},
        "a.js",
        "42",
        id="compiled",
        marks=slow,
    ),
]  # fmt: skip


@pytest.mark.timeout(1500)
@pytest.mark.parametrize(("files", "entry", "shown"), RUNS)
def test_it_runs(files: Files, entry: str, shown: str, tmp_path: Path, jitney: Jitney) -> None:
    done = jitney("run", lay(tmp_path, files) / entry, timeout=1400)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().rstrip("\n") == shown


FAILS = [
    pytest.param({"a.js": 'require("opennai")'}, ["a.js"], 125, "a.js:1: import opennai", id="unknown"),
    pytest.param({"a.js": "1"}, ["--version", "9", "a.js"], 125, "Node.js 9 was asked for", id="version"),
    pytest.param({"a.js": "const = 1"}, ["a.js"], 1, "SyntaxError", id="syntax"),
    pytest.param({"a.js": "1", "b.js": "1"}, ["."], 125, "2 files could be the one to start", id="many"),
    pytest.param(
        {"package.json": MANIFEST, "index.js": "", "package-lock.json": NPM.replace("^1.1.0", "^1.0.0")},
        ["."],
        125,
        "package-lock.json does not fit package.json, which asks for left-pad@^1.1.0 (it has ^1.0.0)",
        id="unfit",
    ),
    pytest.param(
        {"package.json": MANIFEST, "index.js": "", "package-lock.json": NPM.replace("C8cw", "D8cw")},
        ["."],
        125,
        "a package's bytes are not those that the lock file names",
        id="other-bytes",
    ),
    pytest.param(
        {"package.json": MANIFEST.replace("^1.1.0", "^99.0.0"), "index.js": ""},
        ["."],
        125,
        "no such version: left-pad@^99.0.0",
        id="no-such-version",
        marks=slow,
    ),
    pytest.param(
        {**BUILT, "src/index.ts": 'const word: number = "built";\n'}, ["."], 1, "src/index.ts(1,7): error TS2322",
        id="compiler", marks=slow,
    ),
]  # fmt: skip


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("files", "arguments", "code", "said"), FAILS)
def test_it_is_told(
    files: Files, arguments: list[str], code: int, said: str, tmp_path: Path, jitney: Jitney
) -> None:
    lay(tmp_path, files)
    done = jitney("run", *arguments, cwd=tmp_path, timeout=800)
    assert (done.returncode, said in done.stderr.decode()) == (code, True), done.stderr.decode()
