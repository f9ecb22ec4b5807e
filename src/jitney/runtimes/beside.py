"""The model beside a program: a server in a box of its own, a gateway in another, reached by Unix sockets and nothing else.

    program's box            volume (memory)              gateway's box                volume (memory)                model's box
    127.0.0.1:11434 ─ init ► /run/jitney/model.sock ► init ► :8000 serve/ ► /run/jitney-runtime/runtime.sock ► init ► :8080 llama-server
    127.0.0.1:443   ─ init ► /run/jitney/tls.sock   ► init ► :8443   └────► …/vectors.sock, a second server, when somebody asks
                      read-only for the program              read-only for the gateway                              weights read-only

None has a network. All belong to one Session: when it ends, whatever the reason, all are gone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from jitney.config import Config
from jitney.engine.protocol import Engine, VolumeMount
from jitney.errors import EngineError, JitneyError, ModelError, PlanError
from jitney.facts.model import Facts
from jitney.models.layout import View, Want, library_view, view_bytes, view_tar
from jitney.models.model import Weights
from jitney.models.store import Store
from jitney.plan.model import SandboxPlan
from jitney.runtimes import gateway
from jitney.runtimes.gateway import SOCKET, TLS_SOCKET
from jitney.runtimes.protocol import Runtime, Serving
from jitney.runtimes.registry import runtime_for
from jitney.sandbox.box import MODELS_DIR, SOCKETS_DIR, box_spec, socket_mount, socket_volume_options
from jitney.sandbox.job import Job, Relay, Serve
from jitney.sandbox.run import Box, Session
from jitney.sandbox.stdio import Stdio

POLL_S = 0.015
ASK_S = 2.0
LAST_WORD_S = 1.0
"""How long the end of a server that does not answer any more is waited for."""
STALL_S = 300.0
"""Without a new word in its log and without an answer for so long, a server that loads counts as stuck."""
LOG_BYTES = 16 << 10
CONTEXT = 8192
"""Tokens: as much as the model takes, and no more than this."""
VECTORS_CONTEXT = 2048


class Server:
    """One box of those beside the program, with the end of what it wrote. diagnose: its last words → a sentence or nothing."""

    def __init__(self, name: str, diagnose: Callable[[str], str]) -> None:
        self.name = name
        self.last_word = time.monotonic()
        self._box: Box | None = None
        self._diagnose = diagnose
        self._log = bytearray()

    @property
    def box(self) -> Box:
        assert self._box is not None, "started"
        return self._box

    def start(
        self, session: Session, box: Box, job: Job, lines: Callable[[bytes], None] | None = None
    ) -> None:
        """lines: takes its standard output, which else is log."""
        self._box = box
        session.submit(box, job, Stdio(stdin=None, stdout=lines or self.take, stderr=self.take))

    def take(self, piece: bytes) -> None:
        """Keep the end of what it writes."""
        self.last_word = time.monotonic()
        self._log += piece
        if len(self._log) > 2 * LOG_BYTES:
            del self._log[:-LOG_BYTES]

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


class Beside:
    """A model of this run, and the gateway to it. `mount` and `relays` are for the program's box."""

    def __init__(self, session: Session, model: Server, door: Server, serving: Serving, volume: str) -> None:
        self.serving = serving
        self.mount: VolumeMount = socket_mount(volume, is_server=False)
        self.ready_s = 0.0
        self.model = model
        self.gateway = door
        self._servers = [model, door]
        self._session = session
        self._started = time.monotonic()

    def relays(self, *ports: int) -> tuple[Relay, ...]:
        """The program's loopback ports that lead to the model."""
        return tuple(Relay(port=port, path=SOCKET) for port in ports)

    def tls_relay(self, port: int = 443) -> Relay:
        """The program's loopback port that leads to the same API over TLS; only where start_beside was given `tls`."""
        return Relay(port=port, path=TLS_SOCKET)

    def wait_ready(self) -> None:
        """Return when it answers; other boxes of the session go on meanwhile.

        Raises ModelError at once when a server died, with its last words, and after STALL_S without a sign of life.
        """
        while True:
            reply = self._ask()
            state = gateway.standing(reply)
            if state == "ready":
                self.ready_s = time.monotonic() - self._started
                return
            if (dead := self._dead()) is not None:
                raise dead.died(self._session, f"could not serve {self.serving.alias}")
            if state == "dead":
                raise self.gateway.died(self._session, f"could not serve {self.serving.alias}")
            if reply:
                self.model.last_word = max(self.model.last_word, time.monotonic() - STALL_S / 2)
            if time.monotonic() - self.model.last_word > STALL_S:
                message = f"{self.model.name} gave no sign of life for {STALL_S:.0f} s"
                raise ModelError(message, self.model.last_lines())
            self._session.serve_for(POLL_S)

    def verdict(self) -> JitneyError | None:
        """Why a server is over although nobody ended it, for after a program that failed; None while all answer.

        The end of a dead server may come later than that of its program: one that does not answer is waited for.
        """
        if self._dead() is None:
            reply = self._ask()
            suspect = self.model if reply else self.gateway
            if gateway.standing(reply) != "ready":
                self._session.serve_until_over(suspect.box, LAST_WORD_S)
        dead = self._dead()
        return dead.died(self._session, "died while the program ran") if dead is not None else None

    def add(self, server: Server) -> None:
        """One more whose death is told."""
        self._servers.append(server)

    def _ask(self) -> bytes | None:
        return self._session.ask(self.gateway.box, gateway.PORT, gateway.PROBE, ASK_S)

    def _dead(self) -> Server | None:
        return next((one for one in self._servers if self._session.is_over(one.box)), None)


