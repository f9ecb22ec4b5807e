"""C and C++: CMake, Meson, autotools, Make, or the sources themselves, whose `#include` lines decide."""

from __future__ import annotations

from jitney.detect.code import Code, is_secret
from jitney.detect.model import Detection, Package, Wishes
from jitney.detect.native.build import Build, choose
from jitney.detect.native.code import HEADERS, SOURCES
from jitney.detect.native.libraries import Needs, of_cmake, of_headers, of_managers, of_text
from jitney.detect.native.tree import Program, reach
from jitney.detect.notes import Notes
from jitney.detect.usage import usage
from jitney.findings import Evidence
from jitney.source import Source
from jitney.source.paths import is_under, name, parent

MANY = 150


def detect_c(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    """DetectionError: no `main`, or several alike."""
    return _detect(source, wishes, notes, "c")


def detect_cpp(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    """DetectionError: no `main`, or several alike."""
    return _detect(source, wishes, notes, "cpp")


def _detect(source: Source, wishes: Wishes, notes: Notes, language: str) -> Detection:
    build = choose(source, wishes, notes)
    program = reach(source, _starts(source, build))
    code = _merged(program)
    use = usage(code, language, notes)
    needs = _needs(source, build, program)
    read = of_managers(source, build.root, needs, notes)
    for wish in sorted(wishes.apt):
        needs.apt[wish] = Evidence(rule="flag.apt", decides="system", value=wish)
    is_mixed = any(not path.endswith(".c") for path in program.sources)
    return Detection(
        language="cpp" if language == "c" and is_mixed else language,
        version=_version(wishes, notes),
        frameworks=use.frameworks,
        mode=use.modes[0],
        modes=use.modes,
        entry=build.entry,
        workdir=source.workdir,
        manager=build.kind,
        manifests=(*build.manifests, *read),
        packages=_modules(build, needs),
        models=tuple(code.models),
        endpoints=use.endpoints,
        env=use.env,
        secrets=tuple(variable for variable in use.env if is_secret(variable)),
        system=needs.packages,
        features=_features(build, program, needs),
        takes=_takes(source, build, program),
    )


def _starts(source: Source, build: Build) -> tuple[str, ...]:
    """Files from which the program's own are found: all there are, where the build system does not say."""
    named = build.sources or build.starts
    return named or tuple(path for path in source.files(build.root) if path.endswith(SOURCES))[:MANY]


def _modules(build: Build, needs: Needs) -> tuple[Package, ...]:
    """pkg-config's names: for a program that no build system asks them for."""
    return tuple(Package(name=one, why=_why(one)) for one in needs.modules if build.kind == "sources")


def _why(module: str) -> Evidence:
    return Evidence(rule="native.module", decides="package", value=module)


def _version(wishes: Wishes, notes: Notes) -> str:
    if wishes.version:
        notes.saw("flag.version", "version", wishes.version)
    return wishes.version


def _merged(program: Program) -> Code:
    whole = Code()
    for seen in program.files.values():
        for field in Code.__struct_fields__:
            getattr(whole, field).extend(getattr(seen.code, field))
    return whole


def _needs(source: Source, build: Build, program: Program) -> Needs:
    needs = Needs()
    of_headers(program.missing, needs)
    if build.project is not None:
        of_cmake(build.project, needs)
    elif build.kind != "sources":
        for path in build.manifests:
            of_text(source.read_text(path), path, needs)
    return needs


def _features(build: Build, program: Program, needs: Needs) -> tuple[str, ...]:
    """What the planner has to know; see plan/native.py."""
    found = [f"build:{build.kind}", f"root:{build.root}"]
    found += [f"target:{build.target}"] if build.target else []
    found += [f"suite:{needs.suite}"] if needs.suite else []
    if build.kind == "sources":
        found += [f"source:{path}" for path in program.sources]
        found += [f"include:{folder}" for folder in program.folders]
        found += [f"flag:{flag}" for flag in needs.flags]
        found += ["std:c++23"] if any(seen.is_new for seen in program.files.values()) else []
    return tuple(found)


def _takes(source: Source, build: Build, program: Program) -> tuple[str, ...]:
    """The program's folder; a project's whole folder, where it lies above; of a bare file what it includes."""
    taken = {*source.files(), *program.files}
    if build.kind != "sources":
        taken |= set(source.files(build.root))
    for folder in program.folders if build.kind == "sources" else ():
        if not is_under(folder, source.workdir):
            taken |= {
                path
                for path in source.files(folder)
                if parent(path) == folder and name(path).endswith(HEADERS)
            }
    return tuple(sorted(path for path in taken if source.has(path)))
