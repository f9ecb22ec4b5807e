"""OpenSSF model signatures (`model.sig`, a Sigstore bundle with an in-toto statement), checked against keys that the user trusts.

A signature covers a whole repository; a pull takes part of it. So the statement is checked by the key, and then every file that
was taken must stand in it with its hash. What cannot be checked has not passed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import msgspec

from jitney.errors import ModelError, UsageError
from jitney.models.model import WeightFile, Weights
from jitney.models.storage.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDING = ".sig"
MAX_BYTES = 64 << 20
EXTRA = "pip install 'jitney[signing]'"
KEYS = "trusted_keys"


class _Bundle(msgspec.Struct, frozen=True, rename="camel"):
    """Of a signature only this: by a key or by a certificate."""

    verification_material: dict[str, msgspec.Raw] = {}


def signature_of(store: Store, weights: Weights) -> Path | None:
    """Where the model's signature lies: among its files, or beside the user's own file."""
    own = [file for file in weights.files if file.name.endswith(ENDING)]
    for file in sorted(own, key=lambda file: (PurePosixPath(file.name).name != "model.sig", file.name)):
        return store.blob(file.sha256)
    local = Path(weights.ref)
    if not local.is_absolute():
        return None
    beside = [local.with_name(local.name + ENDING)]
    if local.is_file():
        beside.append(local.with_name("model.sig"))
    return next((path for path in beside if path.is_file()), None)


def signer(store: Store, weights: Weights, keys: tuple[str, ...], say: Callable[[str], None]) -> str:
    """Fingerprint of the trusted key that signed these files; empty: unsigned, or nothing here can check it, which is said.

    Raises ModelError: the signature is none of the trusted keys', or the files are not the signed ones. UsageError: a key
    that cannot be read.
    """
    path = signature_of(store, weights)
    name = weights.alias or weights.main
    if path is None:
        return ""
    if not keys:
        say(f"{name}: it is signed; that is not checked, for no key is trusted ({KEYS} in the configuration)")
        return ""
    if "publicKey" not in _material(path, name):
        say(f"{name}: it is signed by a certificate; only signatures by keys are checked")
        return ""
    for key in keys:
        if (manifest := _manifest(path, Path(key).expanduser(), name)) is not None:
            _require_signed(store, weights, manifest, name)
            return _fingerprint(Path(key).expanduser())
    raise ModelError(
        f"{name}: its signature is by none of the trusted keys: {', '.join(keys)}",
        "take the model from its publisher, or add the publisher's public key to trusted_keys",
    )


def _material(path: Path, name: str) -> dict[str, msgspec.Raw]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ModelError(f"{name}: its signature takes {path.stat().st_size:,} bytes: that is none")
        return msgspec.json.decode(path.read_bytes(), type=_Bundle).verification_material
    except (msgspec.DecodeError, OSError) as error:
        raise ModelError(f"{name}: its signature cannot be read: {error}") from error


def _manifest(path: Path, key: Path, name: str) -> Any:
    """What this key signed; None: it was another key."""
    from contextlib import redirect_stdout
    from sys import stderr

    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

        # below `verifying.Config`, which wants every file of the repository to be there
        from model_signing._signing.sign_ec_key import Verifier
        from model_signing._signing.sign_sigstore_pb import Signature
    except ImportError as error:
        raise ModelError(f"{name}: it is signed, and what checks signatures is missing", EXTRA) from error
    try:
        verifier = Verifier(key)
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(
            f"{KEYS}: {key}: not the public key of an elliptic curve, as PEM: {error}"
        ) from error
    try:
        with redirect_stdout(stderr):  # it prints warnings
            return verifier.verify(Signature.read(path))
    except (InvalidSignature, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        if "Key mismatch" in str(error) or isinstance(error, InvalidSignature):
            return None
        raise ModelError(f"{name}: its signature cannot be read: {error}") from error


def _require_signed(store: Store, weights: Weights, manifest: Any, name: str) -> None:
    signed = {rd.identifier: rd.digest.digest_hex for rd in manifest.resource_descriptors()}
    files = [file for file in weights.files if not file.name.endswith(ENDING)]
    if (
        manifest.serialization_type.get("hash_type") != "sha256"
        or manifest.serialization_type["method"] != "files"
    ):
        raise ModelError(
            f"{name}: signed by {manifest.serialization_type['hash_type']} of {manifest.serialization_type['method']}; "
            "only SHA-256 of whole files is checked"
        )
    for file in files:
        digests = set(_digests(signed, file, alone=len(files) == 1))
        if not digests:
            raise ModelError(f"{name}: {file.name} is not among the signed files", _HINT)
        if file.sha256 not in digests:
            raise ModelError(
                f"{name}: {file.name} is not what was signed: sha256 {file.sha256}, signed {digests.pop()}",
                _HINT,
            )


_HINT = "the file was changed after it was signed: take the model from its publisher"


def _digests(signed: dict[str, str], file: WeightFile, *, alone: bool) -> Iterator[str]:
    """alone: one file of a repository may have lost its folder's name; a signature of one file calls it `.`."""
    for identifier, digest in signed.items():
        same = PurePosixPath(identifier).name == PurePosixPath(file.name).name
        if identifier == file.name or (alone and (identifier == "." or same)):
            yield digest


def fingerprints(keys: tuple[str, ...]) -> set[str]:
    """Of the keys that can be read."""
    paths = [Path(key).expanduser() for key in keys]
    return {_fingerprint(path) for path in paths if path.is_file()}


def _fingerprint(key: Path) -> str:
    from hashlib import sha256

    return f"sha256:{sha256(key.read_bytes()).hexdigest()[:16]}"
