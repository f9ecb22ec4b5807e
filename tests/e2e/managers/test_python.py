"""One tiny project per manager, run by the command as a user runs it: the locked version is there, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Jitney
from tests.e2e.managers import locks

pytestmark = pytest.mark.engine

MAIN = """import importlib.metadata as m
print(*sorted(f"{d.name.lower()} {d.version}" for d in m.distributions()), sep=", ")
"""
Files = dict[str, str]


def lay(folder: Path, files: Files) -> Path:
    for name, text in {"main.py": MAIN, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


TABLE: list[tuple[str, Files, str]] = [
    ("uv", {"uv.lock": locks.UV, "pyproject.toml": locks.PYPROJECT}, "idna 3.4"),
    ("poetry", {"poetry.lock": locks.POETRY, "pyproject.toml": locks.PYPROJECT}, "idna 3.4"),
    (
        "poetry-extra",
        {
            "poetry.lock": locks.POETRY,
            "pyproject.toml": "[tool.poetry.dependencies]\npython='^3.11'\nidna={version='^3', extras=['old']}\n",
        },
        "idna 3.4, six 1.15.0",
    ),
    (
        "pdm-extra",
        {"pdm.lock": locks.PDM, "pyproject.toml": locks.PYPROJECT.replace("idna>", "idna[old]>")},
        "idna 3.4, six 1.15.0",
    ),
    ("pipenv", {"Pipfile.lock": locks.PIPFILE_LOCK, "Pipfile": locks.PIPFILE}, "idna 3.4"),
    ("pylock", {"pylock.toml": locks.PYLOCK}, "idna 3.4"),
    ("pylock-beside-pyproject", {"pylock.toml": locks.PYLOCK, "pyproject.toml": locks.PYPROJECT}, "idna 3.4"),
    ("requirements", {"requirements.txt": "idna==3.4\n"}, "idna 3.4"),
    ("requirements-hashes", {"requirements.txt": locks.HASHED}, "idna 3.4"),
    (
        "requirements-includes",
        {"requirements.txt": "-r more/base.txt\n-c more/limits.txt\n", "more/base.txt": "idna\n",
         "more/limits.txt": "idna<3.5\nsix<1.16\n"},
        "idna 3.4",
    ),
    (
        "requirements-marker",
        {"requirements.txt": "idna==3.4\nsix==1.15.0; sys_platform == 'win32'\n"},
        "idna 3.4",
    ),
    ("requirements-misspelt", {"requirement.txt": "idna==3.4\n"}, "idna 3.4"),
    ("requirements-folder", {"requirements/base.txt": "idna==3.4\n", "requirements/dev.txt": "six\n"}, "idna 3.4"),
    ("pyproject", {"pyproject.toml": locks.PYPROJECT.replace(">=2.8", "<3.5")}, "idna 3.4"),
    (
        "dependency-groups",
        {"pyproject.toml": "[dependency-groups]\nmain=['idna<3.5',{include-group='base'}]\nbase=['six==1.15.0']\n"
                           "dev=['iniconfig']\n"},
        "idna 3.4, six 1.15.0",
    ),
    (
        "poetry-caret",
        {"pyproject.toml": "[tool.poetry.dependencies]\npython='^3.11'\nidna='~3.4'\n"
                           "[tool.poetry.group.llm.dependencies]\nsix='1.15.0'\n"},
        "idna 3.4, six 1.15.0",
    ),
    (
        "setup.cfg",
        {"setup.cfg": "[metadata]\nname=bot\n[options]\ninstall_requires =\n    idna==3.4\n"},
        "idna 3.4",
    ),
    ("setup.py", {"setup.py": "from setuptools import setup\nsetup(install_requires=['idna==3.4'])\n"}, "idna 3.4"),
    ("dynamic", {"pyproject.toml": "[project]\nname='b'\nversion='0'\ndynamic=['dependencies']\n"
                 "[tool.setuptools.dynamic]\ndependencies={file=['reqs.in']}\n", "reqs.in": "idna==3.4\n"}, "idna 3.4"),
    ("pep723", {"main.py": f"# /// script\n# dependencies = ['idna==3.4']\n# ///\n{MAIN}"}, "idna 3.4"),
    (
        "pep723-lock",
        {"main.py": f"# /// script\n# requires-python = '>=3.11'\n# dependencies = ['idna>=2.8']\n# ///\n{MAIN}",
         "main.py.lock": locks.SCRIPT},
        "idna 3.4",
    ),
    (
        "conda",
        {"environment.yml": "name: x\ndependencies:\n  - python=3.13\n  - pip\n  - pip:\n    - idna==3.4\n"},
        "idna 3.4",
    ),
    ("pixi", {"pixi.toml": "[dependencies]\npython='3.13.*'\n[pypi-dependencies]\nidna='==3.4'\n"}, "idna 3.4"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "want"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_locked_version_runs(tmp_path: Path, jitney: Jitney, files: Files, want: str) -> None:
    done = jitney("run", "-q", lay(tmp_path, files))
    assert (done.returncode, done.stdout.decode().strip()) == (0, want), done.stderr.decode()


def test_a_member_of_a_workspace_has_the_locks_versions_and_its_neighbours(
    tmp_path: Path, jitney: Jitney
) -> None:
    member = '[project]\nname = "bot"\nversion = "0.1"\nrequires-python = ">=3.11"\ndependencies = ["idna>=2.8", "shared"]\n'
    lay(
        tmp_path,
        {
            ".git/HEAD": "",
            "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n[tool.uv.sources]\nshared = { workspace = true }\n',
            "uv.lock": locks.WORKSPACE,
            "packages/bot/pyproject.toml": member,
            "packages/bot/main.py": "import shared\nprint(shared.NAME)\n" + MAIN,
            "packages/shared/pyproject.toml": '[project]\nname = "shared"\nversion = "0.1"\nrequires-python = ">=3.11"\n',
            "packages/shared/src/shared/__init__.py": "NAME = 'neighbour'\n",
        },
    )
    done = jitney("run", "-q", tmp_path / "packages" / "bot")
    assert (done.returncode, done.stdout.decode()) == (0, "neighbour\nidna 3.4\n"), done.stderr.decode()


ASKS_SIX = locks.PYPROJECT.replace('"idna>=2.8"', '"idna>=2.8", "six"')
GIT = "https://host.example/o/idna.git"
WRONG: list[tuple[str, Files, tuple[str, ...]]] = [
    ("uv-lacks", {"uv.lock": locks.UV, "pyproject.toml": ASKS_SIX}, ("uv.lock", "six (pyproject.toml:5)", "uv lock")),
    (
        "poetry-newer",
        {"poetry.lock": locks.POETRY, "pyproject.toml": locks.PYPROJECT.replace("2.8", "3.6")},
        ("poetry.lock", "idna>=3.6 (pyproject.toml:5)", "it has 3.4", "poetry lock"),
    ),
    (
        "pdm-lacks",
        {"pdm.lock": locks.PDM, "pyproject.toml": locks.PYPROJECT.replace("idna", "iniconfig")},
        ("pdm.lock", "iniconfig>=2.8 (pyproject.toml:5)", "pdm lock"),
    ),
    (
        "pipenv-lacks",
        {"Pipfile.lock": locks.PIPFILE_LOCK, "Pipfile": locks.PIPFILE.replace("idna", "iniconfig")},
        ("Pipfile.lock", "iniconfig", "(Pipfile:2)", "pipenv lock"),
    ),
    (
        "pylock-lacks",
        {"pylock.toml": locks.PYLOCK, "pyproject.toml": ASKS_SIX},
        ("pylock.toml", "six (pyproject.toml:5)", "make it anew"),
    ),
    ("hashes-for-some", {"requirements.txt": locks.HASHED + "six==1.15.0\n"}, ("requirements.txt", "six==1.15.0")),
    (
        "two-locks",
        {"uv.lock": locks.UV, "poetry.lock": locks.POETRY, "pyproject.toml": locks.PYPROJECT},
        ("uv.lock", "poetry.lock", "remove"),
    ),
    ("conda-only", {"environment.yml": "dependencies:\n  - python=3.13\n  - nccl=2\n"}, ("nccl", "environment.yml:3")),
    ("index-in-file", {"requirements.txt": "--extra-index-url https://index.example/simple\nidna\n"},
     ("requirements.txt:1", "--extra-index-url", "python_index")),
    ("git-requirement", {"requirements.txt": f"idna @ git+{GIT}@v3.4\n"}, ("requirements.txt:1", f"git+{GIT}@v3.4")),
    ("git-file", {"requirements.txt": "git+file:///srv/idna\n"}, ("requirements.txt:1", "git+file:///srv/idna")),
    (
        "git-in-poetry",
        {"pyproject.toml": locks.PYPROJECT, "poetry.lock": locks.POETRY.replace(
            "[package.dependencies]\n",
            f'[package.source]\ntype = "git"\nurl = "{GIT}"\nresolved_reference = "abc"\n\n[package.dependencies]\n', 1,
        ).replace(f'    {{file = "idna-3.4-py3-none-any.whl", hash = "{locks.IDNA[1]}"}},\n', "").replace(
            f'    {{file = "idna-3.4.tar.gz", hash = "{locks.IDNA[0]}"}},\n', "")},
        ("poetry.lock", f"idna comes from git+{GIT}@abc"),
    ),
    (
        "git-in-uv",
        {"pyproject.toml": locks.PYPROJECT, "uv.lock": locks.UV.split("source = { registry")[0]
         + f'source = {{ git = "{GIT}?rev=v3.4#{"a" * 40}" }}\n'},
        ("uv.lock", "idna comes from git+"),
    ),
    (
        "path-in-pipfile",
        {"Pipfile": '[packages]\nidna = ">=2.8"\n', "Pipfile.lock": '{"default": {"idna": {"path": "./wheels/idna.whl"}}}'},
        ("Pipfile.lock", "./wheels/idna.whl"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("files", "says"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_cannot_be_kept_to_is_said(
    tmp_path: Path, jitney: Jitney, files: Files, says: tuple[str, ...]
) -> None:
    done = jitney("run", lay(tmp_path, files))
    error = done.stderr.decode()
    assert done.returncode == 125
    assert [words for words in says if words not in error] == [], error
    assert b"Traceback" not in done.stderr


def test_jitney_lock_is_used_on_another_machine_and_refused_when_it_does_not_fit(
    tmp_path: Path, jitney: Jitney
) -> None:
    program = lay(tmp_path / "p", {"requirements.txt": "idna<3.5\n"})
    here = {"XDG_CACHE_HOME": str(tmp_path / "here")}
    there = {"XDG_CACHE_HOME": str(tmp_path / "there"), "UV_OFFLINE": "1"}
    done = jitney("lock", program, env=here)
    assert done.returncode == 0, done.stderr
    lock = program / "jitney.lock"
    # Another cache knows nothing, and the resolver may not ask: only the lock can say which version it is.
    text = lock.read_text()
    assert "idna==3.4" in text
    for flags in ((), ("--no-cache",)):
        done = jitney("run", "-q", *flags, program, env=there)
        assert (done.returncode, done.stdout) == (0, b"idna 3.4\n"), done.stderr
    assert lock.read_text() == text
    (program / "requirements.txt").write_text("idna<3.4\n")
    done = jitney("run", program, env=there)
    assert done.returncode == 125
    assert b"jitney.lock does not fit" in done.stderr
    assert b"jitney lock" in done.stderr
    assert jitney("lock", program, env=here).returncode == 0
    done = jitney("run", "-q", program, env=there)
    assert (done.returncode, done.stdout) == (0, b"idna 3.3\n"), done.stderr


VERSION = "import sys\nprint(*sys.version_info[:2], sep='.')\n"


@pytest.mark.parametrize(
    ("files", "want"),
    [
        ({"pyproject.toml": "[project]\nname='b'\nversion='0'\nrequires-python='<3.12'\n"}, "3.11"),
        ({"main.py": "# /// script\n# requires-python = '<3.12'\n# dependencies = []\n# ///\n" + VERSION}, "3.11"),
        ({".python-version": "3.11\n"}, "3.11"),
        ({"pyproject.toml": "[project]\nname='b'\nversion='0'\nrequires-python='>=3.10'\n"}, "3.13"),
    ],
)  # fmt: skip
def test_the_python_that_is_asked_for(tmp_path: Path, jitney: Jitney, files: Files, want: str) -> None:
    program = lay(tmp_path, {"main.py": VERSION, **files})
    done = jitney("run", "-q", "--base-provider", "debian", program)
    assert (done.returncode, done.stdout.decode().strip()) == (0, want), done.stderr.decode()


def test_versions_that_contradict_each_other_or_that_no_base_has(tmp_path: Path, jitney: Jitney) -> None:
    wants = "[project]\nname='b'\nversion='0'\nrequires-python='==3.12.*'\n"
    program = lay(tmp_path, {"pyproject.toml": wants, ".python-version": "3.11\n"})
    done = jitney("run", "--base-provider", "debian", program)
    assert done.returncode == 125
    assert b".python-version says Python 3.11, pyproject.toml requires ==3.12.*" in done.stderr
    (program / ".python-version").unlink()
    done = jitney("run", "--base-provider", "debian", program)
    assert done.returncode == 125
    assert b"`--base-provider registry` has it" in done.stderr


def test_a_locked_package_without_a_wheel_is_built(tmp_path: Path, jitney: Jitney) -> None:
    """A package that exists only as sources is built from them, in a stage with a compiler, at the locked version."""
    sources = "docopt==0.6.2 --hash=sha256:49b3a825280bd66b3aa83585ef59c4a8c82f2c8a522dbe754a8bc8d08c85c491\n"
    done = jitney("run", "-q", lay(tmp_path, {"requirements.txt": sources}))
    assert (done.returncode, done.stdout) == (0, b"docopt 0.6.2\n"), done.stderr
