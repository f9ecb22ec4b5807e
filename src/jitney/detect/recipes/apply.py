"""What recipes decide about a program, and what they do not; each said with its place.

What the program's own manifests say ─► stays                     ─► the recipe is a loser of that decision
nothing says it, or only a guess does ─► the recipe's word is taken ─► evidence with the recipe's file and line

Strength of a start: Procfile (its one purpose) beats manifests; Dockerfile, compose file and devcontainer beat what is guessed
from names and shapes; Makefile and README only help where nothing else leaves one file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

from jitney.detect.model import Detection, Endpoint, Mode, Wishes
from jitney.detect.notes import Notes
from jitney.detect.recipes.command import entry_of
from jitney.detect.recipes.model import Said
from jitney.detect.recipes.reading import read_recipes
from jitney.errors import DetectionError
from jitney.findings import Evidence
from jitney.source import Source

if TYPE_CHECKING:
    from jitney.detect.languages import Language

GUESSES = (
    "python.entry.name", "python.entry.package", "python.entry.only", "python.entry.guard", "python.entry.app",
    "python.entry.below", "node.entry.usual", "node.entry.only", "table.entry.", "jvm.entry.main", "native.entry.main",
    "go.entry.", "go.target.", "rust.entry.named",
)  # fmt: skip
"""Rules by which an entry is guessed from names, or from being the only one: whoever wrote a recipe knew better."""

STRONG = ("procfile",)
FAMILY = {
    "typescript": "javascript", "kotlin": "java", "scala": "java", "groovy": "java", "clojure": "java", "c": "cpp",
    "fsharp": "csharp", "visual-basic": "csharp",
}  # fmt: skip
"""Languages whose version is the version of what runs them, under the name that images and tools have for it."""

_ALWAYS = ("procfile", "pins", "docker", "compose", "devcontainer")
_IN_NEED = ("makefile", "readme")
_SCRIPT = 64 << 10
"""Characters of a start script that are looked at."""

Start = tuple[Said, str, tuple[str, ...]]


def detect_with(language: Language, source: Source, wishes: Wishes, notes: Notes) -> Detection:
    """What the language's module finds, with the recipes beside the program in mind."""
    mark = notes.mark()
    try:
        found = language.detect(source, wishes, notes)
    except DetectionError:
        helped = None if wishes.entry or source.entry else help_with(language, source, wishes, notes, mark)
        if helped is None:
            raise
        return helped
    said = read_recipes(source, only=_ALWAYS)
    if not (wishes.entry or source.entry):
        found = _Attempt(language, source, wishes, notes, mark).better(found, said)
    return _rest(found, said, notes)


def help_with(
    language: Language, source: Source, wishes: Wishes, notes: Notes, mark: tuple[int, int]
) -> Detection | None:
    """With what any recipe says, a Makefile or a README as well, where the language's own module has refused; None: with none."""
    said = read_recipes(source, only=_ALWAYS)
    attempt = _Attempt(language, source, wishes, notes, mark)
    found = attempt.first([*said, *read_recipes(source, only=_IN_NEED)])
    return _rest(found, said, notes) if found is not None else None


class _Attempt:
    """Detection with an entry that a recipe names. mark: where the notes stood before the language's module."""

    def __init__(
        self, language: Language, source: Source, wishes: Wishes, notes: Notes, mark: tuple[int, int]
    ) -> None:
        self.language, self.source, self.wishes, self.notes = language, source, wishes, notes
        self.mark = mark

    def first(self, said: list[Said]) -> Detection | None:
        """With the first recipe whose start the language can start."""
        tried: set[str] = set()
        for one, entry, after in self._starts(said):
            found = None if entry in tried else self._again(entry)
            tried.add(entry)
            if found is not None:
                _rewrite(self.notes, one, ())
                return _with_words(found, one, after, self.notes)
        return None

    def better(self, found: Detection, said: list[Said]) -> Detection:
        """A recipe's start in the place of a guessed one; beside a manifest's it is a loser."""
        decided = _deciding(self.notes, "entry")
        if decided is None or decided.rule in STRONG:
            return found
        for one, entry, after in self._starts(said):
            if entry == found.entry or _is_in(self.source, entry, found.entry):
                return _with_words(found, one, after, self.notes)
            is_taken = one.rule in STRONG or decided.rule.startswith(GUESSES)
            better = self._again(entry) if is_taken else None
            if better is not None:
                _rewrite(self.notes, one, (f"{decided.rule}: {decided.value}",))
                return _with_words(better, one, after, self.notes)
            decided = _lose(self.notes, decided, one)
        return found

    def _starts(self, said: list[Said]) -> list[Start]:
        """Starts that name something of the source in this language, with that and the words after it."""
        found: list[Start] = []
        for one in said:
            if one.kind != "start" or not one.words:
                continue
            entry, after = entry_of(self.source, one.words, one.folder)
            if entry.endswith(".sh") and ".sh" not in self.language.endings:
                script = self.source.read_text(entry)[:_SCRIPT]
                entry, after = entry_of(self.source, ("sh", "-c", script), one.folder)
            if entry and (entry.endswith(self.language.endings) or self.source.has_folder(entry)):
                found.append((one, entry, after))
        return found

    def _again(self, entry: str) -> Detection | None:
        """None, and nothing noted, where the language cannot start that."""
        evidence, findings = self.notes.evidence, self.notes.findings
        kept = (evidence[self.mark[0] :], findings[self.mark[1] :])
        del evidence[self.mark[0] :], findings[self.mark[1] :]
        head = f"{self.source.workdir}/" if self.source.workdir else ""
        wishes = msgspec.structs.replace(self.wishes, entry=entry.removeprefix(head))
        try:
            return self.language.detect(self.source, wishes, self.notes)
        except DetectionError:
            evidence[self.mark[0] :], findings[self.mark[1] :] = kept
            return None


