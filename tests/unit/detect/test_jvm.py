"""Java, Kotlin and their kin: bare files, Maven, plain Gradle, jars."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from tests.unit.detect.seeing import packages, see

from jitney.errors import DetectionError

HELLO = 'public class Main { public static void main(String[] a) { System.out.println("hi"); } }\n'
POM = """<?xml version="1.0"?>
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>a</groupId><artifactId>b</artifactId><version>1</version>
<properties><maven.compiler.release>17</maven.compiler.release><json>20240303</json></properties>
<dependencies><dependency><groupId>org.json</groupId><artifactId>json</artifactId><version>${json}</version></dependency>
</dependencies>%s</project>
"""


def test_a_bare_file_is_known_by_its_imports() -> None:
    code = (
        "import com.openai.client.okhttp.OpenAIOkHttpClient;\nimport java.util.List;\n"
        'class Chat { public static void main(String... args) { System.getenv("MY_KEY");\n'
        ' b.model("gpt-4o"); } }\n'
    )
    found = see({"Chat.java": code}, "Chat.java")
    assert (found.language, found.framework, found.mode, found.manager) == (
        "java",
        "openai-java",
        "hosted",
        "imports",
    )
    assert [package.name for package in found.packages] == ["com.openai:openai-java"]
    assert "main:Chat" in found.features and found.secrets[:1] == ("MY_KEY",)
    assert [use.name for use in found.models] == ["gpt-4o"]


def test_an_import_that_no_row_knows_is_named_and_not_installed() -> None:
    found = see({"A.java": "import org.acme.Thing;\n" + HELLO.replace("Main", "A")}, "A.java")
    assert [unknown.name for unknown in found.unknown] == ["org.acme.Thing"] and not found.packages
    with_it = see({"A.java": "import org.acme.Thing;\n" + HELLO}, "A.java", packages=("org.acme:thing:1.0",))
    assert packages(with_it) == ["org.acme:thing:1.0"] and not with_it.unknown


def test_what_lies_beside_it_comes_along_where_it_is_used() -> None:
    files: dict[str, str | bytes] = {
        "src/a/b/Main.java": "package a.b;\nimport a.c.Far;\nclass Main { Near n; public static void main(String[] x) {} }",
        "src/a/b/Near.java": "package a.b;\nclass Near {}",
        "src/a/b/Other.java": "package a.b;\nclass Other { broken",
        "src/a/c/Far.java": "package a.c;\npublic class Far {}",
    }
    found = see(files, "src/a/b/Main.java")
    assert {one for one in found.features if one.startswith("compile:")} == {
        "compile:src/a/b/Main.java", "compile:src/a/b/Near.java", "compile:src/a/c/Far.java",
    }  # fmt: skip
    assert "main:a.b.Main" in found.features and "root:src" in found.features and not found.unknown


@pytest.mark.parametrize(
    ("code", "version"),
    [
        ("void main() { IO.println(1); }", "25+"),
        ("class Main { void main() {} }", "25+"),
        ("import module java.base;\n" + HELLO, "25+"),
        ("import java.lang.foreign.Arena;\n" + HELLO, "22+"),
        ("//JAVA 17\n" + HELLO, "17"),
        ("//JAVA 11+\n" + HELLO, "11+"),
        (HELLO, ""),
    ],
)
def test_the_java_that_a_file_needs(code: str, version: str) -> None:
    assert see({"Main.java": code}, "Main.java").version == version


def test_a_main_in_a_nested_class() -> None:
    code = "package p;\npublic class All {\n static class One { public static void main(String[] a) {} }\n}\n"
    assert "main:p.All$One" in see({"All.java": code}, "All.java").features


def test_jbang_headers() -> None:
    code = (
        '///usr/bin/env jbang "$0" "$@" ; exit $?\n//DEPS dev.langchain4j:langchain4j:1.0.0 org.json:json:${v:20240303}\n'
        "//DEPS com.acme:bom:1@pom\n//REPOS acme=https://maven.test/r\n//SOURCES util/*.java\n//PREVIEW\n"
        "//JAVAC_OPTIONS -parameters\n//JAVA_OPTIONS -Dx=1\nimport org.acme.Thing;\n"
    )
    found = see({"Main.java": code + HELLO, "util/Help.java": "class Help {}"}, "Main.java")
    assert packages(found) == ["dev.langchain4j:langchain4j:1.0.0", "org.json:json:20240303"]
    assert [package.name for package in found.constraints] == ["com.acme:bom"]
    wanted = {
        "repository:https://maven.test/r",
        "preview",
        "javac:-parameters",
        "java:-Dx=1",
        "compile:util/Help.java",
    }
    assert wanted <= set(found.features) and not found.unknown


def test_a_public_class_is_compiled_under_its_own_name() -> None:
    assert "as:Main.java" in see({"chat.java": HELLO}, "chat.java").features


def test_maven() -> None:
    main = "package x;\npublic class App { public static void main(String[] a) {} }"
    found = see({"pom.xml": POM % "", "src/main/java/x/App.java": main})
    assert (found.manager, found.version, found.entry) == ("pom.xml", "17+", "src/main/java/x/App.java")
    assert packages(found) == ["org.json:json:20240303"] and found.manifests == ("pom.xml",)
    assert {"main:x.App", "module:.", "reactor:", "fallback:", "compile:src/main/java/x/App.java"} <= set(
        found.features
    )


def test_maven_names_its_main_class() -> None:
    plugin = (
        "<build><plugins><plugin><artifactId>exec-maven-plugin</artifactId><configuration><mainClass>x.Two</mainClass>"
        "</configuration></plugin></plugins></build>"
    )
    files: dict[str, str | bytes] = {"pom.xml": POM % plugin}
    for word in ("One", "Two"):
        files[f"src/main/java/x/{word}.java"] = "package x;\n" + HELLO.replace("Main", word)
    assert "main:x.Two" in see(files).features
    assert "main:x.One" in see(files, "src/main/java/x/One.java").features


def test_modules_of_a_reactor() -> None:
    parent = POM.replace("<artifactId>b", "<packaging>pom</packaging><artifactId>all") % (
        "<modules><module>lib</module><module>app</module><module>other</module></modules>"
    )
    files: dict[str, str | bytes] = {
        "pom.xml": parent,
        "lib/pom.xml": POM.replace(">b<", ">lib<") % "",
        "lib/src/main/java/l/L.java": "package l;\n" + HELLO.replace("Main", "L"),
        "app/pom.xml": POM.replace(">org.json<", ">a<").replace(">json<", ">lib<") % "",
        "other/pom.xml": POM % "",
        "other/src/main/java/o/O.java": "package o;\npublic class O {}",
        "app/src/main/java/x/Main.java": "package x;\n" + HELLO,
    }
    with pytest.raises(DetectionError, match="2 modules have something to start"):
        see(files)
    found = see(files, workdir="app")
    assert {"reactor:", "module:app", "main:x.Main"} <= set(found.features)
    assert "lib/src/main/java/l/L.java" in found.takes and "other/pom.xml" in found.takes
    assert "other/src/main/java/o/O.java" not in found.takes


def test_a_broken_pom_stops_a_folder_and_not_a_file() -> None:
    files: dict[str, str | bytes] = {"pom.xml": "<project><a></project>", "src/main/java/Main.java": HELLO}
    with pytest.raises(DetectionError) as error:
        see(files)
    assert "pom.xml" in error.value.message and "hand over the file" in error.value.hint
    found = see(files, "src/main/java/Main.java")
    assert found.manager == "imports" and "built alone" in found.findings[0].message


GRADLE = """plugins {
    application
    kotlin("jvm") version "2.1.0"
}
repositories { mavenCentral(); maven { url = uri("https://maven.test/x") } }
val v = "1.2"
dependencies {
    implementation("com.acme:one:$v") // why not
    implementation(libs.two)
    implementation("io.ktor:ktor-client-cio:3.0.0")
    implementation(kotlin("reflect"))
    compileOnly("com.acme:three:3")
    implementation(platform("com.acme:bom:4"))
    testImplementation("junit:junit:4.13")
}
kotlin { jvmToolchain(17) }
application { mainClass.set("x.MainKt") }
"""


def test_plain_gradle() -> None:
    catalog = '[versions]\nt = "2.0"\n[libraries]\ntwo = { module = "com.acme:two", version.ref = "t" }\n'
    found = see(
        {
            "build.gradle.kts": GRADLE,
            "gradle/libs.versions.toml": catalog,
            "src/main/kotlin/x/Main.kt": "package x\nfun main() {}\n",
        }
    )
    assert packages(found) == [
        "com.acme:one:1.2",
        "com.acme:two:2.0",
        "io.ktor:ktor-client-cio-jvm:3.0.0",
        "org.jetbrains.kotlin:kotlin-reflect:2.1.0",
        "com.acme:three:3@provided",
    ]
    assert found.packages[0].why.place == "build.gradle.kts:8"
    assert [finding.code for finding in found.findings] == ["gradle.without"]
    assert [package.name for package in found.constraints] == ["com.acme:bom"]
    assert (found.language, found.manager, found.version) == ("kotlin", "gradle", "17+")
    assert {"main:x.MainKt", "tool:kotlin@2.1.0", "repository:https://maven.test/x"} <= set(found.features)


def test_gradle_that_goes_beyond_is_refused_by_name() -> None:
    files: dict[str, str | bytes] = {
        "build.gradle": "plugins { id 'com.acme.magic' version '1'; }\n",
        "src/main/java/Main.java": HELLO,
    }
    found = see(files)
    refusal = next(one for one in found.findings if one.level == "error")
    assert (found.manager, found.entry, refusal.code) == (
        "gradle",
        "src/main/java/Main.java",
        "gradle.beyond",
    )
    assert "plugin com.acme.magic" in refusal.message and "registry" in refusal.hint
    assert see(files, "src/main/java/Main.java").manager == "imports"


def test_gradle_modules() -> None:
    files: dict[str, str | bytes] = {
        "settings.gradle": "include 'lib', ':app'\n",
        "lib/build.gradle": "plugins { id 'java-library' }\ndependencies { api 'com.acme:one:1' }\n",
        "lib/src/main/java/l/L.java": "package l;\npublic class L {}",
        "app/build.gradle": "apply plugin: 'application'\nmainClassName = 'x.Main'\ndependencies { implementation project(':lib') }\n",
        "app/src/main/java/x/Main.java": "package x;\n" + HELLO,
    }
    found = see(files)
    assert "main:x.Main" in found.features and packages(found) == ["com.acme:one:1"]
    assert {"root:app/src/main/java", "root:lib/src/main/java"} <= set(found.features)


def test_kotlin() -> None:
    found = see(
        {"chat-bot.kt": "import kotlinx.coroutines.runBlocking\nfun main() = runBlocking {}\n"}, "chat-bot.kt"
    )
    assert found.language == "kotlin" and "main:Chat_botKt" in found.features
    assert [package.name for package in found.packages] == [
        "org.jetbrains.kotlinx:kotlinx-coroutines-core-jvm"
    ]
    script = see({"a.main.kts": '@file:DependsOn("a.b:c:1")\nprintln(args)\n'}, "a.main.kts")
    assert packages(script) == ["a.b:c:1"] and {"main:A_main", "as:a.main.kts"} <= set(script.features)


@pytest.mark.parametrize(
    ("file", "code", "main"),
    [
        ("a.scala", "@main def ask(): Unit = ()", "ask"),
        ("a.scala", "package p\nobject Hi { def main(a: Array[String]) = () }", "p.Hi"),
        ("a.scala", "object Hi extends App {}", "Hi"),
        ("my-ask.groovy", "println 1", "my_ask"),
    ],
)
def test_kin(file: str, code: str, main: str) -> None:
    assert f"main:{main}" in see({file: code}, file).features


def test_their_headers() -> None:
    scala = "//> using dep com.lihaoyi::ujson:4.0\n//> using scala 3.3.1\n@main def m() = ()\n"
    found = see({"a.scala": scala}, "a.scala")
    assert packages(found) == ["com.lihaoyi:ujson_3:4.0"] and "tool:scala@3.3.1" in found.features
    groovy = (
        "@Grab('org.json:json:1')\n@Grab(group='a', module='b', version='2')\nimport org.json.JSONObject\n"
    )
    assert packages(see({"a.groovy": groovy}, "a.groovy")) == ["org.json:json:1", "a:b:2"]
    assert [
        one.name for one in see({"a.clj": "(ns a (:require [clojure.data.json :as j]))"}, "a.clj").packages
    ] == ["org.clojure:data.json"]


def test_no_main_and_many() -> None:
    found = see({"A.java": "class A {}"}, "A.java")
    assert [finding.code for finding in found.findings if finding.level == "error"] == ["jvm.main"]
    with pytest.raises(DetectionError, match="no class with a main"):
        see({"A.java": "class A {}"})
    with pytest.raises(DetectionError) as error:
        see({"A.java": HELLO.replace("Main", "A"), "B.java": HELLO.replace("Main", "B")})
    assert "A.java" in error.value.message and "--entry" in error.value.hint


def jar(manifest: str, major: int = 65) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", manifest)
        archive.writestr("x/Main.class", b"\xca\xfe\xba\xbe\0\0" + struct.pack(">H", major))
    return whole.getvalue()


def test_a_jar_says_what_it_starts_and_for_which_java() -> None:
    found = see({"app.jar": jar("Manifest-Version: 1.0\r\nMain-Class: x.Ma\r\n in\r\n", 69)}, "app.jar")
    assert (found.language, found.manager, found.version, found.takes) == ("java", "jar", "25+", ("app.jar",))
    with pytest.raises(DetectionError, match="names no Main-Class"):
        see({"app.jar": jar("Manifest-Version: 1.0\r\n")}, "app.jar")
    with pytest.raises(DetectionError, match="is no jar"):
        see({"app.jar": b"PK\x03\x04nonsense"}, "app.jar")


def test_deps_edn() -> None:
    edn = '{:paths ["src"] :deps {org.clojure/clojure {:mvn/version "1.12.0"} ; core\n cheshire/cheshire {:mvn/version "5.13.0"}}}'
    found = see({"deps.edn": edn, "src/app/core.clj": "(ns app.core (:require [cheshire.core :as json]))"})
    assert packages(found) == ["cheshire:cheshire:5.13.0"] and not found.unknown
    assert (found.language, found.entry) == ("clojure", "src/app/core.clj")
    main = see({"core.clj": "(ns app.core)\n(defn -main [& args])"}, "core.clj")
    assert "main:-m app.core" in main.features
