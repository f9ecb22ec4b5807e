"""`jitney run` with a daemon that sees none of this machine's files: init, source and weights go through the engine."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openai import OpenAI

from jitney.engine.protocol import LABEL, Engine
from tests.conftest import Jitney, give_away
from tests.e2e.remote.proxy import RemoteEngine

pytestmark = pytest.mark.engine
EXAMPLES = Path(__file__).parents[3] / "examples"
LISTS = "import os\nprint(sorted(os.listdir('.')), os.path.getsize('big.bin'), open('sub/note.txt').read())\n"
GO = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("from Go") }\n'


def kept_volumes(engine: Engine) -> set[str]:
    return {volume.name for volume in engine.volumes() if volume.labels.get(LABEL) == "weights"}


@pytest.fixture
def remote() -> Iterator[RemoteEngine]:
    with RemoteEngine() as proxy:
        yield proxy


@pytest.fixture
def far(jitney: Jitney, remote: RemoteEngine) -> Callable[..., tuple[int, bytes, str]]:
    """`jitney` against the other machine: exit code, output, errors."""

    def run(*arguments: str | Path, stdin: bytes = b"", **env: str) -> tuple[int, bytes, str]:
        done = jitney(*arguments, stdin=stdin, env={"DOCKER_HOST": remote.url, **env})
        return done.returncode, done.stdout, done.stderr.decode()

    return run


@pytest.fixture
def nothing_kept(engine: Engine, jitney: Jitney) -> Iterator[None]:
    """Weights that a test sends are removed after it; those that were there stay."""
    before = kept_volumes(engine)
    yield
    for name in sorted(kept_volumes(engine) - before, key=len):
        engine.remove_volume(name)


Far = Callable[..., tuple[int, bytes, str]]


def test_python_and_a_source_that_would_be_mounted_elsewhere(
    far: Far, remote: RemoteEngine, tmp_path: Path, assert_nothing_left: Callable[[], None]
) -> None:
    (tmp_path / "main.py").write_text(LISTS)
    (tmp_path / "big.bin").write_bytes(os.urandom(40 << 20))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/note.txt").write_text("below")
    code, out, err = far("run", tmp_path)
    assert (code, out) == (0, b"['big.bin', 'main.py', 'sub'] 41943040 below\n"), err
    assert remote.binds == []
    assert_nothing_left()


def test_go(far: Far, remote: RemoteEngine, tmp_path: Path, assert_nothing_left: Callable[[], None]) -> None:
    (tmp_path / "main.go").write_text(GO)
    code, out, err = far("run", tmp_path / "main.go")
    assert (code, out) == (0, b"from Go\n"), err
    assert remote.binds == []
    assert_nothing_left()


@pytest.mark.model
def test_a_model_in_the_process_is_sent_once(
    far: Far,
    remote: RemoteEngine,
    engine: Engine,
    nothing_kept: None,
    assert_nothing_left: Callable[[], None],
) -> None:
    program = EXAMPLES / "python-inprocess/main.py"
    before = kept_volumes(engine)
    code, out, err = far("run", "--model", "smollm2", program, "The capital of France is")
    assert code == 0, err
    assert b"Paris" in out
    assert "MB of weights to the engine (once)" in err
    assert len(kept_volumes(engine) - before) == 2
    sent = len(remote.archives)
    code, out, err = far("run", "--model", "smollm2", program, "The capital of France is")
    assert (code, b"Paris" in out) == (0, True), err
    assert "weights to the engine" not in err
    assert len(remote.archives) == sent
    assert remote.binds == []
    assert_nothing_left()
    listed = json.loads(far("clean", "--dry-run", "--json", "weights")[1])
    volumes = {
        item["name"] for item in listed["items"] if item["kind"] == "volume" and item["own_bytes"] > 90 << 20
    }
    assert volumes & kept_volumes(engine)


@pytest.mark.model
def test_a_model_beside(
    far: Far, remote: RemoteEngine, nothing_kept: None, assert_nothing_left: Callable[[], None]
) -> None:
    code, out, err = far("run", "--model", "smollm2", EXAMPLES / "go-openai")
    assert code == 0, err
    assert out.strip()
    assert remote.binds == []
    assert_nothing_left()


def test_write_is_refused_before_anything_is_made(far: Far, remote: RemoteEngine, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("print(1)\n")
    (tmp_path / "out").mkdir(mode=0o777)
    give_away(tmp_path / "out")
    code, out, err = far("run", "--write", tmp_path / "out", tmp_path / "main.py")
    assert (code, out) == (125, b"")
    assert "does not see this machine's files" in err
    assert "JITNEY_ENGINE_FILES=shared" in err
    assert remote.binds == []


def test_the_user_may_know_better(far: Far, remote: RemoteEngine, tmp_path: Path) -> None:
    """And is believed: the engine's own refusal comes back, in its words."""
    (tmp_path / "main.py").write_text("print(1)\n")
    (tmp_path / "out").mkdir()
    give_away(tmp_path / "out")
    code, _, err = far("run", "--write", tmp_path / "out", tmp_path / "main.py", JITNEY_ENGINE_FILES="shared")
    assert code == 125
    assert "sees no files of yours" in err
    assert remote.binds == [str(tmp_path / "out")]


def test_a_local_engine_can_be_treated_as_a_far_one(jitney: Jitney, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("print(1)\n")
    (tmp_path / "out").mkdir()
    give_away(tmp_path / "out")
    env = {"JITNEY_ENGINE_FILES": "separate"}
    done = jitney("run", "--write", tmp_path / "out", tmp_path / "main.py", env=env)
    assert done.returncode == 125
    assert b"does not see this machine's files" in done.stderr


def test_a_model_is_asked_and_served_without_shared_files(
    far: Far, remote: RemoteEngine, nothing_kept: None, assert_nothing_left: Callable[[], None]
) -> None:
    code, out, err = far("run", "--temp", "0", "--max-tokens", "16", "smollm2", "What is 2+2?")
    assert code == 0, err
    assert b"4" in out
    code, out, err = far("serve", "--port", "0", "-d", "--threads", "1", "far=smollm2")
    assert code == 0, err
    try:
        url = out.decode().split()[1]
        with OpenAI(base_url=url, api_key="any", max_retries=0) as client:
            for _ in range(3):
                said = client.chat.completions.create(
                    model="far",
                    messages=[{"role": "user", "content": "What is 2+2?"}],
                    max_tokens=16,
                    temperature=0,
                )
                assert "4" in (said.choices[0].message.content or "")
            assert len(client.embeddings.create(model="far", input="a cat").data[0].embedding) == 576
    finally:
        far("stop", "far")
    assert remote.binds == []
    assert_nothing_left()
