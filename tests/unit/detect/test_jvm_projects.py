"""Projects on the JVM: which manifest, which Java, which class, and what is told where Jitney cannot start it."""

from __future__ import annotations

import struct
import time

import pytest
from tests.unit.detect.seeing import errors, packages, see

from jitney.detect.jvm import edn
from jitney.detect.jvm.version import number
from jitney.errors import DetectionError, JitneyError

MAIN = "public class Main { public static void main(String[] a) { } }\n"
BOOT = "package a;\n@SpringBootApplication\npublic class App { public static void main(String[] a) { } }\n"


def pom(properties: str = "", rest: str = "") -> str:
    return f"<project><artifactId>a</artifactId><properties>\n{properties}</properties>{rest}</project>"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("21", "21"), ("1.8", "8"), ("17.0.9", "17"), ("21.0.2-tem", "21"), ("temurin-21.0.4+7.0.LTS", "21"), ("latest", ""),
        ("openjdk64-11.0.2", "11"), ("temurin64-17", "17"), ("zulu-jre-javafx-8.72", "8"), ("corretto-11.0.20.9.1", "11"),
    ],
)  # fmt: skip
def test_the_feature_release_of_a_version(text: str, want: str) -> None:
    assert number(text) == want


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("system.properties", "# heroku\njava.runtime.version=17\n"),
        (".java-version", "17.0\n"),
        (".sdkmanrc", "# sdk env\njava=17.0.9-tem\n"),
        (".jdk-version", "17"),
        (".tool-versions", "nodejs 20\njava temurin-17.0.9+9\n"),
        ("mise.toml", '[tools]\njava = "temurin-17"\n'),
    ],
)
def test_a_version_file_beats_the_manifest(file: str, text: str) -> None:
    release = "<maven.compiler.release>11</maven.compiler.release>"
    found = see({"pom.xml": pom(release), "src/main/java/Main.java": MAIN, file: text})
    seen = next(one for one in found.evidence if one.decides == "version")
    assert (found.version, seen.file, seen.losers) == ("~17", file, ("manifest.release: 11+",))


def test_a_version_file_that_is_older_than_the_code_is_told() -> None:
    files = {
        "pom.xml": pom("<java.version>21</java.version>"),
        "src/main/java/Main.java": MAIN,
        ".java-version": "17",
    }
    found = see(files)
    assert found.version == "21+"
    assert "17" in next(one.message for one in found.findings if one.code == "java.version")
    assert see(files, version="17").version == "17"


@pytest.mark.parametrize(
    ("manifest", "want"),
    [
        ("java { toolchain { languageVersion = JavaLanguageVersion.of(17) } }", "17+"),
        ("sourceCompatibility = JavaVersion.VERSION_1_8", "8+"),
        ("sourceCompatibility = 1.8", "8+"),
        (
            "def javaRelease = '21'\njava { toolchain { languageVersion = JavaLanguageVersion.of(javaRelease) } }",
            "21+",
        ),
        ("", "~8"),
    ],
)
def test_which_java_gradle_means(manifest: str, want: str) -> None:
    wrapper = "distributionUrl=https\\://services.test/gradle-5.6.4-bin.zip\n"
    files = {
        "build.gradle": f"plugins {{ id 'java' }}\n{manifest}\n",
        "gradle/wrapper/gradle-wrapper.properties": wrapper,
        "src/main/java/Main.java": MAIN,
    }
    assert see(files).version == want


def test_a_parent_and_a_compiler_plugin_say_the_release() -> None:
    plugin = (
        "<build><plugins><plugin><artifactId>maven-compiler-plugin</artifactId><configuration><release>17</release>"
        "</configuration></plugin></plugins></build>"
    )
    files = {
        "pom.xml": f"<project><artifactId>p</artifactId><packaging>pom</packaging><modules><module>m</module></modules>{plugin}</project>",
        "m/pom.xml": "<project><parent><artifactId>p</artifactId></parent><artifactId>m</artifactId></project>",
        "m/src/main/java/Main.java": MAIN,
    }
    assert see(files).version == "17+"


