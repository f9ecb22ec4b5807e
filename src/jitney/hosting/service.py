"""`jitney serve`: models in boxes, a Unix socket each, and the gateway on one port in front of them.

    client ─► 127.0.0.1:PORT gateway ─► FOLDER/0/runtime.sock ─ init ─► 127.0.0.1:8080 in a model's box
                                    └─► FOLDER/1/runtime.sock ─ init ─► …
Beside each model's box a spare one is parked, empty: when a box ends, the spare one takes its job at the same socket, and
requests wait there meanwhile. All ends with the session.
"""

from __future__ import annotations

import shutil
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from jitney.config import Config
from jitney.engine.protocol import Engine, VolumeMount
from jitney.errors import EngineError, JitneyError, ModelError
from jitney.hosting.door import Address, Door
from jitney.hosting.prepare import Hosting
from jitney.hosting.running import POLL_S, Running
from jitney.hosting.served import Log
from jitney.listener import Listener
from jitney.runtimes import gateway
from jitney.runtimes.registry import offers
from jitney.runtimes.server import Hosted, Place, for_vectors, park_runtime
from jitney.sandbox.box import SOCKETS_DIR
from jitney.sandbox.lead import Lead
from jitney.sandbox.run import Box, Session
from jitney.serve.settings import Served, Settings

DEATHS_AT_MOST = 3
DEATHS_WITHIN_S = 60.0
"""More deaths within so long, and a model is given up."""
DRAIN_S = 30.0
SOCKET_NAME = 108


class Model:
    """One served model: its socket's folder, its box, and how often that died lately."""

    def __init__(self, name: str, hosting: Hosting, folder: Path) -> None:
        self.name = name
        self.hosting = hosting
        self.folder = folder
        self.running: Running | None = None
        self.vectors: Running | None = None
        self.spare: Box | None = None
        self.lead: Lead | None = None
        self.vectors_lead: Lead | None = None
        self.is_ready = False
        self.deaths: list[float] = []
        self.is_given_up = False

    @property
    def socket(self) -> Path:
        return self.folder / gateway.RUNTIME_SOCKET


