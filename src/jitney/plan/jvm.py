"""The build and the start of what runs on a JVM: classes of the program's own in one layer, libraries in another, a runtime
without a JDK below.

Features of such a Detection (`word:value`), beside its manager (`imports`, `pom.xml`, `gradle`, `sbt`, `leiningen`, `deps.edn`, `jar`):
main      class that is started                    root      folder of sources        resources  folder laid beside classes
compile   a file of a bare program                 as        file name of its public class
tool      compiler, `kotlin@2.4.21`                plugin    of the compiler: `serialization`
release   Java that classes are made for           preview   features of Java that are one
javac, java  an option for compiler or runtime     repository  beside Maven Central
reactor, module  of Maven                          fallback  artifact by an import, where Maven cannot do it
jar       the program is one; with `main`, what is in one
"""

from __future__ import annotations

import re

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.errors import PlanError
from jitney.facts.model import Facts
from jitney.findings import Evidence, Finding
from jitney.plan import maven
from jitney.plan.bases import base_of, key, provider
from jitney.plan.choice import Choice
from jitney.plan.compilers import LAUNCHER, LISTS, WORK, commands, is_script, lists
from jitney.plan.model import BuildPlan, Instruction, Lock, Mount, Stage
from jitney.plan.planner import SOURCE_ROOT, Start
from jitney.plan.python import ROOM, secret_mounts
from jitney.plan.scripts import script
from jitney.plan.taken import Taken

JAVAS = {"debian": ("21", "25", "17"), "registry": ("21", "25", "17", "11", "8")}
"""What a provider has, the preferred one first: the newest that nearly every library and compiler runs on."""

JAVA = "/opt/java/openjdk/bin/java"
LOCALES = "/opt/java/openjdk/lib/locale"
"""The bare base has none, and a JVM without UTF-8 reads its arguments as ASCII."""

CACHE = Mount(kind="cache", source="jitney-maven", target="/root/.m2/repository")
SETTINGS = Mount(kind="secret", source="maven", target="/root/.m2/settings.xml")


def feature(detection: Detection, word: str) -> str:
    """The first value of a feature, or an empty string."""
    return next(iter(values(detection, word)), "")


def values(detection: Detection, word: str) -> list[str]:
    return [one[len(word) + 1 :] for one in detection.features if one.startswith(f"{word}:")]


def choose(detection: Detection, facts: Facts, config: Config, lock: Lock) -> Choice:
    source, why = provider(facts, config)
    wanted = config.version or detection.version
    version = pick_java(wanted, source)
    said = Evidence(
        rule="base.java.wanted" if wanted else "base.java.default", decides="base", value=f"Java {version}"
    )
    findings: tuple[Finding, ...] = ()
    if wanted.startswith("~") and wanted[1:] != version:
        message = f"Java {wanted[1:]} is asked for by a version file; the {source} provider has none, Java {version} runs it"
        findings = (Finding(level="note", code="java.newer", message=message),)
    system = (*config.apt, *(package.name for package in detection.system), *lock.system)
    return Choice(
        provider=source,
        version=version,
        run=key(source, "java", version, "full" if system else "run"),
        build="" if _is_jar(detection) else key(source, "java", version, "build"),
        evidence=(why, said),
        findings=findings,
    )


def pick_java(wanted: str, source: str) -> str:
    """The version of this provider that fits. PlanError: it has none, and who has."""
    match = re.fullmatch(r"(~?)(?:1\.)?(\d+)(?:[._][\w.+-]*?)?(\+?)", wanted or "~0+")
    if match is None:
        raise PlanError(f"Java version {wanted!r} is no version", "for example --version 21")
    about, number, later = match.groups()
    has = JAVAS[source]
    if number in has and not later:
        return number
    if about or later:
        fitting = [one for one in has if int(one) >= int(number)]
        if later and fitting:
            return fitting[0]
        if fitting:
            return min(fitting, key=int)
    others = [name for name, versions in JAVAS.items() if name != source and number in versions]
    hint = f"`--base-provider {others[0]}` has it; " if others else ""
    raise PlanError(
        f"Java {wanted} was asked for; the {source} provider has {', '.join(sorted(has, key=int))}",
        f"{hint}nearest here: `--version {min(has, key=lambda one: abs(int(one) - int(number)))}`",
    )