def _is_in(source: Source, file: str, folder: str) -> bool:
    """A file of the package that is started: Go's entries are folders."""
    return file.rpartition("/")[0] == folder and source.has_folder(folder)


def _deciding(notes: Notes, field: str) -> Evidence | None:
    return next((seen for seen in reversed(notes.evidence) if seen.decides == field), None)


def _rewrite(notes: Notes, one: Said, losers: tuple[str, ...]) -> None:
    """The recipe decided it, not a flag."""
    for number, seen in enumerate(notes.evidence):
        if seen.decides == "entry" and seen.rule.startswith("flag."):
            notes.evidence[number] = msgspec.structs.replace(
                seen, rule=one.rule, file=one.file, line=one.line, losers=losers
            )


def _lose(notes: Notes, decided: Evidence, one: Said) -> Evidence:
    """The decision, with the recipe among its losers."""
    loser = f"{one.rule}: {one.value[:120]} ({one.place})"
    if loser in decided.losers:
        return decided
    more = msgspec.structs.replace(decided, losers=(*decided.losers, loser))
    notes.evidence[notes.evidence.index(decided)] = more
    return more


def _with_words(found: Detection, one: Said, after: tuple[str, ...], notes: Notes) -> Detection:
    """Words that a recipe gives to the program, unless they mean something of the recipe's own world: a variable, or a path
    inside its image."""
    if not after or not found.start or not found.entry.endswith(found.start[-1].lstrip("./")):
        return found
    if any("$" in word or "/" in word.partition("=")[2][:1] or word.startswith("/") for word in after):
        notes.saw(
            "recipe.words",
            "start",
            "its words are not taken: they mean places of its own",
            one.file,
            one.line,
        )
        return found
    notes.saw(one.rule, "start", " ".join((*found.start, *after)), one.file, one.line)
    return msgspec.structs.replace(found, start=(*found.start, *after))


def _rest(found: Detection, said: list[Said], notes: Notes) -> Detection:
    for one in said:
        if one.kind == "broken":
            notes.tell(
                "warning",
                "recipe.broken",
                f"{one.place} is not used: {one.value}",
                file=one.file,
                line=one.line,
            )
    found = _version(found, [one for one in said if one.kind == "version"], notes)
    settings = " ".join(word for one in said if one.kind == "env" for word in one.words)
    for one in said:
        if one.kind == "server":
            found = _server(found, one, settings, notes)
    _tell_recipes(said, notes)
    return found


def _version(found: Detection, said: list[Said], notes: Notes) -> Detection:
    family = FAMILY.get(found.language, found.language)
    mine = [one for one in said if one.language in (found.language, family)]
    if {"runtime:bun", "runtime:deno"} & set(found.features):
        mine = []  # what these tables call JavaScript's version is Node.js's
    decided = _deciding(notes, "version")
    for one in mine:
        if decided is None and not found.version:
            losers = tuple(
                f"{other.rule}: {other.value} ({other.place})" for other in mine if other.value != one.value
            )
            notes.saw(one.rule, "version", one.value, one.file, one.line, losers)
            # Java's own sign for a pin that a newer release meets, as version files have it
            return msgspec.structs.replace(found, version=f"~{one.value}" if family == "java" else one.value)
        if decided is not None and one.file != decided.file and one.value != decided.value:
            decided = _lose(notes, decided, one)
    return found


def _server(found: Detection, one: Said, settings: str, notes: Notes) -> Detection:
    """A model server in the compose file: the program offers that mode, and expects an answer at that port. It is its first mode
    where the code names nothing else, or where the compose file sets a variable of the program to that server."""
    name = one.words[0] if one.words else one.value
    if "local-server" in found.modes or found.mode == "in-process":
        notes.saw(one.rule, "recipe", f"{one.value} beside it, port {one.port}", one.file, one.line)
        return found
    why = Evidence(rule=one.rule, decides="endpoint", value=one.value, file=one.file, line=one.line)
    end = Endpoint(kind="local", api="ollama" if one.value == "ollama" else "openai", port=one.port, why=why)
    others = tuple(mode for mode in found.modes if mode != "none")
    is_first = not others or f"//{name}" in settings
    modes = cast("tuple[Mode, ...]", ("local-server", *others) if is_first else (*others, "local-server"))
    if is_first:
        notes.saw(one.rule, "mode", "local-server", one.file, one.line, others)
    return msgspec.structs.replace(found, mode=modes[0], modes=modes, endpoints=(*found.endpoints, end))


def _tell_recipes(said: list[Said], notes: Notes) -> None:
    """That a recipe is there, and what of it is a hint only."""
    for one in said:
        if one.kind == "base" and one.rule.startswith("dockerfile"):
            notes.saw(
                "dockerfile.offer",
                "recipe",
                f"{one.file} is there: --use-dockerfile runs it as it is",
                one.file,
            )
            break
    packages = [one for one in said if one.kind == "system"]
    if packages:
        names = " ".join(dict.fromkeys(one.value for one in packages))
        first = packages[0]
        notes.saw("dockerfile.apt", "recipe", f"a hint, not installed: {names[:300]}", first.file, first.line)
    for kind, about in (("port", "listens at"), ("env", "sets"), ("gpu", "is made for a GPU:")):
        ones = [one for one in said if one.kind == kind]
        if ones:
            names = " ".join(dict.fromkeys(one.value for one in ones))
            notes.saw(ones[0].rule, "recipe", f"it {about} {names[:200]}", ones[0].file, ones[0].line)
