"""Whom a program's TLS trusts: a certificate made for one run, and trust stores in the forms that languages read.

    authority ─ signs once, its key is never kept ─► certificate for the hosts that lead to the model
        └─► joined to the bundle of the program's box, and to no other

The key of the certificate goes to the box that answers, as a secret; nothing lies on this machine's disk.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from struct import pack
from typing import TYPE_CHECKING

import msgspec

from jitney.plan.hosts import STORE_PASSWORD, TRUST_DIR, TRUST_FILE

if TYPE_CHECKING:
    from cryptography.x509 import KeyUsage

LIFE = timedelta(days=1)
SLACK = timedelta(hours=1)
"""The engine's machine may have another idea of the time."""
AUTHORITY = "Jitney, made for one run"
AUTHORITY_HASH = "01a4b07a"
"""Of that name, as OpenSSL computes it: a folder of certificates is searched by such names."""
_MAGIC, _VERSION, _TRUSTED = 0xFEEDFEED, 2, 2
_PEM = re.compile(rb"-----BEGIN (?:TRUSTED )?CERTIFICATE-----(.+?)-----END", re.DOTALL)


class Certificates(msgspec.Struct, frozen=True):
    """All PEM. authority: what the program trusts; chain and key: what its server shows and keeps."""

    authority: bytes
    chain: bytes
    key: bytes


def make_certificates(hosts: Iterable[str]) -> Certificates:
    """For these names, P-256, valid for a day. With the fields that strict verifiers want (Python 3.13, rustls, Go)."""
    from cryptography import x509  # 40 ms: only where something is redirected
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    names = sorted(set(hosts))
    now = datetime.now(UTC)
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, AUTHORITY)])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    own_id = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())

    def builder(name: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder(subject_name=name, issuer_name=authority, public_key=public)
        made = made.serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - SLACK).not_valid_after(now + LIFE)
        return made.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)

    root = (
        builder(authority, authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    leaf = (
        builder(subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own_id), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Certificates(root.public_bytes(pem), leaf.public_bytes(pem), secret)


def _usage(*, signs_certificates: bool) -> KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def trust_files(bundle: bytes, authority: bytes, store: str) -> dict[str, bytes]:
    """Path → bytes of what the program trusts: one file, the authority once more by its hash for those that search the
    folder, and a Java trust store where `store` names one."""
    whole = bundle.rstrip(b"\n") + b"\n" + authority if bundle else authority
    files = {TRUST_FILE: whole}
    if authority:
        files[f"{TRUST_DIR}/{AUTHORITY_HASH}.0"] = authority
    if store:
        files[store] = java_store(whole)
    return files


def java_store(bundle: bytes) -> bytes:
    """A PEM bundle as a Java trust store.

    In the JKS format, which every JVM reads whatever its default is: magic, version, then for each certificate its alias,
    a time, its kind and its bytes; in the end a digest over the password, a phrase, and all before it.
    """
    certificates = [b64decode(b"".join(match.split())) for match in _PEM.findall(bundle)]
    store = bytearray(pack(">III", _MAGIC, _VERSION, len(certificates)))
    for number, der in enumerate(certificates):
        alias = b"%d" % number
        store += pack(">IH", _TRUSTED, len(alias)) + alias + pack(">Q", 0)
        store += pack(">H", 5) + b"X.509" + pack(">I", len(der)) + der
    salted = STORE_PASSWORD.encode("utf-16-be") + b"Mighty Aphrodite"
    return bytes(store) + hashlib.sha1(salted + store, usedforsecurity=False).digest()
