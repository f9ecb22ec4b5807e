"""The last stage of the road: a Plan and an errand become a box, the box an Outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from jitney import engine as engines
from jitney.engine.protocol import Engine, VolumeMount
from jitney.errors import EngineError, UsageError
from jitney.listener import Listener
from jitney.road import Prepared
from jitney.sandbox.box import SOURCE_DIR, box_spec
from jitney.sandbox.egress import resolve
from jitney.sandbox.job import Job, Relay
from jitney.sandbox.outcome import Outcome
from jitney.sandbox.run import Box, Session
from jitney.sandbox.stdio import Stdio

if TYPE_CHECKING:
    from jitney.config import Config
    from jitney.plan.model import ModelPlan
    from jitney.runtimes.beside import Beside
    from jitney.sandbox.certificates import Certificates
    from jitney.source import Source

    Making = Callable[[], Certificates]

Sink = Callable[[bytes], None]
LARGE_DIR = "/.large"
MOUNTS_AT_MOST = 64
GRACE_S = 2.0
"""Between SIGTERM and SIGKILL at a deadline."""


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """What one run adds to a Plan. terminal: (rows, columns) for a pty, None: pipes."""

    arguments: tuple[str, ...] = ()
    env: Mapping[str, str] = {}
    secrets: Mapping[str, bytes] = {}
    terminal: tuple[int, int] | None = None
    stdio: Stdio = Stdio()


class ImageGone(EngineError):
    """The image, or the gateway's, was removed between the look and the create: build it again."""


def execute(
    prepared: Prepared, errand: Errand, source: Source, config: Config, engine: Engine, listener: Listener
) -> Outcome:
    """Run it. The session ends everything it started, whatever happens."""
    model = prepared.plan.model
    blocked: Callable[[str], None] = partial(_blocked, listener, model is not None and model.serve)
    reconnect = partial(engines.connect, config.engine_host)
    resolver = partial(resolve, pinned=prepared.plan.sandbox.addresses)
    with Session(
        engine, reconnect=reconnect, on_blocked=blocked, say=listener.say, resolver=resolver
    ) as session:
        made = _certificates(prepared)
        with listener.phase("start"), _beside(session, prepared, config, engine, made) as beside:
            box = _park(session, prepared, source, beside, engine)
            if beside is not None:
                beside.wait_ready()
        listener.event("started", run=session.run)
        with listener.phase("program"):
            session.submit(box, job(prepared, errand, beside, made), errand.stdio, _archive(prepared, source))
            return _with_model(session.wait(box), beside)


def _with_model(outcome: Outcome, beside: Beside | None) -> Outcome:
    """A program that failed because its model died is told so; it keeps its exit code."""
    if beside is None or outcome.exit_code == 0 or outcome.cause not in ("exited", "signalled", "timed-out"):
        return outcome
    error = beside.verdict()
    if error is None:
        return outcome
    return msgspec.structs.replace(outcome, cause="model-gone", message=error.message, hint=error.hint)


def _blocked(listener: Listener, has_model: bool, name: str) -> None:
    listener.event("blocked", host=name)
    more = f", --redirect {name} leads it to the model" if has_model else ""
    listener.say(f"blocked: {name} (no network; --allow-host {name} lets the program reach it{more})")


@contextmanager
def _beside(
    session: Session, prepared: Prepared, config: Config, engine: Engine, made: Making | None
) -> Iterator[Beside | None]:
    """The model's box, started but not waited for: the program's box starts meanwhile."""
    if prepared.supply.weights is None:
        yield None
        return
    from jitney.runtimes.beside import start_beside
    from jitney.runtimes.gateway import gateway_tag
    from jitney.runtimes.server import host_plainly
    from jitney.supply import store

    tls = (lambda: (made().chain, made().key)) if made is not None else None
    weights, facts = prepared.supply.weights, prepared.facts
    hosted = prepared.supply.hosted or host_plainly(store(config), weights, facts, config)
    try:
        beside = start_beside(session, engine, hosted, facts, config, tls)
    except EngineError as error:
        if engine.image(gateway_tag(prepared.facts, config)) is None:
            raise ImageGone(error.message, error.hint) from error
        raise
    yield beside


def _certificates(prepared: Prepared) -> Making | None:
    """For vendors' names that lead to the model, made while boxes start (90 ms, nearly all of it the library's import): a
    call waits for them. None: there are none."""
    model = prepared.plan.model
    hosts = {one.host for one in model.redirects if not one.is_plain} if model is not None else set()
    if not hosts:
        return None
    from threading import Thread

    made: list[Certificates] = []

    def make() -> None:
        from jitney.sandbox.certificates import make_certificates

        made.append(make_certificates(hosts))

    def wait() -> Certificates:
        thread.join()
        assert made, "the thread's traceback says why"
        return made[0]

    thread = Thread(target=make, daemon=True)
    thread.start()
    return wait


def _park(session: Session, prepared: Prepared, source: Source, beside: Beside | None, engine: Engine) -> Box:
    mounts = (*_source_mounts(prepared, source), *_weights_mounts(session, prepared, engine))
    if beside is not None:
        mounts = (*mounts, beside.mount)
    spec = box_spec(
        prepared.plan.sandbox,
        prepared.tag,
        mounts=mounts,
        source_bytes=prepared.plan.run.source_bytes,
        wait_ms=0 if beside is not None else None,  # its job comes when the model is loaded
        arch=prepared.facts.engine.arch,
    )
    labels = {**spec.labels, "jitney.program": prepared.label}
    try:
        return session.park(msgspec.structs.replace(spec, labels=labels))
    except EngineError as error:
        if engine.image(prepared.tag) is None:
            raise ImageGone(error.message, error.hint) from error
        raise


