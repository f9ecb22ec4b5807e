"""`jitney run --use-dockerfile`: the user's own Dockerfile, built as Docker builds it, run as Jitney runs programs.

Dockerfile ─► parse, external images on hand? ─► build (the engine's builder, under Jitney's labels) ─► the image's own config
                                                                          │
 ENTRYPOINT, CMD, ENV, WORKDIR, USER ─► RunPlan, SandboxPlan (no network, read-only, single use, model beside it) ─► execute

The build is the engine's: its RUN lines have the builder's network, as with `docker build`. The run is Jitney's, and what it
cannot honour is said: HEALTHCHECK, EXPOSE, VOLUME with content, USER root.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from jitney.config import Config
from jitney.detect import detect
from jitney.detect.model import Detection
from jitney.detect.recipes.dockerfile import Dockerfile, parse
from jitney.engine.protocol import LABEL, BuildRequest, Engine, ImageConfig
from jitney.errors import BuildError, DetectionError, EngineError, PlanError, UsageError
from jitney.facts.collect import collect
from jitney.facts.model import Facts
from jitney.findings import Evidence
from jitney.listener import Listener
from jitney.plan.hosts import trust
from jitney.plan.model import BuildPlan, ModelPlan, Plan, RunPlan
from jitney.plan.planner import PATH
from jitney.plan.redirect import redirects
from jitney.plan.sandbox import MIB, check_openings, model_env, relays, sandbox_plan, weights_env
from jitney.road import Prepared, Wants, ensure_bases, ensure_gateway, serving_bases, wishes
from jitney.source import Source
from jitney.source.ignore import Ignore
from jitney.source.walk import Limits, Walk
from jitney.supply import Supply, supply

NAMES = ("Dockerfile", "Containerfile", "dockerfile")
USER_LABEL = "jitney.user"
"""On the image: the numbers of a USER that is a name, looked up in its /etc/passwd when it was built."""

MAX_CONTEXT_FILES = 200_000
MAX_CONTEXT_BYTES = 16 << 30
OWN_FRONTEND = re.compile(r"(?:[\w.-]+/)?docker/dockerfile(?::[\w.-]+)?")
VOLUME_BYTES = 256 * MIB
"""Of memory, for each folder that a VOLUME names."""


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on the command line. path: of the Dockerfile, in the source. folder: its own, the context. args: for the build.
    arguments: the user's, which take CMD's place as with `docker run`."""

    path: str
    folder: str
    args: Mapping[str, str] = {}
    target: str = ""
    arguments: tuple[str, ...] = ()


def locate(source: Source) -> Own:
    """SOURCE is the Dockerfile, a program's folder with one, or a file beside one. UsageError: there is none."""
    if source.alone:
        raise UsageError(
            f"--use-dockerfile: {source.label} lies in a folder that holds all kinds of things, and its context would be all of it",
            "put it into a folder of its own",
        )
    if source.entry and is_dockerfile(source.entry.rpartition("/")[2]):
        return Own(path=source.entry, folder=source.workdir)
    for name in NAMES:
        path = f"{source.workdir}/{name}".lstrip("/")
        if source.has(path):
            return Own(path=path, folder=source.workdir)
    raise UsageError(
        f"--use-dockerfile: {source.label} has no Dockerfile or Containerfile",
        "hand over the Dockerfile itself, or leave the flag out: Jitney needs none",
    )


def is_dockerfile(name: str) -> bool:
    return bool(re.fullmatch(r"(?:Docker|Container|docker)file(?:\.[\w-]+)?|[\w-]+\.(?:D|d)ockerfile", name))


def prepare_own(
    own: Own, source: Source, config: Config, engine: Engine, listener: Listener, wants: Wants
) -> Prepared:
    """Everything up to the Plan, the image built."""
    with listener.phase("detect"):
        detection = _seen(own, source, config)
        file = _parsed(own, source)
    with listener.phase("model"):
        model = supply(detection, config, listener) if wants.model else Supply()
    with listener.phase("facts"):
        facts = collect(engine, config)
    check_openings(facts, config)
    if model.weights is not None:
        facts = ensure_bases(serving_bases(model, facts, config), facts, config, engine, listener)
        ensure_gateway(facts, config, engine, listener)
    with listener.phase("build"):
        tag = _build(own, source, file, config, engine, listener)
    image = engine.image_config(tag)
    with listener.phase("plan"):
        numbered = msgspec.structs.replace(image, user=_user_label(engine, tag) or image.user)
        plan = _plan(detection, numbered, own.arguments, facts, config, model.plan)
    for note in said(image, plan.sandbox.user):
        listener.say(note)
    return Prepared(detection=detection, facts=facts, plan=plan, tag=tag, supply=model, label=source.label)


