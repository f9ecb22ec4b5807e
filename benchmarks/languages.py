"""The first-class languages: cold builds and image sizes against hand-written multi-stage Dockerfiles on the same bases, an
edited line against the host toolchain's own incremental build, and the second run of examples against `docker run --rm`.

`python -m benchmarks languages`, or `python -m benchmarks.languages LANGUAGE…` for some of them. Nothing is cached on either
side of a cold build: all that the builder keeps (of others too), Jitney's resolutions and the tools' own are cleared first.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.measure import JITNEY, ROOT, Result, at_most, docker, interleaved, keep, seconds, table
from jitney.config import load
from jitney.engine import connect
from jitney.facts.collect import collect

EXAMPLES = ROOT / "examples"
DOCKERFILES = ROOT / "benchmarks" / "dockerfiles"
PEER = "jitney-bench-language"
CA = "/etc/ssl/certs/ca-certificates.crt"
TRUST = "trust.p12"
COLD, EDITS, RUNS = 3, 5, 10
SLOW_S = 30.0
"""What takes longer is built cold only twice."""

QUESTION = re.compile(r"What is 2\+\d+\?")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """example: its folder. host: what rebuilds an edited line on the host, run in a copy of the folder; empty: no such row.
    edited: the file with the line. tools: a base that the Dockerfile wants beside those of the plan, made beforehand."""

    example: str
    host: tuple[str, ...] = ()
    edited: str = ""
    tools: str = ""


_PIP = (
    "FROM {full}\nUSER 0:0\nRUN apt-get -o Acquire::Check-Valid-Until=false update -qq"
    " && apt-get install -y -qq --no-install-recommends python3-pip && rm -rf /var/lib/apt/lists/*\n"
)
CASES = {
    "python": Case(example="python-openai", tools=_PIP),
    "node": Case(example="node-openai"),
    "typescript": Case(example="ts-anthropic"),
    "bun": Case(example="bun-openai"),
    "deno": Case(example="deno-openai"),
    "go": Case(example="go-openai", host=("go", "build", "-o", "host-program", "."), edited="main.go"),
    "rust": Case(
        example="rust-async-openai", host=("cargo", "build", "--release", "-q"), edited="src/main.rs"
    ),
    "java": Case(
        example="java-langchain4j",
        host=("mvn", "-q", "-B", "-o", "-Dmaven.compiler.source=21", "-Dmaven.compiler.target=21", "package"),
        edited="src/main/java/dev/example/Ask.java",
    ),
    "kotlin": Case(example="kotlin-http"),
    "c": Case(example="c-sockets"),
    "cpp": Case(
        example="cpp-cmake",
        host=(
            "sh",
            "-c",
            f"cmake -S . -B host -DCMAKE_BUILD_TYPE=Release -Dhttplib_DIR={DOCKERFILES}/cpp >/dev/null && cmake --build host",
        ),
        edited="src/main.cpp",
    ),
}


def measure(names: Sequence[str] = ()) -> list[Result]:
    results: list[Result] = []
    for name in names or CASES:
        case = CASES[name]
        with tempfile.TemporaryDirectory(prefix="jitney-bench-") as folder:
            here = Path(folder) / case.example
            shutil.copytree(EXAMPLES / case.example, here)
            found = _cold(name, case, here)
            print(table(found), file=sys.stderr, flush=True)
            if case.host and shutil.which(case.host[0]):
                found += _edit(name, case, here)
                print(table(found[-1:]), file=sys.stderr, flush=True)
        results += found
    return results + _second_runs(names)


# a cold build, and what it leaves


def _cold(name: str, case: Case, here: Path) -> list[Result]:
    tag = _jitney(here, here.parent / "warm")  # bases are on hand on both sides
    bases = _bases(here)
    arguments = [f"BUILD={bases[0]}", f"RUN={bases[-1]}"]
    if case.tools:
        arguments.append(f"TOOLS={_tools(name, case, here)}")
    shutil.copyfile(DOCKERFILES / f"{name}.Dockerfile", here.parent / "Dockerfile")
    if "id=trust" in (here.parent / "Dockerfile").read_text():
        _trust(here.parent / TRUST)
    context = shutil.copytree(here, here.parent / "peer")
    if (DOCKERFILES / name).is_dir():  # what the hand-written Dockerfile needs beside the program
        shutil.copytree(DOCKERFILES / name, context, dirs_exist_ok=True)
    ours, theirs = [], []
    for turn in range(COLD):
        _forget(tag)
        ours.append(seconds(_build(here, here.parent / f"cold-{turn}")))
        _forget(PEER)
        theirs.append(_docker_build(context, here.parent / "Dockerfile", PEER, arguments))
        if turn and min(ours) > SLOW_S:
            break
    sizes = _size(tag), _size(PEER)
    subprocess.run([docker(), "image", "rm", "-f", PEER], capture_output=True, check=False)
    peer = "hand-written multi-stage Dockerfile, same bases"
    return [
        at_most(f"{name}: cold build", "s", min(ours), min(theirs), 0.7, len(ours), peer),
        at_most(f"{name}: its image", "MB", sizes[0] / 1e6, sizes[1] / 1e6, 1.0, 1, peer),
    ]


def _source(here: Path) -> str:
    return str(here / _expectation(here)["source"])


def _expectation(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "expect.toml").read_text())


def _build(here: Path, cache: Path, *options: str) -> list[str]:
    own = [f"JITNEY_CACHE_DIR={cache}", f"UV_CACHE_DIR={cache / 'uv'}"]
    return ["env", *own, JITNEY, "build", "-q", *options, _source(here)]


def _jitney(here: Path, cache: Path) -> str:
    """Build, with what is cached. Returns the tag."""
    return subprocess.run(_build(here, cache), capture_output=True, text=True, check=True).stdout.strip()


def _bases(here: Path) -> list[str]:
    """References of the plan's bases, those of the build first, `scratch` left out."""
    command = [JITNEY, "plan", "--json", _source(here)]
    plan = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return [s["base"]["ref"] for s in plan["build"]["stages"] if s["base"]["key"] != "scratch"]


