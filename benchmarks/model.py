"""A model in process: to the first token, against the same in a bare container; tokens per second against the host."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import JITNEY, ROOT, Result, at_least, at_most, docker, interleaved
from benchmarks.start import tag_of
from jitney.config import Config, load
from jitney.engine import connect
from jitney.facts.collect import collect
from jitney.models.alias import aliases
from jitney.models.fetch import fetch
from jitney.models.layout import View, Want, library_view
from jitney.models.reference import parse
from jitney.models.storage.store import Store
from jitney.plan.model import SandboxPlan
from jitney.runtimes.llamacpp import BASE
from jitney.sandbox.box import box_spec
from jitney.sandbox.run import Job, Session, Stdio

PROGRAM = ROOT / "examples" / "python-inprocess" / "main.py"
PROMPT = "The capital of France is"
BENCH = ["-t", "1", "-p", "0", "-n", "256", "-r", "1", "-o", "csv"]
N_FIRST, N_TOKENS = 7, 9


def measure() -> list[Result]:
    config = load(None, {})
    store = Store(config.data / "store")
    weights = fetch(store, parse("smollm2", aliases(None), Path.cwd()))
    view = library_view(store, (Want(weights=weights),))
    return [_first_token(), _tokens(config, view)]


def first_byte(command: list[str]) -> float:
    """Seconds from the start of the command to the first byte on its stdout; then it is read to its end."""
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        first = os.read(child.stdout.fileno(), 1)
        taken = time.perf_counter() - begin
        child.stdout.read()
    assert first and child.returncode == 0, command
    return taken


def _first_token() -> Result:
    """The same image, program, weights and variables, started by hand with docker run."""
    import json

    ours = [JITNEY, "run", "--model", "smollm2", str(PROGRAM), PROMPT]
    first_byte(ours)
    planned = subprocess.run(
        [JITNEY, "plan", "--json", "--model", "smollm2", str(PROGRAM)], capture_output=True, check=True
    )
    run = json.loads(planned.stdout)["run"]
    mounts = ["-v", f"{_view_of_run(ours)}:/models:ro", "-v", f"{ROOT}:/src:ro"]
    variables = [part for name, value in run["env"].items() for part in ("-e", f"{name}={value}")]
    tag = tag_of(PROGRAM)
    peer = [docker(), "run", "--rm", *mounts, *variables, "-w", run["workdir"], tag, *run["argv"], PROMPT]
    a, b = interleaved(lambda: first_byte(ours), lambda: first_byte(peer), N_FIRST, warm=1)
    return at_most("model in process, to the first token", "s", a, b, 1.1, N_FIRST, "docker run by hand")


def _view_of_run(command: list[str]) -> str:
    """The folder of the Store that a run of the program has at /models, asked of the engine while it runs."""
    mounts = '{{range .Mounts}}{{if eq .Destination "/models"}}{{.Source}}{{end}}{{end}}'
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        found = ""
        while not found and child.poll() is None:
            listed = [docker(), "ps", "-q", "--filter", "label=jitney", "--latest"]
            last = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.strip()
            if last:
                asked = [docker(), "inspect", "--format", mounts, last]
                found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    assert found, f"no sandbox of {command} was seen with a folder at /models"
    return found


def _tokens(config: Config, view: View) -> Result:
    """llama-bench of the llama.cpp base: in a sandbox, and the same file on the host (only its root folder is changed)."""
    engine = connect()
    facts = collect(engine, config)
    base = facts.base(BASE)
    assert base is not None, "make setup"
    with tempfile.TemporaryDirectory() as name:
        rootfs = Path(name) / "rootfs"
        _unpack(base.ref, rootfs)
        source = Path(view.path) / Path(view.main).relative_to("/models")
        shutil.copyfile(source, rootfs / "model.gguf")
        enter = ["chroot"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--root"]
        host = [*enter, str(rootfs), "/usr/bin/llama-bench", "-m", "/model.gguf", *BENCH]
        ours, theirs = interleaved(
            lambda: _in_sandbox(engine, base.ref, view),
            lambda: _rate(subprocess.run(host, capture_output=True, text=True, check=True).stdout),
            N_TOKENS,
            warm=1,
        )
        shutil.rmtree(rootfs)
    engine.close()
    return at_least(
        "tokens per second in the sandbox",
        "tok/s",
        ours,
        theirs,
        0.99,
        N_TOKENS,
        "the same binary on the host",
    )


def _unpack(ref: str, target: Path) -> None:
    """The base's files, on the host."""
    target.mkdir()
    made = subprocess.run(
        [docker(), "create", ref, "x"], capture_output=True, text=True, check=True
    ).stdout.strip()
    with subprocess.Popen([docker(), "export", made], stdout=subprocess.PIPE) as export:
        subprocess.run(["tar", "-x", "-C", str(target)], stdin=export.stdout, check=True)
    subprocess.run([docker(), "rm", made], capture_output=True, check=True)


def _in_sandbox(engine: object, ref: str, view: View) -> float:
    from jitney.engine.protocol import Engine

    real: Engine = engine  # type: ignore[assignment]  # connect() gives one
    said: list[bytes] = []
    with Session(real) as session:
        box = session.park(box_spec(SandboxPlan(), ref, mounts=view.mounts()))
        job = Job(argv=("/usr/bin/llama-bench", "-m", view.main, *BENCH), workdir="/")
        session.submit(box, job, Stdio(stdin=None, stdout=said.append, stderr=None))
        outcome = session.wait(box)
    assert outcome.exit_code == 0, outcome
    return _rate(b"".join(said).decode())


def _rate(csv: str) -> float:
    """avg_ts of the one row."""
    head, row = [re.findall(r'"([^"]*)"', line) for line in csv.strip().splitlines()[-2:]]
    if "avg_ts" not in head:
        names = csv.strip().splitlines()[0].split(",")
        return float(row[names.index("avg_ts")])
    return float(row[head.index("avg_ts")])


if __name__ == "__main__":
    print(measure(), file=sys.stdout)