class _World(msgspec.Struct, frozen=True):
    """What starting a server takes."""

    session: Session
    engine: Engine
    runtime: Runtime
    facts: Facts
    config: Config


def start_beside(
    session: Session,
    engine: Engine,
    store: Store,
    weights: Weights,
    facts: Facts,
    config: Config,
    tls: Callable[[], tuple[bytes, bytes]] | None = None,
) -> Beside:
    """Start a server for `weights`. It loads when this returns: make the program's box, then `wait_ready`.

    tls: gives certificate chain and key, both PEM, and is asked once the boxes are there; with them the same API is served over TLS (HTTP/1.1) at `tls_relay`.
    The runtime's base (facts) and the gateway's image must be on hand (road.ensure_gateway). Raises ModelError: no runtime
    takes the weights; PlanError: no base.
    """
    world = _World(session, engine, runtime_for(weights, facts), facts, config)
    view = library_view(store, (Want(weights=weights),))
    serving = make_serving(weights, view, facts)
    options = socket_volume_options(config.user)
    inner, outer = session.volume("runtime", options), session.volume("model", options)
    model = _start_runtime(world, view, serving, inner)  # it loads while the others start
    door = Server("the gateway", lambda log: "")
    beside = Beside(session, model, door, serving, outer)
    lines = _Lines(session, partial(_start_vectors, world, view, beside, inner))
    mounts = (
        socket_mount(outer, is_server=True),
        VolumeMount(kind="volume", source=inner, target=gateway.RUNTIME_DIR, readonly=True),
    )
    plan = SandboxPlan(user=config.user, memory_bytes=gateway.MEMORY_BYTES, pids=64)
    image = gateway.gateway_tag(facts, config)
    box = session.park(box_spec(plan, image, kind="gateway", mounts=mounts, arch=facts.engine.arch))
    door.start(session, box, gateway.gateway_job(world.runtime, serving, tls() if tls else None), lines.take)
    return beside


def _start_runtime(
    world: _World, view: View, serving: Serving, volume: str, socket: str = gateway.RUNTIME_SOCKET
) -> Server:
    """A runtime's server, in a box of its own, at its socket in the volume."""
    runtime, facts = world.runtime, world.facts
    key = runtime.holder(facts).base
    base = facts.base(key)
    if base is None:
        raise PlanError(f"the base {key} is not there", "make it:  jitney setup")
    mounts = (
        *weights_mounts(world.session, world.engine, view, facts, base.ref),
        socket_mount(volume, is_server=True),
    )
    user = world.config.user
    plan = SandboxPlan(user=user, memory_bytes=runtime.memory_bytes(serving), pids=256)
    box = world.session.park(box_spec(plan, base.ref, kind="model", mounts=mounts, arch=facts.engine.arch))
    job = Job(
        argv=runtime.argv(serving),
        env=runtime.env(serving),
        workdir="/",
        serves=(Serve(path=f"{SOCKETS_DIR}/{socket}", port=serving.port),),
        dns=False,
    )
    name = f"the model server {runtime.name}" + (" for embeddings" if serving.vectors else "")
    server = Server(name, runtime.diagnose)
    server.start(world.session, box, job)
    return server


def _start_vectors(world: _World, view: View, beside: Beside, volume: str) -> None:
    """The second server, whose answers are vectors: text and vectors at once take two (pooling is fixed at the start)."""
    serving = beside.serving
    context = min(serving.context, VECTORS_CONTEXT)
    vectors = msgspec.structs.replace(serving, vectors=True, context=context)
    try:
        beside.add(_start_runtime(world, view, vectors, volume, gateway.VECTORS_SOCKET))
    except EngineError as error:  # the gateway answers its clients, and the program goes on
        world.session.tell(f"no server for embeddings: {error.message}")


class _Lines:
    """What the gateway says on its standard output, a line a wish (serve/upstream.py, serve/exchange.py)."""

    def __init__(self, session: Session, start_vectors: Callable[[], None]) -> None:
        self._session = session
        self._start_vectors = start_vectors
        self._rest = b""

    def take(self, piece: bytes) -> None:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            word, _, text = line.decode("utf-8", "replace").partition(": ")
            if word == "say":
                self._session.tell(text)
            elif (word, text) == ("want", "embeddings"):
                self._start_vectors()


def make_serving(weights: Weights, view: View, facts: Facts) -> Serving:
    """Context as the model has it, within bounds; half the cores, since the program wants some too. An answer may fill the
    context: what counts where a request sets no limit is the gateway's cap."""
    context = min(weights.info.context or CONTEXT, CONTEXT)
    return Serving(
        weights=weights,
        model=view.main,
        alias=weights.alias or weights.main.removesuffix(".gguf"),
        context=context,
        most_tokens=context,
        threads=max(1, facts.engine.cpus // 2),
    )


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
