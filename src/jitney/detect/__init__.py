"""Source → Detection. Pure: reads the source, nothing else.

choose a language ─► that language's module ─► Detection with the evidence of every field
"""

from __future__ import annotations

import msgspec

from jitney.detect.languages import choose
from jitney.detect.model import Detection, Wishes
from jitney.detect.notes import Notes
from jitney.source import Source

__all__ = ["detect"]


def detect(source: Source, wishes: Wishes) -> Detection:
    """What the source is. DetectionError: nothing to run, two equal choices, a language that is not built
    yet.

    What is wrong inside a file (a broken manifest, a contradiction) is a finding of level `error`; imports
    that nobody knows
    stand in `unknown`. SourceError: a file cannot be read.
    """
    notes = Notes()
    language = choose(source, wishes, notes)
    found = language.detect(source, wishes, notes)
    findings = (*source.findings, *notes.findings)
    return msgspec.structs.replace(found, evidence=tuple(notes.evidence), findings=findings)