def test_a_pom_that_is_broken_has_line_and_column() -> None:
    with pytest.raises(DetectionError, match=r"pom\.xml:2:\d+: mismatched tag"):
        see({"pom.xml": "<project>\n <a></b>\n</project>", "src/main/java/Main.java": MAIN})


def test_polyglot_maven() -> None:
    yml = "modelVersion: 4.0.0\nproperties:\n  maven.compiler.target: 11\nbuild:\n  mainClass: x.Main\n"
    found = see(
        {
            "pom.yml": yml,
            ".mvn/extensions.xml": "<extensions/>",
            "src/main/java/x/Main.java": "package x;\n" + MAIN,
        }
    )
    assert (found.manager, found.version, found.entry) == ("pom.xml", "11+", "src/main/java/x/Main.java")
    assert "fallback:" in found.features and found.manifests[0] == "pom.yml"


def test_a_class_of_a_library_that_starts_the_program() -> None:
    manifest = pom(
        "<main.class>io.ktor.server.netty.EngineMain</main.class>\n<kotlin.compiler.jvmTarget>17</kotlin.compiler.jvmTarget>"
    )
    found = see(
        {
            "pom.xml": manifest,
            "src/main/kotlin/App.kt": "import io.ktor.server.application.*\nfun Application.module() {}\n",
        }
    )
    assert (found.language, found.entry, found.version) == (
        "kotlin",
        "io.ktor.server.netty.EngineMain",
        "17+",
    )


@pytest.mark.parametrize(
    ("files", "word"),
    [
        ({"build.gradle": "plugins { id 'io.quarkus' }"}, "Quarkus"),
        ({"pom.xml": pom("", "<build><plugins><plugin><artifactId>quarkus-maven-plugin</artifactId></plugin></plugins></build>")}, "Quarkus"),
        ({"build.gradle": "plugins { id 'war' }\ndependencies { providedCompile 'a:b:1' }"}, "servlet container"),
        ({"pom.xml": pom("", "<packaging>war</packaging>")}, "servlet container"),
        ({"build.sbt": "lazy val root = (project in file(\".\")).enablePlugins(PlayJava)\n"}, "Play"),
    ],
)  # fmt: skip
def test_what_starts_nothing_by_itself_is_known_and_refused(files: dict[str, str], word: str) -> None:
    found = see({**files, "src/main/java/x/Api.java": "package x;\npublic class Api {}"})
    assert found.language == "java" and word in errors(found)["jvm.made"]


def test_a_war_with_a_main_is_started() -> None:
    found = see({"pom.xml": pom("", "<packaging>war</packaging>"), "src/main/java/a/App.java": BOOT})
    assert found.entry == "src/main/java/a/App.java" and not errors(found)


def test_gradle_before_plugins_blocks() -> None:
    old = (
        "buildscript { ext { v = '2.7.1' }\n dependencies { classpath(\"org.springframework.boot:spring-boot-gradle-plugin:${v}\") } }\n"
        "apply plugin: 'java'\napply plugin: 'org.springframework.boot'\ndependencies { compile('a:b')\n runtime('c:d:1.+')\n"
        " if (isTest) {\n  compile 'x:y:1'\n }\n}\n"
    )
    found = see({"build.gradle": old, "src/main/java/a/App.java": BOOT})
    assert packages(found) == ["a:b", "c:d:[1,2)"] and not errors(found)
    assert [one.name + one.spec for one in found.constraints] == [
        "org.springframework.boot:spring-boot-dependencies:2.7.1"
    ]


SBT = """val v = "10.5"
lazy val common = Seq(libraryDependencies += "a.b" % "shared" % "1")
lazy val root = (project in file(".")).aggregate(app)
lazy val core = project.settings(libraryDependencies += "a.b" %% "core" % v)
lazy val app = (project in file("web"))
  .dependsOn(core)
  .settings(
    common,
    scalaVersion := "2.13.16",
    libraryDependencies ++= Seq(
      "a.b" %% "http" % v, // served
      "a.b" %% "testkit" % v % Test,
      Dependencies.log
    )
  )
"""


