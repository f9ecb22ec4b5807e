"""What Maven says in a build, in words of ours; what a lock is made of."""

from __future__ import annotations

import pytest

from jitney.errors import BuildError
from jitney.plan.request import ResolveRequest
from jitney.resolve.jvm import _artifacts, translate

REQUEST = ResolveRequest(
    language="java", version="21", platform="amd64", asked_by={"org.acme:thing:9": "Main.java:3"}
)
MISSING = (
    "#9 3.1 [ERROR] Failed to execute goal on project program: Could not resolve dependencies for project jitney:program:pom:1:\n"
    "#9 3.1 [ERROR] Could not find artifact org.acme:thing:jar:9 in central (https://repo.test/maven2)\n"
)


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        (
            MISSING,
            "no repository has the artifact org.acme:thing:jar:9 (asked for by Main.java:3)",
            "published",
        ),
        (
            "[ERROR] Could not transfer artifact a:b:pom:1 from/to central: PKIX path building failed",
            "cannot be reached",
            "settings.xml",
        ),
        ("[ERROR] Non-parseable POM /build/pom.xml: unexpected end tag", "Non-parseable POM", "mvn validate"),
        ("", "the build failed", "mvn validate"),
    ],
)
def test_failures(said: str, message: str, hint: str) -> None:
    error = translate(BuildError("the build failed", "", said), REQUEST)
    assert message in error.message and hint in error.hint


def test_what_only_a_compilation_sees_is_provided() -> None:
    found = _artifacts(
        "lib a/b/1/b-1.jar 00\nall a/b/1/b-1.jar 00\nall c/d/2/d-2.jar 11\nkotlin e/f/3/f-3.jar 22\n"
    )
    assert sorted((one.scope, one.coordinates) for one in found) == [
        ("kotlin", "e:f:3"),
        ("lib", "a:b:1"),
        ("provided", "c:d:2"),
    ]
