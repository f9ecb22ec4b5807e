"""A program that does not compile ends with the compiler's own words and exit code 1, which is not Jitney's 125."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jitney.languages import tables
from tests.conftest import Jitney

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(1800)]

BROKEN = {
    "ada": ("bad.adb", "procedure Bad is\nbegin\n   Nowhere;\nend Bad;\n"),
    "assembly": (
        "bad.asm",
        "        global _start\n        section .text\n_start:\n        mov eax, [nowhere]\n",
    ),
    "cobol": (
        "bad.cob",
        "       IDENTIFICATION DIVISION.\n       PROGRAM-ID. bad.\n       PROCEDURE DIVISION.\n           DISPLAY NOWHERE.\n",
    ),
    "crystal": ("bad.cr", "puts nowhere\n"),
    "csharp": ("Bad.cs", "static class Bad { static void Main() { nowhere(); } }\n"),
    "d": ("bad.d", "void main() { nowhere(); }\n"),
    "fortran": ("bad.f90", "program bad\n  implicit none\n  nowhere = 1\nend program\n"),
    "fsharp": ("Bad.fs", "module Bad\n[<EntryPoint>]\nlet main words = nowhere\n"),
    "hare": ("bad.ha", "export fn main() void = {\n\tnowhere();\n};\n"),
    "haskell": ("Bad.hs", "main :: IO ()\nmain = nowhere\n"),
    "mojo": ("bad.mojo", "def main():\n    nowhere()\n"),
    "nim": ("bad.nim", "echo nowhere\n"),
    "objective-c": ("bad.m", "#import <Foundation/Foundation.h>\nint main(void) { nowhere; return 0; }\n"),
    "ocaml": ("bad.ml", "let () = print_endline nowhere\n"),
    "pascal": ("bad.pas", "program Bad;\nbegin\n  Nowhere;\nend.\n"),
    "swift": ("bad.swift", "print(nowhere)\n"),
    "vala": ("bad.vala", "void main() { nowhere(); }\n"),
    "visual-basic": ("Bad.vb", "Module Bad\n    Sub Main()\n        Nowhere()\n    End Sub\nEnd Module\n"),
    "zig": ("bad.zig", "pub fn main() void {\n    nowhere();\n}\n"),
}


def test_every_compiled_language_is_here() -> None:
    compiled = {one.name for one in tables().values() if one.compile is not None and one.debian.version}
    assert compiled == BROKEN.keys()


@pytest.mark.parametrize("language", sorted(BROKEN))
def test_a_compile_error(
    language: str, jitney: Jitney, tmp_path: Path, assert_nothing_left: Callable[[], None]
) -> None:
    name, text = BROKEN[language]
    (tmp_path / name).write_text(text)

    done = jitney("run", tmp_path / name)

    told = done.stderr.decode()
    assert done.returncode == 1, told
    assert not done.stdout
    assert "nowhere" in told.lower()
    assert "does not compile" in told
    assert_nothing_left()
