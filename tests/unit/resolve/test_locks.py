"""Locks of other tools, Jitney's own, and what fits what."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitney.config import Config
from jitney.engine.fake import FakeEngine
from jitney.errors import ResolveError
from jitney.facts.model import Facts
from jitney.plan import ResolveRequest
from jitney.plan.model import Lock
from jitney.resolve import read_lock, resolve, write_lock
from jitney.resolve.lockfile import NAME, format_lock
from jitney.resolve.world import World
from jitney.source import Source

H1, H2 = "sha256:" + "1" * 64, "sha256:" + "2" * 64

POETRY = f"""
[[package]]
name = "Six"
version = "1.17.0"
files = [{{file = "six.whl", hash = "{H1}"}}]
[package.dependencies]
attrs = {{version = "*", markers = "sys_platform == 'linux'"}}
pywin32 = {{version = "*", markers = "sys_platform == 'win32'"}}
[[package]]
name = "attrs"
version = "25.1.0"
files = [{{file = "attrs.whl", hash = "{H2}"}}]
[[package]]
name = "pywin32"
version = "300"
files = []
[[package]]
name = "pytest"
version = "8.0"
files = [{{file = "pytest.whl", hash = "{H2}"}}]
"""
PDM = f"""
[[package]]
name = "six"
version = "1.17.0"
groups = ["default"]
files = [{{file = "six.whl", hash = "{H1}"}}]
[[package]]
name = "pytest"
version = "8.0"
groups = ["dev"]
files = [{{file = "pytest.whl", hash = "{H2}"}}]
"""
PIPFILE = json.dumps({"default": {"six": {"version": "==1.17.0", "hashes": [H1]}}, "develop": {"pytest": {}}})
PYLOCK = f"""
[[packages]]
name = "six"
version = "1.17.0"
wheels = [{{url = "six.whl", hashes = {{sha256 = "{"1" * 64}"}}}}]
"""
SIX = f"six==1.17.0 \\\n    --hash={H1}\n"
UV = f"""
version = 1
requires-python = ">=3.11"
[[package]]
name = "bot"
version = "0.1.0"
source = {{ virtual = "." }}
dependencies = [{{ name = "six" }}]
[package.metadata]
requires-dist = [{{ name = "six", specifier = ">=1.16" }}]
[[package]]
name = "six"
version = "1.17.0"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://index.example/six-1.17.0-py2.py3-none-any.whl", hash = "{H1}", size = 10 }}]
"""
PYPROJECT = (
    '[project]\nname = "bot"\nversion = "0.1.0"\nrequires-python = ">=3.11"\ndependencies = ["six>=1.16"]\n'
)


@pytest.fixture
def answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Lock]:
    """Resolve without any index: what is asked for must be in the files given."""
    monkeypatch.setenv("UV_OFFLINE", "1")

    def ask(files: dict[str, str], *, fresh: bool = False, forget: bool = False, **fields: object) -> Lock:
        lock = next((name for name in files if "lock" in name and name != NAME), "")
        request = ResolveRequest(
            language="python", version="3.13", platform="amd64", requirements=("six>=1.16",)
        )
        request = msgspec.structs.replace(
            request, lock=lock, reads=tuple(sorted(set(files) - {NAME})), **fields
        )
        return resolve(
            request,
            source=Source.from_mapping({**files, "chat.py": "import six\n"}, entry="chat.py"),
            engine=FakeEngine(),
            facts=Facts(),
            config=Config(cache_dir=str(tmp_path)),
            on_line=lambda line: None,
            fresh=fresh,
            forget=forget,
        )

    return ask


@pytest.mark.parametrize(
    ("files", "want"),
    [
        ({"pdm.lock": PDM}, SIX),
        ({"Pipfile.lock": PIPFILE}, SIX),
        ({"pylock.toml": PYLOCK}, SIX),
        ({"poetry.lock": POETRY}, f"attrs==25.1.0 \\\n    --hash={H2}\n{SIX}"),
        ({"requirements.txt": f"# pinned\nsix==1.17.0 --hash={H1}  # by hand\n"}, SIX),
        ({"uv.lock": UV, "pyproject.toml": PYPROJECT}, SIX),
    ],
    ids=["pdm", "pipenv", "pylock", "poetry", "requirements", "uv"],
)
def test_a_lock_is_kept_to(answer: Callable[..., Lock], files: dict[str, str], want: str) -> None:
    assert answer(files).packages == want


@pytest.mark.parametrize(
    ("files", "asked", "says"),
    [
        ({"pdm.lock": PDM}, "flask", "flask (app.toml:3) is asked for, and not in it"),
        ({"poetry.lock": POETRY}, "six>=2", "six>=2 is asked for, it has 1.17.0"),
        ({"uv.lock": UV, "pyproject.toml": PYPROJECT}, "flask", "uv.lock does not fit"),
        ({"Pipfile.lock": "{"}, "six", "cannot be read"),
        ({"requirements.txt": f"six==1 --hash={H1}\nattrs>=3\n"}, "six", "not for attrs>=3"),
    ],
)
def test_a_lock_that_does_not_fit_is_an_error(
    answer: Callable[..., Lock], files: dict[str, str], asked: str, says: str
) -> None:
    with pytest.raises(ResolveError) as caught:
        answer(files, requirements=(asked,), asked_by={"flask": "app.toml:3"})
    assert says in caught.value.message
    assert caught.value.hint


OLD_PDM = f"""
[metadata.files]
"six 1.17.0" = [{{file = "six.whl", hash = "{H1}"}}]
"attrs 25.1.0" = [{{file = "attrs.whl", hash = "{H2}"}}]
[[package]]
name = "six"
version = "1.17.0"
dependencies = ["attrs[x]<30 ; python_version > '3'"]
[[package]]
name = "attrs"
version = "25.1.0"
[[package]]
name = "pytest"
version = "8.0"
"""
GROUPS = (
    PYLOCK
    + f"""
