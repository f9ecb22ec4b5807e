"""The build and the start of a program in a language that is a table (languages/model.py).

interpreted     FROM the language's run base, Debian packages of its imports on top; the source is handed over at the start
compiled        FROM the build base: packages, source, the table's commands ─► /app ─► FROM the run base (or scratch)
"""

from __future__ import annotations

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.facts.model import Facts
from jitney.findings import Evidence
from jitney.languages import LanguageTable, table
from jitney.plan.bases import base_of, key
from jitney.plan.choice import Choice
from jitney.plan.model import Base, BuildPlan, Instruction, Lock, Mount, Stage
from jitney.plan.planner import PATH, SOURCE_ROOT, Start, folder_of
from jitney.plan.python import ROOM
from jitney.plan.scripts import script
from jitney.plan.table_version import pick, toolchain_of
from jitney.plan.taken import Taken

OUT = "/app"
BINARY = f"{OUT}/program"
WORK = "/build"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
DEBIAN = {"trixie": "13", "bookworm": "12", "sid": "sid"}


def choose(detection: Detection, facts: Facts, config: Config, lock: Lock) -> Choice:
    language = table(detection.language)
    picked = pick(language, detection, facts, config)
    source, version = picked.provider, picked.version
    tools = toolchain_of(language, source)
    bare = DEBIAN[tools.suite] if source == "debian" else DEBIAN["trixie"]
    build = key(source, language.name, version, "build") if language.compile else ""
    has_run = bool(tools.run or tools.run_image or any(add.is_run(language) for add in tools.adds))
    wants_apt = bool(detection.system or config.apt or lock.system)
    if has_run or language.compile is None:
        run = key(source, language.name, version, "run")
    elif language.compile.static and not wants_apt:
        run = ""
    else:
        run = key(source, "debian", bare, "full" if wants_apt else "run")
    return Choice(
        provider=source,
        version=version,
        run=run,
        build=build,
        evidence=picked.evidence,
        findings=picked.findings,
    )


def build(
    detection: Detection, facts: Facts, lock: Lock, choice: Choice, system: tuple[str, ...], taken: Taken
) -> BuildPlan:
    language = table(detection.language)
    reasons = tuple(evidence.rule for evidence in choice.evidence)
    stages: list[Stage] = []
    last: list[Instruction] = []
    if system:
        last += [Instruction(op="user", args=("0:0",), why=("packages are installed by root",)), _apt(system)]
    if language.compile is not None:
        stages.append(_compiling(language, detection, facts, choice, reasons))
        last += _copies(facts, choice)
    last.append(Instruction(op="user", args=("65532:65532",), why=("programs never run as root",)))
    base = base_of(facts, choice.run) if choice.run else Base(key="scratch", ref="scratch", digest="scratch")
    stages.append(Stage(name="run", base=base, instructions=tuple(last), why=reasons))
    mounts = [mount for stage in stages for one in stage.instructions for mount in one.mounts]
    needs_apt = any(mount.source == "apt.sh" for mount in mounts)
    files = {"apt.sh": script("apt.sh"), "pins": _pins(lock)} if needs_apt else {}
    if any(mount.source == "libs.sh" for mount in mounts):
        files["libs.sh"] = script("libs.sh")
    return BuildPlan(
        stages=tuple(stages),
        files=files,
        source=detection.takes if language.compile else (),
        source_digest=taken.digest,
        secrets=tuple(sorted({mount.source for mount in mounts if mount.kind == "secret"})),
    )


def _pins(lock: Lock) -> str:
    """The lock as apt's preferences: these very versions, where the mirror has them."""
    pairs = (line.partition("=") for line in lock.packages.splitlines() if line)
    return "".join(f"Package: {n}\nPin: version {v}\nPin-Priority: 1001\n\n" for n, _, v in pairs)


def _apt(names: tuple[str, ...]) -> Instruction:
    mounts = (
        Mount(kind="bind", source="apt.sh", target=f"{ROOM}/apt.sh"),
        Mount(kind="bind", source="pins", target=f"{ROOM}/pins"),
        Mount(kind="cache", source="jitney-apt-archives", target="/var/cache/apt/archives"),
        Mount(kind="cache", source="jitney-apt-lists", target="/var/lib/apt/lists"),
    )
    args = ("/bin/sh", f"{ROOM}/apt.sh", *names)
    return Instruction(op="run", args=args, mounts=mounts, why=(f"Debian packages: {' '.join(names)}",))