class Service:
    """models by name. stop() ends it from a signal; `run` returns then."""

    def __init__(
        self, session: Session, engine: Engine, config: Config, listener: Listener, log: Log
    ) -> None:
        self.models: list[Model] = []
        self.on_change: Callable[[], None] = lambda: None
        """Told after a box was replaced."""
        self._session = session
        self._engine = engine
        self._config = config
        self._listener = listener
        self._log = log
        self._stops = 0
        self._door: Door | None = None
        self._is_listening = False
        self._door_deaths = 0
        self._root = _folder()
        session.note_file(str(self._root))

    def add(self, name: str, hosting: Hosting) -> None:
        folder = self._root / str(len(self.models))
        folder.mkdir()
        folder.chmod(0o777)  # the sandbox's user makes its socket here; the folder above lets nobody else in
        self.models.append(Model(name, hosting, folder))

    def run(self, listener: socket.socket, address: Address, on_ready: Callable[[], None]) -> None:
        """Start all, tell when all are ready, look after them until `stop`. JitneyError: one could not be started at all."""
        self._open(listener, address)
        for model in self.models:
            self._start(model)
        self._wait_ready(on_ready)
        while not self._stops:
            settled = all(map(self._settled, self.models))
            if settled:
                self._park_spares()
            self._session.serve_until(self._has_news, None if settled else POLL_S)
            self._look_after(listener, address)
        self._drain()

    @property
    def boxes(self) -> tuple[str, ...]:
        """Containers that answer, or will."""
        running = [one for model in self.models for one in (model.running, model.vectors)]
        return tuple(one.server.box.container for one in running if one is not None)

    def stop(self) -> None:
        """Drain; asked again: at once."""
        self._stops += 1
        if self._stops == 1:
            self._listener.say("ending: answers under way may finish (Ctrl-C again ends them)")
        if self._door is not None:
            self._door.drain()

    def close(self) -> None:
        if self._door is not None:
            self._door.close()
        for model in self.models:
            for lead in (model.lead, model.vectors_lead):
                if lead is not None:
                    lead.close()
        shutil.rmtree(self._root, ignore_errors=True)

    # boxes

    def _start(self, model: Model) -> None:
        if model.hosting.facts.engine.shares_files:
            model.socket.unlink(missing_ok=True)
        elif model.lead is None:
            port = model.hosting.hosted.serving.port
            model.lead = Lead(self._session, model.socket, port, lambda: _box_of(model.running))
        model.is_ready = False
        spare, model.spare = model.spare, None
        if spare is not None and self._session.is_over(spare):
            spare = None
        model.running = self._box(model, gateway.RUNTIME_SOCKET, model.hosting.hosted, spare)
        self.on_change()

    def _box(self, model: Model, name: str, hosted: Hosted, spare: Box | None = None) -> Running:
        running = Running(self._place(model, name), hosted, model.name, spare)
        running.server.on_log = lambda piece: self._log.take(model.name, piece)
        return running

    def _place(self, model: Model, name: str) -> Place:
        """Its socket in the folder that box and gateway share; where they cannot, it is reached through the leash."""
        facts = model.hosting.facts
        place = Place(session=self._session, engine=self._engine, facts=facts, config=self._config)
        if not facts.engine.shares_files:
            return place
        mount = VolumeMount(kind="bind", source=str(model.folder), target=SOCKETS_DIR, readonly=False)
        return msgspec.structs.replace(place, sockets=mount, socket=f"{SOCKETS_DIR}/{name}")

    def _park_spares(self) -> None:
        """What a new box costs is paid while nobody waits for it."""
        for model in self.models:
            if model.spare is None and not model.is_given_up:
                place = self._place(model, gateway.RUNTIME_SOCKET)
                try:
                    model.spare = park_runtime(place, model.hosting.hosted, model.name, is_spare=True)
                except EngineError as error:  # the next start makes its own
                    self._listener.event("no-spare", model=model.name, why=error.message)

    def _start_vectors(self, model: Model) -> None:
        """A second box whose answers are vectors, asked for by the gateway."""
        hosted = for_vectors(model.hosting.hosted)
        try:
            model.vectors = self._box(model, gateway.VECTORS_SOCKET, hosted)
            if not model.hosting.facts.engine.shares_files and model.vectors_lead is None:
                path, port = model.folder / gateway.VECTORS_SOCKET, hosted.serving.port
                model.vectors_lead = Lead(self._session, path, port, lambda: _box_of(model.vectors))
        except EngineError as error:
            self._listener.warn(f"no server for embeddings of {model.name}: {error.message}")

    def _wait_ready(self, on_ready: Callable[[], None]) -> None:
        """All at once; one that cannot be loaded ends the command."""
        while not self._stops:
            for model in self.models:
                assert model.running is not None, "started"
                model.is_ready = model.is_ready or model.running.is_ready()
            if self._is_listening and all(model.is_ready for model in self.models):
                on_ready()
                return
            if self._door is not None and self._door.is_over and not self._is_listening:
                code = self._door.close()
                raise ModelError(f"the gateway did not start: exit code {code}", "its words stand above")
            self._session.serve_for(POLL_S)

    # afterwards

    def _has_news(self) -> bool:
        assert self._door is not None, "open"
        return bool(self._stops) or self._door.is_over or any(map(self._is_over, self.models))

    def _settled(self, model: Model) -> bool:
        """It answers, or never will: no box of it is being waited for."""
        if model.is_ready or model.is_given_up or self._is_over(model):
            return model.is_ready or model.is_given_up
        assert model.running is not None, "not over"
        try:
            model.is_ready = model.running.is_ready()
        except (
            ModelError
        ) as error:  # it loads again and says nothing, or died just now: the next look tells which
            if not model.running.is_over:
                self._give_up(model, error.message)
        return model.is_ready or model.is_given_up

    def _is_over(self, model: Model) -> bool:
        return not model.is_given_up and (model.running is None or model.running.is_over)

    def _look_after(self, listener: socket.socket, address: Address) -> None:
        for model in self.models:
            if not self._stops and self._is_over(model):
                self._again(model)
        if not self._stops and self._door is not None and self._door.is_over:
            code = self._door.close()
            self._door_deaths += 1
            if self._door_deaths > DEATHS_AT_MOST:
                raise ModelError(f"the gateway ended again and again, at last with exit code {code}")
            self._listener.warn(f"the gateway ended with exit code {code}; it is started again")
            self._open(listener, address)

    def _again(self, model: Model) -> None:
        """A box that ended is replaced, then told; one that ends again and again is given up."""
        former, now = model.running, time.monotonic()
        assert former is not None, "started"
        model.deaths = [*(at for at in model.deaths if now - at < DEATHS_WITHIN_S), now]
        if len(model.deaths) > DEATHS_AT_MOST:
            self._give_up(model, former.died("died:").message)
            return
        try:
            self._start(model)
        except JitneyError as error:
            self._give_up(model, error.message)
            return
        self._listener.warn(f"{former.died('died:').message}; it is started again")
        self._listener.event("restarted", model=model.name)

    def _give_up(self, model: Model, why: str) -> None:
        model.is_given_up = True
        self._listener.warn(f"{model.name} is given up: {why}")
        if self._door is not None:
            self._door.tell(f"gone {model.name} {why}")
        if all(one.is_given_up for one in self.models):
            raise ModelError(f"no model is left to serve; the last one: {why}")

    # the gateway

    def _open(self, listener: socket.socket, address: Address) -> None:
        settings = Settings(
            models=tuple(map(_served, self.models)),
            offers=offers(self.models[0].hosting.hosted.weights),
            any_name=len(self.models) == 1,
            origins=address.origins,
            load_s=120.0,
            drain_s=DRAIN_S,
        )
        self._door = Door(self._session.loop, settings, listener, address.key, self._hear)

    def _hear(self, line: str) -> None:
        word, _, text = line.partition(": ")
        if word == "say":
            self._listener.say(text)
        elif word == "listening":
            self._is_listening = True
        elif word == "want" and text.startswith("embeddings"):
            name = text.partition(" ")[2]
            for model in self.models:
                if name in ("", model.name) and model.vectors is None:
                    self._start_vectors(model)

    def _drain(self) -> None:
        assert self._door is not None
        door = self._door
        self._session.serve_until(lambda: door.is_over or self._stops > 1, DRAIN_S + 1.0)


def _box_of(running: Running | None) -> Box | None:
    return running.server.box if running is not None else None


def _folder() -> Path:
    """For sockets, private. Below /tmp where the user's own place has a name too long for a socket's (unix(7): 108 bytes)."""
    place = tempfile.gettempdir()
    is_short = len(place) + len("/jitney-serve-12345678/99/") + len(gateway.VECTORS_SOCKET) < SOCKET_NAME
    return Path(tempfile.mkdtemp(prefix="jitney-serve-", dir=place if is_short else "/tmp"))  # noqa: S108  0700, and random


def _served(model: Model) -> Served:
    hosted = model.hosting.hosted
    runtime, weights = hosted.runtime, hosted.weights
    vectors = runtime.gives_vectors(weights)
    on_demand = not vectors and "native" in runtime.features(weights)
    return Served(
        upstream=str(model.socket),
        about=msgspec.structs.replace(gateway.about(runtime, hosted.serving), name=model.name),
        aliases=tuple(dict.fromkeys((hosted.serving.alias, *weights.hubs, weights.main))),
        health=runtime.health,
        embeddings=str(model.folder / gateway.VECTORS_SOCKET) if on_demand else "",
        embeddings_on_demand=on_demand,
    )