def _seen(own: Own, source: Source, config: Config) -> Detection:
    """What the program is, as far as it is seen: its mode, its models, its addresses. The Dockerfile runs whatever it is.
    What it reads is not all seen, so that every secret is a variable of it too, as `docker run --env` would have it."""
    try:
        found = detect(Source(source.tree, label=source.label, workdir=own.folder), wishes(config))
    except DetectionError as error:
        found = error.seen if isinstance(error.seen, Detection) else Detection(language="dockerfile")
    names = (text.partition("=")[0] for text in config.secrets)
    return msgspec.structs.replace(found, env=tuple(dict.fromkeys((*found.env, *names))))


def _parsed(own: Own, source: Source) -> Dockerfile:
    """UsageError: a line that no Dockerfile has, a target that is not there."""
    file = parse(source.read_text(own.path), own.args)
    if file.problems:
        line, problem = file.problems[0]
        raise UsageError(f"{own.path}:{line}: {problem}", "docker build would refuse it too")
    if file.stage(own.target) is None:
        names = ", ".join(stage.name for stage in file.stages if stage.name) or "none has a name"
        raise UsageError(f"--target {own.target}: {own.path} has no such stage", f"its stages: {names}")
    return file


def _build(
    own: Own, source: Source, file: Dockerfile, config: Config, engine: Engine, listener: Listener
) -> str:
    """The image's tag: a hash over Dockerfile, context, arguments, and what the images from outside are now."""
    text, context = source.read_text(own.path), _context(own, source)
    text = _without_frontend(text, file, engine, listener)
    stands_on = _on_hand(own, file, engine, listener)
    asked = [text, own.target, sorted(own.args.items()), stands_on, source.digest(context)]
    tag = f"jitney/run:{hashlib.sha256(msgspec.json.encode(asked)).hexdigest()[:24]}"
    if not config.no_cache and engine.image(tag) is not None:
        return tag
    listener.say(f"building {own.path} as it stands")
    head = f"{own.folder}/" if own.folder else ""
    request = BuildRequest(
        dockerfile=text,
        tag=tag,
        labels={LABEL: "image"},
        context={
            path.removeprefix(head): source.host_path(path) or source.read_bytes(path) for path in context
        },
        args=own.args,
        target=own.target,
        no_cache=config.no_cache,
    )
    try:
        first = engine.build(request, listener.progress)
    except BuildError as error:
        raise BuildError(f"{own.path} does not build: {error.message}", error.hint, error.output) from error
    name = engine.image_config(tag).user
    if name and not re.fullmatch(r"\d+(?::\d+)?", name):
        labels = {**request.labels, USER_LABEL: _numbers(name, tag, engine, listener)}
        engine.build(msgspec.structs.replace(request, labels=labels, no_cache=False), listener.progress)
        if (now := engine.image(tag)) is not None and now.id != first:
            engine.remove_image(first)
    return tag


def _context(own: Own, source: Source) -> tuple[str, ...]:
    """As Docker takes it: everything below the Dockerfile's folder that its ignore file does not name. The ignore file is
    `NAME.dockerignore`, else `.dockerignore`."""
    beside = (f"{own.path}.dockerignore", f"{own.folder}/.dockerignore".lstrip("/"))
    found = next((path for path in beside if source.has(path)), "")
    ignore = Ignore(source.read_text(found).splitlines(), own.folder) if found else Ignore()
    walk = Walk(source.tree, own.folder, Limits(MAX_CONTEXT_FILES, MAX_CONTEXT_BYTES), ignore, whole=True)
    if error := next((one for one in walk.findings if one.level == "error"), None):
        raise UsageError(f"the context of {own.path}: {error.message}", error.hint)
    return walk.files


def _without_frontend(text: str, file: Dockerfile, engine: Engine, listener: Listener) -> str:
    """`# syntax=docker/dockerfile:1` asks a registry for what engines have built in; without a registry, that is taken. A
    frontend of somebody else's is refused: it is a program of its own that would read the sources. Its line stays, emptied, so
    that lines keep their numbers."""
    if not file.syntax:
        return text
    if not OWN_FRONTEND.fullmatch(file.syntax.split("@")[0]):
        raise PlanError(
            f"the Dockerfile asks for a frontend of its own: {file.syntax}",
            "take the `# syntax=` line out, or build it by yourself and name the image in FROM",
        )
    listener.say(f"`# syntax={file.syntax}`: the engine's own frontend is taken")
    return re.sub(r"(?m)\A((?:#.*\n)*?)#\s*syntax\s*=.*$", r"\1#", text, count=1)


def _on_hand(own: Own, file: Dockerfile, engine: Engine, listener: Listener) -> list[str]:
    """Ids of the images from outside, pulled where that is possible. PlanError: one that cannot be had, with its line."""
    found = []
    for image, line in file.images(own.target):
        info = engine.image(image)
        if info is None:
            listener.say(f"pulling {image}")
            try:
                info = engine.pull(image, None, listener.progress)
            except EngineError as error:
                raise PlanError(
                    f"{own.path}:{line}: {image} is not on this engine and cannot be pulled: {error.message}",
                    "docker pull it where a registry answers, build it, or leave --use-dockerfile out",
                ) from error
        found.append(info.id)
    return found