[[packages]]
name = "attrs"
version = "25.1.0"
marker = "'dev' in dependency_groups"
wheels = [{{url = "attrs.whl", hashes = {{sha256 = "{"2" * 64}"}}}}]
"""
)
OPTIONAL = POETRY.replace(
    'version = "*", markers = "sys_platform == \'linux\'"', 'version = "*", optional = true'
).replace(
    '[[package]]\nname = "attrs"', '[package.extras]\nmore = ["Attrs (>=20)"]\n[[package]]\nname = "attrs"', 1
)


@pytest.mark.parametrize(
    ("files", "asked", "want"),
    [
        ({"pdm.lock": OLD_PDM}, "six>=1.16", f"attrs==25.1.0 \\\n    --hash={H2}\n{SIX}"),
        ({"pylock.toml": GROUPS}, "six>=1.16", SIX),
        ({"poetry.lock": OPTIONAL}, "six>=1.16", SIX),
        ({"poetry.lock": OPTIONAL}, "six[more]>=1.16", f"attrs==25.1.0 \\\n    --hash={H2}\n{SIX}"),
        ({"a.txt": f"-c b.txt\nsix==1.17.0 --hash={H1}\n", "b.txt": "six<2\n"}, "six", SIX),
    ],
    ids=["pdm without groups", "pylock group", "no extra", "extra", "limits beside hashes"],
)
def test_of_a_lock_only_what_the_program_needs(
    answer: Callable[..., Lock], files: dict[str, str], asked: str, want: str
) -> None:
    assert answer(files, requirements=(asked,)).packages == want


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"poetry.lock": "[[package]]\nname = 1\n"}, "poetry.lock cannot be read"),
        ({"poetry.lock": 'package = "x"\n'}, "poetry.lock cannot be read"),
        ({"pdm.lock": '[[package]]\nname = "six"\ngit = "https://h.example/six"\nrevision = "abc"\n'},
         "six comes from git+https://h.example/six@abc"),
        ({"pylock.toml": '[[packages]]\nname = "six"\n[packages.vcs]\ntype = "git"\nurl = "https://h.example/s"\ncommit-id = "a"\n'},
         "six comes from git+https://h.example/s@a"),
        ({"Pipfile.lock": '{"default": {"six": {"git": "https://h.example/s", "ref": "a"}}}'}, "six comes from git+"),
        ({"pdm.lock": '[[package]]\nname = "six"\nversion = "1.17.0"\n'}, "has no hash for six"),
    ],
)  # fmt: skip
def test_what_a_lock_cannot_keep_to_is_refused_by_name(
    answer: Callable[..., Lock], files: dict[str, str], says: str
) -> None:
    with pytest.raises(ResolveError) as caught:
        answer(files, requirements=("six",))
    assert says in caught.value.message
    assert caught.value.hint


def test_markers_of_other_systems_ask_for_nothing(answer: Callable[..., Lock]) -> None:
    wanted = ("six", "pywin32 ; sys_platform == 'win32'")
    assert answer({"pdm.lock": PDM}, requirements=wanted).packages == SIX


def test_the_second_time_one_small_file_is_read(answer: Callable[..., Lock], tmp_path: Path) -> None:
    first = answer({"pdm.lock": PDM})
    kept = list((tmp_path / "resolutions").iterdir())
    assert [path.name for path in kept] == [f"{first.key}.json"]
    kept[0].write_bytes(msgspec.json.encode(msgspec.structs.replace(first, system=("libgl1",))))
    assert answer({"pdm.lock": PDM}).system == ("libgl1",)
    assert answer({"pdm.lock": PDM}, fresh=True).system == ()
    kept[0].write_bytes(msgspec.json.encode(msgspec.structs.replace(first, system=("libgl1",))))
    assert answer({"pdm.lock": PDM}, forget=True).system == ()
    kept[0].write_bytes(b"{broken")
    assert answer({"pdm.lock": PDM}) == first


def test_another_question_is_another_key(answer: Callable[..., Lock]) -> None:
    first = answer({"pdm.lock": PDM})
    assert answer({"pdm.lock": PDM + "\n"}).key != first.key
    assert answer({"pdm.lock": PDM}, version="3.11").key != first.key
    assert answer({"pdm.lock": PDM}, asked_by={"six": "chat.py:1"}).key == first.key
    assert answer({"pdm.lock": PDM}, index="https://mirror.example/simple").key == first.key


def test_jitney_lock_is_used_when_it_fits(answer: Callable[..., Lock]) -> None:
    lock = msgspec.structs.replace(answer({"pdm.lock": PDM}), system=("libgl1",))
    assert answer({"pdm.lock": PDM, NAME: format_lock(lock)}) == lock
    assert answer({"pdm.lock": PDM, NAME: format_lock(lock)}, forget=True) == lock, (
        "--no-cache leaves it standing"
    )
    with pytest.raises(ResolveError, match="does not fit") as caught:
        answer({"pdm.lock": PDM, NAME: format_lock(lock)}, version="3.11")
    assert "jitney lock" in caught.value.hint
    with pytest.raises(ResolveError, match="cannot be read"):
        answer({"pdm.lock": PDM, NAME: "= ="})
    with pytest.raises(ResolveError, match="schema 99"):
        answer({"pdm.lock": PDM, NAME: format_lock(msgspec.structs.replace(lock, schema=99))})


TEXT = st.text(st.characters(exclude_categories=["Cs"]).filter(lambda c: c != "\r"))


@given(TEXT, st.dictionaries(TEXT, TEXT), st.tuples(TEXT, TEXT))
def test_a_lock_is_the_same_after_writing_and_reading(
    packages: str, files: dict[str, str], system: tuple[str, str]
) -> None:
    lock = Lock(language="go", packages=packages, files=files, system=system, bases={"a/b:1-run": "sha256:1"})
    assert read_lock(Source.from_mapping({NAME: format_lock(lock), "a.py": ""}, entry="a.py")) == lock


def test_write_lock_writes_one_package_a_line(tmp_path: Path) -> None:
    write_lock(tmp_path / NAME, Lock(packages=SIX, files={"go.mod": "module m\n"}))
    lines = (tmp_path / NAME).read_text().splitlines()
    assert lines[0].startswith("# Made by `jitney lock`")
    assert any(line.strip().startswith('"six==1.17.0') for line in lines)


def test_nothing_asked_nothing_resolved(answer: Callable[..., Lock]) -> None:
    assert answer({}, requirements=()).packages == ""


def test_a_base_that_is_not_on_hand_and_cannot_be_made_is_said() -> None:
    from jitney.resolve.stage import on_hand

    source = Source.from_mapping({"a.py": ""}, entry="a.py")
    world = World(
        source=source, engine=FakeEngine(), facts=Facts(), config=Config(), on_line=lambda line: None
    )
    with pytest.raises(ResolveError, match=r"debian/go:1\.24-build"):
        on_hand("debian/go:1.24-build", world)
