"""One model in its box: started, ready or dead, asked through the leash."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Literal

import msgspec

from jitney.config import Config
from jitney.engine.protocol import Engine
from jitney.errors import ModelError
from jitney.hosting.prepare import Hosting
from jitney.hosting.questions import Question, Refused
from jitney.runtimes.server import Hosted, Place, start_runtime
from jitney.sandbox.run import Box, Session

if TYPE_CHECKING:
    from jitney.hosting.talk import Answer

POLL_S = 0.01
ASK_S = 2.0
STALL_S = 300.0
"""Without a new word in its log and without an answer for so long, a server that loads counts as stuck."""

State = Literal["loading", "ready", "dead"]


class Running:
    """A model's box. All of it ends with the session."""

    def __init__(self, place: Place, hosted: Hosted, label: str = "", spare: Box | None = None) -> None:
        self.hosted = hosted
        self.ready_s = 0.0
        self._session = place.session
        self._started = time.monotonic()
        self.server = start_runtime(place, hosted, label, spare)

    @property
    def state(self) -> State:
        """What it is now; asks it once."""
        if self._session.is_over(self.server.box):
            return "dead"
        serving = self.hosted.serving
        request = f"GET {self.hosted.runtime.health} HTTP/1.1\r\nHost: 127.0.0.1:{serving.port}\r\nConnection: close\r\n\r\n"
        reply = self._session.ask(self.server.box, serving.port, request.encode(), ASK_S)
        return "ready" if reply and reply[8:13] == b" 200 " else "loading"

    def wait_ready(self) -> None:
        """ModelError at once when it died, with its last words; after STALL_S without a sign of life too."""
        import jitney.hosting.talk  # noqa: F401  it is busy loading: what its answers need is imported meanwhile

        while (state := self.state) != "ready":
            if state == "dead":
                raise self.died("could not serve")
            if time.monotonic() - self.server.last_word > STALL_S:
                raise ModelError(
                    f"{self.server.name} gave no sign of life for {STALL_S:.0f} s", self.server.last_lines()
                )
            self._session.serve_for(POLL_S)
        self.ready_s = time.monotonic() - self._started

    def died(self, how: str) -> ModelError:
        return self.server.died(self._session, f"{how} {self.hosted.serving.alias}")

    def ask(self, question: Question) -> Answer:
        """Sent at once; the answer is read by iterating."""
        from jitney.hosting.talk import Answer

        call = self._session.call(self.server.box, self.hosted.serving.port, question.request())
        return Answer(call, lambda: self._session.serve_until(lambda: call.has_news))

    def say(self, question: Question) -> Generator[msgspec.Raw]:
        """The events of an answer. ModelError: it died meanwhile, or refused."""
        answer = self.ask(question)
        try:
            yield from answer
        except Refused:
            raise
        except ConnectionError as error:
            self._session.serve_until(lambda: self._session.is_over(self.server.box), 1.0)
            if self._session.is_over(self.server.box):
                raise self.died("died while it answered:") from error
            raise ModelError(f"{self.server.name} broke the connection", self.server.last_lines()) from error
        finally:
            answer.close()


def start(session: Session, engine: Engine, hosting: Hosting, config: Config) -> Running:
    """For one client, who asks through the leash."""
    place = Place(session=session, engine=engine, facts=hosting.facts, config=config)
    return Running(place, hosting.hosted)
