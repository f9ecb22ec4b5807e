"""The certificate of a run: other people's verifiers take it, for its names, for a day."""

from __future__ import annotations

import socket
import ssl
import struct
import subprocess
import threading
from pathlib import Path

import pytest

from jitney.sandbox.certificates import Certificates, make_certificates
from jitney.sandbox.trust import AUTHORITY_HASH, java_store, trust_files

HOSTS = ("api.openai.com", "my-name.openai.azure.com")


@pytest.fixture(scope="module")
def made() -> Certificates:
    return make_certificates(HOSTS)


def handshake(made: Certificates, folder: Path, name: str, trusted: bytes) -> str:
    """What a strict client says after a handshake with a server that shows the certificate."""
    (folder / "chain.pem").write_bytes(made.chain)
    (folder / "key.pem").write_bytes(made.key)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    client = ssl.create_default_context(cadata=trusted.decode())
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    ours, theirs = socket.socketpair()

    def answer() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except (ssl.SSLError, OSError):
            theirs.close()

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        client.wrap_socket(ours, server_hostname=name).close()
        return "trusted"
    except ssl.SSLCertVerificationError as error:
        return str(error.verify_message)
    finally:
        ours.close()
        thread.join()


def test_a_strict_client_trusts_it_for_its_names_alone(made: Certificates, tmp_path: Path) -> None:
    for name in HOSTS:
        assert handshake(made, tmp_path, name, made.authority) == "trusted"
    assert "Hostname mismatch" in handshake(made, tmp_path, "api.anthropic.com", made.authority)


def test_another_run_does_not_trust_it(made: Certificates, tmp_path: Path) -> None:
    other = make_certificates(HOSTS)
    assert handshake(made, tmp_path, HOSTS[0], other.authority) != "trusted"


def test_it_is_valid_for_a_day_and_its_authority_signs_nothing_more(made: Certificates) -> None:
    from cryptography import x509

    for pem in (made.authority, made.chain):
        certificate = x509.load_pem_x509_certificate(pem)
        life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        assert life.total_seconds() <= 25 * 3600
    authority = x509.load_pem_x509_certificate(made.authority)
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert b"PRIVATE" not in made.authority + made.chain


def test_the_folder_can_be_searched_by_hash(made: Certificates, tmp_path: Path) -> None:
    """As OpenSSL names it: a client that knows the folder alone finds the authority."""
    (tmp_path / f"{AUTHORITY_HASH}.0").write_bytes(made.authority)
    context = ssl.create_default_context(capath=str(tmp_path))
    server, client = ssl.MemoryBIO(), ssl.MemoryBIO()
    assert context.wrap_bio(server, client, server_hostname=HOSTS[0]) is not None
    (tmp_path / "leaf.pem").write_bytes(made.chain)
    verify = ["openssl", "verify", "-no-CAfile", "-CApath", str(tmp_path), str(tmp_path / "leaf.pem")]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_box_is_handed(made: Certificates) -> None:
    machine = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"
    files = trust_files(machine, made.authority, "")
    bundle = files["/etc/ssl/certs/ca-certificates.crt"]
    assert bundle == machine + b"\n" + made.authority
    assert sorted(files) == [f"/etc/ssl/certs/{AUTHORITY_HASH}.0", "/etc/ssl/certs/ca-certificates.crt"]
    assert list(trust_files(machine, b"", "")) == ["/etc/ssl/certs/ca-certificates.crt"]
    assert "/etc/ssl/certs/java/cacerts" in trust_files(b"", made.authority, "/etc/ssl/certs/java/cacerts")


def test_a_java_store_holds_every_certificate(made: Certificates) -> None:
    """Read back by the format's description: magic, version, entries with alias, time, kind, bytes."""
    store = java_store(made.authority + made.chain)
    magic, version, count = struct.unpack(">III", store[:12])
    assert (magic, version, count) == (0xFEEDFEED, 2, 2)
    at, found = 12, []
    for _ in range(count):
        tag, size = struct.unpack(">IH", store[at : at + 6])
        at += 6 + size + 8 + 2 + 5
        (length,) = struct.unpack(">I", store[at : at + 4])
        found.append(store[at + 4 : at + 4 + length])
        at += 4 + length
        assert tag == 2
    assert len(store) == at + 20
    assert found == [ssl.PEM_cert_to_DER_cert(pem.decode()) for pem in (made.authority, made.chain)]
