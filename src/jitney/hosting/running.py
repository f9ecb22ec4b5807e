"""One model in its box: started, ready or dead, asked through the leash."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TYPE_CHECKING

import msgspec

from jitney.config import Config
from jitney.engine.protocol import Engine
from jitney.errors import ModelError
from jitney.hosting.prepare import Hosting
from jitney.hosting.questions import Question, Refused
from jitney.runtimes.server import ASK_S, Hosted, Place, start_runtime
from jitney.sandbox.run import Box, Session

if TYPE_CHECKING:
    from jitney.hosting.talk import Answer

POLL_S = 0.01
LAST_WORD_S = 1.0
"""How long the end of one that broke a connection is waited for."""


class Running:
    """A model's box. All of it ends with the session."""

    def __init__(self, place: Place, hosted: Hosted, label: str = "", spare: Box | None = None) -> None:
        self.hosted = hosted
        self.ready_s = 0.0
        self._session = place.session
        self._started = time.monotonic()
        self.server = start_runtime(place, hosted, label, spare)

    @property
    def is_over(self) -> bool:
        return self._session.is_over(self.server.box)

    def is_ready(self) -> bool:
        """Ask it once. ModelError: it died, with its last words, or gave no sign of life for long."""
        if self.is_over:
            raise self.died("could not serve")
        serving = self.hosted.serving
        request = f"GET {self.hosted.runtime.health} HTTP/1.1\r\nHost: 127.0.0.1:{serving.port}\r\nConnection: close\r\n\r\n"
        reply = self._session.ask(self.server.box, serving.port, request.encode(), ASK_S)
        if reply and reply[8:13] == b" 200 ":
            return True
        self.server.require_life(answers=bool(reply))
        return False

    def wait_ready(self) -> None:
        """Return when it answers. ModelError as `is_ready` has it, at once."""
        import jitney.hosting.talk  # noqa: F401  it is busy loading: what its answers need is imported meanwhile

        while not self.is_ready():
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
            if self._session.serve_until_over(self.server.box, LAST_WORD_S):
                raise self.died("died while it answered:") from error
            raise ModelError(f"{self.server.name} broke the connection", self.server.last_lines()) from error
        finally:
            answer.close()


def start(session: Session, engine: Engine, hosting: Hosting, config: Config) -> Running:
    """For one client, who asks through the leash."""
    place = Place(session=session, engine=engine, facts=hosting.facts, config=config)
    return Running(place, hosting.hosted)