def test_sbt() -> None:
    files = {
        "build.sbt": SBT,
        "project/Dependencies.scala": 'object Dependencies { val log = "ch.log" % "back" % "1.5" }',
        "core/src/main/scala/c/C.scala": "package c\nclass C",
        "web/src/main/scala/w/Web.scala": "package w\nobject Web { def main(args: Array[String]): Unit = println(new c.C) }",
    }
    found = see(files)
    assert (found.language, found.manager, found.entry) == ("scala", "sbt", "web/src/main/scala/w/Web.scala")
    assert set(packages(found)) == {
        "a.b:http_2.13:10.5",
        "a.b:core_2.13:10.5",
        "a.b:shared:1",
        "ch.log:back:1.5",
    }
    assert {"tool:scala@2.13.16", "main:w.Web", "root:core/src/main/scala"} <= set(
        found.features
    ) and not errors(found)


@pytest.mark.parametrize(
    ("build", "word"),
    [
        ('lazy val root = (project in file(".")).enablePlugins(ScalaJSPlugin)', "Scala.js"),
        ('libraryDependencies += "a" %% "b" % version.value', "version.value"),
        ('libraryDependencies += "a" %%% "b" % "1"', "a:b"),
    ],
)
def test_sbt_that_goes_beyond(build: str, word: str) -> None:
    found = see({"build.sbt": build + "\n", "src/main/scala/M.scala": "object M extends App"})
    assert word in errors(found)["sbt.beyond"] and found.entry == "src/main/scala/M.scala"


LEIN = """(defproject demo "1"
  :dependencies [[org.clojure/clojure "1.11.1"] ; core
                 [cheshire "5.13.0" :exclusions [x/y]]
                 #_[left/out "1"]
                 [midje "1" :scope "test"]]
  :source-paths ["src/clj"]
  :main ^:skip-aot my-app.core)
"""


def test_leiningen() -> None:
    files = {
        "project.clj": LEIN,
        "src/clj/my_app/core.clj": "(ns my-app.core (:gen-class) (:require [my-app.other :as o]))\n(defn -main [& args])",
        "src/clj/my_app/other.clj": "(ns my-app.other)\n(defn -main [])",
    }
    found = see(files)
    assert (found.language, found.manager, found.entry) == ("clojure", "leiningen", "src/clj/my_app/core.clj")
    assert packages(found) == ["cheshire:cheshire:5.13.0"] and found.packages[0].why.line == 3
    assert {"main:-m my-app.core", "tool:clojure@1.11.1", "root:src/clj"} <= set(found.features)


def test_deps_edn_starts_what_has_a_main_and_not_its_build() -> None:
    files = {
        "deps.edn": '{:paths ["src"] :deps {a/b {:mvn/version "1"} c/d {:git/sha "0"}} :aliases {:run {:main-opts ["-m" "app.two"]}}}',
        "build.clj": "(ns build)\n(defn uber [_])",
        "src/app/one.clj": "(ns app.one)\n(defn -main [])",
        "src/app/two.clj": "(ns app.two)\n(defn -main [])",
        "test/app/t.clj": "(ns app.t)",
    }
    found = see(files)
    assert (found.manager, found.entry) == ("deps.edn", "src/app/two.clj")
    assert "c/d" in errors(found)["deps.edn.beyond"]


@pytest.mark.parametrize(
    ("text", "place"), [("{:a [1}", "1:7"), ('{:a\n "x', "2:2"), ("{:a\n (b", "2:1"), ("]", "1:1")]
)
def test_edn_that_is_broken_has_line_and_column(text: str, place: str) -> None:
    with pytest.raises(DetectionError, match=f"deps.edn:{place}: "):
        see({"deps.edn": text, "src/a.clj": "(ns a)"})


