"""The model beside a program: a server in a box of its own, a gateway in another, reached by Unix sockets and nothing else.

    program's box            volume (memory)              gateway's box                volume (memory)                model's box
    127.0.0.1:11434 ─ init ► /run/jitney/model.sock ► init ► :8000 serve/ ► /run/jitney-runtime/runtime.sock ► init ► :8080 llama-server
    127.0.0.1:443   ─ init ► /run/jitney/tls.sock   ► init ► :8443   └────► …/vectors.sock, a second server, when somebody asks
                      read-only for the program              read-only for the gateway                              weights read-only

None has a network. All belong to one Session: when it ends, whatever the reason, all are gone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import msgspec

from jitney.config import Config
from jitney.engine.protocol import Engine, VolumeMount
from jitney.errors import EngineError, JitneyError
from jitney.facts.model import Facts
from jitney.plan.model import SandboxPlan
from jitney.runtimes import gateway
from jitney.runtimes.gateway import SOCKET, TLS_SOCKET
from jitney.runtimes.protocol import Serving
from jitney.runtimes.server import ASK_S, Hosted, Place, Server, for_vectors, start_runtime
from jitney.sandbox.box import SOCKETS_DIR, box_spec, socket_mount, socket_volume_options
from jitney.sandbox.job import Relay
from jitney.sandbox.run import Session

POLL_S = 0.015
LAST_WORD_S = 1.0
"""How long the end of a server that does not answer any more is waited for."""


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
            self.model.require_life(answers=bool(reply))
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

    place: Place
    hosted: Hosted


def start_beside(
    session: Session,
    engine: Engine,
    hosted: Hosted,
    facts: Facts,
    config: Config,
    tls: Callable[[], tuple[bytes, bytes]] | None = None,
) -> Beside:
    """Start a server for a model. It loads when this returns: make the program's box, then `wait_ready`.

    tls: gives certificate chain and key, both PEM, and is asked once the boxes are there; with them the same API is served over TLS (HTTP/1.1) at `tls_relay`.
    The gateway's image must be on hand (road.ensure_gateway).
    """
    options = socket_volume_options(config.user)
    inner, outer = session.volume("runtime", options), session.volume("model", options)
    place = Place(
        session=session,
        engine=engine,
        facts=facts,
        config=_of_a_runtime(config),
        sockets=socket_mount(inner, is_server=True),
        socket=f"{SOCKETS_DIR}/{gateway.RUNTIME_SOCKET}",
    )
    model = start_runtime(place, hosted)  # it loads while the others start
    door = Server("the gateway", lambda log: "")
    beside = Beside(session, model, door, hosted.serving, outer)
    lines = _Lines(session, partial(_start_vectors, _World(place, hosted), beside))
    mounts = (
        socket_mount(outer, is_server=True),
        VolumeMount(kind="volume", source=inner, target=gateway.RUNTIME_DIR, readonly=True),
    )
    plan = SandboxPlan(user=config.user, memory_bytes=gateway.MEMORY_BYTES, pids=64)
    image = gateway.gateway_tag(facts, config)
    box = session.park(box_spec(plan, image, kind="gateway", mounts=mounts, arch=facts.engine.arch))
    job = gateway.gateway_job(hosted.runtime, hosted.serving, tls() if tls else None)
    door.start(session, box, job, lines.take)
    return beside


def _of_a_runtime(config: Config) -> Config:
    """Limits that were given are the program's, not its model's."""
    return msgspec.structs.replace(config, memory_bytes=0, cpus=0.0)


def _start_vectors(world: _World, beside: Beside) -> None:
    """The second server, told of to the program's user if it cannot be started."""
    place = msgspec.structs.replace(world.place, socket=f"{SOCKETS_DIR}/{gateway.VECTORS_SOCKET}")
    try:
        beside.add(start_runtime(place, for_vectors(world.hosted)))
    except EngineError as error:  # the gateway answers its clients, and the program goes on
        place.session.tell(f"no server for embeddings: {error.message}")


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
