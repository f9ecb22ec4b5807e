"""The model beside a program: a server in a box of its own, reached through a Unix socket and nothing else.

    program's box                         volume (memory)            model's box, no network either
    127.0.0.1:11434 ─┐
    127.0.0.1:8080  ─┴─ init ─────────► /run/jitney/model.sock ────► init ──► 127.0.0.1:8080 llama-server
                                        read-only for the program            weights read-only

Both belong to one Session: when it ends, whatever the reason, both are gone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from jitney.config import Config
from jitney.engine.protocol import Engine, VolumeMount
from jitney.errors import JitneyError, ModelError, PlanError
from jitney.facts.model import Facts
from jitney.models.layout import View, Want, library_view, view_bytes, view_tar
from jitney.models.model import Weights
from jitney.models.store import Store
from jitney.plan.model import SandboxPlan
from jitney.runtimes.protocol import Runtime, Serving
from jitney.runtimes.registry import runtime_for
from jitney.sandbox.box import MODELS_DIR, SOCKETS_DIR, box_spec, socket_mount, socket_volume_options
from jitney.sandbox.job import Job, Relay, Serve
from jitney.sandbox.run import Box, Session
from jitney.sandbox.stdio import Stdio

SOCKET = f"{SOCKETS_DIR}/model.sock"
TLS_SOCKET = f"{SOCKETS_DIR}/tls.sock"
POLL_S = 0.015
ASK_S = 2.0
LAST_WORD_S = 1.0
"""How long the end of a server that does not answer any more is waited for."""
STALL_S = 300.0
"""Without a new word in its log and without an answer for so long, a server that loads counts as stuck."""
LOG_BYTES = 16 << 10
CONTEXT = 8192
"""Tokens: as much as the model takes, and no more than this."""


class Beside:
    """A model server of this run. `mount` and `relays` are for the program's box."""

    def __init__(self, session: Session, box: Box, runtime: Runtime, serving: Serving, volume: str) -> None:
        self.box = box
        self.runtime = runtime
        self.serving = serving
        self.mount: VolumeMount = socket_mount(volume, is_server=False)
        self.ready_s = 0.0
        self._session = session
        self._log = bytearray()
        self._last_word = self._started = time.monotonic()

    def relays(self, *ports: int) -> tuple[Relay, ...]:
        """The program's loopback ports that lead to the model."""
        return tuple(Relay(port=port, path=SOCKET) for port in ports)

    def tls_relay(self, port: int = 443) -> Relay:
        """The program's loopback port that leads to the same API over TLS; only where start_beside was given `tls`."""
        return Relay(port=port, path=TLS_SOCKET)

    def wait_ready(self) -> None:
        """Return when it answers; other boxes of the session go on meanwhile.

        Raises ModelError at once when it died, with its last words, and after STALL_S without a sign of life.
        """
        request = self.runtime.probe(self.serving)
        while True:
            reply = self._session.ask(self.box, self.serving.port, request, ASK_S)
            state = self.runtime.readiness(reply)
            now = time.monotonic()
            if state == "ready":
                self.ready_s = now - self._started
                return
            if state == "dead" or self._session.is_over(self.box):
                raise self._died(f"could not serve {self.serving.alias}")
            if reply:
                self._last_word = max(self._last_word, now - STALL_S / 2)
            if now - self._last_word > STALL_S:
                message = f"the model server {self.runtime.name} gave no sign of life for {STALL_S:.0f} s"
                raise ModelError(message, self.last_lines())
            self._session.serve_for(POLL_S)

    def verdict(self) -> JitneyError | None:
        """Why the server is over although nobody ended it, for after a program that failed; None while it answers.

        The end of a dead server may come later than that of its program: one that does not answer is waited for.
        """
        if not self._session.is_over(self.box):
            reply = self._session.ask(self.box, self.serving.port, self.runtime.probe(self.serving), ASK_S)
            self._session.serve_until_over(self.box, 0.0 if reply else LAST_WORD_S)
        return self._died("died while the program ran") if self._session.is_over(self.box) else None

    def last_lines(self, count: int = 6) -> str:
        lines = self._log.decode("utf-8", "replace").splitlines()
        return "\n".join([line for line in lines if line.strip()][-count:])

    def take(self, piece: bytes) -> None:
        """Keep the end of what the server writes."""
        self._last_word = time.monotonic()
        self._log += piece
        if len(self._log) > 2 * LOG_BYTES:
            del self._log[:-LOG_BYTES]

    def _died(self, how: str) -> ModelError:
        self._session.end(self.box)
        outcome = self._session.wait(self.box, signals=False)
        told = self.runtime.diagnose(self._log.decode("utf-8", "replace"))
        what = (
            told
            or outcome.message.replace("the program", "it")
            or f"it ended with exit code {outcome.exit_code}"
        )
        hint = outcome.hint or f"its last words:\n{self.last_lines()}"
        return ModelError(f"the model server {self.runtime.name} {how}: {what}", hint)


def start_beside(
    session: Session,
    engine: Engine,
    store: Store,
    weights: Weights,
    facts: Facts,
    config: Config,
    tls: tuple[bytes, bytes] | None = None,
) -> Beside:
    """Start a server for `weights`. It loads when this returns: make the program's box, then `wait_ready`.

    tls: certificate chain and key, both PEM; with them the same API is served over TLS (HTTP/1.1) at `tls_relay`.

    The runtime's base must be on hand (facts). Raises ModelError: no runtime takes the weights; PlanError: no
    base.
    """
    runtime = runtime_for(weights)
    base = facts.base(runtime.base_key)
    if base is None:
        raise PlanError(f"the base {runtime.base_key} is not there", "make it:  jitney setup")
    view = library_view(store, (Want(weights=weights),))
    serving = make_serving(weights, view, facts)
    volume = session.volume("model", socket_volume_options(config.user))
    mounts = (
        *weights_mounts(session, engine, view, facts, base.ref),
        socket_mount(volume, is_server=True),
    )
    plan = SandboxPlan(user=config.user, memory_bytes=runtime.memory_bytes(serving), pids=256)
    box = session.park(box_spec(plan, base.ref, kind="model", mounts=mounts, arch=facts.engine.arch))
    beside = Beside(session, box, runtime, serving, volume)
    job = Job(
        argv=runtime.argv(serving),
        env=runtime.env(serving),
        workdir="/",
        serves=(Serve(path=SOCKET, port=serving.port),),
        dns=False,
    )
    session.submit(box, job, Stdio(stdin=None, stdout=beside.take, stderr=beside.take))
    return beside


def make_serving(weights: Weights, view: View, facts: Facts) -> Serving:
    """Context as the model has it, within bounds; half the cores, since the program wants some too."""
    return Serving(
        weights=weights,
        model=view.main,
        alias=weights.alias or weights.main.removesuffix(".gguf"),
        context=min(weights.info.context or CONTEXT, CONTEXT),
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
