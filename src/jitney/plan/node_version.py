"""Which major of Node.js fits what a project asks for: npm's ranges, names of nvm."""

from __future__ import annotations

from jitney.detect.npm_ranges import Interval, intervals, plain
from jitney.errors import PlanError

NODES = {
    "debian": ("24", "22", "20", "18", "26", "25", "23", "21", "19", "17", "16", "14"),
    "registry": ("24", "22", "20", "18", "26", "25", "23", "21", "19", "17", "16", "14"),
}
"""Majors that a provider has, the preferred one first: it runs TypeScript as it stands, prebuilt addons are made for it."""

NPM_HOME = "/usr/local/bin/node_modules/npm"
"""Where Debian's bases have npm: its own start script looks for it beside node, and COPY lays no link."""

OTHERS = {"deno": "2", "bun": "1"}


def pick(wanted: str, runtime: str, source: str) -> str:
    """The major of this provider. PlanError: it has none, or what is asked for is no version."""
    has = NODES[source] if runtime == "node" else (OTHERS[runtime],)
    ranges = _ranges(wanted)
    for major in has:
        if any(low < (int(major) + 1, 0, 0) and high > (int(major), 0, 0) for low, high in ranges):
            return major
    title = {"node": "Node.js", "deno": "Deno", "bun": "Bun"}[runtime]
    listed = ", ".join(sorted(has, key=int))
    raise PlanError(
        f"{title} {wanted} was asked for; the {source} provider has {listed}",
        f"choose one: --version {has[0]}",
    )


def _ranges(wanted: str) -> list[Interval]:
    try:
        return intervals(plain(wanted))
    except ValueError as error:
        raise PlanError(
            f"Node.js version {wanted!r} is no version and no range", "for example --version 22"
        ) from error
