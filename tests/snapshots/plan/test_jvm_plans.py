"""Reviewed Dockerfiles and starts of programs on the JVM, on either provider."""

from __future__ import annotations

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.facts.model import EngineFacts, Facts, IndexFacts
from jitney.plan import Taken, make_plan
from jitney.plan.model import Lock
from jitney.render import render_dockerfile

DOCKER = EngineFacts(
    name="docker", version="20.10.24", buildkit=True, cpus=2, memory_bytes=24 << 30, shares_files=True
)
DEBIAN = Facts(engine=DOCKER, ca_bundle="/etc/ssl/certs/ca-certificates.crt")
REGISTRY = msgspec.structs.replace(DEBIAN, indexes=IndexFacts(registry="registry.example"))
SUM = "0" * 64
LOCK = Lock(
    language="java",
    packages=f"kotlin org.jetbrains.kotlin:compiler:2.4.21 sha256:{SUM}\nlib a.b:c:1 sha256:{SUM}\n",
)
BARE = Detection(
    language="java", entry="Main.java", manager="imports", takes=("Main.java",),
    features=("compile:Main.java", "main:Main", "root:"),
)  # fmt: skip
MAVEN = Detection(
    language="java", entry="app/src/main/java/x/App.java", manager="pom.xml", version="17+",
    takes=("app/pom.xml", "app/src/main/java/x/App.java", "pom.xml"), manifests=("app/pom.xml", "pom.xml"),
    features=("main:x.App", "module:app", "reactor:", "root:app/src/main/java"),
)  # fmt: skip
KOTLIN = Detection(
    language="kotlin", entry="src/main/kotlin/Main.kt", manager="gradle", version="25+",
    takes=("build.gradle.kts", "src/main/kotlin/Main.kt", "src/main/java/J.java", "src/main/resources/a.txt"),
    features=(
        "main:MainKt", "plugin:spring", "repository:https://maven.test/x", "resources:src/main/resources",
        "root:src/main/java", "root:src/main/kotlin", "tool:kotlin@2.4.21",
    ),
)  # fmt: skip
JAR = Detection(
    language="java", entry="app.jar", manager="jar", features=("jar", "since:21+"), takes=("app.jar",)
)
PROGRAMS = {
    "bare": (BARE, DEBIAN, Lock()),
    "bare-registry": (BARE, REGISTRY, LOCK),
    "maven-module": (MAVEN, DEBIAN, LOCK),
    "kotlin-gradle": (KOTLIN, DEBIAN, LOCK),
    "jar": (JAR, DEBIAN, Lock()),
}


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_plan(name: str, snapshot: SnapshotAssertion) -> None:
    detection, facts, lock = PROGRAMS[name]

    plan = make_plan(
        detection, facts, Config(), lock, None, Taken(bytes=100, files=1, digest="sha256:" + "a" * 64)
    )

    lists = {file: text for file, text in plan.build.files.items() if file not in ("jvm.sh", "Trust.java")}
    assert [plan.version, plan.run.argv, plan.run.env, lists] == snapshot(name="plan")
    assert render_dockerfile(plan.build, facts.engine) == snapshot(name="Dockerfile")
