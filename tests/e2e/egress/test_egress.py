"""The way out: an allowed name is reached with TLS end to end and no proxy variables; all else fails at once, by name."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Jitney
from tests.e2e.egress.conftest import Host

pytestmark = pytest.mark.engine

URLLIB = """import os, sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode(), sorted(n for n in os.environ if "proxy" in n.lower()))
"""
REQUESTS = """# /// script
# dependencies = ["requests"]
# ///
import sys, requests
print(requests.get(sys.argv[1], timeout=20).text)
"""
GO = """package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	reply, err := http.Get(os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	text, _ := io.ReadAll(reply.Body)
	fmt.Println(string(text))
}
"""
NODE = """const reply = await fetch(process.argv[2]);
console.log("reached:", await reply.text());
"""
JAVA = """import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
public class Reach {
    public static void main(String[] words) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(words[0])).build();
        var client = HttpClient.newHttpClient();
        System.out.println("reached: " + client.send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
}
"""
RUBY = """require "net/http"
puts "reached: #{Net::HTTP.get(URI(ARGV[0]))}"
"""
SHELL = """#!/bin/sh
printf 'reached: %s\\n' "$(curl -sS "$1")"
"""
PERL = """use LWP::UserAgent;
my $reply = LWP::UserAgent->new->get($ARGV[0]);
print "reached: ", $reply->content, "\\n";
exit !$reply->is_success;
"""
PROGRAMS = [("urllib.py", URLLIB), ("req.py", REQUESTS), ("main.go", GO)]
MORE = [
    ("reach.mjs", NODE),
    ("Reach.java", JAVA),
    ("reach.rb", RUBY),
    ("reach.sh", SHELL),
    ("reach.pl", PERL),
]


@pytest.mark.parametrize(
    "name, text",
    [
        *(pytest.param(name, text, id=name) for name, text in PROGRAMS),
        *(pytest.param(name, text, id=name, marks=pytest.mark.slow) for name, text in MORE),
    ],
)
def test_an_allowed_name_is_reached(
    name: str, text: str, host: Host, tmp_path: Path, jitney: Jitney, assert_nothing_left: Callable[[], None]
) -> None:
    program = tmp_path / ("program.py" if name.endswith(".py") else name)
    program.write_text(text)
    url = f"{host.url}/{name}"
    done = jitney("run", "--allow-host", host.allow, program, url, env={"SSL_CERT_FILE": str(host.bundle)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(b"reached: ")
    if name == "urllib.py":
        assert done.stdout == b"reached:  []\n", "no proxy variables"
    assert host.seen[-1] == f"{host.url.removeprefix('https://')} /{name}", "the name travels in the request"
    assert_nothing_left()


def test_a_program_may_trust_others(host: Host, tmp_path: Path, jitney: Jitney) -> None:
    """--env wins: with a bundle of its own the private authority is unknown."""
    (tmp_path / "a.py").write_text(URLLIB)
    own = "SSL_CERT_FILE=/dev/null"
    env = {"SSL_CERT_FILE": str(host.bundle)}
    done = jitney("run", "--allow-host", host.allow, "--env", own, tmp_path / "a.py", host.url, env=env)
    assert done.returncode == 1
    assert b"CERTIFICATE_VERIFY_FAILED" in done.stderr


def test_the_decision_is_explained(host: Host, tmp_path: Path, jitney: Jitney) -> None:
    (tmp_path / "a.py").write_text("print(1)\n")
    done = jitney(
        "explain", "--allow-host", host.allow, tmp_path / "a.py", env={"SSL_CERT_FILE": str(host.bundle)}
    )
    line = next(line for line in done.stdout.decode().splitlines() if "trust" in line)
    assert str(host.bundle) in line


ASK = """import json, socket, sys, time
def ask(what):
    begin = time.monotonic()
    try:
        what()
        said = "reached"
    except OSError as error:
        said = type(error).__name__ + " " + str(error.errno)
    return [said, time.monotonic() - begin]
def connect(address, port):
    return lambda: socket.create_connection((address, port), 5).close()
print(json.dumps({name: ask(connect(*where)) for name, where in json.loads(sys.argv[1]).items()}))
"""


@pytest.fixture
def own_service() -> Iterator[int]:
    """Somebody listens on this machine's loopback, and on all its addresses."""
    with socket.create_server(("0.0.0.0", 0)) as listener:
        yield listener.getsockname()[1]


def test_all_else_is_refused_at_once(
    host: Host, own_service: int, tmp_path: Path, jitney: Jitney, assert_nothing_left: Callable[[], None]
) -> None:
    (tmp_path / "a.py").write_text(ASK)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing: says which address this machine has
        mine = probe.getsockname()[0]
    wanted = {
        "refused name": ("tracker.example.net", 443),
        "allowed name, other port": (host.url.split("/")[2].split(":")[0], own_service),
        "raw address": ("192.0.2.7", 443),
        "metadata": ("169.254.169.254", 80),
        "this machine's loopback": ("127.0.0.1", own_service),
        "this machine": (mine, own_service),
        "the engine's bridge": ("172.17.0.1", own_service),
    }
    done = jitney("run", "--allow-host", host.allow, tmp_path / "a.py", json.dumps(wanted))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {name: said for name, (said, _) in found.items()} == {
        "refused name": "gaierror -2",
        "allowed name, other port": "ConnectionRefusedError 111",
        "raw address": "OSError 101",
        "metadata": "OSError 101",
        "this machine's loopback": "ConnectionRefusedError 111",
        "this machine": "OSError 101",
        "the engine's bridge": "OSError 101",
    }
    assert max(seconds for _, seconds in found.values()) < 0.1, found
    assert b"jitney: blocked: tracker.example.net" in done.stderr
    assert_nothing_left()


def test_a_refused_name_is_an_event(tmp_path: Path, jitney: Jitney) -> None:
    (tmp_path / "a.py").write_text(ASK)
    done = jitney("run", "--json", tmp_path / "a.py", json.dumps({"x": ("evil.example.net", 443)}))
    events = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = [event["event"] for event in events]
    assert next(event for event in events if event["event"] == "blocked")["host"] == "evil.example.net"
    assert kinds.index("blocked") < kinds.index("output"), "told while the program runs"
    assert events[-1]["blocked"] == ["evil.example.net"]


def test_a_name_that_leads_home_is_not_followed(own_service: int, tmp_path: Path, jitney: Jitney) -> None:
    """This machine's own name leads to itself where /etc/hosts says so; `localhost.…` names do by convention."""
    (tmp_path / "a.py").write_text(ASK)
    done = jitney("run", "--allow-host", f"localhost:{own_service}", tmp_path / "a.py", "{}")
    assert done.returncode == 2
    assert f"host.test:{own_service}=127.0.0.1".encode() in done.stderr


def test_an_address_is_no_name(tmp_path: Path, jitney: Jitney) -> None:
    (tmp_path / "a.py").write_text("print(1)\n")
    done = jitney("run", "--allow-host", "192.0.2.7:443", tmp_path / "a.py")
    assert done.returncode == 2
    assert b"by name" in done.stderr
    assert b"--allow-host NAME:443=192.0.2.7" in done.stderr