def _numbers(user: str, tag: str, engine: Engine, listener: Listener) -> str:
    """A user's and group's numbers, by the image's own /etc/passwd and /etc/group; nothing is run for it."""
    with tempfile.TemporaryDirectory(prefix="jitney-user-") as folder:
        look = f'FROM scratch\nCOPY --from={tag} ["/etc/passwd", "/etc/grou[p]", "/"]\n'
        try:
            engine.build(
                BuildRequest(dockerfile=look, output=Path(folder), labels={LABEL: "probe"}), listener.progress
            )
        except BuildError as error:
            raise PlanError(
                f"USER {user}: the image has no /etc/passwd", "name the user by its number"
            ) from error
        return numbers(user, *(_text(Path(folder) / name) for name in ("passwd", "group")))


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.is_file() and not path.is_symlink() else ""


def numbers(user: str, passwd: str, group: str) -> str:
    """`name[:group]` → `uid:gid`. PlanError: no such user or group."""
    name, _, wanted = user.partition(":")
    lines = [line.split(":") for line in passwd.splitlines()]
    uid, own = next(
        ((line[2], line[3]) for line in lines if len(line) > 3 and name in (line[0], line[2])), (name, "")
    )
    groups = [line.split(":") for line in group.splitlines()]
    gid = (
        next((line[2] for line in groups if len(line) > 2 and wanted in (line[0], line[2])), wanted)
        or own
        or "0"
    )
    if not (uid.isdigit() and gid.isdigit()):
        raise PlanError(f"USER {user}: the image has no such user or group", "name it by its number")
    return f"{uid}:{gid}"


def _user_label(engine: Engine, tag: str) -> str:
    image = engine.image(tag)
    return image.labels.get(USER_LABEL, "") if image is not None else ""


def _plan(
    detection: Detection,
    image: ImageConfig,
    arguments: tuple[str, ...],
    facts: Facts,
    config: Config,
    model: ModelPlan | None,
) -> Plan:
    """The image's own words, in Jitney's sandbox."""
    if not (image.entrypoint or image.command or arguments):
        raise PlanError(
            "the image says nothing of what is run: no CMD, no ENTRYPOINT",
            "jitney run --use-dockerfile SOURCE COMMAND",
        )
    if model is not None and model.serve:
        model = msgspec.structs.replace(
            model, relays=relays(detection), redirects=redirects(detection, config, model)
        )
    env = {"PATH": PATH, "HOME": "/home/jitney", "TMPDIR": "/tmp"}  # noqa: S108 a tmpfs
    env |= dict(word.partition("=")[::2] for word in image.env)
    if model is not None and model.loads:
        env |= weights_env()
    if model is not None and model.serve:
        env |= model_env(detection, model.relays)
    run = RunPlan(
        argv=image.entrypoint if arguments else (*image.entrypoint, *image.command),
        env=dict(sorted(env.items())),
        workdir=image.workdir or "/",
        delivery="none",
        trust=trust(facts, config, model),
    )
    config = msgspec.structs.replace(config, user=user_of(image.user, config))
    box = sandbox_plan(facts, config, run, model)
    rooms = {volume: VOLUME_BYTES for volume in image.volumes if volume not in box.tmpfs}
    evidence = [
        Evidence(
            rule="dockerfile.entrypoint" if image.entrypoint else "dockerfile.cmd",
            decides="start",
            value=" ".join(run.argv),
        ),
        Evidence(rule="dockerfile.workdir", decides="workdir", value=run.workdir),
        Evidence(rule="dockerfile.user", decides="user", value=box.user),
    ]
    return Plan(
        language=detection.language,
        version=detection.version,
        build=BuildPlan(stages=()),
        run=run,
        sandbox=msgspec.structs.replace(box, tmpfs={**box.tmpfs, **rooms, "/src": 0}),
        model=model,
        evidence=tuple(evidence),
    )


def user_of(user: str, config: Config) -> str:
    """--user > the image's own, in numbers > Jitney's. Nobody is root unless it is said."""
    uid, _, gid = user.partition(":")
    if config.user != Config().user or not uid.isdigit() or int(uid) == 0:
        return config.user
    return f"{uid}:{gid or uid}"


def said(image: ImageConfig, user: str) -> list[str]:
    """What of the image is not honoured as Docker would, one line each."""
    notes = []
    if (image.user or "0").partition(":")[0] in ("0", "root") and not user.startswith("0:"):
        notes.append(
            f"it would run as root; it runs as {user} (--user 0:0 takes the risk, still without any capability)"
        )
    if image.volumes:
        notes.append(
            f"VOLUME {' '.join(image.volumes)}: empty folders in memory, gone afterwards (--write DIR:PATH keeps them)"
        )
    if image.ports:
        notes.append(
            f"EXPOSE {' '.join(image.ports)}: nothing listens on this machine, a sandbox publishes no port"
        )
    if image.has_healthcheck:
        notes.append("HEALTHCHECK is not run: a sandbox runs one program, once")
    return notes