def build(
    detection: Detection, facts: Facts, lock: Lock, choice: Choice, system: tuple[str, ...], taken: Taken
) -> BuildPlan:
    artifacts = maven.read_lines(lock.packages)
    stages: list[Stage] = []
    files: dict[str, str] = {}
    if artifacts:
        files |= {
            "jvm.sh": script("jvm.sh"),
            "Trust.java": script("Trust.java"),
            "sums": maven.checksums(artifacts),
            "kept": maven.places(artifacts),
        }
        files |= maven.fetching(artifacts, values(detection, "repository"))
        stages.append(_fetch(facts, choice))
    source: tuple[str, ...] = ()
    if is_compiled(detection):
        files |= {"jvm.sh": script("jvm.sh"), "Trust.java": script("Trust.java")}
        files |= lists(detection, choice.version, artifacts)
        stages.append(_compile(detection, facts, lock, choice, bool(artifacts)))
        source = _sources(detection)
    stages.append(_last(detection, facts, choice, system, artifacts))
    return BuildPlan(
        stages=tuple(stages),
        files=files,
        source=source,
        source_digest=taken.digest if source else "",
        secrets=secrets_of(tuple(stages)),
    )


def secrets_of(stages: tuple[Stage, ...]) -> tuple[str, ...]:
    mounts = (mount for stage in stages for one in stage.instructions for mount in one.mounts)
    return tuple(sorted({mount.source for mount in mounts if mount.kind == "secret"}))


def maven_mounts(facts: Facts, *names: str) -> tuple[Mount, ...]:
    """The cache, the user's mirrors, whom to trust, and these files of the context in the script's room."""
    shown = ("jvm.sh", "Trust.java", *names)
    return (CACHE, SETTINGS, *secret_mounts(facts), *map(_bind, shown))


def _bind(name: str) -> Mount:
    return Mount(kind="bind", source=name, target=f"{ROOM}/{name}")


def words(*argv: str) -> tuple[str, ...]:
    """The script's command. By JITNEY `jitney clean` knows the builder's caches: Docker 20.10 tells only their first command."""
    return ("/usr/bin/env", "JITNEY=1", "/bin/sh", f"{ROOM}/jvm.sh", *argv)


def _fetch(facts: Facts, choice: Choice) -> Stage:
    step = Instruction(
        op="run",
        args=words("fetch"),
        mounts=maven_mounts(facts, "poms", "sums", "kept"),
        why=("libraries, each at its locked version and checksum",),
    )
    return Stage(
        name="libraries",
        base=base_of(facts, choice.build or choice.run),
        instructions=(Instruction(op="user", args=("0:0",)), step),
        why=("libraries are fetched apart: an edited line asks for none",),
    )


def _compile(detection: Detection, facts: Facts, lock: Lock, choice: Choice, has_artifacts: bool) -> Stage:
    steps = [Instruction(op="user", args=("0:0",))]
    if has_artifacts:
        steps += [
            Instruction(op="copy", args=(f"{folder}/", f"{folder}/"), stage="libraries")
            for folder in ("/app/lib", "/tools")
        ]
    sources = Mount(kind="bind", source="src", target=WORK, is_writable=True)
    if by_maven(detection, lock):
        reactor = f"{WORK}/{feature(detection, 'reactor')}".rstrip("/")
        argv = words("maven_compile", reactor, feature(detection, "module") or ".")
        mounts, why = maven_mounts(facts), "maven.compile"
    else:
        folder = f"{WORK}/{detection.workdir}".rstrip("/")
        argv = words("compile", folder, *commands(detection))
        mounts, why = tuple(_bind(name) for name in (*LISTS, "jvm.sh")), "jvm.compile"
    steps.append(Instruction(op="run", args=argv, mounts=(sources, *mounts), why=(why,), compiles=True))
    return Stage(
        name="build",
        base=base_of(facts, choice.build),
        instructions=tuple(steps),
        why=tuple(e.rule for e in choice.evidence),
    )


def by_maven(detection: Detection, lock: Lock) -> bool:
    """Maven itself compiles it, unless its resolution had to do without."""
    return detection.manager == "pom.xml" and "imports" not in lock.files


def _sources(detection: Detection) -> tuple[str, ...]:
    """A bare program's data stays out of the image; a project's own build may read anything of it."""
    if detection.manager != "imports":
        return detection.takes
    return tuple(values(detection, "compile"))


