"""Vendors' names that lead to the model: which do, which do not, and how a program is told whom to trust."""

from __future__ import annotations

import pytest

from jitney.config import Config
from jitney.detect import detect
from jitney.detect.model import Detection, Wishes
from jitney.errors import UsageError
from jitney.facts.model import Facts
from jitney.plan import make_plan
from jitney.plan.hosts import JAVA_STORE, trusting
from jitney.plan.model import Lock, ModelPlan, Plan, Redirect
from jitney.source import Source

SERVED = ModelPlan(ref="m", serve=True, runtime="llama.cpp")
BY_HAND = 'import requests\nrequests.post("https://api.openai.com/v1/chat/completions", json={})\n'
GO = 'package main\nimport openai "github.com/sashabaranov/go-openai"\nfunc main() { openai.NewClient("") }\n'
BUNDLE = Facts(ca_bundle="/etc/ssl/certs/ca-certificates.crt")


def seen(text: str, name: str = "main.py") -> Detection:
    return detect(Source.from_mapping({name: text}), Wishes())


def planned(text: str, config: Config | None = None, model: ModelPlan | None = SERVED) -> Plan:
    return make_plan(seen(text), BUNDLE, config or Config(), Lock(), model)


def names(text: str, config: Config | None = None, name: str = "main.py") -> list[str]:
    from jitney.plan.redirect import redirects

    return [one.url for one in redirects(seen(text, name), config or Config(), SERVED)]


@pytest.mark.parametrize(
    "what, text, want",
    [
        ("an address in the code", BY_HAND, ["https://api.openai.com"]),
        (
            "an address handed to a client",
            'import openai\nopenai.OpenAI(base_url="https://api.groq.com/openai/v1")\n',
            ["https://api.groq.com"],
        ),
        ("a client that reads the address from a variable", "import openai\nopenai.OpenAI()\n", []),
        (
            "a dialect that nobody answers",
            'import requests\nrequests.get("https://api.cohere.com/v1")\n',
            [],
        ),
        (
            "two vendors",
            'import httpx\nhttpx.post("https://api.anthropic.com/v1/messages")\n'
            'httpx.post("https://x-1.openai.azure.com/openai")\n',
            ["https://api.anthropic.com", "https://x-1.openai.azure.com"],
        ),
        (
            "without TLS",
            'import requests\nrequests.get("http://api.openai.com/v1")\n',
            ["http://api.openai.com", "https://api.openai.com"],
        ),
        (
            "host and path apart",
            'import http.client\nhttp.client.HTTPSConnection("api.openai.com").request("POST", "/v1/x")\n',
            ["https://api.openai.com"],
        ),
        (
            "OpenAI's paths at a vendor with an API of its own",
            'import openai\nopenai.OpenAI(base_url="https://generativelanguage.googleapis.com/v1beta/openai/")\n',
            ["https://generativelanguage.googleapis.com"],
        ),
        ("a host that is only spoken of", 'import openai\nprint("api.openai.com is down")\n', []),
        ("an address on this machine", 'import requests\nrequests.get("http://localhost:1234/v1")\n', []),
    ],
)
def test_what_leads_to_the_model(what: str, text: str, want: list[str]) -> None:
    assert names(text) == want, what


@pytest.mark.parametrize(
    "name, text",
    [
        (
            "ask.js",
            'const https = require("https");\nhttps.request({ hostname: "api.openai.com", path: "/v1/x" });\n',
        ),
        (
            "ask.rb",
            'require "net/http"\nhttp = Net::HTTP.new("api.openai.com", 443)\nhttp.use_ssl = true\n',
        ),
        ("ask.pl", 'use IO::Socket::SSL;\nIO::Socket::SSL->new("api.openai.com:443");\n'),
    ],
)
def test_host_and_path_apart_in_other_languages(name: str, text: str) -> None:
    assert names(text, name=name) == ["https://api.openai.com"]


def test_a_library_whose_address_no_variable_sets() -> None:
    assert names(GO, name="main.go") == ["https://api.openai.com"]