def _tools(name: str, case: Case, here: Path) -> str:
    """The base that the hand-written Dockerfile starts from, with the tool that its official image would bring."""
    engine = connect()
    full = collect(engine, load(None, {})).base("debian/debian:13-full")
    engine.close()
    assert full is not None, "make setup"
    dockerfile = here.parent / "Tools"
    dockerfile.write_text(case.tools.format(full=full.ref))
    _docker_build(here, dockerfile, f"{PEER}-{name}", [])
    return f"{PEER}-{name}"


def _docker_build(here: Path, dockerfile: Path, tag: str, arguments: Sequence[str]) -> float:
    secrets = ["--secret", f"id=ca,src={CA}"]
    if (here.parent / TRUST).exists():
        secrets += ["--secret", f"id=trust,src={here.parent / TRUST}"]
    command = [docker(), "build", "-q", *secrets, "-t", tag, "-f", str(dockerfile)]
    command += [part for one in arguments for part in ("--build-arg", one)]
    return seconds(["env", "DOCKER_BUILDKIT=1", *command, str(here)])


def _forget(tag: str) -> None:
    """The image and all that the builder keeps, of whomever: both sides start as on a machine that has only the bases."""
    subprocess.run([docker(), "image", "rm", "-f", tag], capture_output=True, check=False)
    subprocess.run([docker(), "builder", "prune", "-a", "-f"], capture_output=True, check=True)


def _trust(place: Path) -> None:
    """The machine's CA bundle as the trust store that a JVM reads: a secret of the hand-written Dockerfile."""
    program = ROOT / "src" / "jitney" / "inside" / "Trust.java"
    subprocess.run(["java", str(program), CA, str(place)], capture_output=True, check=True)


def _size(tag: str) -> int:
    engine = connect()
    image = engine.image(tag)
    engine.close()
    assert image is not None, tag
    return image.size_bytes


# one edited line


