"""Which provider has which version of a language that is a table."""

from __future__ import annotations

import re

import msgspec

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.errors import PlanError
from jitney.facts.model import Facts
from jitney.findings import Evidence, Finding
from jitney.languages import LanguageTable
from jitney.languages.model import Toolchain
from jitney.plan.bases import provider

PROVIDERS = ("debian", "registry")
PATCHES = 40


class Picked(msgspec.Struct, frozen=True, kw_only=True):
    provider: str
    version: str
    evidence: tuple[Evidence, ...]
    findings: tuple[Finding, ...] = ()


def toolchain_of(language: LanguageTable, source: str) -> Toolchain:
    return language.debian if source == "debian" else language.registry


def pick(language: LanguageTable, detection: Detection, facts: Facts, config: Config) -> Picked:
    """The flag's version or none. What a file pins (`.ruby-version`) says what its author had: where that is not here, what the
    manifest requires counts, or a newer one of the same major version; with a warning. PlanError: nobody here has it; who
    has, by name."""
    source, why = provider(facts, config)
    if config.base_provider == "auto" and not toolchain_of(language, source).version:
        other = next((one for one in PROVIDERS if toolchain_of(language, one).version), "")
        if other == "debian":
            source = other
            why = Evidence(rule="base.provider.only", decides="base", value=f"{other}: alone has it")
    wanted = config.version or detection.version
    has = toolchain_of(language, source).all_versions
    version = next((one for one in has if fits(one, wanted)), "")
    findings: tuple[Finding, ...] = ()
    if not version and not config.version and re.fullmatch(r"[\d.]+", wanted):
        version = _instead(has, wanted, detection)
        if version:
            message = f"{language.title} {wanted} is pinned; {version} is what there is, and is taken"
            findings = (Finding(level="warning", code="table.version", message=message),)
    if not version:
        raise _nobody(language, source, wanted)
    rule = "base.table.asked" if wanted else "base.table.default"
    value = f"{language.title} {version}" + (f" for {wanted}" if wanted else "")
    picked = Evidence(rule=rule, decides="base", value=value)
    return Picked(provider=source, version=version, evidence=(why, picked), findings=findings)


def _instead(has: tuple[str, ...], pinned: str, detection: Detection) -> str:
    required = next((one[9:] for one in detection.features if one.startswith("requires:")), "")
    if required:
        return next((one for one in has if fits(one, required)), "")
    return next((one for one in has if _is_newer(one, pinned)), "")


def _nobody(language: LanguageTable, source: str, wanted: str) -> PlanError:
    tools = toolchain_of(language, source)
    there = ", ".join(tools.all_versions) or "none" + (f": {tools.missing}" if tools.missing else "")
    asked = f"{language.title} {wanted} was asked for" if wanted else f"this is a {language.title} program"
    hints = [
        f"`--base-provider {other}` has it: {', '.join(having)}"
        for other in PROVIDERS
        if other != source
        for having in [[v for v in toolchain_of(language, other).all_versions if fits(v, wanted)]]
        if having
    ]
    if tools.version:
        hints.append(f"nearest here: `--version-of {tools.version}`".replace("--version-of", "--version"))
    return PlanError(f"{asked}; the {source} provider has {there}", "\n".join(hints))


def fits(version: str, wanted: str) -> bool:
    """`3.3` fits `3.3.6`, `3`, `>= 3.0`, `~> 3.2`, `^3.1 || ^4.0`. A word that is no number (`stable`) fits all."""
    text = wanted.strip()
    if not text or not re.search(r"\d", text) or version == text:
        return True
    return any(_fits_one(version, one.strip()) for one in text.split("||"))


def _fits_one(version: str, wanted: str) -> bool:
    have = _numbers(version)
    if plain := re.fullmatch(r"[A-Za-z-]*=?\s*v?(\d+(?:\.\d+)*)(?:\.[x*])?[\w.+-]*", wanted):
        asked = _numbers(plain[1])
        return have[: len(asked)] == asked[: len(have)]
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        specifiers = SpecifierSet(_translate(wanted))
    except InvalidSpecifier:
        return True  # a form of the ecosystem's own: its tool will say
    rest = "" if len(have) > 2 else ".{}"
    return any(specifiers.contains(version + rest.format(patch)) for patch in range(PATCHES))


def _translate(text: str) -> str:
    text = re.sub(r"~>\s*(\d+)(?![\d.])", r">=\1", text)
    text = re.sub(r"~>\s*", "~=", text)
    text = re.sub(r"\^\s*(\d+)((?:\.\d+)*)", lambda m: f">={m[1]}{m[2]},<{int(m[1]) + 1}", text)
    text = re.sub(r"(?<=\d)\s+(?=[<>=!])", ",", text)
    return re.sub(r"(?<![<>=!~])=(?!=)", "==", text)


def _is_newer(version: str, wanted: str) -> bool:
    have, asked = _numbers(version), _numbers(wanted)
    return have[:1] == asked[:1] and have > asked[: len(have)]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
