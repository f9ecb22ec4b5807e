"""A runtime's server in a box of its own: what it takes to start one, and the end of what it said."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import PurePosixPath

import msgspec

from jitney.config import Config
from jitney.engine.protocol import Engine, VolumeMount
from jitney.errors import ModelError, PlanError
from jitney.facts.model import Facts
from jitney.models.layout import View, Want, library_view, view_bytes, view_tar
from jitney.models.model import Weights
from jitney.models.storage.store import Store
from jitney.plan.model import Plan, SandboxPlan
from jitney.runtimes.protocol import Runtime, Serving
from jitney.runtimes.registry import plain_runtime, runtime_for
from jitney.sandbox.box import MODELS_DIR, box_spec
from jitney.sandbox.job import Job, Serve
from jitney.sandbox.run import Box, Session
from jitney.sandbox.stdio import Stdio
from jitney.source import Source

LOG_BYTES = 16 << 10
CONTEXT = 8192
"""Tokens: as much as the model takes, and no more than this unless it is asked for."""
VECTORS_CONTEXT = 2048
PIDS = 256
ASK_S = 2.0
"""How long one question about its health may take."""
STALL_S = 300.0
"""Without a new word in its log and without an answer for so long, a server that loads counts as stuck."""


class Hosted(msgspec.Struct, frozen=True, kw_only=True):
    """A model and all that it takes to serve it: nothing is looked for or built any more.

    image: what its box is made of. plan, files: of a runtime that is a program (Holder.program): how it is run, and its own
    files; None where the image has the runtime. env: of the image itself, where it is somebody's.
    """

    runtime: Runtime
    serving: Serving
    view: View
    image: str
    plan: Plan | None = None
    files: Mapping[str, str] = {}
    env: Mapping[str, str] = {}

    @property
    def weights(self) -> Weights:
        return self.serving.weights

    @property
    def memory_bytes(self) -> int:
        return self.runtime.memory_bytes(self.serving)


def for_vectors(hosted: Hosted) -> Hosted:
    """The same model in a second server, whose answers are vectors: text and vectors at once take two (pooling is fixed at
    the start)."""
    context = min(hosted.serving.context, VECTORS_CONTEXT)
    serving = msgspec.structs.replace(hosted.serving, vectors=True, context=context)
    return msgspec.structs.replace(hosted, serving=serving)


class Server:
    """One box of those that serve, with the end of what it wrote. diagnose: its last words → a sentence or nothing."""

    def __init__(self, name: str, diagnose: Callable[[str], str]) -> None:
        self.name = name
        self.last_word = time.monotonic()
        self._box: Box | None = None
        self._diagnose = diagnose
        self._log = bytearray()
        self.on_log: Callable[[bytes], None] | None = None

    @property
    def box(self) -> Box:
        assert self._box is not None, "started"
        return self._box

    def start(
        self,
        session: Session,
        box: Box,
        job: Job,
        lines: Callable[[bytes], None] | None = None,
        archive: Iterator[bytes] | None = None,
    ) -> None:
        """lines: takes its standard output, which else is log. archive: a tar of its own files."""
        self._box = box
        stdio = Stdio(stdin=None, stdout=lines or self.take, stderr=self.take)
        session.submit(box, job, stdio, archive)

    def take(self, piece: bytes) -> None:
        """Keep the end of what it writes."""
        self.last_word = time.monotonic()
        if self.on_log is not None:
            self.on_log(piece)
        self._log += piece
        if len(self._log) > 2 * LOG_BYTES:
            del self._log[:-LOG_BYTES]

    def require_life(self, *, answers: bool) -> None:
        """ModelError: nothing was heard of it for STALL_S. answers: it just did, be it that it is not ready; that counts for half
        of it."""
        if answers:
            self.last_word = max(self.last_word, time.monotonic() - STALL_S / 2)
        if time.monotonic() - self.last_word > STALL_S:
            raise ModelError(f"{self.name} gave no sign of life for {STALL_S:.0f} s", self.last_lines())

    def last_lines(self, count: int = 6) -> str:
        lines = self._log.decode("utf-8", "replace").splitlines()
        return "\n".join([line for line in lines if line.strip()][-count:])

    def died(self, session: Session, how: str) -> ModelError:
        session.end(self.box)
        outcome = session.wait(self.box, signals=False)
        told = self._diagnose(self._log.decode("utf-8", "replace"))
        ended = f"it ended with exit code {outcome.exit_code}"
        what = told or outcome.message.replace("the program", "it") or ended
        hint = outcome.hint or f"its last words:\n{self.last_lines()}"
        return ModelError(f"{self.name} {how}: {what}", hint)


def host_plainly(store: Store, weights: Weights, facts: Facts, config: Config) -> Hosted:
    """With the first runtime that takes the weights as they are and is a base on hand. ModelError: none takes them;
    PlanError: its base is missing."""
    runtime = plain_runtime(weights, facts, config.runtime) or runtime_for(weights, facts)
    key = runtime.holder(facts).base
    base = facts.base(key)
    if base is None:
        raise PlanError(f"the base {key} is not there", "make it:  jitney setup")
    view = library_view(store, (Want(weights=weights),))
    return Hosted(
        runtime=runtime, serving=make_serving(weights, view, facts, config), view=view, image=base.ref
    )


def make_serving(weights: Weights, view: View, facts: Facts, config: Config) -> Serving:
    """Context as the model has it, within bounds; half the cores, since the program wants some too. An answer may fill the
    context: what counts where a request sets no limit is the gateway's cap."""
    context = config.context or min(weights.info.context or CONTEXT, CONTEXT)
    folder = view.main.removesuffix(weights.main)
    return Serving(
        weights=weights,
        model=view.main,
        alias=served_name(weights),
        context=context,
        most_tokens=context,
        slots=config.slots,
        threads=config.threads or max(1, facts.engine.cpus // 2),
        gpus=config.gpus,
        gpu_layers=config.gpu_layers if config.gpus else 0,
        projector=folder + weights.projector if weights.projector else "",
        adapters=tuple(folder + name for name in weights.adapters),
        more=config.runtime_args,
    )


def served_name(weights: Weights) -> str:
    """Under which it answers where nobody said: its short name, its repository's, its folder's, its file's."""
    if weights.alias:
        return weights.alias
    main = PurePosixPath(weights.main).name
    stem = main.removesuffix(".gguf")
    if weights.ref.startswith(("hf://", "ollama://", "oci://")):
        return re.split(r"[@:?]", weights.ref.split("@", 1)[0].rsplit("/", 1)[-1])[0]
    folder = PurePosixPath(weights.ref).name
    is_folder = weights.ref.startswith("/") and len(weights.files) > 1 and folder not in ("", main)
    return folder if is_folder else stem


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a server lies: its session, and the folder of Unix sockets that it serves on. sockets: mounted at SOCKETS_DIR,
    or None where it is reached through the leash alone. socket: absolute, inside."""

    session: Session
    engine: Engine
    facts: Facts
    config: Config
    sockets: VolumeMount | None = None
    socket: str = ""


def start_runtime(place: Place, hosted: Hosted, label: str = "", spare: Box | None = None) -> Server:
    """Start it; it loads when this returns. label: what `jitney ps` shows; spare: its box, if it is parked already."""
    name = f"the model server {hosted.runtime.name}" + (" for embeddings" if hosted.serving.vectors else "")
    server = Server(name, hosted.runtime.diagnose)
    box = spare or park_runtime(place, hosted, label)
    server.start(place.session, box, _job(place, hosted), archive=_archive(hosted))
    return server


def park_runtime(place: Place, hosted: Hosted, label: str = "", *, is_spare: bool = False) -> Box:
    """A box for it, started, whose init waits for the job: for ever, if it is a spare one."""
    serving, facts = hosted.serving, place.facts
    mounts = weights_mounts(place.session, place.engine, hosted.view, facts, hosted.image)
    if place.sockets is not None:
        mounts = (*mounts, place.sockets)
    spec = box_spec(
        _sandbox(place.config, hosted),
        hosted.image,
        kind="model",
        mounts=mounts,
        source_bytes=hosted.plan.run.source_bytes if hosted.plan is not None else 0,
        wait_ms=0 if is_spare else None,
        arch=facts.engine.arch,
    )
    labels = {**spec.labels, "jitney.program": label or serving.alias, "jitney.runtime": hosted.runtime.name}
    return place.session.park(msgspec.structs.replace(spec, labels=labels))


def _sandbox(config: Config, hosted: Hosted) -> SandboxPlan:
    """The limits of its box: what the runtime needs, unless the user said."""
    own = hosted.plan.sandbox if hosted.plan is not None else SandboxPlan()
    return msgspec.structs.replace(
        own,
        user=config.user,
        memory_bytes=config.memory_bytes or hosted.memory_bytes,
        cpus=config.cpus or own.cpus,
        pids=PIDS if hosted.plan is None else own.pids,
        gpus=hosted.serving.gpus,
    )


def _job(place: Place, hosted: Hosted) -> Job:
    serving = hosted.serving
    run = hosted.plan.run if hosted.plan is not None else None
    return Job(
        argv=(*(run.argv if run else ()), *hosted.runtime.argv(serving)),
        env={**hosted.env, **(run.env if run else {}), **hosted.view.env(), **hosted.runtime.env(serving)},
        workdir=run.workdir if run else "/",
        serves=(Serve(path=place.socket, port=serving.port),) if place.socket else (),
        dns=False,
    )


def _archive(hosted: Hosted) -> Iterator[bytes] | None:
    if hosted.plan is None:
        return None
    source = Source.from_mapping(hosted.files, "runtime")
    return chain(source.tar(hosted.plan.run.source))


def weights_mounts(
    session: Session, engine: Engine, view: View, facts: Facts, image: str, home: str = ""
) -> tuple[VolumeMount, ...]:
    """The view, read-only at /models. image: any that the engine has, for filling a volume where the daemon does not see
    this machine's files; it is kept and found again by the view's key.

    home: where the program's $HOME lies, for libraries that look below it and read no variable (candle).
    """
    if facts.engine.shares_files:
        return view.mounts(home)
    return (deliver_view(session, engine, view, image),)


def deliver_view(session: Session, engine: Engine, view: View, image: str) -> VolumeMount:
    """A volume that holds the view, sent once."""
    from jitney.sandbox.deliver import keep_tree

    size = view_bytes(view)

    def tar() -> Iterator[bytes]:
        session.tell(f"sending {size >> 20} MB of weights to the engine (once)")
        return view_tar(view)

    return keep_tree(
        engine, tar, key=view.key, size=size, target=MODELS_DIR, image=image, labels=session.labels
    )
