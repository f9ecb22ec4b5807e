"""The JVM for real: what goes wrong in the compiler's and Maven's words, jars, an edited line."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Jitney

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(1800)]

HELLO = 'public class Main { public static void main(String[] words) { System.out.println("%s é " + words.length); } }\n'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Bad.java", "class Bad {\n    public static void main(String[] a) { nowhere(); }\n}\n"),
        ("bad.kt", "fun main() {\n    nowhere()\n}\n"),
        ("bad.scala", "@main def bad() =\n  nowhere()\n"),
        ("other.java", "public class Bad {\n    public static void main(String[] a) { nowhere(); }\n}\n"),
    ],
)
def test_a_compile_error(
    name: str, text: str, jitney: Jitney, tmp_path: Path, assert_nothing_left: Callable[[], None]
) -> None:
    path = tmp_path / name
    path.write_text(text)

    done = jitney("run", path)

    told = done.stderr.decode()
    assert done.returncode == 1, told
    assert f"{name}:2" in told and "nowhere" in told and "does not compile" in told
    assert "/tmp/clean" not in told
    assert not done.stdout
    assert_nothing_left()


def test_an_artifact_that_nobody_has(jitney: Jitney, tmp_path: Path) -> None:
    path = tmp_path / "Main.java"
    path.write_text(f"//DEPS org.json:json:0.0.0-never\n{HELLO}")

    done = jitney("run", path)

    told = done.stderr.decode()
    assert done.returncode == 125
    assert "org.json:json" in told and "Main.java:1" in told


def test_one_edited_line_compiles_and_fetches_nothing(jitney: Jitney, tmp_path: Path) -> None:
    path = tmp_path / "Main.java"
    path.write_text(f"//DEPS org.json:json:20240303\n{HELLO % 'one'}")
    first = jitney("run", path, "a", "b")
    path.write_text(f"//DEPS org.json:json:20240303\n{HELLO % 'two'}")

    second = jitney("run", path, "a", "b")

    assert first.stdout.decode() == "one é 2\n", first.stderr.decode()
    assert second.stdout.decode() == "two é 2\n", second.stderr.decode()
    assert "Maven" not in second.stderr.decode()


def test_a_syntax_that_only_the_newest_java_has(jitney: Jitney, tmp_path: Path) -> None:
    path = tmp_path / "hello.java"
    path.write_text('void main() { IO.println("compact"); }\n')

    assert jitney("run", path).stdout == b"compact\n"


def test_a_jar_without_a_main_class(jitney: Jitney, tmp_path: Path) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
    (tmp_path / "app.jar").write_bytes(whole.getvalue())

    done = jitney("run", tmp_path / "app.jar")

    assert done.returncode == 125 and "names no Main-Class" in done.stderr.decode()
