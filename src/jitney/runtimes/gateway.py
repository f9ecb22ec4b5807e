"""The gateway's box: its image (a Plan like any other), and the job that starts it. What it does is `serve/`.

Its packages are pinned with hashes in gateway-requirements.txt beside this file; its own source goes into the image, compiled.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.facts.model import Facts
from jitney.plan import python
from jitney.plan.bases import PYTHONS, key, provider
from jitney.plan.choice import Choice
from jitney.plan.model import BuildPlan, Instruction, Lock
from jitney.plan.taken import Taken
from jitney.render import image_tag
from jitney.runtimes.protocol import Runtime, Serving
from jitney.sandbox.box import SECRETS_DIR, SOCKETS_DIR
from jitney.sandbox.job import Job, Serve
from jitney.serve.settings import About, Served, Settings, write_settings

PORT = 8000
TLS_PORT = 8443
MEMORY_BYTES = 256 << 20
SOCKET = f"{SOCKETS_DIR}/model.sock"
TLS_SOCKET = f"{SOCKETS_DIR}/tls.sock"
RUNTIME_DIR = "/run/jitney-runtime"
"""Where the gateway's box has the runtimes' sockets. The program's box has them nowhere."""

RUNTIME_SOCKET = "runtime.sock"
VECTORS_SOCKET = "vectors.sock"
ROOM = "/opt/gateway"
PROBE = f"GET /ready HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nConnection: close\r\n\r\n".encode()
"""Asks whether it can answer, which takes the runtime behind it."""

Standing = Literal["ready", "loading", "dead"]
CERTIFICATE, KEY = "gateway.crt", "gateway.key"


def gateway_base(facts: Facts, config: Config) -> str:
    source, _ = provider(facts, config)
    return key(source, "python", PYTHONS[source][0], "run")


def gateway_build(facts: Facts, config: Config) -> BuildPlan:
    """Packages in one layer, the gateway in the next: an edit of it downloads nothing."""
    source, _ = provider(facts, config)
    choice = Choice(provider=source, version=PYTHONS[source][0], run=gateway_base(facts, config))
    lock = Lock(language="python", version=choice.version, packages=_requirements())
    build = python.build(Detection(language="python"), facts, lock, choice, (), Taken())
    last = build.stages[-1]
    root, install, user = last.instructions
    why = ("the gateway between a program and its model",)
    copy = Instruction(op="copy", args=("gateway/", f"{ROOM}/"), mode="755", why=why)
    words = ("python3", "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", ROOM)
    compiled = Instruction(op="run", args=words, why=why)
    stage = msgspec.structs.replace(last, instructions=(root, install, copy, compiled, user), why=why)
    return msgspec.structs.replace(build, stages=(stage,), files={**build.files, **_own_files()})


def gateway_tag(facts: Facts, config: Config) -> str:
    return image_tag(gateway_build(facts, config))


@cache
def _requirements() -> str:
    return Path(__file__).with_name("gateway-requirements.txt").read_text(encoding="utf-8")


@cache
def _own_files() -> dict[str, str]:
    """The package `jitney.serve`, as the build's context has it."""
    folder = Path(__file__).parents[1] / "serve"
    own = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}
    return {
        "gateway/jitney/__init__.py": "",
        **{f"gateway/jitney/serve/{name}": text for name, text in own.items()},
    }


def standing(reply: bytes | None) -> Standing:
    """What the answer to PROBE means. None: the gateway does not listen yet; 502, 503: the runtime does not, or loads."""
    if not reply:
        return "loading"
    found = re.match(rb"HTTP/1\.[01] (\d{3})", reply)
    if found and found[1] == b"200":
        return "ready"
    return "loading" if found and found[1] in (b"502", b"503") else "dead"


def gateway_job(runtime: Runtime, serving: Serving, tls: tuple[bytes, bytes] | None) -> Job:
    """A model that gives text gets a second server for its vectors, when the first ones are asked for."""
    vectors = runtime.gives_vectors(serving.weights)
    served = Served(
        upstream=f"{RUNTIME_DIR}/{RUNTIME_SOCKET}",
        health=runtime.health,
        embeddings="" if vectors else f"{RUNTIME_DIR}/{VECTORS_SOCKET}",
        embeddings_on_demand=not vectors,
        about=about(runtime, serving),
    )
    settings = Settings(
        models=(served,),
        port=PORT,
        drain_s=0,
        tls_port=TLS_PORT,
        certificate=f"{SECRETS_DIR}/{CERTIFICATE}",
        key=f"{SECRETS_DIR}/{KEY}",
    )
    serves = (Serve(path=SOCKET, port=PORT), *((Serve(path=TLS_SOCKET, port=TLS_PORT),) if tls else ()))
    return Job(
        argv=("python3", "-m", "jitney.serve", write_settings(settings)),
        env={
            "PATH": f"{python.VENV}/bin:/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": ROOM,
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": "/tmp",  # noqa: S108  inside the box
            "LC_ALL": "C.UTF-8",
            "MALLOC_ARENA_MAX": "1",
        },
        workdir="/",
        secrets={CERTIFICATE: tls[0], KEY: tls[1]} if tls else {},
        serves=serves,
        dns=False,
    )


def about(runtime: Runtime, serving: Serving) -> About:
    weights = serving.weights
    return About(
        name=serving.alias,
        family=weights.info.architecture,
        parameters=weights.info.parameters,
        quantisation=weights.info.quantisation,
        bytes=weights.bytes,
        digest=weights.digest,
        context=serving.context,
        embedding=weights.info.embedding,
        format=weights.format,
        runtime=runtime.name,
        features=runtime.features(weights),
    )
