"""Rust: a crate of a Cargo project, a cargo script, or a bare file whose `use` lines decide."""

from __future__ import annotations

import re

from jitney.detect.code import At, Code, is_secret
from jitney.detect.data.rust_crates import CRATES
from jitney.detect.model import Detection, Package, UnknownImport, Wishes
from jitney.detect.notes import Notes
from jitney.detect.rust import manifest
from jitney.detect.rust.code import RustFile, look
from jitney.detect.rust.entry import Chosen, choose
from jitney.detect.rust.script import Embedded, embedded
from jitney.detect.rust.takes import takes
from jitney.detect.rust.version import version
from jitney.detect.usage import usage
from jitney.findings import Evidence
from jitney.source import Source
from jitney.source.paths import join, parent

MANY = 150
"""Files of a program that are parsed; the rest of a larger one says nothing new."""


def detect_rust(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    """DetectionError: no program, or several alike."""
    chosen = choose(source, wishes, notes)
    main = source.read_text(chosen.path)
    script = embedded(main, chosen.path, notes) if chosen.crate is None else None
    files = reach(source, chosen.path)
    code = _merged(files)
    packages, unknown = _packages(chosen, script, files, wishes, source)
    use = usage(code, "rust", notes, declared=[At(one.name, one.why.file, one.why.line) for one in packages])
    manifests = _manifests(chosen)
    lock = f"{chosen.root}/Cargo.lock".lstrip("/")
    return Detection(
        language="rust",
        version=version(source, chosen, script, files, wishes.version, notes),
        frameworks=use.frameworks,
        mode=use.modes[0],
        modes=use.modes,
        entry=chosen.path,
        workdir=source.workdir,
        manager="cargo" if chosen.crate else "cargo-script" if script else "imports",
        manifests=manifests,
        lock=lock if chosen.crate is not None and source.has(lock) else "",
        packages=tuple(packages),
        unknown=tuple(unknown),
        models=tuple(code.models),
        endpoints=use.endpoints,
        env=use.env,
        secrets=tuple(variable for variable in use.env if is_secret(variable)),
        system=tuple(
            Package(name=apt, why=Evidence(rule="flag.apt", decides="system", value=apt))
            for apt in sorted(wishes.apt)
        ),
        features=_features(chosen, script, files),
        takes=takes(source, chosen, files, notes),
    )


def _features(chosen: Chosen, script: Embedded | None, files: dict[str, RustFile]) -> tuple[str, ...]:
    """What the planner has to know; see plan/rust.py."""
    found = [f"root:{chosen.root}", f"{chosen.kind}:{chosen.name}"]
    if chosen.crate is not None:
        found += [f"package:{chosen.crate.name}", *(f"feature:{name}" for name in chosen.features)]
    if script is not None:
        package = script.manifest.get("package")
        edition = package.get("edition") if isinstance(package, dict) else None
        found += [f"edition:{edition}"] if isinstance(edition, str) else []
        found += [f"front-matter:{chosen.path}"] if script.is_front else []
    if any(seen.unstable for seen in files.values()):
        found.append("nightly")
    return tuple(found)


def reach(source: Source, entry: str) -> dict[str, RustFile]:
    """The entry and the modules it declares, as rustc finds them; and the library of a crate beside a `src/main.rs`."""
    found: dict[str, RustFile] = {}
    library = f"{parent(entry)}/lib.rs".lstrip("/")
    todo = [entry, *([library] if entry.endswith("src/main.rs") and source.has(library) else [])]
    while todo and len(found) < MANY:
        path = todo.pop(0)
        if path in found or not source.has(path):
            continue
        seen = found[path] = look(source.read_text(path), path)
        todo += _modules(path, seen, is_root=path in (entry, library))
    return found


def _modules(path: str, seen: RustFile, *, is_root: bool) -> list[str]:
    stem = path.rpartition("/")[2].removesuffix(".rs")
    folder = parent(path) if is_root or stem == "mod" else f"{parent(path)}/{stem}".lstrip("/")
    found = []
    for module, written in seen.modules:
        if written:
            place = join(parent(path), written)
            found += [place] if place else []
        else:
            found += [f"{folder}/{module}.rs".lstrip("/"), f"{folder}/{module}/mod.rs".lstrip("/")]
    return found


def _merged(files: dict[str, RustFile]) -> Code:
    whole = Code()
    for seen in files.values():
        for field in Code.__struct_fields__:
            getattr(whole, field).extend(getattr(seen.code, field))
    return whole


def _manifests(chosen: Chosen) -> tuple[str, ...]:
    if chosen.crate is None:
        return ()
    return tuple(dict.fromkeys((chosen.crate.file, f"{chosen.root}/Cargo.toml".lstrip("/"))))


def _packages(
    chosen: Chosen, script: Embedded | None, files: dict[str, RustFile], wishes: Wishes, source: Source
) -> tuple[list[Package], list[UnknownImport]]:
    """Lines of `[dependencies]`: name and what follows it. For a crate they only tell; cargo reads the manifest itself."""
    unknown: list[UnknownImport] = []
    if chosen.crate is not None:
        found = _of_crate(chosen.crate, source.read_text(chosen.crate.file))
    elif script is not None:
        found = _of_script(script, chosen.path)
    else:
        found, unknown = _imported(files, wishes)
    for wish in wishes.packages:
        name, _, number = wish.partition("@")
        why = Evidence(rule="flag.package", decides="package", value=wish)
        found[name] = Package(name=name, spec=f' = "{number or "*"}"', why=why)
    return list(found.values()), unknown


def _of_crate(crate: manifest.Crate, text: str) -> dict[str, Package]:
    found = {}
    for name, entry in (pair for table in manifest.tables(crate.data) for pair in table.items()):
        line = manifest.line_of(text, name)
        why = Evidence(rule="rust.dependency", decides="package", value=name, file=crate.file, line=line)
        found[name] = Package(name=name, spec=f" = {to_toml(entry)}", why=why)
    return found


def _of_script(script: Embedded, path: str) -> dict[str, Package]:
    declared = script.manifest.get("dependencies")
    found = {}
    for name, entry in declared.items() if isinstance(declared, dict) else ():
        why = Evidence(rule="rust.front-matter", decides="package", value=name, file=path, line=script.line)
        found[name] = Package(name=name, spec=f" = {to_toml(entry)}", why=why)
    return found


def _imported(files: dict[str, RustFile], wishes: Wishes) -> tuple[dict[str, Package], list[UnknownImport]]:
    from difflib import get_close_matches

    modules = {module for seen in files.values() for module, _ in seen.modules}
    wished = {wish.partition("@")[0].replace("-", "_") for wish in wishes.packages}
    found: dict[str, Package] = {}
    unknown: dict[str, UnknownImport] = {}
    for seen in files.values():
        declared = _declared(seen)
        for at in seen.crates:
            if at.value in modules or at.value in wished:
                continue
            if at.value in CRATES:
                name, _, spec = CRATES[at.value].partition(" ")
                why = Evidence(
                    rule="rust.import", decides="package", value=at.value, file=at.file, line=at.line
                )
                found.setdefault(name, Package(name=name, spec=f" {spec}", why=why))
            elif at in declared:
                near = tuple(get_close_matches(at.value, CRATES, 3, 0.8))
                one = UnknownImport(name=at.value.replace("_", "-"), file=at.file, line=at.line, near=near)
                unknown.setdefault(at.value, one)
    _implied(found)
    return found, list(unknown.values())


def _declared(seen: RustFile) -> set[At]:
    """Those that stand in `use` or `extern crate`: a head of a path elsewhere may be a module or a variable."""
    heads = {(at.value.split(".")[0], at.line) for at in seen.code.imports if "." in at.value}
    return {at for at in seen.crates if (at.value, at.line) in heads}


def _implied(found: dict[str, Package]) -> None:
    """An asynchronous client needs the runtime that `#[tokio::main]` names; serde's derive comes with the table."""
    if "async-openai" in found and "tokio" not in found:
        found["tokio"] = Package(
            name="tokio", spec=CRATES["tokio"].partition(" ")[2], why=found["async-openai"].why
        )


def to_toml(value: object) -> str:
    """A value of a manifest as inline TOML, for messages, keys and generated manifests."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {to_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(to_toml(one) for one in value) + "]"
    if isinstance(value, int | float):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\u{ord(match[0]):04x}", text) + '"'


def _key(key: object) -> str:
    return str(key) if re.fullmatch(r"[A-Za-z0-9_-]+", str(key)) else to_toml(str(key))
