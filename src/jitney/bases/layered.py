"""A base that adds one layer to another: Debian packages, and toolchains that come from a language's package registry.

Ten languages then cost one system and ten layers. Its digest is that of the parent, the exact packages and the files added.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from jitney.bases.additions import (
    FETCHERS,
    copy_line,
    fetch_stage,
    fetcher,
    first_alike,
    strip_stage,
    sum_stages,
)
from jitney.bases.debian import forget_former
from jitney.bases.hooks import Recipe
from jitney.bases.recipes import whole_fingerprint
from jitney.config import Config
from jitney.engine.protocol import LABEL, LABEL_BASE, BuildRequest, Engine
from jitney.errors import BuildError
from jitney.facts.collect import LABEL_DIGEST, LABEL_KEY, LABEL_RECIPE, base_ref
from jitney.facts.model import BaseOnHand, Facts
from jitney.resolve.inputs import ensure_uv, secret_files

LABEL_PACKAGES = "jitney.packages"
STATUS = "/var/lib/dpkg/status"
INSTALL = """set -e
apt="apt-get -q -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none -o APT::Keep-Downloaded-Packages=true"
rm -f /etc/apt/apt.conf.d/docker-clean
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
$apt update
mkdir -p /usr/share/man/man1
$apt install -y --no-install-recommends -o Dpkg::Options::=--path-exclude=/usr/share/doc/* \
 -o Dpkg::Options::=--path-include=/usr/share/doc/*/copyright -o Dpkg::Options::=--path-exclude=/usr/share/man/* \
 -o Dpkg::Options::=--path-exclude=/usr/share/locale/* -- "$@"
find /var/log -type f -delete
rm -f /var/cache/apt/*.bin /var/cache/ldconfig/aux-cache /var/cache/debconf/*-old
"""
MOUNTS = (
    "--mount=type=cache,id=jitney-apt-archives,target=/var/cache/apt/archives,sharing=locked "
    "--mount=type=cache,id=jitney-apt-lists-{suite},target=/var/lib/apt/lists,sharing=locked"
)


def add_layer(
    engine: Engine,
    key: str,
    recipe: Recipe,
    ensure: Callable[[str], BaseOnHand],
    facts: Facts,
    config: Config,
    on_line: Callable[[str], None],
) -> BaseOnHand:
    """Build, label, measure. ensure: makes other bases: the parent, and those with a registry's tool.
    BuildError: a package or a file that cannot be had."""
    parent = ensure(f"debian/{recipe.parent}")
    making = f"jitney/making:{os.urandom(8).hex()}"
    dockerfile = _dockerfile(recipe, parent, ensure, facts)
    if any(add.registry == "pypi" for add in recipe.adds):
        ensure_uv(engine)
    with secret_files(("ca", "index", "npmrc", "maven"), facts, config) as secrets:
        engine.build(BuildRequest(dockerfile=dockerfile, tag=making, secrets=secrets), on_line)
        sums = sum_stages(recipe.adds, ensure(FETCHERS["pypi"]).ref) if recipe.adds else []
        digest = _digest(engine, recipe, parent, [dockerfile, *sums], secrets, on_line)
    labels = {
        LABEL: "base",
        LABEL_KEY: key,
        LABEL_DIGEST: digest,
        LABEL_RECIPE: whole_fingerprint(recipe),
        LABEL_BASE: parent.ref,
        LABEL_PACKAGES: " ".join(recipe.packages),
    }
    ref = base_ref(key, digest)
    engine.build(BuildRequest(dockerfile=f"FROM {making}\n", tag=ref, labels=labels), on_line)
    engine.remove_image(making)
    forget_former(engine, key, ref)
    now = engine.image(ref)
    assert now is not None, "it was tagged just now"
    return BaseOnHand(key=key, ref=ref, digest=digest, size_bytes=now.size_bytes, recipe=labels[LABEL_RECIPE])


def _dockerfile(recipe: Recipe, parent: BaseOnHand, ensure: Callable[[str], BaseOnHand], facts: Facts) -> str:
    import json

    lines: list[str] = []
    copies: list[str] = []
    for number, add in enumerate(recipe.adds):
        stage = f"add{first_alike(recipe.adds, number)}"
        if stage == f"add{number}":
            lines += fetch_stage(
                add,
                stage,
                ensure(fetcher(add)).ref,
                facts.engine.arch,
                has_ca=bool(facts.ca_bundle),
                has_index=bool(facts.indexes.python),
            )
            lines += strip_stage(stage, ensure(FETCHERS["pypi"]).ref) if recipe.strip else []
        if recipe.strip:
            stage = f"thin-{stage}"
        copies.append(copy_line(add, stage, facts.engine.arch))
    lines += [f"FROM {parent.ref} AS made", "USER 0:0"]
    if recipe.packages:
        argv = json.dumps(["/bin/sh", "-c", INSTALL, "apt", *recipe.packages])
        lines.append(f"RUN {MOUNTS.format(suite=recipe.suite)} {argv}")
    lines += copies
    if recipe.path:
        lines.append(f"ENV PATH={recipe.path}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    if recipe.last:
        lines.append(f"RUN {json.dumps(['/bin/sh', '-euc', recipe.last])}")
    return "\n".join(lines) + "\n"


def _digest(
    engine: Engine,
    recipe: Recipe,
    parent: BaseOnHand,
    stages: list[str],
    secrets: Mapping[str, Path],
    on_line: Callable[[str], None],
) -> str:
    """Over what decides its content: not over the layer's bytes, which hold times. Files are hashed where they lie."""
    whole = hashlib.sha256(parent.digest.encode() + recipe.last.encode())
    look = "\n".join(stages).rstrip("\n") + "\nFROM scratch\n"
    if recipe.adds:
        numbers = {first_alike(recipe.adds, number) for number in range(len(recipe.adds))}
        look += "".join(f"COPY --from=sum{number} /sums /sums{number}\n" for number in sorted(numbers))
    if recipe.packages:
        look += f"COPY --from=made {STATUS} /status\n"
    with tempfile.TemporaryDirectory(prefix="jitney-base-") as folder:
        out = Path(folder)
        request = BuildRequest(dockerfile=look, output=out, secrets=secrets, labels={LABEL: "probe"})
        engine.build(request, on_line)
        for path in sorted(out.glob("sums*")):
            whole.update(f"\n{path.name}\n{path.read_text(encoding='utf-8')}".encode())
        if recipe.packages:
            for line in sorted(_versions((out / "status").read_text(encoding="utf-8"))):
                whole.update(f"\n{line}".encode())
    return f"sha256:{whole.hexdigest()}"


def _versions(status: str) -> list[str]:
    """dpkg's status file: name and version of each package."""
    found = []
    for block in status.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != " ")
        if "Package" in fields:
            found.append(f"{fields['Package']}={fields.get('Version', '')}")
    if not found:
        raise BuildError("the new base has no list of its packages")
    return found