@pytest.mark.parametrize(
    "why, config, model",
    [
        ("switched off", Config(redirect=False), SERVED),
        ("no model", Config(), None),
        ("weights for the program's own loading", Config(), ModelPlan(ref="m", loads=True)),
        ("the user's word wins", Config(allow_hosts=("API.openai.com:443",)), SERVED),
        ("names are not init's to answer", Config(network=True), SERVED),
    ],
)
def test_when_nothing_does(why: str, config: Config, model: ModelPlan | None) -> None:
    plan = planned(BY_HAND, config, model)
    assert plan.model is None or plan.model.redirects == (), why
    assert "run" not in plan.run.trust


@pytest.mark.parametrize("config", [Config(allow_hosts=("api.openai.com",)), Config(network=True)])
def test_a_vendor_that_stays_a_vendor_is_told(config: Config) -> None:
    assert [f.code for f in planned(BY_HAND, config).findings] == ["redirect.kept"]
    assert planned(BY_HAND, Config(redirect=False)).findings == ()


@pytest.mark.parametrize(
    "config, model, says",
    [
        (Config(redirects=("a.test",)), None, "--redirect a.test leads nowhere: no model"),
        (Config(redirects=("a.test",), network=True), SERVED, "--redirect a.test leads nowhere: names are"),
    ],
)
def test_a_redirect_that_leads_nowhere_is_told(config: Config, model: ModelPlan | None, says: str) -> None:
    (told,) = planned("print(1)\n", config, model).findings
    assert (told.level, told.message.startswith(says)) == ("warning", True)


def test_a_machine_without_a_bundle_is_told() -> None:
    config = Config(allow_hosts=("example.com",))
    (told,) = make_plan(seen(BY_HAND), Facts(), config, Lock(), SERVED).findings
    assert "no CA bundle on this machine" in told.message


def test_it_stands_in_the_plan_with_its_place() -> None:
    plan = planned(BY_HAND)
    assert plan.model is not None
    assert plan.model.redirects == (
        Redirect(host="api.openai.com", port=443, rule="endpoint.address", file="main.py", line=2),
    )
    (evidence,) = [one for one in plan.evidence if one.decides == "redirect"]
    assert (evidence.rule, evidence.place) == ("redirect.address", "main.py:2")
    assert plan.run.trust == ("run",)
    assert plan.run.env["SSL_CERT_FILE"] == "/etc/ssl/certs/ca-certificates.crt"
    assert "/etc/ssl/certs" in plan.sandbox.tmpfs


def test_with_a_host_that_is_allowed_both_are_trusted() -> None:
    plan = planned(BY_HAND, Config(allow_hosts=("example.com",)))
    assert plan.run.trust == ("machine", "run")
    assert plan.sandbox.allow_hosts == ("example.com:443",)


def test_a_name_that_the_code_does_not_show() -> None:
    asked = Config(redirects=("LLM.example.com.", "llm.example.com:8443"))
    assert names("print(1)\n", asked) == ["https://llm.example.com", "https://llm.example.com:8443"]


@pytest.mark.parametrize("text", ["10.0.0.1", "model", "a.test=127.0.0.1", "https://a.test", "localhost"])
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(UsageError):
        names("print(1)\n", Config(redirects=(text,)))


def test_a_name_leads_to_one_place() -> None:
    with pytest.raises(UsageError, match="one place"):
        names("print(1)\n", Config(redirects=("a.test",), allow_hosts=("A.test:8443",)))


@pytest.mark.parametrize("name", ["main.ts", "main.js"])
def test_a_library_that_reads_its_address_in_either_language(name: str) -> None:
    assert names('import OpenAI from "openai";\nnew OpenAI();\n', name=name) == []


def test_how_a_jvm_is_told() -> None:
    argv, env = trusting("java", ("/app/jre/bin/java", "-jar", "a.jar"), {})
    assert argv[1] == f"-Djavax.net.ssl.trustStore={JAVA_STORE}"
    assert argv[-2:] == ("-jar", "a.jar")
    assert "JAVA_TOOL_OPTIONS" not in env, "it makes every JVM print a line"
    argv, env = trusting("kotlin", ("/app/bin/start",), {"JAVA_TOOL_OPTIONS": "-Xmx1g"})
    assert argv == ("/app/bin/start",)
    assert env["JAVA_TOOL_OPTIONS"].startswith(f"-Xmx1g -Djavax.net.ssl.trustStore={JAVA_STORE}")
    assert "JAVA_TOOL_OPTIONS" not in trusting("python", ("python3", "a.py"), {})[1]
