"""Make src/jitney/matrix/*.json: which wheels of PyTorch, TensorFlow, JAX, vLLM and SGLang are for which Python, CUDA and machine.

    python tools/matrices.py all [--index URL]           from the package index: one page and small ranges of wheels
    python tools/matrices.py torch|tensorflow|jax|servers|gpus
    python tools/matrices.py variants --index URL         what PyTorch's own index has, as TOML to compare with matrices.toml

What no index says stands in tools/matrices.toml, each row with its source. Fewer rows than before: nothing is written, for
then the page has changed rather than the world (`--fewer` where they really went).
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from packaging.requirements import Requirement
from packaging.version import Version

sys.path.insert(0, str(Path(__file__).parent))
from wheel_index import Index, Metadata, Wheel, default_index, links, wanted

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "src" / "jitney" / "matrix"
KEPT = ROOT / "tools" / "matrices.toml"
AT_ONCE = 8
OLDEST = {"torch": "1.11", "torchvision": "0.12", "torchaudio": "0.11", "tensorflow": "2.8", "jaxlib": "0.4.10", "vllm": "0.2",
          "sglang": "0.3"}  # fmt: skip
"""Older releases have no wheels for a Python that a base of ours has (3.9 and newer), or predate today's packaging."""

Row = dict[str, Any]
Releases = dict[str, list[Wheel]]


def releases(index: Index, project: str) -> Releases:
    """Version → its wheels, oldest first."""
    found: Releases = {}
    for one in index.wheels(project):
        if Version(one.version) >= Version(OLDEST.get(project, "0")):
            found.setdefault(one.version, []).append(one)
    return found


def of_machine(wheels: list[Wheel], machine: str) -> list[Wheel]:
    return [one for one in wheels if one.machine in (machine, "")]


def pythons(wheels: list[Wheel], machine: str) -> list[str]:
    return sorted({series for one in of_machine(wheels, machine) for series in one.series}, key=_numbers)


def _numbers(text: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", text)]


def each(index: Index, found: Releases, machine: str) -> dict[str, Metadata]:
    """The metadata of one wheel of every release that has one for the machine."""
    chosen = {version: ours[0] for version, wheels in found.items() if (ours := of_machine(wheels, machine))}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(chosen, pool.map(index.metadata, chosen.values()), strict=True))


def exact(one: Requirement | None) -> str:
    """The version that a requirement pins, else its lower bound, else nothing."""
    if one is None:
        return ""
    bounds = {part.operator: part.version for part in one.specifier}
    return bounds.get("==", bounds.get(">=", bounds.get("~=", ""))).split("+")[0]


def series(version: str) -> str:
    return ".".join(version.split(".")[:2])


def cuda_of(needs: dict[str, Requirement]) -> str:
    """From the runtime's own wheel; `cuda-toolkit` since CUDA 13."""
    names = ("cuda-toolkit", "nvidia-cuda-runtime", "nvidia-cuda-runtime-cu12", "nvidia-cuda-runtime-cu11")
    return next((series(exact(needs[name])) for name in names if name in needs), "")


def cudnn_of(needs: dict[str, Requirement]) -> str:
    return next((series(exact(one)) for name, one in needs.items() if name.startswith("nvidia-cudnn-cu")), "")


def without_empty(row: Row) -> Row:
    return {name: value for name, value in row.items() if value not in ("", [], False)}


def torch(index: Index, kept: Row) -> Row:
    found = releases(index, "torch")
    here, there = each(index, found, "x86_64"), each(index, found, "aarch64")
    vision, audio = (paired(index, project, found) for project in ("torchvision", "torchaudio"))
    rows = []
    for version, wheels in found.items():
        needs = wanted(here[version], "x86_64") if version in here else {}
        arm = wanted(there[version], "aarch64") if version in there else {}
        rows.append(without_empty({
            "torch": version, "pythons": pythons(wheels, "x86_64"), "arm64": pythons(wheels, "aarch64"),
            "cuda": cuda_of(needs) or kept["torch"]["bundled"].get(series(version), ""), "cuda_arm64": cuda_of(arm),
            "cudnn": cudnn_of(needs), "vision": vision.get(version, ""), "audio": audio.get(version, ""),
        }))  # fmt: skip
    return {
        "rows": rows,
        "variants": kept["torch"]["variant"],
        "architectures": kept["torch"]["architectures"],
    }


def paired(index: Index, project: str, torches: Iterable[str]) -> dict[str, str]:
    """torch → the newest release of the project that pins it, or that has a floor which it meets."""
    found = each(index, releases(index, project), "x86_64")
    pins = {version: wanted(metadata, "x86_64").get("torch") for version, metadata in found.items()}
    floors = [(v, one) for v, one in pins.items() if one and str(one.specifier).startswith(">=")]
    pairs = {exact(one): v for v, one in pins.items() if one and str(one.specifier).startswith("==")}
    for torch_version in torches:
        fitting = [v for v, one in floors if one.specifier.contains(torch_version)]
        if fitting and torch_version not in pairs:
            pairs[torch_version] = fitting[-1]
    return pairs


