"""Which base a program stands on: `PROVIDER/KIND:VERSION-FLAVOUR`. Pure.

flavour run: no shell, no package manager · full: both · build: full with compiler and headers.
"""

from __future__ import annotations

import re

from jitney.config import Config
from jitney.errors import PlanError
from jitney.facts.model import Facts
from jitney.findings import Evidence
from jitney.plan.model import Base

PYTHONS = {
    "debian": ("3.13", "3.11", "3.14"),
    "registry": ("3.13", "3.12", "3.11", "3.14", "3.10", "3.9"),
}
"""What a provider has, the preferred one first: the newest that nearly every wheel is made for."""

GO = {"debian": "1.24", "registry": "1.24"}
"""Only what starts the build: the Go command fetches the toolchain that go.mod asks for by itself."""

GO_SID = "1.27"
"""Of Debian's development release, for libraries that only it has."""

GO_LIBRARY = "/usr/local/share/go-build"
"""Where a Go base of ours has the standard library, compiled: what a compiler's cache begins with."""

DEBIAN = "trixie"
TORCH_PYTHON = "3.14"
"""Debian's PyTorch is in its development suite, whose Python this is."""

PATCHES = 40
"""Patch levels tried against a specifier such as `>=3.11.4`: no Python series has had more."""


def provider(facts: Facts, config: Config) -> tuple[str, Evidence]:
    """The base provider: as configured, else images where a registry answers, else Debian packages."""
    if config.base_provider != "auto":
        return config.base_provider, Evidence(
            rule="base.provider.configured", decides="base", value=config.base_provider
        )
    if facts.indexes.registry:
        return "registry", Evidence(rule="base.provider.registry-answers", decides="base", value="registry")
    return "debian", Evidence(rule="base.provider.no-registry", decides="base", value="debian")


def pick_python(wanted: str, source: str) -> str:
    """The version (`X.Y`) of this provider that fits. PlanError: it has none; says who has, and the nearest here."""
    for version in PYTHONS[source]:
        if fits(version, wanted):
            return version
    others = [
        f"{name} ({version})"
        for name, versions in PYTHONS.items()
        for version in versions
        if name != source and fits(version, wanted)
    ]
    nearest = min(PYTHONS[source], key=lambda version: _distance(version, wanted))
    hint = f"`--base-provider {others[0].split()[0]}` has it: {', '.join(others)}" if others else ""
    lines = [hint, f"nearest here: `--python {nearest}`"]
    raise PlanError(
        f"Python {wanted} was asked for; the {source} provider has {', '.join(sorted(PYTHONS[source], key=_parts))}",
        "\n".join(line for line in lines if line),
    )


def newer_python(pin: str, source: str) -> str:
    """The next series after a pinned one that this provider has; empty: it has none, or has the pinned one."""
    plain = re.fullmatch(r"3\.(\d+)(?:\.\d+)?", pin.strip())
    if plain is None or any(fits(version, pin) for version in PYTHONS[source]):
        return ""
    above = [version for version in PYTHONS[source] if _parts(version) > (3, int(plain[1]))]
    return min(above, key=_parts, default="")


def fits(version: str, wanted: str) -> bool:
    """Whether a series `X.Y` can satisfy a version or specifier. `3.11.4` is taken as 3.11: patch levels are the base's."""
    text = wanted.strip()
    if not text or text == "*":
        return True
    if plain := re.fullmatch(r"(?:python-?|==)?(\d+)(?:\.(\d+))?(?:\.\d+)*(?:\.\*)?", text):
        major, minor = plain.groups()
        return version == f"{major}.{minor}" if minor else version.split(".")[0] == major
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # 10 ms that only a specifier pays

    try:
        specifiers = SpecifierSet(_translate_caret(text))
    except InvalidSpecifier as error:
        raise PlanError(
            f"Python version {wanted!r} is no version and no specifier", "for example --python 3.13"
        ) from error
    return any(specifiers.contains(f"{version}.{patch}") for patch in range(PATCHES))


def _translate_caret(text: str) -> str:
    """Poetry's `^3.11` and `~3.11` as specifiers."""

    def bounds(match: re.Match[str]) -> str:
        sign, low = match.groups()
        major, minor = _parts(low)
        return f">={low},<{major + 1}" if sign == "^" else f">={low},<{major}.{minor + 1}"

    return re.sub(r"([\^]|~(?!=))\s*(\d+(?:\.\d+)*)", bounds, text)


def _parts(version: str) -> tuple[int, int]:
    numbers = [int(number) for number in re.findall(r"\d+", version)[:2]]
    return (numbers[0] if numbers else 0, numbers[1] if len(numbers) > 1 else 0)


def _distance(version: str, wanted: str) -> tuple[int, int]:
    (major, minor), (other_major, other_minor) = _parts(version), _parts(wanted)
    return abs(major - other_major), abs(minor - other_minor)


def key(source: str, kind: str, version: str, flavour: str) -> str:
    return f"{source}/{kind}:{version}-{flavour}"


def base_of(facts: Facts, name: str) -> Base:
    """The base as the engine has it; one that is not on hand yet has its key for a name and no digest."""
    on_hand = facts.base(name)
    if on_hand is None:
        return Base(key=name, ref=f"jitney/base/{name}")
    return Base(key=name, ref=on_hand.ref, digest=on_hand.digest)
