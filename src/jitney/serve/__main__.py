"""`python -m jitney.serve SETTINGS`: listen, and with TLS where there is a certificate, until told to stop.

On standard output: `listening: HOST:PORT`, `say: TEXT` for the user, `want: embeddings` (upstream.py). SIGTERM and SIGINT: what
runs may end (drain_s), then 0; a second one, or the end of standard input where it is the parent's: now.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import ssl
import sys
from ipaddress import ip_address
from pathlib import Path

import uvloop

from jitney.serve.app import make_server
from jitney.serve.door import Door
from jitney.serve.exchange import Gateway
from jitney.serve.news import follow
from jitney.serve.settings import Settings, read_settings


def say(text: str) -> None:
    """A line for who started the gateway."""
    with contextlib.suppress(BrokenPipeError):  # who started it is gone: its standard input has ended too
        print(text, flush=True)


async def serve(settings: Settings, door: Door, bound: socket.socket) -> None:
    gateway = Gateway(settings, say)
    server = make_server(gateway, door)
    await server.listen(bound)
    context = tls(settings)
    if context is not None:
        await server.listen(bind(settings.host, settings.tls_port), context)
    host, port = bound.getsockname()[:2]
    say(f"listening: {host}:{port}")
    asked, now = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, lambda: now.set() if asked.is_set() else asked.set())
    news = loop.create_task(follow(gateway.models, now.set)) if settings.has_parent else None
    await _first(asked, now)
    if not now.is_set():
        drained = loop.create_task(server.drained(settings.drain_s))
        hurried = loop.create_task(now.wait())
        await asyncio.wait((drained, hurried), return_when=asyncio.FIRST_COMPLETED)
    await server.close()
    if news is not None:
        news.cancel()


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


def bind(host: str, port: int) -> socket.socket:
    """Raises OSError: taken, or not an address of this machine."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    return bound


def tls(settings: Settings) -> ssl.SSLContext | None:
    """HTTP/1.1 under the given certificate; None where there is none."""
    if not (Path(settings.certificate).is_file() and Path(settings.key).is_file()):
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings.certificate, settings.key)
    context.set_alpn_protocols(["http/1.1"])
    return context


def main(settings: Settings) -> int:
    door = Door(settings)
    try:
        bound = socket.socket(fileno=settings.fd) if settings.fd >= 0 else bind(settings.host, settings.port)
    except OSError as error:
        print(f"{settings.host}:{settings.port} cannot be listened on: {error.strerror}", file=sys.stderr)
        return 2
    host = str(bound.getsockname()[0])
    if not ip_address(host.partition("%")[0]).is_loopback and not door.keys:
        print(f"{host} can be reached from other machines: that takes an API key", file=sys.stderr)
        return 2
    gc.collect()
    gc.freeze()  # what is there now stays: it is not looked through again with every collection
    uvloop.run(serve(settings, door, bound))
    return 0


if __name__ == "__main__":
    sys.exit(main(read_settings(sys.argv[1])))
