"""Whom a program's TLS trusts: a bundle, and stores in the forms that languages read (plan/hosts.py says who reads what)."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from struct import pack

from jitney.plan.hosts import STORE_PASSWORD, TRUST_DIR, TRUST_FILE

AUTHORITY = "Jitney, made for one run"
AUTHORITY_HASH = "01a4b07a"
"""Of that name, as OpenSSL computes it: a folder of certificates is searched by such names."""
_MAGIC, _VERSION, _TRUSTED = 0xFEEDFEED, 2, 2
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END", re.DOTALL)


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
