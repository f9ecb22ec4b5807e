"""Go: go.work, go.mod, or a bare file whose imports decide."""

from __future__ import annotations

from jitney.detect.code import At, Code, is_secret
from jitney.detect.data.native import LINKED, MODULES, ONLY_SID
from jitney.detect.go.module import Module, below
from jitney.detect.go.program import Program
from jitney.detect.model import Detection, Package, UnknownImport, Wishes
from jitney.detect.notes import Notes
from jitney.detect.usage import usage
from jitney.findings import Evidence
from jitney.source import Source
from jitney.source.paths import parents

STANDARD = frozenset({
    "C", "archive", "arena", "bufio", "builtin", "bytes", "cmd", "cmp", "compress", "container", "context",
    "crypto", "database", "debug", "embed", "encoding", "errors", "expvar", "flag", "fmt", "go", "hash",
    "html", "image", "index", "internal", "io", "iter", "log", "maps", "math", "mime", "net", "os", "path",
    "plugin", "reflect", "regexp", "runtime", "simd", "slices", "sort", "strconv", "strings", "structs",
    "sync", "syscall", "testing", "text", "time", "unicode", "unique", "unsafe", "vendor", "weak",
})  # fmt: skip
"""First parts of the standard library's paths (pkg.go.dev/std, Go 1.26)."""


def detect_go(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    """DetectionError: no package main, or several alike."""
    if not source.entry and not wishes.entry:
        source = _of_module(source)
    module = Module(source, notes)
    program = Program(source, module, notes)
    entry = program.entry(wishes.entry)
    code = program.reach(entry)
    packages = _packages(module, code, wishes.packages)
    use = usage(code, "go", notes, declared=[At(one.name, one.why.file, one.why.line) for one in packages])
    system = _system(program, wishes.apt)
    features = (*(["cgo"] if _is_cgo(code) else []), *_suite(system))
    return Detection(
        language="go",
        version=module.version(wishes.version),
        frameworks=use.frameworks,
        mode=use.modes[0],
        modes=use.modes,
        entry=entry,
        start=(),
        workdir=source.workdir,
        manager="go.mod" if module.file else "imports",
        manifests=tuple(path for path in (module.file, module.work) if path),
        lock=module.sum,
        packages=tuple(packages),
        unknown=() if module.file else _unknown(code, wishes.packages),
        models=tuple(code.models),
        endpoints=use.endpoints,
        env=use.env,
        secrets=tuple(variable for variable in use.env if is_secret(variable)),
        system=system,
        features=features,
        takes=program.takes(),
    )


def _of_module(source: Source) -> Source:
    """The source as seen from the one module with a program, where the folder has modules below and is in none itself."""
    found = [pair for folder in below(source) for pair in _programs(source, folder)]
    usual = [pair for pair in found if source.has(f"{pair[1]}/main.go".lstrip("/"))]
    chosen = found if len(found) == 1 else usual
    return chosen[0][0] if len({inner.workdir for inner, _ in chosen}) == 1 else source


def _programs(source: Source, folder: str) -> list[tuple[Source, str]]:
    """Main packages of one module, with the source as seen from there."""
    inner, silent = source.at(folder), Notes()
    mains = Program(inner, Module(inner, silent), silent).mains()
    return [(inner, one) for one in mains if _nearest(source, one) == folder]


def _nearest(source: Source, folder: str) -> str:
    """The folder of the module that a package is part of."""
    return next((at for at in parents(folder) if source.has(f"{at}/go.mod".lstrip("/"))), "")


def _is_cgo(code: Code) -> bool:
    return any(at.value == "C" for at in code.imports)


def _suite(system: tuple[Package, ...]) -> tuple[str, ...]:
    """A library that only Debian's development release has takes the whole build there."""
    return ("suite:sid",) if any(package.name in ONLY_SID for package in system) else ()


def _packages(module: Module, code: Code, wished: tuple[str, ...]) -> list[Package]:
    """Modules that go.mod requires directly, or the imports of a bare file: the Go command finds their modules."""
    found = _required(module) if module.file else _imported(code)
    for wish in wished:
        path, _, version = wish.partition("@")
        why = Evidence(rule="flag.package", decides="package", value=wish)
        found[path] = Package(name=path, spec=f"@{version}" if version else "", why=why)
    return list(found.values())


def _required(module: Module) -> dict[str, Package]:
    found: dict[str, Package] = {}
    text = module.source.read_text(module.file).splitlines()
    for line in module.lines:
        if line.verb == "require" and len(line.words) >= 2 and "// indirect" not in text[line.number - 1]:
            named = " ".join(line.words)
            why = Evidence(
                rule="go.require", decides="package", value=named, file=module.file, line=line.number
            )
            found[line.words[0]] = Package(name=line.words[0], spec=f"@{line.words[1]}", why=why)
    return found


def _imported(code: Code) -> dict[str, Package]:
    """Paths whose first part is a host: the others are the standard library's."""
    found: dict[str, Package] = {}
    for at in code.imports:
        if "." in at.value.partition("/")[0] and not at.value.startswith("."):
            why = Evidence(rule="go.import", decides="package", value=at.value, file=at.file, line=at.line)
            found.setdefault(at.value, Package(name=at.value, why=why))
    return found


def _unknown(code: Code, wished: tuple[str, ...]) -> tuple[UnknownImport, ...]:
    """Paths without a host that are not the standard library's either: nobody can say where these are had from."""
    from difflib import get_close_matches

    named = {wish.partition("@")[0] for wish in wished}
    found: dict[str, UnknownImport] = {}
    for at in code.imports:
        head = at.value.partition("/")[0]
        if "." not in head and head not in STANDARD and at.value not in named:
            near = tuple(get_close_matches(head, STANDARD, 2, 0.6))
            found.setdefault(at.value, UnknownImport(name=at.value, file=at.file, line=at.line, near=near))
    return tuple(found.values())


def _system(program: Program, wished: tuple[str, ...]) -> tuple[Package, ...]:
    """Debian packages that were asked for, and those that `#cgo` lines of what is compiled link against."""
    found = {
        apt: Package(name=apt, why=Evidence(rule="flag.apt", decides="system", value=apt))
        for apt in sorted(wished)
    }
    for word, file, line in program.links():
        table = LINKED if word.startswith("-l") else MODULES
        for apt in table.get(word.removeprefix("-l"), "").split():
            why = Evidence(rule="go.cgo", decides="system", value=word, file=file, line=line)
            found.setdefault(apt, Package(name=apt, why=why))
    return tuple(found.values())
