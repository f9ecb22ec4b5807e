"""A workshop: `build(files, packages…)` on the real engine. What it made is removed at the end; the bases stay."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from jitney.bases import ensure
from jitney.config import Config
from jitney.detect.model import Detection, Package
from jitney.engine import connect
from jitney.engine.protocol import LABEL, BuildRequest, Engine
from jitney.errors import BuildError
from jitney.facts.collect import collect
from jitney.facts.model import BaseOnHand, Facts
from jitney.findings import Evidence
from jitney.plan import make_plan, measure, needed_bases, resolve_request
from jitney.plan.model import Lock, Plan
from jitney.render import context_files, image_tag, render_dockerfile
from jitney.resolve import resolve
from jitney.resolve.inputs import build_inputs
from jitney.resolve.learn import learn_system
from jitney.source import Source

ROUNDS = 5
WHY = Evidence(rule="test", decides="packages", value="test", file="chat.py", line=1)


def say(line: str) -> None:
    print(line)


def program(language: str, entry: str, *names: str, **fields: object) -> Detection:
    packages = tuple(Package(name=name, why=WHY) for name in names)
    plain = Detection(language=language, entry=entry, manager="imports", packages=packages, takes=(entry,))
    return msgspec.structs.replace(plain, **fields)


class Workshop:
    """engine, config with a cache of its own, and the tags that it made."""

    def __init__(self, engine: Engine, config: Config) -> None:
        self.engine, self.config = engine, config
        self.facts = collect(engine, config)
        self.tags: set[str] = set()

    def base(self, key: str) -> BaseOnHand:
        made = ensure(self.engine, key, self.facts, self.config, say)
        self.facts = msgspec.structs.replace(self.facts, bases=(*self.facts.bases, made))
        return made

    def ready(self, keys: tuple[str, ...]) -> Facts:
        for key in keys:
            if self.facts.base(key) is None:
                self.base(key)
        return self.facts

    def lock(self, detection: Detection, source: Source) -> Lock:
        facts = self.ready(needed_bases(detection, self.facts, self.config))
        request = resolve_request(detection, facts, self.config)
        return resolve(
            request,
            source=source,
            engine=self.engine,
            facts=facts,
            config=self.config,
            on_line=say,
            ensure_base=self.base,
        )

    def build(
        self, detection: Detection, source: Source, *, suffix: str = "", no_cache: bool = False
    ) -> tuple[Plan, str]:
        lock = self.lock(detection, source)
        for _ in range(ROUNDS):
            facts = self.ready(needed_bases(detection, self.facts, self.config, lock))
            plan = make_plan(detection, facts, self.config, lock, taken=measure(source, detection))
            tag = image_tag(plan.build) + suffix
            try:
                self._build(plan, source, tag, no_cache=no_cache)
                return plan, tag
            except BuildError as error:
                learnt = learn_system(lock, error.output, self.config)
                if learnt is None:
                    raise
                lock = learnt
        raise AssertionError("too many rounds")

    def _build(self, plan: Plan, source: Source, tag: str, *, no_cache: bool) -> None:
        context: dict[str, bytes | Path] = dict(context_files(plan.build))
        context |= {f"src/{path}": source.read_bytes(path) for path in plan.build.source}
        with build_inputs(plan.build, self.engine, self.facts, self.config) as secrets:
            request = BuildRequest(
                dockerfile=render_dockerfile(plan.build, self.facts.engine),
                tag=tag,
                labels={LABEL: "image"},
                context=context,
                secrets=secrets,
                no_cache=no_cache,
            )
            self.engine.build(request, say)
        self.tags.add(tag)

    def run(self, plan: Plan, tag: str, *argv: str) -> str:
        """Standard output of a command under the plan's environment, as an unprivileged user with no network."""
        words = ["docker", "run", "--rm", "--label", f"{LABEL}=probe", "--read-only", "--network", "none"]
        for name, value in plan.run.env.items():
            words += ["--env", f"{name}={value}"]
        said = subprocess.run([*words, tag, *argv], capture_output=True, text=True, timeout=120, check=False)
        assert said.returncode == 0, said.stderr
        return said.stdout

    def tree(self, tag: str) -> dict[str, tuple[object, ...]]:
        """Every file below /opt of an image: type, mode, owner, size, time, link, content."""
        made = subprocess.run(
            ["docker", "create", "--label", f"{LABEL}=probe", tag, "none"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        try:
            data = subprocess.run(["docker", "export", made], capture_output=True, check=True).stdout
        finally:
            subprocess.run(["docker", "rm", made], capture_output=True, check=True)
        return dict(_entries(data))


def _entries(data: bytes) -> Iterator[tuple[str, tuple[object, ...]]]:
    import hashlib

    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            if not member.name.startswith("opt"):
                continue
            file = archive.extractfile(member) if member.isfile() else None
            digest = hashlib.sha256(file.read()).hexdigest() if file else ""
            yield (
                member.name,
                (
                    member.type,
                    member.mode,
                    member.uid,
                    member.gid,
                    member.size,
                    member.mtime,
                    member.linkname,
                    digest,
                ),
            )


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    engine = connect()
    shop = Workshop(engine, Config(cache_dir=str(tmp_path_factory.mktemp("cache")), base_provider="debian"))
    yield shop
    for tag in sorted(shop.tags):
        engine.remove_image(tag)
    engine.close()
