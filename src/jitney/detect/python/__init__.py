"""Python: manifests, locks, versions, imports, entries. Nothing of the user's is executed."""

from __future__ import annotations

import msgspec

from jitney.detect.code import At, is_secret
from jitney.detect.data.python_imports import Known
from jitney.detect.model import Detection, ModelUse, Package, UnknownImport, Wishes
from jitney.detect.notes import Notes
from jitney.detect.python import entry as entries
from jitney.detect.python import manifests, modules, packages, start, version
from jitney.detect.python.manifest import Manifest
from jitney.detect.python.modules import Program
from jitney.detect.usage import usage
from jitney.errors import DetectionError
from jitney.findings import Evidence
from jitney.source import Source
from jitney.source.paths import is_under, parent


def detect_python(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    """DetectionError: nothing to start, or two entries alike; everything else that is wrong is a finding."""
    manifest = _manifest(source, notes)
    try:
        entry, given = _entry(source, wishes, manifest, notes)
    except DetectionError as error:
        error.seen = _declared(source, manifest, wishes, notes)
        raise
    program = modules.follow(source, [entry], source.workdir, notes, Known(dict(wishes.imports)))
    script = _script(source, entry)
    manifest = manifests.script_block(source, entry, notes) or _fitting(source, manifest, program, notes)
    local = manifests.local_projects(source, manifest, notes) if manifest else []
    wanted, unknown = _packages(manifest, program, wishes)
    if not given:
        names = frozenset(packages.normal(package.name) for package in wanted)
        given, extra = start.command(source, script, source.workdir, program.files[entry], names)
        wanted = start.with_package(wanted, extra, entry)
    declared = [At(one.name, one.why.file, one.why.line) for one in wanted]
    paths = _module_path(source, program, local, (entry, given[0]))
    use = usage(program.code, "python", notes, declared=declared)
    return msgspec.structs.replace(
        _declared(source, manifest, wishes, notes),
        frameworks=use.frameworks,
        mode=use.modes[0],
        modes=use.modes,
        entry=entry,
        start=given,
        packages=tuple(wanted),
        unknown=tuple(unknown),
        models=_models(program, use.modes),
        endpoints=use.endpoints,
        env=use.env,
        secrets=tuple(name for name in use.env if is_secret(name)),
        system=_system(manifest, wanted, wishes, packages.debian(program)),
        features=tuple(f"pythonpath:{folder}" for folder in paths),
        takes=tuple(sorted({*_takes(source, program, manifest, local), script})),
    )


def _entry(
    source: Source, wishes: Wishes, manifest: Manifest | None, notes: Notes
) -> tuple[str, tuple[str, ...]]:
    """What entry.find finds; in a folder without any script the only notebook."""
    try:
        return entries.find(source, source.workdir, wishes.entry, manifest, notes)
    except DetectionError:
        own = [path for path in source.files() if is_under(path, source.workdir)]
        found = [path for path in own if path.endswith(modules.NOTEBOOK)]
        if len(found) != 1 or any(path.endswith(".py") for path in own) or wishes.entry:
            raise
    notes.saw("python.entry.notebook", "entry", found[0], found[0])
    return found[0], ()


def _script(source: Source, entry: str) -> str:
    """The entry as Python can run it: of a notebook the script that it makes, laid beside it."""
    if not entry.endswith(modules.NOTEBOOK):
        return entry
    from jitney.detect.python import notebook  # few programs are one

    name = notebook.script_name(entry)
    source.lay(name, notebook.runnable(notebook.read(source.read_text(entry), entry)))
    return name


def _declared(source: Source, manifest: Manifest | None, wishes: Wishes, notes: Notes) -> Detection:
    """What is known of an environment without looking at a program."""
    seen = Detection(
        language="python",
        version=version.choose(source, source.workdir, manifest, wishes.version, notes),
        workdir=source.workdir,
        manager="imports",
        takes=source.files(),
    )
    if manifest is None:
        return seen
    return msgspec.structs.replace(
        seen,
        manager=manifest.manager,
        manifests=tuple(dict.fromkeys(manifest.files)),
        lock=manifest.lock,
        packages=tuple(manifest.packages),
        constraints=tuple(manifest.reading.constraints),
    )


def _system(
    manifest: Manifest | None, wanted: list[Package], wishes: Wishes, asked: list[Package]
) -> tuple[Package, ...]:
    """Debian packages: those of the packages, those wished for, those that the manifest names or a notebook installs."""
    found = {one.name: one for one in (*(manifest.system if manifest else ()), *asked)}
    found |= {one.name: one for one in packages.system(wanted, wishes.apt)}
    return tuple(found[name] for name in sorted(found))


def _module_path(source: Source, program: Program, local: list[str], started: tuple[str, str]) -> list[str]:
    """Folders that have to be on the module path besides the program's own: those above that it imports from, local projects,
    and `src` where a package in it is started by its name. started: the entry, and the start's first word."""
    above = [one for one in program.above if not is_under(one, source.workdir) or one != source.workdir]
    own = f"{source.workdir}/src".lstrip("/")
    named = [own] if started[1] == "-m" and is_under(started[0], own) else []
    below = [f"{folder}/src".lstrip("/") for folder in local]
    roots = [src if source.has_folder(src) else folder for src, folder in zip(below, local, strict=True)]
    return list(dict.fromkeys([*above, *named, *(folder for folder in roots if folder != source.workdir)]))


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


def _manifest(source: Source, notes: Notes) -> Manifest | None:
    folder = manifests.nearest(source, source.workdir)
    return None if folder is None else manifests.read_manifest(source, folder, notes)


def _fitting(source: Source, manifest: Manifest | None, program: Program, notes: Notes) -> Manifest | None:
    """A manifest above the program's folder counts only if it is the program's: it declares something that
    is imported, or
    the program imports a package that lies beside it."""
    if manifest is None or any(is_under(path, source.workdir) for path in manifest.files):
        return manifest
    home = parent(manifest.files[-1])
    if {home, f"{home}/src".lstrip("/")} & set(program.above) or _is_used(manifest, program):
        return manifest
    notes.saw("python.manager.unrelated", "manager", "imports", manifest.files[0])
    notes.findings[:] = [finding for finding in notes.findings if finding.file not in manifest.files]
    return None


def _is_used(manifest: Manifest, program: Program) -> bool:
    """Something that the manifest declares is imported, or nothing is."""
    declared = {packages.normal(package.name) for package in manifest.packages}
    named = [packages.split(program.known.distribution(module))[0] for module in program.outside]
    return not named or bool(declared & {packages.normal(one) for one in named})


def _packages(
    manifest: Manifest | None, program: Program, wishes: Wishes
) -> tuple[list[Package], list[UnknownImport]]:
    unknown: list[UnknownImport] = []
    if manifest is None:
        wanted, unknown = packages.from_imports(program, wishes.packages)
    elif manifest.says_nothing:
        # a pyproject.toml with names and settings, an empty requirements.txt: what is imported and known is needed all the same
        wanted, _ = packages.from_imports(program, wishes.packages)
    else:
        wanted = packages.with_requested(list(manifest.packages), program)
    said = {packages.normal(packages.split(wish)[0]) for wish in wishes.packages}
    wanted = [known for known in wanted if packages.normal(known.name) not in said]
    for wish in wishes.packages:
        name, spec = packages.split(wish)
        why = Evidence(rule="flag.package", decides="package", value=wish)
        wanted.append(Package(name=name, spec=f" {spec}" if spec.startswith(("@", ";")) else spec, why=why))
    return wanted, unknown


def _takes(source: Source, program: Program, manifest: Manifest | None, local: list[str]) -> tuple[str, ...]:
    """The program's own folder, the packages it imports from above it, local projects, manifests above."""
    taken = set(source.files()) | set(program.files)
    for path in program.files:
        if not is_under(path, source.workdir):
            taken |= set(source.files(_top_package(path, program))) if _top_package(path, program) else set()
    for folder in local:
        taken |= set(source.files(folder))
    if manifest is not None:
        taken |= {path for path in manifest.files if source.has(path)}
    if source.alone:
        taken |= {at.value for at in program.code.strings if _named_file(source, at.value)}
    return tuple(sorted(taken))


def _top_package(path: str, program: Program) -> str:
    """The package above the program's folder that a module is of: its data files belong to it, so the whole of it goes along,
    its examples and tests do not. Empty: it is a module by itself."""
    roots = sorted(program.above, key=len, reverse=True)
    root = next((folder for folder in roots if is_under(path, folder)), None)
    top = path[len(root) :].lstrip("/").partition("/")[0] if root is not None else ""
    return f"{root}/{top}".lstrip("/") if top and not top.endswith(".py") else ""


def _named_file(source: Source, text: str) -> bool:
    """A file beside a lone script that its code names."""
    return 0 < len(text) < 200 and "." in text and not text.startswith(("/", ".")) and source.has(text)
