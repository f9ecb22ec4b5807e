"""The benchmark of snippets: the same pieces every time, and what counts as right."""

from __future__ import annotations

from pathlib import Path

from benchmarks.detection_snippets import Snippet, cut, is_both, is_telling, snippets

CODE = "#!/usr/bin/env python3\nimport os\n" + "".join(
    f"\ndef f{n}(x):\n    return x + {n}\n" for n in range(20)
)


def test_pieces_are_the_same_every_time_and_start_at_the_top_level(tmp_path: Path) -> None:
    folder = tmp_path / "owner+name"
    folder.mkdir()
    (folder / "a.py").write_text(CODE)
    (folder / "tiny.py").write_text("x = 1\n")
    (folder / "wide.js").write_text("var x = 1;" * 60 + "\n" * 20)
    first, second = list(snippets(tmp_path)), list(snippets(tmp_path))
    assert first == second
    assert [one.origin.rpartition("#")[2] for one in first] == ["0", "1", "2"]
    assert {one.language for one in first} == {"python"}
    for piece in list(cut(CODE, 12345))[1:]:
        assert 10 <= len(piece.splitlines()) <= 40
        assert piece[0] not in " \t)"


def test_a_licence_is_no_program() -> None:
    assert not is_telling("// words\n" * 20 + "x()\n", "go")
    assert is_telling("x()\n" * 10, "go")
    assert not is_telling("x()\n" * 9, "go")


def test_a_program_of_both_languages_counts_for_either_and_no_other_does() -> None:
    plain = "const a = 1;\nfunction f(b) {\n  return b;\n}\n"
    typed = "const a = 1;\nfunction f(b: number) {\n  return b;\n}\n"
    cut_off = "const a = 1;\nfunction f(b) {\n  return b;\n"
    assert is_both(Snippet("typescript", plain, "", True), "javascript")
    assert is_both(Snippet("typescript", cut_off, "", True), "javascript")
    assert not is_both(Snippet("typescript", typed, "", True), "javascript")
    assert not is_both(Snippet("javascript", plain, "", True), "typescript")
    assert is_both(Snippet("cpp", "int f(int a) { return a; }\n", "", True), "c")
    assert not is_both(Snippet("cpp", "class A { int a; };\n", "", True), "c")
    assert not is_both(Snippet("go", "x()\n", "", True), "c")