def _source_mounts(prepared: Prepared, source: Source) -> tuple[VolumeMount, ...]:
    """What is too large to stream, read-only: single files, or the program's own folder and what it takes from above."""
    run = prepared.plan.run
    if run.delivery != "mount":
        return tuple(_mounted(source, path, f"{LARGE_DIR}/{number}") for number, path in enumerate(run.large))
    own = prepared.detection.workdir
    above = [path for path in run.source if own and not path.startswith(f"{own}/")]
    if len(above) > MOUNTS_AT_MOST:
        raise UsageError(
            f"{source.label} takes {len(above)} files from above its folder, and is too large to stream",
            "hand over the folder that holds them all, with --entry",
        )
    for path in run.source:
        _require_readable(source, path)
    return tuple(_mounted(source, path, f"{SOURCE_DIR}/{path}".rstrip("/")) for path in (own, *above))


def _mounted(source: Source, path: str, target: str) -> VolumeMount:
    host = source.host_path(path)
    if host is None:
        raise UsageError("this source is too large to stream and is not a folder on this machine")
    _require_readable(source, path)
    return VolumeMount(kind="bind", source=str(host), target=target)


def _require_readable(source: Source, path: str) -> None:
    """A mount keeps its permissions: the sandbox's user is somebody else."""
    host = source.host_path(path)
    if host is not None and not host.stat().st_mode & 0o004:
        message = f"{path or source.label} can be read by its owner alone, and is too large to be copied in"
        raise UsageError(message, f"chmod o+r {host}")


def _weights_mounts(session: Session, prepared: Prepared, engine: Engine) -> tuple[VolumeMount, ...]:
    """The Store's view of the weights that the program loads itself."""
    if prepared.supply.view is None:
        return ()
    from jitney.runtimes.server import weights_mounts

    return weights_mounts(session, engine, prepared.supply.view, prepared.facts, prepared.tag)


def _archive(prepared: Prepared, source: Source) -> Iterator[bytes] | None:
    run = prepared.plan.run
    links = {**prepared.supply.links, **{path: f"{LARGE_DIR}/{n}" for n, path in enumerate(run.large)}}
    if run.delivery != "stream" or not (run.source or links):
        return None
    return chain(_links(links), source.tar(run.source))


def _links(links: Mapping[str, str]) -> Iterator[bytes]:
    """Weights that the program names by a plain path, and large files: symbolic links in their place."""
    if not links:
        return
    import tarfile

    for path, target in links.items():
        for parent in reversed(PurePosixPath(path).parents[:-1]):
            folder = tarfile.TarInfo(str(parent))
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            yield folder.tobuf(tarfile.GNU_FORMAT)
        link = tarfile.TarInfo(path)
        link.type, link.linkname = tarfile.SYMTYPE, target
        yield link.tobuf(tarfile.GNU_FORMAT)


def job(prepared: Prepared, errand: Errand, beside: Beside | None, made: Making | None) -> Job:
    """What init is told. The user's variables win over the plan's; secrets that the program reads there are variables too."""
    plan = prepared.plan
    reads = set(prepared.detection.env)
    shown = {
        name: value.decode("utf-8", "surrogateescape")
        for name, value in errand.secrets.items()
        if name in reads
    }
    return Job(
        argv=(*plan.run.argv, *errand.arguments),
        env={**plan.run.env, **_terminal_env(errand), **shown, **errand.env},
        workdir=plan.run.workdir,
        secrets=errand.secrets,
        files=_trust(prepared, made),
        pty=errand.terminal,
        deadline_s=plan.sandbox.timeout_s,
        grace_s=GRACE_S,
        relays=_relays(plan.model, beside) if beside and plan.model else (),
        allow_hosts=plan.sandbox.allow_hosts,
        names=tuple(sorted({one.host for one in plan.model.redirects})) if beside and plan.model else (),
        dns=not plan.sandbox.network,
        lo_only=not plan.sandbox.network,
    )


def _relays(model: ModelPlan, beside: Beside) -> tuple[Relay, ...]:
    """One a port: those that the program calls on this machine, and those of the vendors' names."""
    plain = {*(relay.port for relay in model.relays), *(one.port for one in model.redirects if one.is_plain)}
    tls = {one.port for one in model.redirects if not one.is_plain}
    return (*beside.relays(*sorted(plain - tls)), *map(beside.tls_relay, sorted(tls)))


def _trust(prepared: Prepared, made: Making | None) -> dict[str, bytes]:
    """What the program trusts, as files: the machine's CA bundle and the run's own authority, where the plan says so."""
    run = prepared.plan.run
    if not run.trust:
        return {}
    from jitney.sandbox.trust import trust_files

    bundle = b""
    try:
        if "machine" in run.trust:
            bundle = Path(prepared.facts.ca_bundle).read_bytes()
    except OSError as error:
        raise UsageError(
            f"the CA bundle {prepared.facts.ca_bundle} cannot be read: {error.strerror}"
        ) from error
    return trust_files(bundle, made().authority if made is not None else b"", run.trust_store)


def _terminal_env(errand: Errand) -> dict[str, str]:
    """Programs without a terminal still ask for a width."""
    if errand.terminal is None:
        return {"COLUMNS": "80"}
    return {"TERM": "xterm-256color"}
