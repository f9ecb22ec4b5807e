"""The JVM's builds: which Java, which stages, what the compilers are given, which jars."""

from __future__ import annotations

import re

import msgspec
import pytest

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.errors import PlanError
from jitney.facts.model import EngineFacts, Facts
from jitney.plan import Taken, maven
from jitney.plan.compilers import commands, lists, tools_of
from jitney.plan.jvm import build, choose, pick_java, start
from jitney.plan.model import BuildPlan, Lock
from jitney.render import render_dockerfile

DOCKER = EngineFacts(name="docker", version="20.10.24", buildkit=True, shares_files=True)
FACTS = Facts(engine=DOCKER, ca_bundle="/etc/ssl/certs/ca-certificates.crt")
SUM = "0" * 64
BARE = Detection(
    language="java",
    entry="Main.java",
    manager="imports",
    features=("compile:Main.java", "main:Main", "root:"),
    takes=("Main.java", "data.txt"),
)
LOCK = Lock(
    language="java", packages=f"lib org.json:json:1 sha256:{SUM}\nprovided a.b:c:2:linux sha256:{SUM}\n"
)


def planned(detection: Detection, lock: Lock = LOCK, config: Config | None = None) -> BuildPlan:
    choice = choose(detection, FACTS, config or Config(), lock)
    return build(detection, FACTS, lock, choice, (), Taken(digest="sha256:1"))


@pytest.mark.parametrize(
    ("wanted", "source", "picked"),
    [
        ("", "debian", "21"),
        ("17", "debian", "17"),
        ("1.8", "registry", "8"),
        ("8+", "debian", "21"),
        ("22+", "debian", "25"),
        ("~11", "debian", "17"),
        ("~11", "registry", "11"),
        ("21.0.2", "debian", "21"),
    ],
)
def test_which_java(wanted: str, source: str, picked: str) -> None:
    assert pick_java(wanted, source) == picked


@pytest.mark.parametrize(
    ("wanted", "hint"), [("11", "--base-provider registry"), ("99", "--version 25"), ("99+", "25")]
)
def test_a_java_that_nobody_has(wanted: str, hint: str) -> None:
    with pytest.raises(PlanError) as error:
        pick_java(wanted, "debian")
    assert hint in error.value.hint and "17, 21, 25" in error.value.message


def test_no_version_at_all() -> None:
    with pytest.raises(PlanError, match="is no version"):
        pick_java("latest", "debian")


def test_libraries_are_a_stage_that_no_line_of_the_program_touches() -> None:
    made = planned(BARE)
    assert [stage.name for stage in made.stages] == ["libraries", "build", "run"]
    assert not any("src/" in one.args for one in made.stages[0].instructions)
    assert made.source == ("Main.java",) and "ca" in made.secrets and "maven" in made.secrets
    compiles = [one for stage in made.stages for one in stage.instructions if one.compiles]
    assert len(compiles) == 1 and compiles[0].args[-1] == "java"
    assert made.files["sums"] == f"{SUM}  /app/lib/org.json.json-1.jar\n{SUM}  /tools/lib/a.b.c-2-linux.jar\n"


def test_the_last_stage_has_a_runtime_and_no_compiler() -> None:
    dockerfile = render_dockerfile(planned(BARE), DOCKER)
    last = dockerfile[dockerfile.rindex("FROM ") :]
    assert (
        "java:21-run" in last
        and "build AS" not in last
        and "/tools" not in last
        and last.rstrip().endswith("65532")
    )


def test_no_libraries_no_stage() -> None:
    assert [stage.name for stage in planned(BARE, Lock()).stages] == ["build", "run"]


def test_a_jar_is_run_as_it_is() -> None:
    jar = Detection(
        language="java", entry="app.jar", manager="jar", features=("jar", "since:17+"), version="17+"
    )
    made = planned(jar, Lock())
    assert [stage.name for stage in made.stages] == ["run"] and not made.source
    choice = choose(jar, FACTS, Config(), Lock())
    assert start(jar, Lock(), choice, "/src").argv[-2:] == ("-jar", "/src/app.jar")


