"""Plans for Node.js, Deno and Bun: versions, stages, what is started."""

from __future__ import annotations

import json

import msgspec
import pytest

from jitney.config import Config
from jitney.detect import detect
from jitney.detect.model import Detection, Wishes
from jitney.errors import PlanError
from jitney.facts.model import EngineFacts, Facts
from jitney.plan import Taken, make_plan
from jitney.plan.model import Lock, Plan
from jitney.plan.node_data import COMPILED, NEEDLESS
from jitney.plan.node_version import pick
from jitney.source import Source

FACTS = Facts(
    engine=EngineFacts(
        name="docker", version="20.10.24", buildkit=True, cpus=2, memory_bytes=8 << 30, arch="amd64"
    ),
    ca_bundle="/etc/ssl/certs/ca-certificates.crt",
)
DEBIAN = Config(base_provider="debian")
LOCKED = Lock(language="javascript", files={"package.json": "{}", "package-lock.json": "{}"})
CHAT = 'import OpenAI from "openai";\nnew OpenAI();\n'


def see(files: dict[str, str | bytes], entry: str = "") -> Detection:
    return detect(Source.from_mapping(files, entry), Wishes())


def plan(files: dict[str, str | bytes], entry: str = "", lock: Lock | None = None) -> Plan:
    taken = Taken(bytes=100, files=1, digest="sha256:" + "a" * 64)
    return make_plan(see(files, entry), FACTS, DEBIAN, lock or Lock(), None, taken)


def bases(made: Plan) -> list[str]:
    return [stage.base.key for stage in made.build.stages]


@pytest.mark.parametrize(
    ("wanted", "want"),
    [
        ("", "24"),
        ("*", "24"),
        ("20", "20"),
        ("v20.11.1", "20"),
        (">=18", "24"),
        (">=18 <21", "20"),
        ("^18.0.0 || ^20.0.0", "20"),
        ("18 - 20", "20"),
        ("20.x", "20"),
        ("~16.4", "16"),
        ("> 24", "26"),
        (">=22.18.0", "24"),
        ("<20", "18"),
        ("lts/*", "24"),
        ("lts/iron", "20"),
        ("lts", "24"),
        ("node", "24"),
        ("hydrogen", "18"),
    ],
)
def test_ranges_of_versions(wanted: str, want: str) -> None:
    assert pick(wanted, "node", "debian") == want


@pytest.mark.parametrize("wanted", ["9", ">=30", "<1", "banana", ">=18 <17"])
def test_a_version_that_nobody_has(wanted: str) -> None:
    with pytest.raises(PlanError, match=r"Node\.js (version ')?") as caught:
        pick(wanted, "node", "debian")
    assert "--version 2" in caught.value.hint


def test_nothing_to_install_is_the_base_itself() -> None:
    made = plan({"a.js": "console.log(1)"}, "a.js")
    assert bases(made) == ["debian/node:24-run"]
    assert [one.op for one in made.build.stages[0].instructions] == ["user", "user"]
    assert (made.run.argv, made.run.delivery) == (("node", "a.js"), "stream")


def test_packages_have_a_stage_of_their_own_and_the_source_is_in_none() -> None:
    made = plan({"a.mjs": CHAT}, "a.mjs", LOCKED)
    assert bases(made) == ["debian/node:24-build", "debian/node:24-run"]
    assert made.build.source == ()
    assert made.build.secrets == ("ca", "npmrc")
    told = json.loads(made.build.files["packages.json"])
    assert (told["manager"], told["dev"], told["mode"]) == ("npm", False, "install")
    assert told["env"]["ONNXRUNTIME_NODE_INSTALL_CUDA"] == "skip"
    assert "@node-llama-cpp/linux-x64-cuda" in told["without"]


def test_what_has_to_be_compiled_gets_compilers_that_stay_behind() -> None:
    lock = msgspec.structs.replace(LOCKED, sdists=("better-sqlite3",))
    assert bases(plan({"a.mjs": CHAT}, "a.mjs", lock)) == ["debian/node:24-native", "debian/node:24-run"]
    assert not COMPILED & NEEDLESS


