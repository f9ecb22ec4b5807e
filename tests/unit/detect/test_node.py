"""JavaScript and TypeScript: bare files, projects, runtimes, package managers, entries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jitney.detect import detect
from jitney.detect.model import Detection, Wishes
from jitney.detect.node.command import parse
from jitney.detect.node.jsonc import loads
from jitney.errors import DetectionError
from jitney.resolve.node_fit import manifest_for_install
from jitney.source import Source

CHAT = 'import OpenAI from "openai";\nconst client = new OpenAI();\nconst model = "gpt-4o";\nawait client.models.list();\n'
HELLO = 'console.log("hello");\n'


def see(
    files: dict[str, str | bytes], entry: str = "", workdir: str | None = None, **wishes: Any
) -> Detection:
    return detect(Source.from_mapping(files, entry, workdir), Wishes(**wishes))


def manifest(**fields: object) -> str:
    return json.dumps({"name": "program", **fields})


def rules(found: Detection) -> set[str]:
    return {evidence.rule for evidence in found.evidence}


def test_a_bare_module() -> None:
    found = see({"chat.js": CHAT}, "chat.js")
    assert (found.language, found.manager, found.framework, found.mode) == (
        "javascript",
        "imports",
        "openai",
        "hosted",
    )
    assert [package.name for package in found.packages] == ["openai"]
    assert (found.start, found.takes) == (("chat.js",), ("chat.js",))
    assert found.features == ("runtime:node", "module")
    assert [use.name for use in found.models] == ["gpt-4o"]
    assert "OPENAI_BASE_URL" in found.env


@pytest.mark.parametrize(
    ("code", "want"),
    [
        ('const { Configuration, OpenAIApi } = require("openai");', "@^3.3.0"),
        ('import { OpenAI } from "openai";', ""),
        ('const fetch = require("node-fetch");', "@^2"),
        ('import fetch from "node-fetch";', ""),
        ('import { OpenAI } from "langchain/llms/openai";', "@^0.1.37"),
        ('import { Client } from "@modelcontextprotocol/sdk/client/index.js";', ""),
    ],
)
def test_how_it_is_imported_says_which_version(code: str, want: str) -> None:
    found = see({"a.js": code}, "a.js")
    assert [package.spec for package in found.packages] == [want]


def test_a_version_that_another_package_limits() -> None:
    found = see(
        {
            "a.ts": 'import { z } from "zod";\nimport { zodToJsonSchema } from "zod-to-json-schema";\nz; zodToJsonSchema;'
        },
        "a.ts",
    )
    assert {package.name: package.spec for package in found.packages}["zod"] == "@^3.25.0"


def test_a_name_that_nobody_knows_is_not_installed() -> None:
    found = see({"a.js": 'const x = 1;\nconst y = require("opennai");\n'}, "a.js")
    assert found.packages == ()
    [unknown] = found.unknown
    assert (unknown.name, unknown.file, unknown.line) == ("opennai", "a.js", 2)
    assert "openai" in unknown.near
    assert see({"a.js": 'const y = require("opennai");'}, "a.js", packages=("opennai@^1",)).unknown == ()


def test_what_is_no_package() -> None:
    code = (
        'import fs from "node:fs/promises"; import p from "path"; import type { T } from "nobody-knows-this";\n'
        'try { require("nor-this-one") } catch {}\nimport("./" + name); import helper from "./lib/helper.js"; fs; p; helper;\n'
    )
    found = see({"a.ts": code, "lib/helper.ts": "export default 1;\n", "other.ts": "x"}, "a.ts")
    assert (found.packages, found.unknown) == ((), ())
    assert "lib/helper.ts" in found.takes


@pytest.mark.parametrize(
    ("code", "loader"),
    [
        ("const x: number = 1;", False),
        ("enum Color { Red }", True),
        ("declare enum Color { Red }", False),
        ("class A { constructor(private x: number) {} }", True),
        ('import { Message, Ollama } from "ollama"; let m: Message; new Ollama();', True),
        ('import { type Message, Ollama } from "ollama"; let m: Message; new Ollama();', False),
        ('import type { Message } from "ollama"; let m: Message;', False),
        ('import { make } from "./lib"; make();', True),
        ('import { make } from "./lib.ts"; make();', False),
        ('import a from "openai"; const b = require("axios"); a; b;', True),
    ],
)
def test_when_taking_types_away_is_not_enough(code: str, loader: bool) -> None:
    found = see({"a.ts": code, "lib.ts": "export const make = () => 1;"}, "a.ts")
    assert ("tsx" in found.features) is loader


@pytest.mark.parametrize(
    ("files", "want", "rule"),
    [
        ({"a.ts": 'import x from "npm:openai@6"; x;'}, "deno", "node.runtime.import"),
        ({"a.ts": "await Deno.readTextFile('x');"}, "deno", "node.runtime.global"),
        ({"a.ts": "#!/usr/bin/env -S deno run -A\n"}, "deno", "node.runtime.shebang"),
        ({"a.ts": "Bun.serve({});"}, "bun", "node.runtime.global"),
        ({"a.ts": "#!/usr/bin/env bun\n"}, "bun", "node.runtime.shebang"),
        ({"a.ts": 'import { Database } from "bun:sqlite"; Database;'}, "bun", "node.runtime.import"),
        ({"a.ts": "x", "package.json": manifest(), "bun.lockb": b"\0"}, "bun", "node.runtime.lock"),
        ({"a.ts": "x", "deno.json": "{ // mine\n}"}, "deno", "node.runtime.config"),
        ({"a.ts": "x"}, "node", "node.runtime.default"),
    ],
)
def test_the_runtime(files: dict[str, str | bytes], want: str, rule: str) -> None:
    found = see(files, "a.ts")
    assert f"runtime:{want}" in found.features
    assert rule in rules(found)


def test_a_flag_names_the_runtime() -> None:
    assert "runtime:bun" in see({"a.ts": HELLO}, "a.ts", language="bun").features
    assert "runtime:deno" in see({"a.js": HELLO}, "a.js", language="deno").features


def test_deno_gets_no_more_than_it_speaks_of() -> None:
    found = see({"a.ts": 'import OpenAI from "npm:openai@^6"; new OpenAI(); Deno.args;'}, "a.ts")
    assert found.packages[0].name == "npm:openai@^6"
    assert found.framework == "openai"
    assert "--allow-net" in found.start
    assert "--allow-run" not in found.start
    assert "-A" not in found.start
    assert "--allow-run" in see({"a.ts": 'new Deno.Command("ls");'}, "a.ts").start


def test_awaiting_at_the_top_where_a_loader_would_refuse_it() -> None:
    """With a manifest that does not say `module`, a loader takes .ts for CommonJS: Bun takes it as it is."""
    files: dict[str, str | bytes] = {
        "package.json": manifest(),
        "a.ts": "enum A { B }\nawait fetch('x'); export {};\n",
    }
    assert "runtime:bun" in see(files, "a.ts").features
    files["package.json"] = manifest(type="module")
    assert {"runtime:node", "tsx"} <= set(see(files, "a.ts").features)


@pytest.mark.parametrize(
    ("fields", "locks", "want", "version"),
    [
        ({}, {}, "npm", ""),
        (
            {"packageManager": "pnpm@9.1.2+sha512.aa"},
            {"pnpm-lock.yaml": "lockfileVersion: '9.0'\n"},
            "pnpm",
            "9.1.2",
        ),
        ({}, {"pnpm-lock.yaml": "lockfileVersion: '6.0'\n"}, "pnpm", "8"),
        ({}, {"pnpm-lock.yaml": "lockfileVersion: 5.4\n"}, "pnpm", "7"),
        ({"engines": {"pnpm": ">=10"}}, {"pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}, "pnpm", "10"),
        ({}, {"yarn.lock": "# yarn lockfile v1\n"}, "yarn", ""),
        ({}, {"yarn.lock": "# x\n\n__metadata:\n  version: 8\n"}, "berry", "4.13"),
        ({}, {"yarn.lock": "# x\n\n__metadata:\n  version: 6\n"}, "berry", "3"),
        ({}, {"yarn.lock": "# x\n\n__metadata:\n  version: 10\n"}, "berry", "4"),
        ({"packageManager": "yarn@3.6.1"}, {}, "berry", "3.6.1"),
        ({}, {"bun.lock": "{}"}, "bun", ""),
        ({}, {"package-lock.json": "{}"}, "npm", ""),
        ({"devEngines": {"packageManager": {"name": "pnpm"}}}, {}, "pnpm", ""),
        ({"engines": {"bun": "1"}}, {}, "bun", ""),
        ({"engines": {"pnpm": ">=9"}}, {"package-lock.json": "{}"}, "pnpm", "9"),
        ({"engines": {"npm": ">=9", "yarn": ">=1.22"}}, {"package-lock.json": "{}"}, "npm", ""),
        ({"engines": {"yarn": "please use npm"}}, {}, "npm", ""),
        ({"devEngines": {"packageManager": [{"name": "yarn"}]}}, {}, "yarn", ""),
        ({}, {"pnpm-workspace.yaml": "packages: []\n"}, "pnpm", ""),
        ({}, {".yarnrc.yml": "nodeLinker: node-modules\n"}, "berry", ""),
    ],
)
def test_the_package_manager(
    fields: dict[str, object], locks: dict[str, str], want: str, version: str
) -> None:
    found = see({"package.json": manifest(**fields), "index.js": HELLO, **locks})
    assert found.manager == want
    assert [one for one in found.features if one.startswith("manager:")] == (
        [f"manager:{version}"] if version else []
    )


def test_two_locks_are_told_and_one_is_taken() -> None:
    files: dict[str, str | bytes] = {"package.json": manifest(), "index.js": HELLO, "package-lock.json": "{}"}
    found = see({**files, "pnpm-lock.yaml": "lockfileVersion: '9.0'\n"})
    assert found.lock == "pnpm-lock.yaml"
    assert any("package-lock.json (npm)" in finding.message for finding in found.findings)
    named = see({**files, "package.json": manifest(packageManager="npm@10.0.0"), "yarn.lock": ""})
    assert (named.manager, named.lock) == ("npm", "package-lock.json")


def test_two_managers_that_contradict_each_other_are_refused() -> None:
    fields = manifest(packageManager="pnpm@9.0.0", devEngines={"packageManager": {"name": "yarn"}})
    with pytest.raises(DetectionError, match="packageManager says pnpm"):
        see({"package.json": fields, "index.js": HELLO})


def test_a_name_is_believed_before_another_managers_lock() -> None:
    """Corepack refuses to work with another manager than the one that is named."""
    found = see(
        {"package.json": manifest(packageManager="pnpm@9.0.0"), "index.js": HELLO, "package-lock.json": "{}"}
    )
    assert (found.manager, found.lock) == ("pnpm", "")
    assert "names pnpm" in found.findings[0].message
    assert "package-lock.json (npm)" in found.findings[0].message


@pytest.mark.parametrize(
    ("files", "want"),
    [
        ({".nvmrc": "v20.11\n"}, "20.11"),
        ({".nvmrc": "lts/*\n"}, "lts/*"),
        ({".node-version": "18"}, "18"),
        ({".tool-versions": "python 3.12\nnodejs 22.1.0\n"}, "22.1.0"),
        ({"mise.toml": '[tools]\nnode = "22"\n'}, "22"),
        ({"package.json": manifest(engines={"node": ">=18"})}, ">=18"),
        ({"package.json": manifest(engines={"node": ">=18"}), ".nvmrc": "20"}, "20"),
        ({"package.json": manifest(engines={"node": ">=18 <21"}), ".nvmrc": "lts/iron"}, "lts/iron"),
        ({"package.json": manifest(engines={"node": "22.x"}), ".nvmrc": "18"}, "22.x"),
        ({"package.json": manifest(engines={"node": ">=20"}), ".nvmrc": "my-alias"}, ">=20"),
        ({"package.json": manifest(volta={"node": "20.1.0"})}, "20.1.0"),
        ({"mise.toml": '[env]\nnode = "1"\n[tools]\nnode = { version = "22" }\n'}, "22"),
        ({}, ""),
    ],
)
def test_the_version(files: dict[str, str | bytes], want: str) -> None:
    assert see({"index.js": HELLO, **files}).version == want
    assert see({"index.js": HELLO, **files}, version="16").version == "16"


@pytest.mark.parametrize(
    ("files", "entry", "rule"),
    [
        (
            {"package.json": manifest(scripts={"start": "node app/run.js"}), "app/run.js": HELLO},
            "app/run.js",
            "node.entry.start",
        ),
        ({"package.json": manifest(main="lib/x"), "lib/x.js": HELLO}, "lib/x.js", "node.entry.main"),
        (
            {"package.json": manifest(bin={"x": "./cli/x.js"}), "cli/x.js": HELLO},
            "cli/x.js",
            "node.entry.bin",
        ),
        ({"package.json": manifest(), "src/index.ts": HELLO}, "src/index.ts", "node.entry.usual"),
        ({"chat.js": HELLO, "x.config.js": HELLO, "a.test.js": HELLO}, "chat.js", "node.entry.only"),
    ],
)
def test_the_entry(files: dict[str, str | bytes], entry: str, rule: str) -> None:
    found = see(files)
    assert found.entry == entry
    assert rule in rules(found)


def test_no_entry_and_many() -> None:
    with pytest.raises(DetectionError, match=r"2 files could be the one to start:\n  a\.js\n  b\.js"):
        see({"package.json": manifest(), "a.js": HELLO, "b.js": HELLO})
    with pytest.raises(DetectionError, match=r"which is not there"):
        see({"package.json": manifest(scripts={"start": "node gone.js"}), "a.js": HELLO})
    with pytest.raises(DetectionError, match="no entry was found"):
        see({"package.json": manifest(), "a.config.js": HELLO})


@pytest.mark.parametrize(
    ("script", "want"),
    [
        ("node index.js", {"runtime": "node", "file": "index.js"}),
        (
            "NODE_ENV=production node --env-file=.env ./x.js a",
            {"file": "x.js", "args": ("a",), "flags": ("--env-file=.env",)},
        ),
        ("cross-env A=1 node x.js", {"file": "x.js", "env": {"A": "1"}}),
        ("tsx watch src/a.ts", {"file": "src/a.ts", "typed": True}),
        ("npx tsx src/a.ts", {"file": "src/a.ts", "typed": True}),
        ("node --import tsx src/a.ts", {"file": "src/a.ts", "typed": True, "flags": ()}),
        ("ts-node --esm a.ts", {"file": "a.ts", "typed": True}),
        ("nodemon --exec ts-node a.ts", {"file": "a.ts", "typed": True}),
        ("nodemon a.js", {"file": "a.js", "typed": False}),
        ("tsc && node dist/a.js", {"file": "dist/a.js", "builds": ("tsc",)}),
        ("npm run other -- x", {"file": "o.js", "args": ("x",)}),
        ("bun run a.ts", {"runtime": "bun", "file": "a.ts"}),
        ("deno run -A a.ts", {"runtime": "deno", "file": "a.ts", "flags": ("-A",)}),
        ("next start", {"tool": ("next", "start")}),
        ("rm -rf dist && npm run build && node dist/a.js", {"file": "dist/a.js", "shell": ""}),
        (
            "prisma migrate deploy && node a.js",
            {"file": "a.js", "builds": (), "shell": "prisma migrate deploy && node a.js"},
        ),
        ("npm ci && node a.js", {"file": "a.js", "builds": (), "shell": ""}),
        ("./start.sh now", {"shell": "./start.sh now", "tool": ()}),
        ("node a.js | tee log", {"shell": "node a.js | tee log"}),
    ],
)
def test_scripts(script: str, want: dict[str, object]) -> None:
    found = parse("start", {"start": script, "other": "node o.js"})
    assert {name: getattr(found, name) for name in want} == want


def test_a_script_that_calls_itself_ends() -> None:
    assert parse("start", {"start": "npm run start"}).tool or parse("start", {"start": "npm run start"}).shell


def test_what_a_build_makes() -> None:
    fields = manifest(
        scripts={"build": "tsc", "start": "node dist/index.js"}, devDependencies={"typescript": "5"}
    )
    found = see({"package.json": fields, "src/index.ts": CHAT, "package-lock.json": "{}"})
    assert "build:npm run build" in found.features
    assert (found.entry, found.framework) == ("dist/index.js", "openai")
    ready = see({"package.json": fields, "dist/index.js": HELLO})
    assert "build:npm run build" not in ready.features


def test_an_example_of_a_library_wants_the_library_built() -> None:
    fields = manifest(name="client", main="dist/index.js", scripts={"build": "tsc"})
    files: dict[str, str | bytes] = {
        "package.json": fields,
        "src/index.ts": "export const x = 1;",
        "examples/a.ts": 'import { x } from "client"; enum A { B }; x; A;',
    }
    found = see(files, "examples/a.ts")
    assert {"build:npm run build", "tsx"} <= set(found.features)
    assert found.unknown == ()


def test_packages_for_development_only_where_they_are_used() -> None:
    fields = {"dependencies": {"openai": "^6"}, "devDependencies": {"dotenv": "^16"}}
    files: dict[str, str | bytes] = {
        "package.json": manifest(**fields),
        "package-lock.json": "{}",
        "index.js": HELLO,
    }
    assert [package.name for package in see(files).packages] == ["openai"]
    found = see({**files, "index.js": 'require("dotenv")'})
    assert [package.name for package in found.packages] == ["openai", "dotenv"]
    assert "dev" in found.features


def test_what_a_manifest_forgot() -> None:
    files: dict[str, str | bytes] = {"package.json": manifest(), "index.js": 'require("openai")'}
    assert "extra:openai" in see(files).features
    assert "extra:openai" not in see({**files, "package-lock.json": "{}"}).features


def test_a_workspace_goes_along() -> None:
    files: dict[str, str | bytes] = {
        "package.json": manifest(workspaces=["packages/*"]),
        "packages/app/package.json": manifest(name="app", dependencies={"lib": "*"}),
        "packages/app/index.js": 'require("lib")',
        "packages/lib/package.json": manifest(name="lib"),
        "packages/lib/index.js": HELLO,
    }
    found = see(files, workdir="packages/app")
    assert found.manifests[:2] == ("packages/app/package.json", "package.json")
    assert {"packages/lib/index.js", "package.json"} <= set(found.takes)
    assert {"root:", "member:packages/lib", "member:packages/app"} <= set(found.features)


WORKSPACE: dict[str, str | bytes] = {
    "package.json": manifest(workspaces=["apps/*", "packages/*"]),
    "apps/web/package.json": manifest(
        name="web", scripts={"start": "next start", "build": "next build"}, dependencies={"next": "15"}
    ),
    "apps/web/pages/index.tsx": HELLO,
    "packages/ui/package.json": manifest(name="ui", main="index.tsx"),
    "packages/ui/index.tsx": HELLO,
}
API: dict[str, str | bytes] = {
    "apps/api/package.json": manifest(name="@x/api", scripts={"start": "node server.js"}),
    "apps/api/server.js": HELLO,
}


def test_the_only_program_of_a_workspace() -> None:
    found = see(WORKSPACE)
    assert (found.workdir, found.start, found.language) == ("apps/web", ("next", "start"), "typescript")
    assert {"root:", "member:packages/ui", "build:npm run build"} <= set(found.features)


def test_a_member_that_starts_nothing_is_not_its_workspace() -> None:
    files = {
        **WORKSPACE,
        **API,
        "apps/new/package.json": manifest(devDependencies={"nuxt": "4"}),
        "apps/new/app.vue": "",
    }
    found = see(files, workdir="apps/new")
    assert (found.workdir, found.entry) == ("apps/new", "apps/new/.output/server/index.mjs")


@pytest.mark.parametrize("start", ["turbo run start", "npm run start --workspaces", "pnpm -r start", None])
def test_several_programs_of_a_workspace_are_listed(start: str | None) -> None:
    fields = {"scripts": {"start": start}} if start else {}
    root = manifest(workspaces=["apps/*", "packages/*"], **fields)
    with pytest.raises(DetectionError, match="2 programs") as caught:
        see({**WORKSPACE, **API, "package.json": root})
    assert "apps/api (node server.js)\n  apps/web (next start)" in caught.value.message
    assert "jitney run apps/api" in caught.value.hint


@pytest.mark.parametrize(
    "start",
    [
        "cd apps/api && npm start",
        "cd apps/api && npm install && node server.js",
        "npm start -w apps/api",
        "npm run start --workspace=@x/api",
        "yarn workspace @x/api start",
        "pnpm --filter api start",
        "turbo run start --filter=@x/api",
        "npm run serve:api",
    ],
)
def test_a_start_script_that_leads_to_a_member(start: str) -> None:
    scripts = {"start": start, "serve:api": "npm --prefix apps/api start"}
    root = manifest(workspaces=["apps/*", "packages/*"], scripts=scripts)
    found = see({**WORKSPACE, **API, "package.json": root})
    assert (found.workdir, found.entry) == ("apps/api", "apps/api/server.js")
    assert next(one for one in found.evidence if one.rule == "node.workspace").losers == ("apps/web",)


def test_nx_starts_its_default_project() -> None:
    files: dict[str, str | bytes] = {
        "package.json": manifest(scripts={"start": "nx serve"}),
        "nx.json": '{"defaultProject": "api"}',
        "apps/api/project.json": '{"targets": {"serve": {}, "build": {"options": {"main": "apps/api/src/main.ts"}}}}',
        "apps/api/src/main.ts": HELLO,
        "apps/web/project.json": '{"targets": {"serve": {}}}',
    }
    assert see(files).entry == "apps/api/src/main.ts"


SITE = {
    "scripts": {"dev": "vite", "build": "vite build", "preview": "vite preview"},
    "devDependencies": {"vite": "6"},
}
PAGE = '<body><script type="module" src="/src/main.tsx"></script></body>'


def test_a_site_is_served_by_its_tool() -> None:
    found = see({"package.json": manifest(**SITE), "index.html": PAGE, "src/main.tsx": HELLO})
    assert (found.entry, found.start) == ("", ("vite", "preview"))
    assert "build:npm run build" in found.features
    server = see({"package.json": manifest(**SITE), "src/server.ts": HELLO})
    assert server.entry == "src/server.ts", "a tool that builds servers too"


def test_what_a_page_loads_is_no_program() -> None:
    with pytest.raises(DetectionError, match=r"static site, index\.html loads app\.js"):
        see({"index.html": "<script src='./app.js?v=1'></script>", "app.js": "document.title = 1"})
    files = {
        "index.html": "<script src='app.js'></script>",
        "app.js": "document.title = 1",
        "server.js": HELLO,
    }
    assert see({**files}).entry == "server.js"


def test_a_procfile_says_what_starts() -> None:
    files: dict[str, str | bytes] = {"package.json": manifest(), "index.js": HELLO, "bot.js": HELLO}
    assert see({**files, "Procfile": "release: x\nworker: node bot.js\n"}).entry == "bot.js"
    found = see({**files, "Procfile": "web: echo hi; node bot.js\n"})
    assert found.start == ("echo hi; node bot.js",)
    assert "start:shell" in found.features


def test_a_manifest_in_json5() -> None:
    text = "{ // pnpm's\n name: 'x', main: \"b.js\", engines: { node: '>=22', },\n}"
    found = see({"package.json5": text, "b.js": HELLO})
    assert (found.manager, found.entry, found.version) == ("pnpm", "b.js", ">=22")
    wanted = manifest_for_install("{ dependencies: { openai: '^6', }, }", is_json5=True)
    assert json.loads(wanted) == {"dependencies": {"openai": "^6"}}


def test_the_language_is_what_the_program_is_written_in() -> None:
    """package.json says JavaScript of both; what is compiled before the start counts by its sources."""
    fields = manifest(scripts={"build": "tsc", "start": "node dist/a.js"})
    found = see({"package.json": fields, "src/a.ts": HELLO, "vite.config.js": HELLO})
    said = [one for one in found.evidence if one.decides == "language"]
    assert found.language == said[0].value == "typescript"
    assert said[0].losers[-1] == "javascript (language.manifest)"
    assert see({"package.json": fields, "src/a.js": HELLO, "x.d.ts": HELLO}).language == "javascript"


def test_paths_of_a_tsconfig() -> None:
    config = '{"compilerOptions": {"baseUrl": ".", "paths": {"@/*": ["src/*"],}}} // with a comma'
    files: dict[str, str | bytes] = {
        "tsconfig.json": config,
        "package.json": manifest(type="module"),
        "index.ts": 'import { x } from "@/x"; x;',
        "src/x.ts": "export const x = 1;",
    }
    found = see(files, workdir="")
    assert "tsx" in found.features
    assert found.unknown == ()


def test_a_manifest_that_is_no_json_is_told_with_its_line() -> None:
    found = see({"package.json": '{\n "name": "x"\n "main": "y"\n}', "index.js": HELLO})
    assert [(finding.level, finding.file, finding.line) for finding in found.findings] == [
        ("error", "package.json", 3)
    ]


def test_broken_code_is_the_programs_own_failure() -> None:
    found = see({"a.js": 'const x = ;\nrequire("openai");'}, "a.js")
    assert [package.name for package in found.packages] == ["openai"]


def test_python_and_javascript_side_by_side() -> None:
    """A package.json serves tools more often than programs: it wins only over what is no manifest of another language."""
    files: dict[str, str | bytes] = {
        "package.json": manifest(),
        "requirements.txt": "openai",
        "main.py": "import openai",
    }
    assert see(files).language == "python"
    assert see({"package.json": manifest(), "index.js": HELLO, "helper.py": "x = 1"}).language == "javascript"
    starts = {
        "package.json": manifest(scripts={"start": "node a.js"}),
        "a.js": HELLO,
        "requirements.txt": "x",
    }
    found = see({**starts, "tools/helper.py": "x = 1"})
    assert found.language == "javascript"
    assert found.evidence[0].losers == ("python (requirements.txt)",)
    assert see({**starts, "app.py": "x = 1"}).language == "python"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ('{"a": "b//c", /* d */ "e": [1, 2,],}', {"a": "b//c", "e": [1, 2]}),
        ('\ufeff{"a": ",]"} // x', {"a": ",]"}),
    ],
)
def test_json_as_people_write_it(text: str, want: object) -> None:
    assert loads(text) == want


ODD = (
    '"' + '\\"' * 20_000,
    "/* " * 20_000,
    ",/* */" * 20_000,
    ",//\n" * 20_000,
    "'" + "\\'" * 20_000 + "x",
    "a" * 60_000,
    ", " * 20_000,
)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_json_is_read_in_time(text: str) -> None:
    for is_json5 in (False, True):
        with pytest.raises(ValueError, match=r".+"):
            loads(text, is_json5=is_json5)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("word", ["npx ", "a && ", "A=1 ", "'", "cd a && ", "npm run ", "yarn workspace "])
def test_odd_scripts_are_read_in_time(word: str) -> None:
    files: dict[str, str | bytes] = {"index.js": HELLO}
    files["package.json"] = manifest(scripts={"start": word * 20_000}, engines={"node": "<" * 20_000})
    assert "start:shell" in see(files).features
    short = parse("start", {"start": word * 300})
    assert short.shell or short.tool or short.file