def tensorflow(index: Index, kept: Row) -> Row:
    found = releases(index, "tensorflow")
    here = each(index, found, "x86_64")
    rows = []
    for version, wheels in found.items():
        needs = wanted(here[version], "x86_64", "and-cuda") if version in here else {}
        old = kept["tensorflow"]["built_with"].get(series(version), {})
        rows.append(without_empty({
            "tensorflow": version, "pythons": pythons(wheels, "x86_64"), "arm64": pythons(wheels, "aarch64"),
            "cuda": cuda_of(needs) or old.get("cuda", ""), "cudnn": cudnn_of(needs) or old.get("cudnn", ""),
        }))  # fmt: skip
    return {"rows": rows}


def jax(index: Index, kept: Row) -> Row:
    """jaxlib has jax's version; each plugin says which CUDA it wants, and is of the same version."""
    del kept
    found = releases(index, "jaxlib")
    frontends = {one.version for one in index.wheels("jax")}
    plugins = {
        number: each(index, releases(index, f"jax-cuda{number}-plugin"), "x86_64") for number in ("12", "13")
    }
    rows = []
    for version, wheels in found.items():
        row: Row = {"jax": version, "pythons": pythons(wheels, "x86_64"), "arm64": pythons(wheels, "aarch64")}
        for number, plugin in plugins.items():
            if version in plugin:
                needs = wanted(plugin[version], "x86_64", "with-cuda")
                row |= {f"cuda{number}": cuda_of(needs) or number, f"cudnn{number}": cudnn_of(needs)}
        if version in frontends:
            rows.append(without_empty(row))
    return {"rows": rows}


def servers(index: Index, kept: Row) -> Row:
    """Which torch a release pins; what it wants of Python."""
    rows = []
    for project in ("vllm", "sglang"):
        found = releases(index, project)
        for version, metadata in each(index, found, "x86_64").items():
            needs = [
                one
                for extra in ("", "srt", "all")
                for one in [wanted(metadata, "x86_64", extra).get("torch")]
            ]
            pin = next((exact(one) for one in needs if one is not None), "")
            arm = any(one.machine == "aarch64" for one in found[version])
            rows.append(without_empty({
                "server": project, "version": version, "torch": pin, "python": metadata.requires_python, "arm64": arm,
            }))  # fmt: skip
    return {"rows": [*rows, *kept["servers"]["release"]], "images": kept["servers"]["image"]}


def gpus(index: Index, kept: Row) -> Row:
    del index
    return {"rows": kept["gpus"]["driver"], "rocm": kept["gpus"]["rocm"]}


def torch_index(base: str, client: httpx.Client) -> Iterable[str]:
    """PyTorch's own index has one folder a build (`cpu`, `cu126`, `rocm7.2`): which releases lie in each."""
    front = client.get(base.rstrip("/") + "/")
    front.raise_for_status()
    builds = sorted(
        set(re.findall(r'href="(?:[^"]*/)?(cpu|cu\d{2,3}|rocm[\d.]+|xpu)/"', front.text)), key=_build
    )
    for build in builds:
        page = f"{base.rstrip('/')}/{build}/torch/"
        answer = client.get(page)
        names = [name for name, _, _ in links(answer.text, page)] if answer.status_code == 200 else []
        found = {match[1] for name in names if (match := re.match(r"torch-([\d.]+)(?:%2B|\+)", name))}
        yield f"{build} = {json.dumps(sorted(found, key=Version))}"


def _build(name: str) -> tuple[str, list[int]]:
    return re.sub(r"[\d.]", "", name), _numbers(name)


MAKERS: dict[str, Callable[[Index, Row], Row]] = {
    "torch": torch, "tensorflow": tensorflow, "jax": jax, "servers": servers, "gpus": gpus,
}  # fmt: skip


def written(made: Row, today: str) -> str:
    """One row a line, so that a diff shows rows."""
    lines = [f'"made": "{today}"']
    for name, rows in made.items():
        body = ",\n".join(" " + json.dumps(row, ensure_ascii=False) for row in rows)
        lines.append(f'"{name}": [\n{body}\n]')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def check_floor(name: str, made: Row, old: Row, fewer: bool) -> None:
    """SystemExit: a list has become shorter."""
    for part, rows in made.items():
        before = len(old.get(part, ()))
        if len(rows) < before and not fewer:
            sys.exit(
                f"{name}: {part} fell from {before} rows to {len(rows)}: has the page changed? (--fewer: they went)"
            )


def make(name: str, index: Index, fewer: bool) -> None:
    path = FOLDER / f"{name}.json"
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    made = MAKERS[name](index, tomllib.loads(KEPT.read_text(encoding="utf-8")))
    check_floor(name, made, old, fewer)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    path.write_text(written(made, today), encoding="utf-8")
    print(f"{path.relative_to(ROOT)}: {', '.join(f'{len(rows)} {part}' for part, rows in made.items())}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["all", "variants", *MAKERS])
    parser.add_argument(
        "--index", default="", help="a simple index; default: as this machine's tools are configured"
    )
    parser.add_argument("--fewer", action="store_true", help="write though there are fewer rows than before")
    asked = parser.parse_args()
    with httpx.Client(timeout=120, follow_redirects=True) as client:
        address = asked.index or ("" if asked.what == "gpus" else default_index(os.environ))
        if asked.what == "variants":
            print("\n".join(torch_index(address, client)))
            return
        for name in MAKERS if asked.what == "all" else (asked.what,):
            make(name, Index(address, client), asked.fewer)


if __name__ == "__main__":
    main()
