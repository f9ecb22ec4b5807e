"""The served models: which one a name means, and what is asked of its runtime."""

from __future__ import annotations

import time
from collections.abc import Callable

from jitney.serve.answer import End, Event, Events
from jitney.serve.chat import Ask, Caps
from jitney.serve.errors import ApiError, Json
from jitney.serve.metrics import Meter
from jitney.serve.offers import Offers
from jitney.serve.settings import About, Served, Settings
from jitney.serve.tools import read_calls
from jitney.serve.upstream import Upstream

MOST_NAMES = 256


def plain_name(name: str) -> str:
    """`Llama3:latest` is `llama3`."""
    return name.removesuffix(":latest").lower()


class Model:
    """One of them. say: a line for who started the gateway; say_once: one for the user."""

    def __init__(
        self,
        served: Served,
        settings: Settings,
        say: Callable[[str], None],
        say_once: Callable[[str], None],
    ) -> None:
        about = served.about
        self.about: About = about
        self.served = served
        self.offers = Offers(about.name, about.runtime, frozenset(about.features), settings.offers)
        self.meter = Meter(about.name)
        self._settings = settings
        self._say_once = say_once
        self.upstream = Upstream(served, settings, say)

    @property
    def is_native(self) -> bool:
        """It has llama.cpp's own paths."""
        return self.offers.has("native")

    @property
    def gives_vectors(self) -> bool:
        return self.offers.has("embeddings") or bool(self.served.embeddings)

    def told_features(self) -> list[str]:
        """What its requests may ask for: the runtime's features, and what the gateway makes of them."""
        made = set(self.offers.features)
        if self.offers.has("completions"):
            made.add("echo")
        if self.offers.has("json-schema"):
            made.add("tools")
        if self.gives_vectors:
            made.add("embeddings")
        return sorted(made)

    async def caps(self, feature: str = "chat") -> Caps:
        """What counts for an answer in text. 400: it gives none of that kind."""
        if not self.offers.has(feature):
            if not self.offers.features & {"chat", "completions"}:
                kind = "embeddings" if self.gives_vectors else "no text"
                message = f"{self.about.name} gives {kind}" + (" and no text" if self.gives_vectors else "")
                raise ApiError(400, message, "model", "not_supported")
            raise self.offers.refusal(feature, "model")
        knows_tools = self.offers.has("tools")
        if self.is_native:
            knows_tools = bool((await self.upstream.caps()).get("supports_tools"))
        settings = self._settings
        return Caps(
            settings.text_tokens,
            settings.structured_tokens,
            self.about.context,
            knows_tools,
            self.offers,
        )

    async def answer(self, ask: Ask) -> Events:
        """The events of a chat; says so when our own cap cut it."""
        async for event in read_calls(ask.tools, self.meter.reading(self.upstream.chat(ask.body))):
            self.watch(event, ask.tokens, capped=ask.capped)
            yield event

    def complete(self, body: Json) -> Events:
        return self.meter.reading(self.upstream.complete(body))

    def watch(self, event: Event, tokens: int, *, capped: bool) -> None:
        """Our own cap is said where it cut an answer."""
        if not (capped and isinstance(event, End) and event.reason == "length"):
            return
        if event.usage.answer < tokens:
            self._say_once(
                f"an answer of the model was cut: its context of {self.about.context} tokens is full"
            )
        else:
            limit = "the program sets no limit of its own (max_tokens)"
            self._say_once(f"an answer of the model was cut at {tokens} tokens: {limit}")


class Models:
    """All of them. asked: names that were asked for and lead to one, with their times; made: models that clients made of
    one (Ollama's create), by plain name."""

    def __init__(
        self, settings: Settings, say: Callable[[str], None], say_once: Callable[[str], None]
    ) -> None:
        self.all = [Model(served, settings, say, say_once) for served in settings.models]
        self.is_forgiving = settings.any_name and len(self.all) == 1
        self.asked: dict[str, float] = {}
        self.made: dict[str, Json] = {}
        self._by_name = {
            plain_name(name): model
            for model in reversed(self.all)
            for name in (model.about.name, *model.served.aliases)
        }

    def of(self, name: str, feature: str = "") -> Model:
        """The model that a request means. 404: none has the name, with near ones; 400: it names none, and several could."""
        plain = plain_name(name)
        found = self._by_name.get(plain)
        if found is None and plain in self.made:
            found = self._by_name.get(plain_name(self.made[plain].get("from") or ""), self.all[0])
        if found is None and (self.is_forgiving or not name):
            found = self._only(feature, name)
        if found is None:
            raise self._unknown(name)
        if name and self.is_forgiving:
            self.list(name)
        return found

    def list(self, name: str) -> None:
        """Remember a name, for the listings."""
        if len(self.asked) < MOST_NAMES:
            self.asked.setdefault(name, time.time())

    def named(self, name: str) -> Model | None:
        return self._by_name.get(plain_name(name))

    def _only(self, feature: str, name: str) -> Model:
        able = [one for one in self.all if not feature or one.offers.has(feature)] or self.all
        if len(self.all) > 1 and len(able) > 1:
            names = ", ".join(one.about.name for one in able)
            raise ApiError(400, f"model: it is missing; there are {names}", "model", "missing_model")
        return able[0]

    def _unknown(self, name: str) -> ApiError:
        from difflib import get_close_matches

        near = get_close_matches(plain_name(name), list(self._by_name), 3, 0.5)
        known = near or [model.about.name for model in self.all]
        meant = "did you mean" if near else "there are" if len(known) > 1 else "there is"
        end = "?" if near else ""
        message = f"the model {name!r} is not served here; {meant} {', '.join(known)}{end}"
        return ApiError(404, message, "model", "model_not_found")
