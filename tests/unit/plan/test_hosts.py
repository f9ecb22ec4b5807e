"""Allowed hosts: how they are written, what is refused, and whom a program trusts there."""

from __future__ import annotations

import pytest

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.errors import UsageError
from jitney.facts.model import Facts
from jitney.plan import make_plan
from jitney.plan.hosts import Opening, opening, openings
from jitney.plan.model import Lock, Plan

PROGRAM = Detection(language="python", entry="main.py", takes=("main.py",))
RIGHT = [
    ("api.example.com", Opening("api.example.com", 443)),
    ("API.Example.com.:8443", Opening("api.example.com", 8443)),
    ("model.test:8000=127.0.0.1", Opening("model.test", 8000, "127.0.0.1")),
    ("model.test=[::1]", Opening("model.test", 443, "::1")),
    ("model.test=2001:DB8::1", Opening("model.test", 443, "2001:db8::1")),
]
WRONG = [
    ("10.0.0.5:80", "by name", "NAME:80=10.0.0.5"),
    ("*.example.com", "not a host's name", "NAME[:PORT]"),
    ("https://api.example.com", "not a host's name", "NAME[:PORT]"),
    ("api.example.com:0", "not a host's name", ""),
    ("api.example.com:70000", "not a host's name", ""),
    ("", "not a host's name", ""),
    ("localhost:8080", "is the sandbox itself", "host.test:8080=127.0.0.1"),
    ("model.test=other.test", "'other.test' is not an IP address", ""),
]


@pytest.mark.parametrize("text, want", RIGHT)
def test_how_a_host_is_written(text: str, want: Opening) -> None:
    assert opening(text) == want


@pytest.mark.parametrize("text, message, hint", WRONG)
def test_what_is_no_host(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        opening(text)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_the_later_of_two_counts() -> None:
    config = Config(allow_hosts=("b.test", "a.test=192.0.2.1", "a.test=192.0.2.2"))
    assert openings(config) == (Opening("a.test", 443, "192.0.2.2"), Opening("b.test", 443))


def planned(config: Config, bundle: str = "/etc/ssl/certs/ca-certificates.crt") -> Plan:
    return make_plan(PROGRAM, Facts(ca_bundle=bundle), config, Lock())


@pytest.mark.parametrize("config", [Config(allow_hosts=("api.test:8000=192.0.2.1",)), Config(network=True)])
def test_a_program_that_reaches_hosts_trusts_whom_the_machine_trusts(config: Config) -> None:
    plan = planned(config)
    assert plan.run.trust == ("machine",)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        assert plan.run.env[name] == "/etc/ssl/certs/ca-certificates.crt"
    assert [one.value for one in plan.evidence if one.decides == "trust"] != []
    assert plan.sandbox.tmpfs["/etc/ssl/certs"] >= 4 << 20
    assert plan.sandbox.addresses == ({"api.test:8000": "192.0.2.1"} if config.allow_hosts else {})


@pytest.mark.parametrize("plan", [planned(Config()), planned(Config(allow_hosts=("api.test",)), bundle="")])
def test_nobody_else_is_handed_certificates(plan: Plan) -> None:
    assert plan.run.trust == ()
    assert "SSL_CERT_FILE" not in plan.run.env
    assert "/etc/ssl/certs" not in plan.sandbox.tmpfs
