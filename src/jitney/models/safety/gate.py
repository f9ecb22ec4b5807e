"""What must hold before a reference leads to files: every model passes here once, whatever it came from.

headers, pickles ─ formats.check, scan ─┐
signature ─ signatures                  ├─► admitted: licence and signer recorded, remote code told
chat templates ─ templates              ┘
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import msgspec

from jitney.errors import ModelError
from jitney.models.model import Reference, WeightFile, Weights
from jitney.models.safety import scan
from jitney.models.storage.store import Store

Say = Callable[[str], None]
MAX_CONFIG = 16 << 20


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """allow_pickle: take pickles that two scanners passed, where nothing else holds the weights. require_signature: by one of
    trusted_keys, which are files of public keys."""

    allow_pickle: bool = False
    require_signature: bool = False
    trusted_keys: tuple[str, ...] = ()


STRICT = Policy()


class Gate:
    """One gate for one fetch. say: lines for the user."""

    def __init__(self, store: Store, policy: Policy = STRICT, say: Say | None = None) -> None:
        self.store = store
        self.policy = policy
        self.say = say or (lambda line: None)

    def assembled(self, ref: Reference, files: tuple[WeightFile, ...]) -> Weights:
        """Files of the Store as one model: headers checked, pickles refused or scanned. Raises ModelError."""
        from jitney.models.formats.folder import assembled

        with _while_removed(self.store):
            return assembled(self.store, ref, files, allow_pickle=self.policy.allow_pickle)

    def admit(self, weights: Weights) -> Weights:
        """The same, with licence and signer. Raises ModelError: what must not be used."""
        from jitney.models.safety.licence import licence_of
        from jitney.models.safety.templates import chat_templates, require_harmless

        with _while_removed(self.store):
            weights = _signed(self.store, weights, self.policy, self.say)
            require_harmless(chat_templates(self.store, weights), self.say)
            for line in _remote_code(self.store, weights):
                self.say(line)
            licence = licence_of(weights, lambda name: self.store.blob(weights.file(name).sha256))
        self.say(f"licence of {weights.alias or weights.main}: {licence or 'none is stated'}")
        return msgspec.structs.replace(weights, info=msgspec.structs.replace(weights.info, licence=licence))

    def readmit(self, weights: Weights) -> Weights:
        """Weights that are in the Store already, under what is allowed today."""
        if weights.format == "pytorch" and not self.policy.allow_pickle:
            raise scan.refused(weights.main)
        if self.policy.require_signature or self.policy.trusted_keys:
            return _signed(self.store, weights, self.policy, lambda line: None)
        return weights


@contextmanager
def _while_removed(store: Store) -> Iterator[None]:
    """Another process may remove a model with the same file between its arrival and `remember`."""
    try:
        yield
    except (FileNotFoundError, ModelError) as error:
        cause = error.__cause__ if isinstance(error, ModelError) else error
        if not isinstance(cause, FileNotFoundError) or not str(cause.filename).startswith(str(store.root)):
            raise
        raise ModelError("a file of the model left the Store meanwhile", "run again") from error


def _signed(store: Store, weights: Weights, policy: Policy, say: Say) -> Weights:
    from jitney.models.safety.signatures import fingerprints, signature_of, signer

    if weights.signed and weights.signed in fingerprints(policy.trusted_keys):
        return weights  # the key's word was about these hashes
    by = signer(store, weights, policy.trusted_keys, say)
    name = weights.alias or weights.main
    if not by and policy.require_signature:
        seen = "its signature could not be checked" if signature_of(store, weights) else "it is not signed"
        raise ModelError(
            f"{name}: {seen}, and --require-signature was asked for",
            "sign it (model_signing sign key …) and name the public key in trusted_keys, or leave the flag out",
        )
    if by:
        say(f"{name}: signed by the trusted key {by}")
    elif policy.trusted_keys and signature_of(store, weights) is None:
        say(f"{name}: it is not signed")
    return msgspec.structs.replace(weights, signed=by)


def _remote_code(store: Store, weights: Weights) -> Iterator[str]:
    """Code of a repository is never run: libraries are told so (`trust_remote_code` stays off)."""
    for file in weights.files:
        name = PurePosixPath(file.name).name
        if name not in ("config.json", "tokenizer_config.json") or file.bytes > MAX_CONFIG:
            continue
        mapped = _auto_map(store.blob(file.sha256))
        if mapped:
            yield (
                f"{weights.alias or weights.main}: {file.name} asks for code of its own ({mapped}); "
                "it is not run: trust_remote_code is off"
            )


def _auto_map(path: Path) -> str:
    try:
        value = msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, RecursionError):
        return ""
    mapped = value.get("auto_map") if isinstance(value, dict) else None
    return ", ".join(map(str, mapped))[:200] if isinstance(mapped, dict) else ""
