"""Programs in Rust, C and C++ as they are: what is wrong with one is said in its compiler's words; an edited line is seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Jitney

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1200)]


def lay(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_a_compile_error_is_the_programs_own(
    tmp_path: Path, jitney: Jitney, assert_nothing_left: Callable[[], None]
) -> None:
    lay(tmp_path, {"ask.c": "#include <stdio.h>\nint main(void) { return nothing; }\n"})
    done = jitney("run", "ask.c", cwd=tmp_path)
    err = done.stderr.decode()
    assert done.returncode == 1, err
    assert "\nask.c:2:25: error: " in f"\n{err}"
    assert "error: the program does not compile" in err
    assert "/build/" not in err.partition("make: ")[0]
    assert_nothing_left()


def test_a_header_that_nobody_knows(tmp_path: Path, jitney: Jitney) -> None:
    lay(tmp_path, {"ask.c": "#include <nobody/knows.h>\nint main(void) { return 0; }\n"})
    done = jitney("run", "ask.c", cwd=tmp_path)
    assert done.returncode == 1
    assert "hint: no Debian package is known for nobody/knows.h: --apt PACKAGE" in done.stderr.decode()


def test_a_library_that_only_the_build_asks_for_is_added(tmp_path: Path, jitney: Jitney) -> None:
    """The Makefile names no library in a way that can be read; the compiler does, and it is remembered."""
    makefile = "LIB = z\nask: ask.c\n\tcc ask.c $(foreach one,$(LIB),-l$(one)) -o $@\n"
    code = "#define ZLIB <zlib.h>\n#include ZLIB\n#include <stdio.h>\nint main(void) { puts(zlibVersion()); return 0; }\n"
    lay(tmp_path, {"ask.c": code, "Makefile": makefile})
    done = jitney("run", ".", cwd=tmp_path)
    err = done.stderr.decode()
    assert done.returncode == 0, err
    assert done.stdout.startswith(b"1.")


def test_an_edited_line_and_a_removed_file_are_seen(tmp_path: Path, jitney: Jitney) -> None:
    files = {
        "CMakeLists.txt": "cmake_minimum_required(VERSION 3.16)\nproject(say C)\nfile(GLOB all CONFIGURE_DEPENDS *.c)\nadd_executable(say ${all})\n",
        "say.c": "int puts(const char *);\n__attribute__((weak)) const char *word(void) { return \"one\"; }\nint main(void) { return puts(word()) < 0; }\n",
        "more.c": 'const char *word(void) { return "two"; }\n',
    }  # fmt: skip
    lay(tmp_path, files)
    assert jitney("run", ".", cwd=tmp_path).stdout == b"two\n"
    (tmp_path / "more.c").write_text('const char *word(void) { return "three"; }\n')
    assert jitney("run", ".", cwd=tmp_path).stdout == b"three\n"
    (tmp_path / "more.c").unlink()
    assert jitney("run", ".", cwd=tmp_path).stdout == b"one\n"


@pytest.mark.slow
def test_a_build_script_that_reaches_for_the_network(tmp_path: Path, jitney: Jitney) -> None:
    script = (
        'fn main() {\n    let done = std::process::Command::new("git").args(["ls-remote", "https://example.org/x.git"]).status().unwrap();\n'
        '    assert!(done.success(), "cannot fetch");\n}\n'
    )
    lay(tmp_path, {
        "Cargo.toml": '[package]\nname = "ask"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\ngreedy-sys = { path = "greedy" }\n',
        "src/main.rs": "fn main() {}\n",
        "greedy/Cargo.toml": '[package]\nname = "greedy-sys"\nversion = "0.2.0"\nedition = "2021"\n',
        "greedy/src/lib.rs": "",
        "greedy/build.rs": script,
    })  # fmt: skip
    done = jitney("run", ".", cwd=tmp_path)
    err = done.stderr.decode()
    assert done.returncode == 1, err
    assert (
        "hint: the build script of the crate greedy-sys 0.2.0 wants to fetch something while it is compiled"
        in err
    )


@pytest.mark.slow
def test_a_crate_that_does_not_exist(tmp_path: Path, jitney: Jitney) -> None:
    lay(tmp_path, {
        "Cargo.toml": '[package]\nname = "ask"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nserde = "=0.0.77"\n',
        "src/main.rs": "fn main() {}\n",
    })  # fmt: skip
    done = jitney("run", ".", cwd=tmp_path)
    err = done.stderr.decode()
    assert done.returncode == 125, err
    assert (
        "error: crates cannot be resolved (Cargo.toml:6): failed to select a version for the requirement `serde"
        in err
    )


@pytest.mark.slow
def test_a_lock_that_does_not_fit_is_completed_for_the_run(tmp_path: Path, jitney: Jitney) -> None:
    lay(tmp_path, {
        "Cargo.toml": '[package]\nname = "ask"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nitoa = "1"\n',
        "Cargo.lock": 'version = 3\n\n[[package]]\nname = "ask"\nversion = "0.1.0"\n',
        "src/main.rs": 'fn main() { println!("{}", itoa::Buffer::new().format(7)); }\n',
    })  # fmt: skip
    before = (tmp_path / "Cargo.lock").read_bytes()
    done = jitney("run", ".", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"7\n"), done.stderr.decode()
    assert (tmp_path / "Cargo.lock").read_bytes() == before