def _last(
    detection: Detection,
    facts: Facts,
    choice: Choice,
    system: tuple[str, ...],
    artifacts: list[maven.Artifact],
) -> Stage:
    steps = []
    if system:
        steps += [Instruction(op="user", args=("0:0",)), _apt(system)]
    if any(one.scope == maven.LIB for one in artifacts):
        steps.append(
            Instruction(op="copy", args=("/app/lib/", "/app/lib/"), stage="libraries", why=("libraries",))
        )
    if is_compiled(detection):
        if detection.manager == "pom.xml":
            steps.append(
                Instruction(
                    op="copy", args=("/app/own/", "/app/own/"), stage="build", why=("its own modules",)
                )
            )
        steps.append(
            Instruction(
                op="copy", args=("/app/classes/", "/app/classes/"), stage="build", why=("the program",)
            )
        )
    steps.append(Instruction(op="user", args=("65532:65532",), why=("programs never run as root",)))
    return Stage(
        name="run",
        base=base_of(facts, choice.run),
        instructions=tuple(steps),
        why=("a runtime, no JDK",),
    )


def _apt(system: tuple[str, ...]) -> Instruction:
    mounts = (
        Mount(kind="cache", source="jitney-apt-archives", target="/var/cache/apt/archives"),
        Mount(kind="cache", source="jitney-apt-lists", target="/var/lib/apt/lists"),
    )
    install = (
        "set -e; rm -f /etc/apt/apt.conf.d/docker-clean; "
        'o="-q -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none"; apt-get $o update; '
        'DEBIAN_FRONTEND=noninteractive apt-get $o install -y --no-install-recommends -- "$@"'
    )
    return Instruction(
        op="run",
        args=("/bin/sh", "-c", install, "apt", *system),
        mounts=mounts,
        why=(f"system packages: {' '.join(system)}",),
    )


def start(detection: Detection, lock: Lock, choice: Choice, workdir: str) -> Start:
    """Serial collector, a share of the box's memory, no files of its own in /tmp; quick compilation only where no weights are
    computed with."""
    flags = ["-XX:+UseSerialGC", "-XX:MaxRAMPercentage=70", "-XX:-UsePerfData", "-Xshare:auto"]
    if detection.mode != "in-process":
        flags.append("-XX:TieredStopAtLevel=1")
    if int(choice.version) >= 22:
        flags.append("--enable-native-access=ALL-UNNAMED")
    flags += ["--enable-preview"] if "preview" in detection.features else []
    flags += values(detection, "java")
    env = {"LOCPATH": LOCALES} if choice.provider == "debian" else {}
    if _is_jar(detection):
        return Start(env=env, argv=(JAVA, *flags, *_jar(detection)))
    main = LAUNCHER if is_script(detection.entry) else feature(detection, "main")
    path = (
        "/app/classes:/app/own/*:/app/lib/*" if detection.manager == "pom.xml" else "/app/classes:/app/lib/*"
    )
    if detection.language == "clojure":
        roots = [f"{SOURCE_ROOT}/{root}".rstrip("/") for root in values(detection, "root")]
        begun = main.split() if main.startswith("-m ") else [f"{SOURCE_ROOT}/{detection.entry}"]
        classes = ":".join([*roots, "/app/lib/*"])
        return Start(env=env, argv=(JAVA, *flags, "-cp", classes, "clojure.main", *begun))
    return Start(env=env, argv=(JAVA, *flags, "-cp", path, main))


def _jar(detection: Detection) -> tuple[str, ...]:
    """A jar by itself; one that is laid out as a folder by the class that its manifest names."""
    if main := feature(detection, "main"):
        return ("-cp", f"{SOURCE_ROOT}/{detection.workdir}".rstrip("/"), main)
    return ("-jar", f"{SOURCE_ROOT}/{detection.entry}")


def _is_jar(detection: Detection) -> bool:
    return "jar" in detection.features


def is_compiled(detection: Detection) -> bool:
    return not _is_jar(detection) and detection.language != "clojure"


def version_asked(detection: Detection, config: Config, base: str) -> str:
    """Artifacts may differ by the Java that asks."""
    return base


def reads(detection: Detection) -> tuple[str, ...]:
    return detection.manifests


def resolving_base(choice: Choice) -> str:
    return choice.build


def usual_bases(source: str) -> tuple[str, ...]:
    version = JAVAS[source][0]
    return (key(source, "java", version, "build"), key(source, "java", version, "run"))


def evidence(lock: Lock, system: tuple[str, ...]) -> list[Evidence]:
    artifacts = maven.read_lines(lock.packages)
    seen = [
        Evidence(
            rule="packages.maven",
            decides="packages",
            value=f"{sum(a.scope == maven.LIB for a in artifacts)} jars",
        )
    ]
    if "imports" in lock.files:
        seen.append(Evidence(rule="packages.fallback", decides="packages", value=lock.files["imports"]))
    return seen
