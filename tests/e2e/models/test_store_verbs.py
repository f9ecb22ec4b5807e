"""pull, ls, show, rm, verify: as a user types them."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import JITNEY, Jitney
from tests.unit.models.build import META, gguf, safetensors

from jitney.config import Config
from jitney.models.storage.store import Store

SMOLLM2 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two models, and a Store, a configuration and caches of its own."""
    for name in ("JITNEY_DATA_DIR", "XDG_CONFIG_HOME", "HF_HUB_CACHE", "OLLAMA_MODELS"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    meta = {**META, "general.license": "apache-2.0", "tokenizer.chat_template": "{{ messages[0].content }}"}
    (tmp_path / "a.gguf").write_bytes(gguf(meta))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(safetensors())
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    return tmp_path


def said(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stdout.decode() + done.stderr.decode()


def test_from_pull_to_rm(jitney: Jitney, here: Path) -> None:
    pulled = jitney("pull", "./a.gguf", "./folder", cwd=here)
    assert pulled.returncode == 0, said(pulled)
    assert b"Apache-2.0" in pulled.stdout
    assert b"MIT" in pulled.stdout
    listed = jitney("ls", cwd=here).stdout.decode()
    assert listed.splitlines()[0].split()[:4] == ["NAME", "ID", "SIZE", "FORMAT"]
    assert len([line for line in listed.splitlines() if "gguf" in line or "safetensors" in line]) == 2
    ids = jitney("ls", "-q", cwd=here).stdout.decode().split()
    rows = json.loads(jitney("ls", "--json", cwd=here).stdout)
    assert [row["id"] for row in rows] == ids
    assert {row["licence"] for row in rows} == {"Apache-2.0", "MIT"}
    shown = jitney("show", "./a.gguf", cwd=here).stdout.decode()
    for word in ("llama", "256", "128 tokens", "Q4_1", "Apache-2.0", "a.gguf"):
        assert word in shown, word
    whole = json.loads(jitney("show", "--json", ids[0][:6], cwd=here).stdout)
    assert Path(whole["path"]).is_file()
    assert jitney("show", "--template", "./a.gguf", cwd=here).stdout == b"{{ messages[0].content }}\n"
    assert jitney("verify", cwd=here).returncode == 0
    removed = jitney("rm", ids[0][:8], cwd=here)
    assert removed.returncode == 0, said(removed)
    assert jitney("ls", "-q", cwd=here).stdout.decode().split() == ids[1:]
    assert jitney("rm", "--all", "--yes", cwd=here).returncode == 0
    assert jitney("ls", "-q", cwd=here).stdout == b""
    assert not list((here / "jitney_data_dir" / "store" / "blobs" / "sha256").iterdir())


def test_a_file_is_shown_where_it_lies(jitney: Jitney, here: Path) -> None:
    done = jitney("show", "a.gguf", cwd=here)
    assert done.returncode == 0, said(done)
    assert b"read where it lies" in done.stdout
    assert jitney("ls", "-q", cwd=here).stdout == b"", "nothing was taken in"
    assert json.loads(jitney("show", "--json", "a.gguf", cwd=here).stdout)["quantisation"] == "Q4_1"


def test_verify_finds_what_was_changed(jitney: Jitney, here: Path) -> None:
    jitney("pull", "./a.gguf", cwd=here)
    (blob,) = (here / "jitney_data_dir" / "store" / "blobs" / "sha256").iterdir()
    blob.chmod(0o644)
    with blob.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"!")
    done = jitney("verify", "./a.gguf", cwd=here)
    assert done.returncode == 1
    assert b"BAD" in done.stdout
    assert b"fetched anew" in done.stdout
    assert jitney("pull", "./a.gguf", cwd=here).returncode == 0
    assert jitney("verify", cwd=here).returncode == 0


def test_another_machine_gets_the_same_bytes_or_an_error(jitney: Jitney, here: Path) -> None:
    assert jitney("pull", "--lock", "./a.gguf", cwd=here).returncode == 0
    assert b"[models]" in (here / "jitney.lock").read_bytes()
    jitney("rm", "--all", "--yes", cwd=here)
    assert jitney("pull", cwd=here).returncode == 0, "all that the lock names"
    (here / "a.gguf").write_bytes(gguf(elements=512))
    done = jitney("pull", "./a.gguf", cwd=here)
    assert done.returncode == 125
    assert b"not the bytes that" in done.stderr
    assert b"jitney pull --lock ./a.gguf" in done.stderr
    assert jitney("pull", "--lock", "./a.gguf", cwd=here).returncode == 0
    assert jitney("pull", "./a.gguf", cwd=here).returncode == 0


def test_the_budget_spares_what_is_pinned(jitney: Jitney, here: Path) -> None:
    jitney("pull", "--pin", "./a.gguf", cwd=here)
    env = {"JITNEY_MODEL_BUDGET_BYTES": "1000"}
    done = jitney("pull", "./folder", cwd=here, env=env)
    assert done.returncode == 0, said(done)
    (here / "b.gguf").write_bytes(gguf(elements=512))
    done = jitney("pull", "./b.gguf", cwd=here, env=env)
    assert b"beyond its budget" in done.stderr
    names = [row["main"] for row in json.loads(jitney("ls", "--json", cwd=here).stdout)]
    assert sorted(names) == ["a.gguf", "b.gguf"]


class _Evil:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("echo pwned",)


@pytest.mark.parametrize(
    ("name", "data", "words", "message"),
    [
        ("m.gguf", gguf()[:200], (), "cut short"),
        ("m.gguf", b"", (), "empty"),
        ("m.gguf", b"no model at all", (), "does not begin with GGUF"),
        ("m.safetensors", safetensors()[:-1], (), "cut short"),
        ("notes.txt", b"hello", (), "not a model"),
        ("m.bin", pickle.dumps({"w": 1.0}), (), "pickle format are refused"),
        ("m.bin", pickle.dumps(_Evil()), ("--allow-pickle",), "calls posix.system"),
        (
            "m.gguf",
            gguf({**META, "tokenizer.chat_template": "{{ ''.__class__ }}"}),
            (),
            "template is refused",
        ),
        ("m.gguf", gguf(), ("--require-signature",), "it is not signed"),
    ],
)
def test_what_is_no_model_or_must_not_be_used(
    jitney: Jitney, here: Path, name: str, data: bytes, words: tuple[str, ...], message: str
) -> None:
    (here / name).write_bytes(data)
    done = jitney("pull", *words, f"./{name}", cwd=here)
    assert done.returncode == 125
    assert message in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert jitney("ls", "-q", cwd=here).stdout == b""


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("pull",), 2, "which model?"),
        (("rm",), 2, "say which models"),
        (("rm", "nonesuch"), 125, "no such model in the Store"),
        (("rm", "--all"), 2, "nobody to ask"),
        (("show", "nonesuch"), 125, "no such model in the Store"),
        (("pull", "./nonesuch.gguf"), 125, "no such file"),
        (("verify", "nonesuch"), 125, "no such model in the Store"),
    ],
)
def test_words_that_mean_nothing(
    jitney: Jitney, here: Path, words: tuple[str, ...], code: int, message: str
) -> None:
    jitney("pull", "-q", "./a.gguf", cwd=here)
    done = jitney(*words, cwd=here)
    assert (done.returncode, message in done.stderr.decode()) == (code, True), said(done)


