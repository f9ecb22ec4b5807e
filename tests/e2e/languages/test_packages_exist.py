"""Every Debian package that a table names is in its suite: a wrong one would be found by the first user of that import."""

from __future__ import annotations

from pathlib import Path

import pytest

from jitney import bases
from jitney.config import Config
from jitney.engine.protocol import BuildRequest, Engine
from jitney.facts.collect import collect
from jitney.languages import tables

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(900)]

BASES = {
    "trixie": "debian/debian:13-full",
    "bookworm": "debian/debian:12-full",
    "sid": "debian/debian:sid-full",
}
ASK = """FROM {base} AS asked
USER 0:0
COPY wanted /wanted
RUN apt-get -q -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none update \\
 && apt-cache dumpavail | sed -n 's/^Package: //p; s/^Provides: //p' \\
 | sed 's/([^)]*)//g' | tr -d ' ' | tr ',' '\\n' | sort -u >/there \\
 && mkdir /out && sort -u /wanted | comm -23 - /there >/out/missing
FROM scratch
COPY --from=asked /out/ /
"""


def _named() -> dict[str, set[str]]:
    """Suite → packages."""
    wanted: dict[str, set[str]] = {}
    for language in tables().values():
        if not language.debian.version:
            continue
        rows = (*language.packages.values(), *language.run_packages.values())
        here = wanted.setdefault(language.debian.suite, set())
        here |= {*language.debian.build, *language.debian.run, *(name for row in rows for name in row)}
    return wanted


@pytest.mark.parametrize("suite", sorted(_named()))
def test_every_package_is_in_its_suite(suite: str, engine: Engine, tmp_path: Path) -> None:
    facts = collect(engine, Config())
    base = bases.ensure(engine, BASES[suite], facts, Config(), lambda line: None)
    wanted = "".join(f"{name}\n" for name in sorted(_named()[suite]))
    request = BuildRequest(
        dockerfile=ASK.format(base=base.ref),
        context={"wanted": wanted.encode()},
        output=tmp_path,
        no_cache=True,
    )
    engine.build(request, lambda line: None)
    assert (tmp_path / "missing").read_text().split() == []
