"""The script that installs inside a build: what it reads of libraries, and how it evens out bytes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from jitney.inside import install


def libraries() -> list[Path]:
    folder = sysconfig.get_config_var("DESTSHARED")
    found = sorted(Path(folder).glob("*.so"))[:20]
    assert found, "CPython has extension modules"
    return found


def test_needed_libraries_are_those_that_readelf_names() -> None:
    readelf = shutil.which("readelf")
    assert readelf, "binutils are on every machine that builds"
    seen = 0
    for path in libraries():
        said = subprocess.run([readelf, "-d", path], capture_output=True, text=True, check=True).stdout
        want = re.findall(r"\(NEEDED\).*\[(.+)\]", said)
        assert install.needed(str(path)) == want
        seen += len(want)
    assert seen > 5


@pytest.mark.parametrize(
    "content", [b"", b"\x7fELF", b"INPUT(libfoo.so)" * 9, b"\x7fELF\x02\x01" + b"\0" * 58]
)
def test_what_is_no_library_needs_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.so"
    path.write_bytes(content)
    assert install.needed(str(path)) == []


def test_a_missing_library_is_reported_once_unless_tolerated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(libraries()[0], tmp_path / "a.so")
    shutil.copy(libraries()[0], tmp_path / "b.so")
    shutil.copy(libraries()[0], tmp_path / "c_cuda.so")
    monkeypatch.setattr(install, "needed", lambda path: ["libstrange.so.7", "libcudart.so.12", "libc.so.6"])
    monkeypatch.setattr(install, "system_libraries", lambda: {"libc.so.6"})
    assert install.report_missing(str(tmp_path), set()) == install.MISSING
    assert capsys.readouterr().out == "jitney-missing: libstrange.so.7 needed by a.so\n"
    assert install.report_missing(str(tmp_path), {"libstrange.so.7"}) == 0


def test_a_library_that_a_package_brings_is_not_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(libraries()[0], tmp_path / "a.so")
    (tmp_path / "pkg.libs").mkdir()
    shutil.copy(libraries()[0], tmp_path / "pkg.libs" / "libstrange.so.7")
    monkeypatch.setattr(install, "needed", lambda path: ["libstrange.so.7"])
    monkeypatch.setattr(install, "system_libraries", lambda: set[str]())
    assert install.report_missing(str(tmp_path), set()) == 0


def test_times_and_modes_do_not_depend_on_the_day_or_the_umask(tmp_path: Path) -> None:
    venv = tmp_path / "opt" / "venv"
    (venv / "lib").mkdir(parents=True, mode=0o700)
    (venv / "lib" / "a.py").write_text("x = 1\n")
    (venv / "lib" / "a.py").chmod(0o600)
    (venv / "tool").write_text("#!x\n")
    (venv / "tool").chmod(0o711)
    (venv / "link").symlink_to("tool")
    install.normalise(str(venv))
    modes = {
        path.name: path.lstat().st_mode & 0o777
        for path in (venv / "lib", venv / "lib" / "a.py", venv / "tool")
    }
    assert modes == {"lib": 0o755, "a.py": 0o644, "tool": 0o755}
    assert {os.lstat(path).st_mtime for path in [venv.parent, venv, *venv.rglob("*")]} == {install.STAMP}


def test_records_lose_what_differs_between_installations(tmp_path: Path) -> None:
    info = tmp_path / "a-1.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("b.py,,\na.py,,\na-1.dist-info/INSTALLER,,\n__pycache__/a.pyc,,\n")
    (info / "INSTALLER").write_text("uv")
    (info / "uv_cache.json").write_text("{}")
    install.clean(str(tmp_path), str(tmp_path))
    assert sorted(path.name for path in info.iterdir()) == ["RECORD"]
    assert (info / "RECORD").read_text() == "a.py,,\nb.py,,\n"


def test_byte_code_is_never_checked_against_its_source(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text("x = 1\n")
    (tmp_path / "bad.py").write_text("x = \n")
    install.compile_share([str(tmp_path / "good.py"), str(tmp_path / "bad.py")])
    (made,) = (tmp_path / "__pycache__").iterdir()
    assert made.read_bytes()[4:8] == b"\x01\0\0\0", "PEP 552: hash-based, unchecked"
