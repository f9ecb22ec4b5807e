"""Words of uv and of builders, and what Jitney makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from jitney.config import Config
from jitney.plan import ResolveRequest
from jitney.plan.model import Lock
from jitney.resolve.errors import no_wheel_packages, translate
from jitney.resolve.learn import debian_package, learn_system
from jitney.resolve.resolve import read_kept

REQUEST = ResolveRequest(
    language="python",
    version="3.13",
    platform="amd64",
    requirements=("nosuch>=1", "flask"),
    asked_by={"nosuch>=1": "requirements.txt:3", "flask": "app.py:1"},
)
SOLUTION = "  × No solution found when resolving dependencies:\n  ╰─▶ "


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        (
            SOLUTION
            + "Because nosuch was not found in the package registry and you require\n      nosuch>=1, …",
            "no package 'nosuch' (asked for by requirements.txt:3)",
            "spelled",
        ),
        (
            SOLUTION
            + "Because flask==3.0.0 depends on werkzeug>=3.0.0 and you require\n      werkzeug<2, we can conclude …",
            "do not go together: Because flask==3.0.0 depends on werkzeug>=3.0.0 and you require werkzeug<2",
            "loosen",
        ),
        (
            SOLUTION
            + "Because the requested Python version (>=3.13) does not satisfy Python>=3.8,<3.12 and numba==0.5 depends on Python>=3.8,<3.12, …",
            "no versions fit Python 3.13",
            "--python",
        ),
        (
            "error: Failed to fetch: `https://index.example/simple/flask/`\n  Caused by: dns error",
            "cannot be reached",
            "python_index",
        ),
        ("error: something else", "cannot be resolved: error: something else", ""),
    ],
)
def test_errors_of_uv(said: str, message: str, hint: str) -> None:
    error = translate(said, REQUEST)
    assert message in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("Because all versions of docopt have no usable wheels and you require docopt", ("docopt",)),
        ("Because docopt==0.6.2 has no usable wheels and you require docopt", ("docopt",)),
        (
            "hint: Wheels are required for `Foo.Bar` because building from\n      source is disabled for all packages",
            ("foo-bar",),
        ),
        ("Because flask==3 depends on werkzeug>=3", ()),
    ],
)
def test_packages_without_wheels_are_recognised(said: str, names: tuple[str, ...]) -> None:
    assert no_wheel_packages(said) == names


@pytest.mark.parametrize(
    ("soname", "package"),
    [
        ("libGL.so.1", "libgl1"),
        ("libfoo.so.3", "libfoo3"),
        ("libfoo2.so.3", "libfoo2-3"),
        ("libFoo_bar.so.12", "libfoo-bar12"),
        ("libfoo-1.2.so.0", "libfoo-1.2-0"),
        ("strange.so", ""),
        ("libfoo.so", ""),
    ],
)
def test_package_of_a_soname(soname: str, package: str) -> None:
    assert debian_package(soname) == package


def test_a_build_teaches_packages_once(tmp_path: Path) -> None:
    config = Config(cache_dir=str(tmp_path))
    said = "#7 1.2 jitney-missing: libGL.so.1 needed by cv2/cv2.abi3.so\n#7 1.2 jitney-missing: strange.so needed by b.so\n"
    lock = Lock(key="k", packages="x")
    learnt = learn_system(lock, said, config)
    assert learnt is not None
    assert (learnt.system, learnt.tolerate) == (("libgl1",), ("strange.so",))
    assert read_kept(tmp_path / "resolutions" / "k.json") == learnt
    again = learn_system(learnt, said, config)
    assert again is not None, "installed and still missing: the library is of no use to this program"
    assert again.tolerate == ("libGL.so.1", "strange.so")
    assert learn_system(again, said, config) is None


def test_two_libraries_of_one_package_are_both_there() -> None:
    said = "jitney-missing: libglib-2.0.so.0 needed by a\njitney-missing: libgthread-2.0.so.0 needed by a\n"
    learnt = learn_system(Lock(), said)
    assert learnt is not None
    assert (learnt.system, learnt.tolerate) == (("libglib2.0-0",), ())


def test_a_package_that_debian_has_not_is_given_up() -> None:
    lock = Lock(system=("libfoo3",))
    learnt = learn_system(lock, "E: Unable to locate package libfoo3\n")
    assert learnt is not None
    assert learnt.system == ()
    last = learn_system(learnt, "jitney-missing: libfoo.so.3 needed by a.so\n")
    assert last is not None
    assert (last.system, "libfoo.so.3" in last.tolerate) == ((), True)


def test_other_failures_teach_nothing() -> None:
    assert learn_system(Lock(packages="x"), "error: no space left on device") is None
