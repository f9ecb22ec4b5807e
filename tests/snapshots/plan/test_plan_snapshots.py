"""Reviewed Plans and Dockerfiles of a dozen programs. `make snap` writes them anew; the diff is the review."""

from __future__ import annotations

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from jitney.config import Config
from jitney.detect.model import Detection, Endpoint, Package
from jitney.facts.model import BaseOnHand, EngineFacts, Facts, Gpu, IndexFacts
from jitney.findings import Evidence
from jitney.plan import Taken, make_plan, resolve_request
from jitney.plan.model import Lock, ModelPlan
from jitney.render import image_tag, render_dockerfile

OLD = EngineFacts(
    name="docker", version="20.10.24", buildkit=True, cpus=2, memory_bytes=24 << 30, shares_files=True
)
NEW = EngineFacts(
    name="docker",
    version="28.5.2",
    buildkit=True,
    heredoc=True,
    copy_link=True,
    cpus=8,
    memory_bytes=64 << 30,
)
KEYS = (
    "debian/python:3.13-run",
    "debian/python:3.13-full",
    "debian/python:3.13-build",
    "debian/python-torch:3.14-full",
    "debian/go:1.24-build",
    "debian/go:1.24-cgo",
    "debian/debian:trixie-run",
    "registry/python:3.12-run",
    "debian/node:24-run",
    "debian/node:24-build",
)
BASES = tuple(
    BaseOnHand(key=key, ref=f"jitney-{key}", digest=f"sha256:{n:064x}") for n, key in enumerate(KEYS, 1)
)
DEBIAN = Facts(engine=OLD, bases=BASES, ca_bundle="/etc/ssl/certs/ca-certificates.crt")
WHY = Evidence(rule="packages.imports", decides="packages", value="import", file="chat.py", line=1)
LOCKED = Lock(
    language="python", version="3.13", packages="six==1.17.0 \\\n    --hash=sha256:" + "0" * 64 + "\n"
)
NPM_LOCK = Lock(language="javascript", files={"package.json": "{}\n", "package-lock.json": "{}\n"})
TSX_LOCK = Lock(language="typescript", files={"@tsx/package.json": "{}\n", "@tsx/package-lock.json": "{}\n"})
GO_LOCK = Lock(language="go", files={"go.mod": "module jitney.local/main\n\ngo 1.24\n"})
TAKEN = Taken(bytes=1200, files=1, digest="sha256:" + "a" * 64)
LOCAL = Endpoint(kind="local", port=8000, why=WHY)


def python(*names: str, **fields: object) -> Detection:
    packages = tuple(Package(name=name, why=WHY) for name in names)
    base = Detection(
        language="python", entry="chat.py", start=("chat.py",), packages=packages, takes=("chat.py",)
    )
    return msgspec.structs.replace(base, **fields)


def node(entry: str, *features: str, **fields: object) -> Detection:
    base = Detection(
        language="javascript",
        entry=entry,
        start=(entry,),
        features=("runtime:node", *features),
        takes=(entry,),
    )
    return msgspec.structs.replace(base, **fields)


def golang(**fields: object) -> Detection:
    base = Detection(language="go", entry="main.go", takes=("main.go",), manager="imports")
    return msgspec.structs.replace(base, **fields)


