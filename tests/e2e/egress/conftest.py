"""An HTTPS server on this machine's loopback whose certificate comes from an authority that only this machine trusts."""

from __future__ import annotations

import http.server
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from jitney.facts.collect import ca_bundle

NAME = "api.jitney.test"


class Host(msgspec.Struct, frozen=True):
    """port: of the server. bundle: the machine's authorities and the private one. seen: what was asked, as `Host PATH`."""

    port: int
    bundle: Path
    seen: list[str]

    @property
    def allow(self) -> str:
        return f"{NAME}:{self.port}=127.0.0.1"

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}"


def openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=60)


def make_certificates(folder: Path) -> None:
    """ca.pem, and server.pem with key.pem for NAME. keyUsage: Python 3.13 refuses an authority without it."""
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    usage = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    openssl("req", "-x509", *curve, "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-days", "2", "-subj", "/CN=Jitney test authority", *usage)  # fmt: skip
    openssl(
        "req", *curve, "-keyout", folder / "key.pem", "-out", folder / "server.csr", "-subj", f"/CN={NAME}"
    )
    (folder / "ext").write_text(
        f"subjectAltName=DNS:{NAME}\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n"
    )
    openssl("x509", "-req", "-in", folder / "server.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-CAcreateserial", "-days", "2", "-extfile", folder / "ext", "-out", folder / "server.pem")  # fmt: skip


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("authority")
    make_certificates(folder)
    bundle = folder / "bundle.pem"
    bundle.write_bytes(Path(ca_bundle()).read_bytes() + b"\n" + (folder / "ca.pem").read_bytes())
    seen: list[str] = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(f"{self.headers['Host']} {self.path}")
            self.send_response(200)
            self.send_header("Content-Length", "9")
            self.end_headers()
            self.wfile.write(b"reached: ")

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Host(server.server_address[1], bundle, seen)
    server.shutdown()
    server.server_close()
    thread.join(5)
