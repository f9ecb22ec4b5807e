"""What a single file says about its own build: JBang's comments, Kotlin's `@file:` annotations, Groovy's `@Grab`, Scala CLI's
`//> using`."""

from __future__ import annotations

import re

import msgspec

from jitney.detect.code import At


class Header(msgspec.Struct):
    """needs: `group:artifact:version`, Maven's notation; platforms: BOMs. sources: further files, relative to it."""

    needs: list[At] = msgspec.field(default_factory=list)
    platforms: list[At] = msgspec.field(default_factory=list)
    repositories: list[str] = msgspec.field(default_factory=list)
    sources: list[At] = msgspec.field(default_factory=list)
    compile: list[str] = msgspec.field(default_factory=list)
    run: list[str] = msgspec.field(default_factory=list)
    java: str = ""
    tool: str = ""
    main: str = ""
    preview: bool = False
    said: bool = False
    """It names its packages: imports are not looked up."""


_JBANG = re.compile(r"//([A-Z_]+)[ \t]+(.+?)\s*$|//(PREVIEW)\b")
_FILE = re.compile(r"@file:\s*(?:\[\s*)?(\w+)\s*\(([^)]*)\)")
_GRAB = re.compile(r"@(Grab|GrabResolver)\s*\(([^)]*)\)")
_USING = re.compile(r"//>\s*using\s+([\w.]+)\s+(.+?)\s*$")
_QUOTED = re.compile(r"[\"']([^\"']+)[\"']")


def header(text: str, file: str) -> Header:
    """Of any of these languages: no mark of one means anything in another."""
    found = Header()
    for number, line in enumerate(text.splitlines(), 1):
        if match := _JBANG.match(line):
            _jbang(match[1] or match[3], match[2] or "", At(line, file, number), found)
        elif match := _FILE.match(line):
            _annotation(match[1], _QUOTED.findall(match[2]), file, number, found)
        elif match := _GRAB.search(line):
            _grab(match[1], match[2], file, number, found)
        elif match := _USING.match(line):
            _using(match[1], match[2], file, number, found)
    return found


def _jbang(word: str, rest: str, at: At, found: Header) -> None:
    words = _words(rest)
    if word == "DEPS":
        _deps(words, at, found)
    elif word == "PREVIEW":
        found.preview = True
    elif word in _LISTS:
        getattr(found, _LISTS[word]).extend(words)
    elif word == "REPOS":
        found.repositories += [_behind(one) for one in words]
    elif word in ("SOURCES", "FILES"):
        found.sources += [At(_behind(one), at.file, at.line) for one in words]
    elif words:
        _word(word, words[0], found)


def _deps(words: list[str], at: At, found: Header) -> None:
    found.said = True
    for need in (expand(one) for one in words):
        into = found.platforms if need.endswith("@pom") else found.needs
        into.append(At(need.removesuffix("@pom"), at.file, at.line))


_LISTS = {
    "COMPILE_OPTIONS": "compile",
    "JAVAC_OPTIONS": "compile",
    "RUNTIME_OPTIONS": "run",
    "JAVA_OPTIONS": "run",
}
"""JBang's words whose values are taken as they are → the header's field."""


def _behind(word: str) -> str:
    """`name=value` → value."""
    return word.partition("=")[2] or word


def _word(word: str, value: str, found: Header) -> None:
    if word == "JAVA":
        found.java = value
    elif word == "MAIN":
        found.main = value
    elif word == "KOTLIN":
        found.tool = value


def _words(rest: str) -> list[str]:
    import shlex  # only where there is such a line

    try:
        return [word for one in shlex.split(rest) for word in one.split(",") if word]
    except ValueError:
        return rest.split()


def expand(need: str) -> str:
    """`${quarkus.version:3.0}` → its default."""
    return re.sub(r"\$\{[\w.]+:([^}]*)\}", r"\1", need)


def _annotation(word: str, values: list[str], file: str, line: int, found: Header) -> None:
    if word == "DependsOn":
        found.said = True
        found.needs += [At(value, file, line) for value in values]
    elif word == "Repository":
        found.repositories += values[:1]
    elif word == "Import":
        found.sources += [At(value, file, line) for value in values]
    elif word == "CompilerOptions":
        found.compile += values


def _grab(word: str, inner: str, file: str, line: int, found: Header) -> None:
    if word == "GrabResolver":
        found.repositories += [url for url in _QUOTED.findall(inner) if "://" in url]
        return
    named = dict(re.findall(r"(\w+)\s*[=:]\s*[\"']([^\"']+)[\"']", inner))
    short = _QUOTED.findall(inner)
    need = (
        ":".join(named.get(key, "") for key in ("group", "module", "version"))
        if "module" in named
        else (short[0] if short else "")
    )
    if need.count(":") >= 2:
        found.said = True
        found.needs.append(At(need, file, line))


def _using(word: str, rest: str, file: str, line: int, found: Header) -> None:
    values = [value.strip("\"',") for value in rest.split()]
    plural = word.rstrip("s").replace("repositorie", "repository")
    if plural in ("dep", "lib"):
        found.said = True
        found.needs += [At(value.replace(":::", "::"), file, line) for value in values]
    elif plural == "file":
        found.sources += [At(value, file, line) for value in values]
    elif plural in ("repository", "option"):
        (found.repositories if plural == "repository" else found.compile).extend(values)
    elif values:
        _scala_word(word, values[0], found)


def _scala_word(word: str, value: str, found: Header) -> None:
    if word == "scala":
        found.tool = value
    elif word == "jvm":
        found.java = re.sub(r"^\D*", "", value)
    elif word == "mainClass":
        found.main = value