def test_the_loader_is_a_layer_of_its_own() -> None:
    lock = Lock(language="typescript", files={"@tsx/package.json": "{}", "@tsx/package-lock.json": "{}"})
    made = plan({"a.ts": "enum A { B }"}, "a.ts", lock)
    assert [stage.name for stage in made.build.stages] == ["loader", "run"]
    assert made.run.argv == ("node", "--import", "file:///opt/tsx/node_modules/tsx/dist/loader.mjs", "a.ts")


def test_a_bare_module_is_told_to_be_one() -> None:
    made = plan({"a.js": "await fetch('x');"}, "a.js")
    assert made.build.files["package.json"] == '{"type": "module"}\n'
    assert "package.json" not in plan({"a.js": "require('fs')"}, "a.js").build.files


def test_a_build_script_puts_the_source_into_the_build() -> None:
    manifest = json.dumps(
        {"scripts": {"build": "tsc", "start": "node dist/a.js x"}, "dependencies": {"openai": "6"}}
    )
    made = plan({"package.json": manifest, "src/a.ts": CHAT, "package-lock.json": "{}"}, "", LOCKED)
    assert made.build.source == ("package-lock.json", "package.json", "src/a.ts")
    [compiles] = [one for stage in made.build.stages for one in stage.instructions if one.compiles]
    assert compiles.args[-2:] == ("/bin/sh", "/dev/jitney/build0.sh")
    assert made.build.files["build0.sh"].endswith("cd /app || exit\nnpm run build\n")
    assert made.run.argv == ("node", "/app/dist/a.js", "x")
    assert made.run.workdir == "/src"


def test_a_build_without_packages_copies_no_lock() -> None:
    manifest = json.dumps({"scripts": {"build": "node make.js", "start": "node dist/a.js"}})
    made = plan({"package.json": manifest, "make.js": "1"})
    copied = [one.args for stage in made.build.stages for one in stage.instructions if one.op == "copy"]
    assert copied == [("src/", "/app/"), ("/app/", "/app/")]
    assert set(made.build.files) == {"build0.sh"}


def test_a_packages_program_runs_where_it_was_built() -> None:
    manifest = json.dumps(
        {"scripts": {"build": "next build", "start": "next start"}, "dependencies": {"next": "15"}}
    )
    made = plan({"package.json": manifest, "pages/index.js": "1", "package-lock.json": "{}"}, "", LOCKED)
    assert made.run.argv == ("node", "/app/node_modules/.bin/next", "start")
    assert (made.run.workdir, made.run.delivery, made.run.source) == ("/app", "none", ())


def test_a_shell_where_the_script_needs_one() -> None:
    manifest = json.dumps({"scripts": {"start": "node a.js | sort"}})
    made = plan({"package.json": manifest, "a.js": "1"})
    assert bases(made) == ["debian/node:24-full"]
    assert made.run.argv == ("/bin/sh", "-c", "node a.js | sort")


def test_deno_and_bun() -> None:
    lock = Lock(language="typescript", files={"deno.json": "{}", "deno.lock": "{}", "deps.ts": ""})
    made = plan({"a.ts": 'import OpenAI from "npm:openai@6"; new OpenAI();'}, "a.ts", lock)
    assert bases(made) == ["debian/deno:2-full", "debian/deno:2-run"]
    assert made.run.argv[:4] == ("deno", "run", "--no-prompt", "--node-modules-dir=none")
    assert "--cached-only" in made.run.argv
    bun = plan({"a.ts": "Bun.version"}, "a.ts")
    assert bases(bun) == ["debian/bun:1-run"]
    assert bun.run.argv == ("bun", "run", "--no-install", "a.ts")


def test_types_without_a_loader_where_node_knows_them() -> None:
    assert plan({"a.ts": "const x: number = 1;"}, "a.ts").run.argv == (
        "node",
        "--disable-warning=ExperimentalWarning",
        "a.ts",
    )
