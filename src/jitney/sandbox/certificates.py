"""A certificate made for one run, for the vendors' names that lead to the model.

    authority ─ signs once, its key is never kept ─► certificate for those names
        └─► joined to the bundle of the program's box, and to no other

The key of the certificate goes to the box that answers, as a secret; nothing lies on this machine's disk. Importing this takes
90 ms, nearly all of it the library's: only where something is redirected.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from jitney.sandbox.trust import AUTHORITY

LIFE = timedelta(days=1)
SLACK = timedelta(hours=1)
"""The engine's machine may have another idea of the time."""
PEM = serialization.Encoding.PEM


class Certificates(msgspec.Struct, frozen=True):
    """All PEM. authority: what the program trusts; chain and key: what its server shows and keeps."""

    authority: bytes
    chain: bytes
    key: bytes


def make_certificates(hosts: Iterable[str]) -> Certificates:
    """For these names, P-256, valid for a day. With the fields that strict verifiers want (Python 3.13, rustls, Go)."""
    signer, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root, leaf = _root(signer), _leaf(sorted(set(hosts)), key, signer)
    secret = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Certificates(root.public_bytes(PEM), leaf.public_bytes(PEM), secret)


def _root(signer: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return (
        _begun(AUTHORITY, signer.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(signer, hashes.SHA256())
    )


def _leaf(
    names: list[str], key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return (
        _begun(names[0][:64], key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(by, critical=False)
        .sign(signer, hashes.SHA256())
    )


def _begun(subject: str, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(subject_name=_name(subject), issuer_name=_name(AUTHORITY), public_key=public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SLACK)
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
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
