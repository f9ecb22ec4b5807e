"""Vendors' names that lead to the model beside the program, inside its own sandbox alone. Pure.

    https://api.openai.com ─ DNS of init: 127.0.0.1 ─ relay 443 ─► the model, by a certificate made for this run

For programs that cannot be told an address: it stands in their code, or their library has it fixed. Never without a served
model. A host that --allow-host names stays what it is: the user's word wins.
"""

from __future__ import annotations

import re
from typing import Literal

from jitney.config import Config
from jitney.detect.frameworks import frameworks
from jitney.detect.model import Detection, Endpoint
from jitney.errors import UsageError
from jitney.facts.model import Facts
from jitney.findings import Evidence, Finding
from jitney.plan.hosts import HTTPS, opening, openings
from jitney.plan.model import ModelPlan, Redirect

HTTP = 80
ANSWERED = ("openai", "anthropic", "ollama")
"""Dialects that the gateway beside the program speaks."""

GIVEN = frozenset(
    {"OPENAI_BASE_URL", "OPENAI_API_BASE", "ANTHROPIC_BASE_URL", "OLLAMA_HOST", "OLLAMA_BASE_URL"}
)
"""Variables by which a program with a model beside it is told the address (plan/sandbox.py). What reads one needs no
redirect."""

NAMES_AT_MOST = 64
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"


def redirects(detection: Detection, config: Config, model: ModelPlan | None) -> tuple[Redirect, ...]:
    """One for each host and port, sorted; the first place seen is its reason. UsageError: a name that cannot be one."""
    asked = [_asked(text) for text in config.redirects]
    if not _is_possible(config, model):
        return ()
    allowed = {one.name for one in openings(config)}
    if both := next((one.host for one in asked if one.host in allowed), ""):
        raise UsageError(f"--redirect {both} and --allow-host {both}: a name leads to one place")
    found = {(one.host, one.port): one for one in asked}
    for endpoint in detection.endpoints:
        host = endpoint.host.lower().rstrip(".")
        if host in allowed or not _leads(endpoint, host, detection.language):
            continue
        for port in dict.fromkeys((HTTPS, _port(endpoint))):
            why = endpoint.why
            one = Redirect(host=host, port=port, rule=why.rule, file=why.file, line=why.line)
            found.setdefault((host, port), one)
    return tuple(found[key] for key in sorted(found)[:NAMES_AT_MOST])


def _is_possible(config: Config, model: ModelPlan | None) -> bool:
    """With the engine's whole network names are not init's to answer."""
    return model is not None and model.serve and config.redirect and not config.network


def _asked(text: str) -> Redirect:
    one = opening(text)
    if one.address or not _is_name(one.name):
        raise UsageError(
            f"--redirect {text}: not a host's name", "--redirect NAME[:PORT], for example api.example.com"
        )
    return Redirect(host=one.name, port=one.port, rule="asked")


def _is_name(host: str) -> bool:
    """Of two labels at least, and no address."""
    return len(host) <= 253 and bool(re.fullmatch(rf"{_LABEL}(?:\.{_LABEL})*\.[a-z][a-z0-9-]*", host))


def _leads(endpoint: Endpoint, host: str, language: str) -> bool:
    if endpoint.kind != "hosted" or endpoint.api not in ANSWERED or not _is_name(host):
        return False
    return endpoint.why.rule != "endpoint.default" or not _can_be_told(endpoint, language)


def _can_be_told(endpoint: Endpoint, language: str) -> bool:
    """Its library reads an address from a variable that is given."""
    rows = [row for row in frameworks(language) if row.name == endpoint.why.value]
    ways = [way for row in rows for way in row.all_ways if way.host == endpoint.host]
    return bool(ways) and all(GIVEN & set(way.env) for way in ways)


def _port(endpoint: Endpoint) -> int:
    """As it is written: a bare name says nothing of TLS, and means it."""
    plain = "http://" in endpoint.why.value
    return endpoint.port if endpoint.port not in (0, HTTP) or plain else HTTPS


def redirect_evidence(model: ModelPlan | None) -> list[Evidence]:
    """With file and line where it was seen in the code."""
    return [
        Evidence(
            rule=f"redirect.{one.rule.removeprefix('endpoint.')}",
            decides="redirect",
            value=f"{one.url} leads to the model",
            file=one.file,
            line=one.line,
        )
        for one in (model.redirects if model is not None else ())
    ]


def redirect_findings(
    detection: Detection, facts: Facts, config: Config, model: ModelPlan | None
) -> list[Finding]:
    """What a flag keeps from leading to the model, and what --redirect cannot do."""
    if not _is_possible(config, model):
        asked = config.redirects if config.redirect else ()
        why = "names are the network's with --network" if config.network else "no model is beside the program"
        told = [_note("warning", f"--redirect {name} leads nowhere: {why}") for name in asked]
    else:
        told = []
    if model is None or not model.serve or not config.redirect:
        return told
    reason = "--network" if config.network else "--allow-host"
    kept = f"is the vendor's own, because of {reason}: the model does not stand in for it"
    told += [_note("note", f"{name} {kept}") for name in _kept(detection, config)]
    if model.redirects and config.allow_hosts and not facts.ca_bundle:
        missing = (
            "no CA bundle on this machine: hosts of --allow-host are not trusted here without --no-redirect"
        )
        told.append(_note("warning", missing))
    return told


def _kept(detection: Detection, config: Config) -> list[str]:
    """Hosts that would lead to the model."""
    hosts = [(endpoint, endpoint.host.lower().rstrip(".")) for endpoint in detection.endpoints]
    leads = [host for endpoint, host in hosts if _leads(endpoint, host, detection.language)]
    allowed = {one.name for one in openings(config)}
    return [name for name in dict.fromkeys(leads) if config.network or name in allowed]


def _note(level: Literal["note", "warning"], message: str) -> Finding:
    return Finding(
        level=level, code="redirect.kept" if level == "note" else "redirect.unused", message=message
    )