def _compiling(
    language: LanguageTable, detection: Detection, facts: Facts, choice: Choice, reasons: tuple[str, ...]
) -> Stage:
    """Where the program is compiled; a failure of the table's commands is the program's own."""
    assert language.compile is not None
    tools = toolchain_of(language, choice.provider)
    folder = f"{WORK}/{detection.workdir}".rstrip("/")
    names = tuple(sorted({package.name for package in detection.packages}))
    steps = [Instruction(op="user", args=("0:0",), why=("a build stage",))]
    steps += [_apt(names)] if names else []
    steps += [
        Instruction(op="copy", args=("src/", f"{WORK}/"), why=("compiled: the source goes into the build",)),
        Instruction(op="workdir", args=(OUT,), why=("what is made",)),
        Instruction(op="workdir", args=(folder,), why=("the program's own folder",)),
    ]
    mounts = tuple(
        Mount(kind="cache", source=f"jitney-{language.name}{path.replace('/', '-')}", target=path)
        for path in language.compile.caches
    )
    if facts.ca_bundle:
        mounts += (Mount(kind="secret", source="ca", target=CERTIFICATES),)
    settings = {"JITNEY": "1", "HOME": "/root", "PATH": _path(tools.path), **language.compile.env}
    head = ("/usr/bin/env", *(f"{name}={_fill(value, detection)[0]}" for name, value in settings.items()))
    for command in _commands(language, detection):
        words = tuple(word for part in command for word in _fill(part, detection))
        steps.append(
            Instruction(op="run", args=(*head, *words), mounts=mounts, why=("table.compile",), compiles=True)
        )
    if not tools.run and not tools.run_image and choice.run:
        steps.append(_libraries(facts, choice))
    return Stage(name="build", base=base_of(facts, choice.build), instructions=tuple(steps), why=reasons)


def _commands(language: LanguageTable, detection: Detection) -> tuple[tuple[str, ...], ...]:
    """Those of a manifest in the program's own folder, else those for a bare file."""
    assert language.compile is not None
    own = {path.removeprefix(folder_of(detection)) for path in detection.takes}
    for manifest, commands in language.compile.project.items():
        from fnmatch import fnmatchcase

        if any("/" not in path and fnmatchcase(path, manifest) for path in own):
            return commands
    return language.compile.commands


def _libraries(facts: Facts, choice: Choice) -> Instruction:
    base = base_of(facts, choice.run)
    mounts = (
        Mount(kind="bind", source="libs.sh", target=f"{ROOM}/libs.sh"),
        Mount(kind="bind", stage=base.ref, target=f"{ROOM}/base"),
    )
    args = ("/bin/sh", f"{ROOM}/libs.sh", OUT, f"{ROOM}/base")
    return Instruction(op="run", args=args, mounts=mounts, why=("libraries that the run base has not",))


def _copies(facts: Facts, choice: Choice) -> list[Instruction]:
    program = Instruction(op="copy", args=(f"{OUT}/", f"{OUT}/"), stage="build", why=("the program",))
    if choice.run:
        return [program]
    bundle = Instruction(
        op="copy",
        args=(CERTIFICATES, CERTIFICATES),
        stage=base_of(facts, choice.build).ref,
        why=("TLS needs a CA bundle",),
    )
    return [bundle, program]


def _path(first: str) -> str:
    return f"{first}:{PATH}" if first else PATH


def _fill(word: str, detection: Detection, folder: str = "") -> tuple[str, ...]:
    """A word of a table's command with its placeholders; {sources} alone becomes as many words as there are."""
    entry = detection.entry.removeprefix(folder_of(detection))
    if word == "{sources}":
        sources = [one.partition(":")[2] for one in detection.features if one.startswith("source:")]
        return tuple(_relative(path, detection) for path in (*sources, detection.entry))
    values = {
        "entry": entry,
        "stem": entry.rpartition("/")[2].partition(".")[0],
        "folder": folder or f"{WORK}/{detection.workdir}".rstrip("/"),
        "out": BINARY,
        "outdir": OUT,
    }
    for name, value in values.items():
        word = word.replace("{" + name + "}", value)
    return (word,)


def _relative(path: str, detection: Detection) -> str:
    import posixpath

    return posixpath.relpath(path, detection.workdir or ".")


def start(detection: Detection, lock: Lock, choice: Choice, workdir: str) -> Start:
    """The table's words; with `shebang` the file's own interpreter and options in their place."""
    language = table(detection.language)
    run, tools = language.run, toolchain_of(language, choice.provider)
    argv = (*detection.start, run.argv[-1]) if detection.start else run.argv
    words = tuple(word for part in argv for word in _fill(part, detection, workdir))
    env = {name: _fill(value, detection, workdir)[0] for name, value in run.env.items()}
    if tools.path:
        env.setdefault("PATH", _path(tools.path))
    if language.compile is not None and choice.run and not tools.run and not tools.run_image:
        env.setdefault("LD_LIBRARY_PATH", f"{OUT}/lib")
    roots = [one.partition(":")[2] for one in detection.features if one.startswith("path:")]
    if run.path_env and roots:
        items = [run.path_item.replace("{}", f"{SOURCE_ROOT}/{root}".rstrip("/")) for root in roots]
        env[run.path_env] = run.path_join.join(items) + run.path_end
    return Start(argv=words, env=env)


def is_compiled(detection: Detection) -> bool:
    return table(detection.language).compile is not None


def version_asked(detection: Detection, config: Config, base: str) -> str:
    """Debian's packages fit the base."""
    return base


def reads(detection: Detection) -> tuple[str, ...]:
    return ()


def resolving_base(choice: Choice) -> str:
    return choice.build or choice.run


def usual_bases(source: str) -> tuple[str, ...]:
    """Of no language in particular: what all tables stand on."""
    return (key(source, "debian", "13", "run"), key(source, "debian", "13", "full"))


def evidence(lock: Lock, system: tuple[str, ...]) -> list[Evidence]:
    if not system:
        return []
    return [Evidence(rule="table.packages", decides="packages", value=", ".join(system))]