def test_edn_is_read_to_any_depth() -> None:
    form = edn.read("[" * 5000 + "]" * 5000)[0]
    assert form.kind == "vector"


def class_file(major: int) -> bytes:
    return b"\xca\xfe\xba\xbe\0\0" + struct.pack(">H", major)


def test_a_jar_laid_out_as_a_folder() -> None:
    found = see({
        "META-INF/MANIFEST.MF": "Main-Class: org.boot.Launcher\nStart-Class: x.App\n",
        "BOOT-INF/classes/x/App.class": class_file(65), "org/boot/Launcher.class": class_file(61),
    })  # fmt: skip
    assert (found.language, found.manager, found.version) == ("java", "jar", "21+")
    assert (found.entry, set(found.features)) == (
        "META-INF/MANIFEST.MF",
        {"jar", "main:org.boot.Launcher", "since:21+"},
    )


def test_folders_of_code_that_a_gradle_build_names() -> None:
    build = (
        'plugins { kotlin("jvm") version "2.1.0"\n id("io.ktor.plugin") version "3.1.0" }\n'
        'kotlin { sourceSets.main { kotlin.srcDirs("src") }\n sourceSets.test { kotlin.srcDir("test") } }\n'
        'application { mainClass = "io.ktor.server.netty.EngineMain" }\ndependencies { implementation("io.ktor:ktor-server-netty") }\n'
    )
    found = see(
        {
            "build.gradle.kts": build,
            "src/App.kt": "fun Application.module() {}\n",
            "test/T.kt": "fun main() {}\n",
        }
    )
    assert (found.language, found.entry, errors(found)) == ("kotlin", "io.ktor.server.netty.EngineMain", {})
    assert "root:src" in found.features and "root:test" not in found.features
    assert [one.name + one.spec for one in found.constraints] == ["io.ktor:ktor-bom:3.1.0"]


def test_parts_that_a_framework_finds_by_itself_are_of_the_program() -> None:
    part = 'package a.b;\n@Component\nclass Ask { String key = System.getenv("MY_KEY"); }\n'
    files = {"pom.xml": pom(), "src/main/java/a/App.java": BOOT, "src/main/java/a/b/Ask.java": part}
    assert "MY_KEY" in see(files).env
    plain = {**files, "src/main/java/a/App.java": BOOT.replace("@SpringBootApplication\n", "")}
    assert "MY_KEY" not in see(plain).env


def test_words_of_a_gradle_build_stand_for_versions_wherever_they_are() -> None:
    files = {
        "settings.gradle": 'include "lib",\n    "app"\n',
        "gradle.properties": "one = 1.1\ntwo=2.2 \n\nthree=3.3\n",
        "lib/build.gradle": "plugins { id 'java-library' }\n",
        "lib/src/main/java/L.java": "class L {}",
        "app/build.gradle": (
            "/* ( { */ plugins { id 'application' }\ndependencies {\n  implementation group: 'a',\n    name: 'b', version: one\n"
            '  implementation "c:d:$two", "e:f:${three}"\n  implementation("g:h:4") {\n    exclude group: \'x\'\n  }\n}\n'
        ),
        "app/src/main/java/Main.java": MAIN,
    }
    found = see(files)
    assert (
        packages(found) == ["a:b", "c:d:2.2", "e:f:3.3", "g:h:4"]
        and found.entry == "app/src/main/java/Main.java"
    )


@pytest.mark.parametrize(
    "text",
    [
        "dependencies {\n" * 20_000,
        "/*" * 60_000,
        "plugins" + " " * 120_000 + "x",
        "val x = project" + "\n" * 100_000,
        "lazy val a = Seq(" * 8_000,
    ],
)
@pytest.mark.timeout(20)
@pytest.mark.parametrize("file", ["build.gradle", "build.sbt", "project.clj"])
def test_odd_text_takes_no_time(file: str, text: str) -> None:
    began = time.monotonic()
    try:
        see({file: text, "src/main/java/Main.java": MAIN})
    except JitneyError as error:
        assert error.message
    assert time.monotonic() - began < 5
