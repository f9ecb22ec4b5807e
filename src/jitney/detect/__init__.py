"""Source → Detection. Pure: reads the source, nothing else.

choose a language ─► that language's module ─► Detection with the evidence of every field
                          recipes (Dockerfile …) ──┘ where something lies there
"""

from __future__ import annotations

import msgspec

from jitney.detect.languages import Language, choose
from jitney.detect.model import Detection, Wishes
from jitney.detect.notes import Notes
from jitney.detect.settings import settings
from jitney.detect.weights import weights_in
from jitney.errors import DetectionError
from jitney.source import Source

__all__ = ["detect"]

RECIPES = ("dockerfile", "containerfile", "docker-compose.", "compose.", "procfile", ".tool-versions", "mise.toml", ".mise.toml",
           ".devcontainer", ".config")  # fmt: skip
"""How names of files begin (small letters) that say how a program is run elsewhere: without one, recipes/ is not imported."""


def detect(source: Source, wishes: Wishes) -> Detection:
    """What the source is. DetectionError: nothing to run, two equal choices, a language that is not built
    yet.

    The error's `seen` has what is known all the same: an environment without a program has a language, a version and packages.
    What is wrong inside a file (a broken manifest, a contradiction) is a finding of level `error`; imports
    that nobody knows
    stand in `unknown`. SourceError: a file cannot be read.
    """
    try:
        return _whole(source, wishes)
    except DetectionError as error:
        if _has_dockerfile(source):
            offer = "or run its Dockerfile as it stands: jitney run --use-dockerfile …"
            error.hint = f"{error.hint}\n{offer}" if error.hint else offer
        raise


def _whole(source: Source, wishes: Wishes) -> Detection:
    notes = Notes(wishes.frameworks)
    source, wishes = _at_program(source, wishes, notes)
    language = choose(source, wishes, notes)
    notes.settings = settings(source)
    try:
        return _noted(_detect(language, source, wishes, notes), source, notes)
    except DetectionError as error:
        known = error.seen if isinstance(error.seen, Detection) else Detection(language=language.name)
        error.seen = _noted(known, source, notes)
        if broken := next((one.message for one in notes.findings if one.level == "error"), ""):
            error.message = f"{broken}\n{error.message}"  # the likelier reason why nothing was found
        raise


def _at_program(source: Source, wishes: Wishes, notes: Notes) -> tuple[Source, Wishes]:
    """A folder without a program of its own may have one below."""
    if source.alone or source.entry:
        return source, wishes
    from jitney.detect.programs import locate

    return locate(source, wishes, notes)


def _noted(found: Detection, source: Source, notes: Notes) -> Detection:
    findings = (*source.findings, *notes.findings)
    fronts = dict.fromkeys(seen.value for seen in notes.evidence if seen.decides == "front")
    weights = weights_in(source)
    for one in weights[:3]:
        notes.saw("weights.file", "weights", f"{one.path} ({one.format})", one.path)
    return msgspec.structs.replace(
        found,
        fronts=tuple(fronts),
        weights=weights,
        evidence=tuple(notes.evidence),
        findings=findings,
    )


def _detect(language: Language, source: Source, wishes: Wishes, notes: Notes) -> Detection:
    if _has_recipes(source):
        from jitney.detect.recipes.apply import detect_with

        return detect_with(language, source, wishes, notes)
    mark = notes.mark()
    try:
        return language.detect(source, wishes, notes)
    except DetectionError:
        if wishes.entry or source.entry or source.alone:
            raise
        from jitney.detect.recipes.apply import help_with  # what a Makefile or a README says may help

        helped = help_with(language, source, wishes, notes, mark)
        if helped is None:
            raise
        return helped


def _has_recipes(source: Source) -> bool:
    if source.alone:
        return False
    files, folders = source.folder(source.workdir)
    return any(name.lower().startswith(RECIPES) for name in (*files, *folders))


def _has_dockerfile(source: Source) -> bool:
    return not source.alone and any(
        source.has(f"{source.workdir}/{name}".lstrip("/")) for name in ("Dockerfile", "Containerfile")
    )