def _edit(name: str, case: Case, here: Path) -> list[Result]:
    """A line is changed, each time anew, in a copy for each side; both have built everything before."""
    host = here.parent / "host"
    shutil.copytree(here, host)
    count = iter(range(3, 1000))
    text = (here / case.edited).read_text()
    assert QUESTION.search(text), f"{case.edited} has no line to edit"

    def edit(folder: Path) -> None:
        (folder / case.edited).write_text(QUESTION.sub(f"What is 2+{next(count)}?", text))

    trust = f"-Djavax.net.ssl.trustStore={here.parent / TRUST} -Djavax.net.ssl.trustStorePassword=changeit"
    trusting = [f"MAVEN_OPTS={trust}", *_newest_jdk()]

    def ours() -> float:
        edit(here)
        return seconds([JITNEY, "build", "-q", _source(here)])

    def theirs() -> float:
        edit(host)
        return seconds(["env", "-C", str(host), *trusting, *case.host])

    online = [word for word in case.host if word != "-o"] if name == "java" else list(case.host)
    subprocess.run(["env", "-C", str(host), *trusting, *online], capture_output=True, check=True)
    mine, peer = interleaved(ours, theirs, EDITS)
    note = f"host: {' '.join(case.host)}"
    return [at_most(f"{name}: one edited line, built", "s", mine, peer, 1.3, EDITS, note)]


def _newest_jdk() -> list[str]:
    """The one for Maven on the host, whatever its default is; none: its default."""
    found = {
        int(match[1]): path
        for path in Path("/usr/lib/jvm").glob("*jdk*")
        if (match := re.search(r"(\d+)", path.name))
    }
    return [f"JAVA_HOME={found[max(found)]}"] if found else []


# second runs


def _second_runs(names: Sequence[str]) -> list[Result]:
    """Of every example that is on hand: no build, and no more than 0.6 of `docker run --rm` beside the program's own time."""
    results = []
    wanted = {CASES[name].example for name in names} if names else None
    floor = _docker_run()
    for folder in sorted(EXAMPLES.iterdir()):
        if wanted is not None and folder.name not in wanted:
            continue
        run = _runner(folder)
        first = run()
        if first is None:
            print(f"{folder.name}: left out, it does not run here", file=sys.stderr)
            continue
        times = [timed for timed in (run() for _ in range(RUNS)) if timed is not None]
        assert all("build" not in timed for timed in times), f"{folder.name}: its second run builds"
        own = [timed["program"] + _model_start(timed) for timed in times]
        least = min(range(len(times)), key=lambda n: times[n]["total"] - own[n])
        rest = times[least]["total"] - own[least]
        results.append(
            at_most(
                f"{folder.name}: second run beside its own time", "ms", rest * 1e3, floor * 1e3, 0.6, len(times),
                f"own: {own[least] * 1e3:.0f} ms",
            )
        )  # fmt: skip
    return results


def _model_start(timed: dict[str, float]) -> float:
    """With a model beside it, `start` is mostly the weights being loaded, which is the model's own time (`model` measures it)."""
    return max(timed.get("start", 0.0) - 0.15, 0.0) if timed.get("beside") else 0.0


def _runner(folder: Path) -> Callable[[], dict[str, float] | None]:
    wanted = _expectation(folder)
    model = ["--model", wanted["model"]] if wanted.get("model") else []
    source = str(folder / wanted["source"])
    command = [JITNEY, "run", "--json", "--timings", *model, *wanted.get("options", []), source]

    def run() -> dict[str, float] | None:
        done = subprocess.run(
            [*command, *wanted.get("args", [])],
            input=wanted.get("stdin", "").encode(),
            capture_output=True,
            check=False,
        )
        events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]
        timings = next((event for event in events if event.get("event") == "timings"), None)
        if done.returncode != wanted.get("exit", 0) or timings is None:
            return None
        found = {key: float(value) for key, value in timings.items() if isinstance(value, int | float)}
        found["beside"] = float(bool(model) and wanted.get("kind") == "beside")
        return found

    return run


def _docker_run() -> float:
    """`docker run --rm` of a base and a program that does nothing: the price of a container by itself."""
    engine = connect()
    base = next(image.tags[0] for image in engine.images() if any("python:3.13-run" in t for t in image.tags))
    engine.close()
    command = [
        docker(),
        "run",
        "--rm",
        "--network",
        "none",
        base,
        "/usr/bin/python3",
        "-I",
        "-S",
        "-c",
        "pass",
    ]
    return min(seconds(command) for _ in range(RUNS))


if __name__ == "__main__":
    found = measure(sys.argv[1:])
    print(table(found))
    print(f"kept in {keep(found, '-'.join(('languages', *sys.argv[1:])))}", file=sys.stderr)
