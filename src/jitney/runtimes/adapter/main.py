"""The adapter as a process: its command line, its server."""

from __future__ import annotations

import argparse

from .backend import Load, Settings


def main(load: Load) -> None:
    """Serve until a signal ends it."""
    import uvicorn

    from .app import make_app

    settings = read_settings()
    uvicorn.run(
        make_app(load, settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=5,
    )


def read_settings(words: list[str] | None = None) -> Settings:
    """jitney.runtimes.protocol.Serving as words."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--model", required=True)
    parser.add_argument("--alias", default="model")
    parser.add_argument("--host", default="127.0.0.1")
    for name, default in (("port", 8080), ("context", 8192), ("threads", 1), ("slots", 4)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--max-tokens", dest="most_tokens", type=int, default=8192)
    parser.add_argument("--projector", default="")
    parser.add_argument("--adapter", dest="adapters", action="append", default=[])
    parser.add_argument("--vectors", action="store_true")
    found = vars(parser.parse_args(words))
    return Settings(**{**found, "adapters": tuple(found["adapters"])})
