"""Python: manifests, locks, versions, imports, entries. Nothing of the user's is executed."""

from __future__ import annotations

import msgspec

from jitney.detect.code import is_secret
from jitney.detect.data.python_imports import distribution
from jitney.detect.model import Detection, ModelUse, Package, UnknownImport, Wishes
from jitney.detect.notes import Notes
from jitney.detect.python import entry as entries
from jitney.detect.python import manifests, modules, packages, start, version
from jitney.detect.python.manifest import Manifest
from jitney.detect.python.modules import Program
from jitney.detect.usage import usage
from jitney.findings import Evidence
from jitney.source import Source
from jitney.source.paths import is_under, parent


def detect_python(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    """DetectionError: nothing to start, or two entries alike; everything else that is wrong is a finding."""
    workdir = source.workdir
    manifest = _manifest(source, wishes, notes)
    entry, given = entries.find(source, workdir, wishes.entry, manifest, notes)
    block = manifests.script_block(source, entry, notes)
    program = modules.follow(source, [entry], workdir, notes)
    manifest = block or _fitting(source, manifest, program, notes)
    declared = (
        frozenset(packages.normal(package.name) for package in manifest.packages) if manifest else frozenset()
    )
    named, extra = start.command(entry, workdir, program.files[entry], declared)
    local = manifests.local_projects(source, manifest, notes) if manifest else []
    wanted, unknown = _packages(manifest, program, wishes)
    wanted = start.with_package(wanted, "" if given else extra, entry)
    use = usage(program.code, "python", notes)
    above = [folder for folder in program.above if not is_under(folder, workdir) or folder != workdir]
    return Detection(
        language="python",
        version=version.choose(source, workdir, manifest, wishes.version, notes),
        frameworks=use.frameworks,
        mode=use.modes[0],
        modes=use.modes,
        entry=entry,
        start=given or named,
        workdir=workdir,
        manager=manifest.manager if manifest else "imports",
        manifests=tuple(dict.fromkeys(manifest.files)) if manifest else (),
        lock=manifest.lock if manifest else "",
        packages=tuple(wanted),
        constraints=tuple(manifest.reading.constraints) if manifest else (),
        unknown=tuple(unknown),
        models=_models(program, use.modes),
        endpoints=use.endpoints,
        env=use.env,
        secrets=tuple(name for name in use.env if is_secret(name)),
        system=packages.system(wanted, wishes.apt),
        features=tuple(f"pythonpath:{folder}" for folder in [*above, *_import_roots(source, local)]),
        takes=_takes(source, program, manifest, local),
    )


def _models(program: Program, modes: tuple[str, ...]) -> tuple[ModelUse, ...]:
    """Each model once. A name that is loaded somewhere is no served one; nothing is served where all is in process."""
    loaded = {use.name for use in program.code.models if use.kind == "weights"}
    found: dict[tuple[str, str, str], ModelUse] = {}
    for use in program.code.models:
        if use.kind == "served" and (use.name in loaded or modes == ("in-process",)):
            if use.name in loaded:
                continue
            use = msgspec.structs.replace(use, kind="weights")
        found.setdefault((use.name, use.kind, use.file), use)
    return tuple(found.values())


def _manifest(source: Source, wishes: Wishes, notes: Notes) -> Manifest | None:
    folder = manifests.nearest(source, source.workdir)
    return None if folder is None else manifests.read_manifest(source, folder, notes)


def _fitting(source: Source, manifest: Manifest | None, program: Program, notes: Notes) -> Manifest | None:
    """A manifest above the program's folder counts only if it is the program's: it declares something that
    is imported, or
    the program imports a package that lies beside it."""
    if manifest is None or any(parent(path) == source.workdir for path in manifest.files):
        return manifest
    home = parent(manifest.files[-1])
    if any(folder in (home, f"{home}/src".lstrip("/")) for folder in program.above):
        return manifest
    declared = {packages.normal(package.name) for package in manifest.packages}
    imported = {packages.normal(packages.split(distribution(module))[0]) for module in program.outside}
    if declared & imported or not imported:
        return manifest
    notes.saw("python.manager.unrelated", "manager", "imports", manifest.files[0])
    notes.findings[:] = [finding for finding in notes.findings if finding.file not in manifest.files]
    return None


def _packages(
    manifest: Manifest | None, program: Program, wishes: Wishes
) -> tuple[list[Package], list[UnknownImport]]:
    if manifest is not None:
        wanted = list(manifest.packages)
        unknown: list[UnknownImport] = []
    else:
        wanted, unknown = packages.from_imports(program, wishes.packages)
    said = {packages.normal(packages.split(wish)[0]) for wish in wishes.packages}
    wanted = [known for known in wanted if packages.normal(known.name) not in said]
    for wish in wishes.packages:
        name, spec = packages.split(wish)
        why = Evidence(rule="flag.package", decides="package", value=wish)
        wanted.append(Package(name=name, spec=f" {spec}" if spec.startswith(("@", ";")) else spec, why=why))
    return wanted, unknown


def _import_roots(source: Source, local: list[str]) -> list[str]:
    """Where packages of local projects are imported from."""
    roots = [
        f"{folder}/src".lstrip("/") if source.has_folder(f"{folder}/src".lstrip("/")) else folder
        for folder in local
    ]
    return [folder for folder in roots if folder != source.workdir]


def _takes(source: Source, program: Program, manifest: Manifest | None, local: list[str]) -> tuple[str, ...]:
    """The program's own folder, the packages it imports from above it, local projects, manifests above."""
    taken = set(source.files()) | set(program.files)
    for path in program.files:
        if not is_under(path, source.workdir):
            # Data files of a package belong to it: the whole top package goes along, its examples and tests
            # do not.
            root = next(
                (folder for folder in sorted(program.above, key=len, reverse=True) if is_under(path, folder)),
                None,
            )
            top = path[len(root) :].lstrip("/").partition("/")[0] if root is not None else ""
            if root is not None and not top.endswith(".py"):
                taken |= set(source.files(f"{root}/{top}".lstrip("/")))
    for folder in local:
        taken |= set(source.files(folder))
    if manifest is not None:
        taken |= {path for path in manifest.files if source.has(path)}
    if source.alone:
        taken |= {at.value for at in program.code.strings if _named_file(source, at.value)}
    return tuple(sorted(taken))


def _named_file(source: Source, text: str) -> bool:
    """A file beside a lone script that its code names."""
    return 0 < len(text) < 200 and "." in text and not text.startswith(("/", ".")) and source.has(text)