def test_maven_compiles_a_maven_project_unless_its_imports_had_to_do() -> None:
    project = msgspec.structs.replace(
        BARE, manager="pom.xml", features=("main:x.App", "module:app", "reactor:", "root:app/src/main/java"),
        takes=("pom.xml", "app/src/main/java/x/App.java"),
    )  # fmt: skip
    words = next(one.args for one in planned(project).stages[1].instructions if one.compiles)
    assert words[-3:] == ("maven_compile", "/src", "app")
    without = planned(project, Lock(packages=LOCK.packages, files={"imports": "no such artifact"}))
    words = next(one.args for one in without.stages[1].instructions if one.compiles)
    assert words[-3:] == ("compile", "/src", "java")
    assert without.files["java"] == '"/src/app/src/main/java/x/App.java"\n'


def test_debian_packages_ask_for_the_base_with_apt() -> None:
    assert choose(BARE, FACTS, Config(apt=("ffmpeg",)), LOCK).run == "debian/java:21-full"


def test_the_start() -> None:
    choice = choose(BARE, FACTS, Config(), LOCK)
    begun = start(BARE, LOCK, choice, "/src")
    assert begun.argv[0] == "/opt/java/openjdk/bin/java" and begun.argv[-1] == "Main"
    assert begun.argv[-2] == "/app/classes:/app/lib/*" and "-XX:TieredStopAtLevel=1" in begun.argv
    heavy = msgspec.structs.replace(BARE, mode="in-process")
    assert "-XX:TieredStopAtLevel=1" not in start(heavy, LOCK, choice, "/src").argv


def test_kotlin_before_java() -> None:
    mixed = msgspec.structs.replace(
        BARE,
        language="kotlin",
        features=("compile:a/M.kt", "compile:a/J.java", "main:MKt", "tool:kotlin@1.9.24", "release:25"),
        workdir="a",
        entry="a/M.kt",
    )
    assert commands(mixed) == ("kotlin", "java")
    made = lists(mixed, "25", [])
    assert made["kotlin"] == '"/src/a/M.kt"\n"/src/a/J.java"\n' and made["java"] == '"/src/a/J.java"\n'
    assert '"-jvm-target"\n"21"\n' in made["kotlinc"]  # the newest that this compiler makes


def test_compilers_of_a_script_and_a_plugin() -> None:
    found = tools_of(("tool:kotlin@2.4.21", "plugin:serialization"), "a.main.kts")
    assert [tool for tool, _ in found] == ["kotlin", "kotlin-script", "kotlin-serialization"]
    assert tools_of(("tool:scala@2.13.18",), "a.scala") == [("scala2", "2.13.18")]


def test_lines_of_a_lock() -> None:
    artifacts = maven.read_lines(LOCK.packages)
    assert [one.file for one in artifacts] == ["org.json.json-1.jar", "a.b.c-2-linux.jar"]
    assert maven.write_lines(artifacts) == LOCK.packages
    one = maven.from_path("lib", "org/lwjgl/lwjgl/3.3/lwjgl-3.3-natives-linux.jar", SUM)
    assert one.coordinates == "org.lwjgl:lwjgl:3.3:natives-linux"
    with pytest.raises(ValueError, match="values"):
        maven.from_path("lib", "odd/place.jar", SUM)


def test_poms() -> None:
    files = maven.resolving(
        ["a.b:c:1@provided", "d:e:RELEASE"], ["f:bom:2"], [("kotlin", "2.4.21")], ["https://maven.test/?a&b"]
    )
    program = files["poms/program/pom.xml"]
    assert (
        "<version>1</version><scope>provided</scope>" in program and "https://maven.test/?a&amp;b" in program
    )
    assert "<type>pom</type><scope>import</scope>" in program
    assert "kotlin-compiler-embeddable" in files["poms/tool-kotlin/pom.xml"]
    fetching = maven.fetching(maven.read_lines(LOCK.packages), [])
    assert re.search(r"<classifier>linux</classifier><exclusions>", fetching["poms/provided/pom.xml"])
    assert fetching["poms/pom.xml"].count("<module>") == 2