PROGRAMS: dict[str, tuple[Detection, Facts, Config, Lock, ModelPlan | None]] = {
    "python-bare": (python(), DEBIAN, Config(), Lock(), None),
    "python-packages": (python("six"), DEBIAN, Config(), LOCKED, None),
    "python-apt": (python("six"), DEBIAN, Config(apt=("ffmpeg",)), LOCKED, None),
    "python-sdist": (
        python("six"),
        DEBIAN,
        Config(),
        msgspec.structs.replace(LOCKED, sdists=("six",), tolerate=("libfoo.so.1",)),
        None,
    ),
    "python-sdist-new-engine": (
        python("six"),
        msgspec.structs.replace(DEBIAN, engine=NEW),
        Config(),
        msgspec.structs.replace(LOCKED, sdists=("six",)),
        None,
    ),
    "python-torch-debian": (python("torch", mode="in-process"), DEBIAN, Config(), LOCKED, None),
    "python-torch-index": (
        python("torch", mode="in-process"),
        msgspec.structs.replace(DEBIAN, indexes=IndexFacts(pytorch_cpu="https://cpu.example/whl")),
        Config(),
        LOCKED,
        ModelPlan(ref="smollm2", bytes=98 << 20),
    ),
    "python-torch-gpu": (
        python("torch", mode="in-process"),
        msgspec.structs.replace(DEBIAN, gpus=(Gpu(vendor="nvidia"),)),
        Config(gpus=True),
        LOCKED,
        None,
    ),
    "python-registry-3.12": (
        python("six", version="==3.12.*"),
        msgspec.structs.replace(
            DEBIAN, indexes=IndexFacts(registry="registry.example", python="https://user:word@pypi.example")
        ),
        Config(),
        LOCKED,
        None,
    ),
    "python-src-layout-served": (
        python(
            "six",
            workdir="app",
            entry="app/src/bot/__main__.py",
            start=("-m", "bot"),
            endpoints=(LOCAL,),
            takes=("app/src/bot/__init__.py", "app/src/bot/__main__.py"),
        ),
        DEBIAN,
        Config(),
        LOCKED,
        ModelPlan(ref="smollm2", serve=True, runtime="llama.cpp"),
    ),
    "node-packages": (node("chat.mjs", manager="imports"), DEBIAN, Config(), NPM_LOCK, None),
    "node-loader": (node("chat.ts", "tsx", "module", manager="imports"), DEBIAN, Config(), TSX_LOCK, None),
    "node-build": (
        node(
            "dist/index.js",
            "root:",
            "build:npm run build",
            manager="npm",
            takes=("package.json", "src/index.ts"),
        ),
        DEBIAN,
        Config(),
        NPM_LOCK,
        None,
    ),
    "go-static": (golang(), DEBIAN, Config(), GO_LOCK, None),
    "go-module-above": (
        golang(workdir="cmd/bot", entry="cmd/bot", takes=("go.mod", "go.sum", "cmd/bot/main.go")),
        DEBIAN,
        Config(),
        Lock(language="go"),
        None,
    ),
    "go-cgo": (golang(features=("cgo",)), DEBIAN, Config(), GO_LOCK, None),
}


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_plan_and_dockerfile(name: str, snapshot: SnapshotAssertion) -> None:
    detection, facts, config, lock, model = PROGRAMS[name]
    plan = make_plan(detection, facts, config, lock, model, TAKEN)
    scripts = dict.fromkeys(plan.build.files, "…")
    shown = msgspec.structs.replace(plan, build=msgspec.structs.replace(plan.build, files=scripts))
    text = msgspec.json.format(msgspec.json.encode(shown, order="sorted")).decode()
    assert text == snapshot(name="plan")
    assert render_dockerfile(plan.build, facts.engine) == snapshot(name="dockerfile")


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_same_input_same_bytes(name: str) -> None:
    detection, facts, config, lock, model = PROGRAMS[name]
    first = make_plan(detection, facts, config, lock, model, TAKEN)
    turned = msgspec.structs.replace(lock, files=dict(reversed(lock.files.items())))
    copied = msgspec.json.decode(msgspec.json.encode(facts), type=Facts)
    second = make_plan(detection, copied, config, turned, model, TAKEN)
    assert msgspec.json.encode(first.build) == msgspec.json.encode(second.build)
    assert msgspec.json.encode(first.run) == msgspec.json.encode(second.run)
    assert image_tag(first.build) == image_tag(second.build)
    assert resolve_request(detection, facts, config).key({}) == resolve_request(
        detection, copied, config
    ).key({})


def test_an_index_url_with_a_password_is_in_no_plan() -> None:
    detection, facts, config, lock, model = PROGRAMS["python-registry-3.12"]
    plan = make_plan(detection, facts, config, lock, model, TAKEN)
    assert b"user:word" not in msgspec.json.encode(plan)
    assert "index" in plan.build.secrets
