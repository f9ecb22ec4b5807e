"""Bases for what runs on a JVM: a JDK with Maven to build in, a runtime cut out of that JDK to run on.

The runtime has Java SE whole and what programs use beside it, so that all programs of a version share one layer. Nothing of
the JDK's tools is in it.
"""

from __future__ import annotations

from jitney.bases.hooks import Recipe
from jitney.languages.model import Add

HOME = "/opt/java/openjdk/"
"""Where Temurin's images have theirs: a start is the same argv on either provider."""

MODULES = (
    "java.se", "jdk.charsets", "jdk.crypto.ec", "jdk.httpserver", "jdk.incubator.vector", "jdk.jfr", "jdk.management",
    "jdk.naming.dns", "jdk.net", "jdk.nio.mapmode", "jdk.security.auth", "jdk.unsupported", "jdk.xml.dom", "jdk.zipfs",
)  # fmt: skip


def java() -> dict[str, Recipe]:
    return {
        **_java("21", "trixie", "debian:13-full", "debian:13-lean"),
        **_java("25", "trixie", "debian:13-full", "debian:13-lean"),
        **_java("17", "bookworm", "debian:12-full", "debian:12-run"),
    }


def _java(version: str, suite: str, full: str, run: str) -> dict[str, Recipe]:
    """full: for a program that wants Debian's packages beside it."""
    packages = (f"openjdk-{version}-jdk-headless", "maven")
    runtime = Add(registry="jlink", package=",".join(MODULES), version=version, target=HOME, member="java/")
    path = f"{HOME}bin"
    name = f"java:{version}"
    return {
        f"{name}-build": Recipe(suite=suite, variant="minbase", packages=packages, parent=full),
        f"{name}-run": Recipe(suite=suite, variant="extract", packages=(), parent=run, adds=(runtime,), path=path),
        f"{name}-full": Recipe(suite=suite, variant="minbase", packages=(), parent=full, adds=(runtime,), path=path),
    }  # fmt: skip