@pytest.mark.engine
def test_a_program_s_lock_holds_its_model_too(jitney: Jitney, here: Path) -> None:
    (here / "main.py").write_text("print('hello')\n")
    done = jitney("lock", "--model", "./a.gguf", "main.py", cwd=here)
    assert done.returncode == 0, said(done)
    assert b"[models]" in (here / "jitney.lock").read_bytes()
    assert jitney("lock", "main.py", cwd=here).returncode == 0
    assert b"[models]" in (here / "jitney.lock").read_bytes(), "locked anew, the models stay"
    (here / "a.gguf").write_bytes(gguf(elements=512))
    done = jitney("run", "--model", "./a.gguf", "main.py", cwd=here)
    assert done.returncode == 125
    assert b"not the bytes that" in done.stderr


@pytest.mark.engine
@pytest.mark.model
def test_a_model_that_a_run_uses_is_not_removed(
    jitney: Jitney, tmp_path: Path, assert_nothing_left: Callable[[], None]
) -> None:
    """In a Store of its own: what is removed in the end is a copy."""
    weights = tmp_path / "smollm2.gguf"
    os.link(Store(Config().data / "store").blob(SMOLLM2), weights)
    program = tmp_path / "waits.py"
    program.write_text("import sys\nprint('up', flush=True)\nsys.stdin.read()\n")
    env = {**os.environ, "JITNEY_DATA_DIR": str(tmp_path / "data")}
    command = [str(JITNEY), "run", "--model", str(weights), str(program)]
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stdin is not None
        try:
            assert run.stdout.readline() == b"up\n"
            done = jitney("rm", weights, env=env)
            assert done.returncode == 75, said(done)
            assert b"in use by a run" in done.stderr
            assert b"in use" in jitney("ls", env=env).stdout
        finally:
            run.stdin.close()
            run.wait(60)
    done = jitney("rm", weights, env=env)
    assert done.returncode == 0, said(done)
    assert b"98 MB freed" in done.stdout
    assert_nothing_left()
