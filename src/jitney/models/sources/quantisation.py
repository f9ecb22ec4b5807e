"""Which of a repository's quantisations is taken: the one asked for, else Docker Model Runner's rule held against the memory.

Q4_K_M where it is there and fits; else the first of ORDER that fits. Pure: sizes of files and a number of bytes decide.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import msgspec

from jitney.errors import ModelError

ORDER = (
    "Q4_K_M", "Q4_K_S", "UD-Q4_K_XL", "Q4_K_L", "Q4_K", "IQ4_NL", "IQ4_XS", "Q4_1", "Q4_0", "MXFP4", "MXFP4_MOE", "Q5_K_M", "Q5_K_S",
    "UD-Q5_K_XL", "Q5_1", "Q5_0", "Q6_K", "UD-Q6_K_XL", "Q8_0", "UD-Q8_K_XL", "Q3_K_L", "Q3_K_M", "UD-Q3_K_XL", "Q3_K_S", "IQ3_M",
    "IQ3_S", "IQ3_XS", "IQ3_XXS", "Q2_K", "UD-Q2_K_XL", "IQ2_M", "IQ2_S", "IQ2_XS", "IQ2_XXS", "IQ1_M", "IQ1_S", "TQ2_0", "TQ1_0",
    "BF16", "F16", "F32",
)  # fmt: skip
"""Near four bits first, then better ones, then what loses much, then what was never quantised."""

_LABEL = re.compile(
    r"(?:^|[-._/])((?:UD-)?(?:I?Q\d(?:_[A-Z0-9]+)*|TQ\d_\d|MXFP4(?:_MOE)?|BF16|FP?16|FP?32))(?=[-._/]|$)",
    re.IGNORECASE,
)
_BESIDE = 512 << 20
"""Bytes that a runtime takes beside the weights: buffers, a cache for some thousand tokens."""


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One quantisation of a model. files: all its shards. bytes: of them together."""

    label: str
    files: tuple[str, ...]
    bytes: int

    @property
    def needed(self) -> int:
        """Bytes of memory, roughly: what it takes to load it and answer a little."""
        return int(self.bytes * 1.1) + _BESIDE


def label(name: str) -> str:
    """`Q4_K_M` of `dir/Model-Q4_K_M-00001-of-00002.gguf`; empty where the name says nothing."""
    found = _LABEL.findall(re.sub(r"\.gguf$", "", name, flags=re.IGNORECASE))
    return re.sub(r"^FP(?=\d)", "F", found[-1].upper()) if found else ""


def choose(variants: Sequence[Variant], wanted: str, memory: int, what: str) -> tuple[Variant, str]:
    """The variant, and why it was taken, for the user. wanted: a label, empty: what fits. memory: bytes that the model may take,
    0: not known. what: the reference, for messages. Raises ModelError: no such label, nothing fits."""
    assert variants, "a choice among nothing"
    if wanted:
        return _asked(variants, wanted, what), ""
    ranked = sorted(variants, key=_rank)
    fitting = [one for one in ranked if not memory or one.needed <= memory]
    if not fitting:
        raise _too_large(ranked, memory, what)
    best = fitting[0]
    if len(variants) == 1:
        return best, ""
    skipped = ranked[: ranked.index(best)]
    why = (
        f"{skipped[0].label} needs {_gb(skipped[0].needed)} of {_gb(memory)} memory"
        if skipped
        else "the usual choice"
    )
    others = ", ".join(one.label for one in ranked if one is not best)
    return best, f"{best.label or best.files[0]} ({_gb(best.bytes)}) is taken: {why}; there are also {others}"


def _rank(one: Variant) -> tuple[int, int]:
    known = one.label in ORDER
    return (ORDER.index(one.label) if known else len(ORDER), one.bytes)


def _asked(variants: Sequence[Variant], wanted: str, what: str) -> Variant:
    """An exact label wins over a part of one: Q4 finds Q4_K_M where nothing is called Q4."""
    for match in (str.__eq__, str.startswith):
        found = sorted((one for one in variants if match(one.label, wanted)), key=_rank)
        if found:
            return found[0]
    labels = [one.label for one in sorted(variants, key=_rank)]
    near = difflib.get_close_matches(wanted, labels, n=2, cutoff=0.6)
    shown = f"did you mean {' or '.join(near)}?  " if near else ""
    raise ModelError(f"{what}: there is no quantisation {wanted}", f"{shown}there are: {', '.join(labels)}")


def _too_large(ranked: Sequence[Variant], memory: int, what: str) -> ModelError:
    smallest = min(ranked, key=lambda one: one.bytes)
    return ModelError(
        f"{what}: too large for the memory here: the smallest, {smallest.label or smallest.files[0]}, needs {_gb(smallest.needed)},"
        f" {_gb(memory)} are there",
        f"take a smaller model; {what.partition(':Q')[0]}:{smallest.label} takes it all the same",
    )


def _gb(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
