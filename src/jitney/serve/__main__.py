"""`python -m jitney.serve SETTINGS`: listen on loopback, and with TLS where there is a certificate, until killed."""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path

from aiohttp import web

from jitney.serve.app import make_app
from jitney.serve.exchange import Gateway
from jitney.serve.settings import Settings, read_settings
from jitney.serve.upstream import Upstream


def say(text: str) -> None:
    """A line for who started the gateway."""
    print(text, flush=True)


async def serve(settings: Settings) -> None:
    upstream = Upstream(settings, say)
    runner = web.AppRunner(
        make_app(Gateway(settings, upstream, say)),
        access_log=None,
        handler_cancellation=True,  # a client that leaves ends what it asked for
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", settings.port).start()
    context = tls(settings)
    if context is not None:
        await web.TCPSite(runner, "127.0.0.1", settings.tls_port, ssl_context=context).start()
    await asyncio.Event().wait()


def tls(settings: Settings) -> ssl.SSLContext | None:
    """HTTP/1.1 under the given certificate; None where there is none."""
    if not (Path(settings.certificate).is_file() and Path(settings.key).is_file()):
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings.certificate, settings.key)
    context.set_alpn_protocols(["http/1.1"])
    return context


if __name__ == "__main__":
    asyncio.run(serve(read_settings(sys.argv[1])))
