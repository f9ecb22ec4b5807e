"""OpenSSF signatures: made with the publisher's own tool, checked against the keys that are trusted."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from model_signing import hashing, signing
from tests.unit.models.build import gguf, safetensors

from jitney.errors import ModelError, UsageError
from jitney.models.fetch import Terms, fetch
from jitney.models.model import Weights
from jitney.models.reference import parse
from jitney.models.safety.gate import Policy
from jitney.models.storage.store import Store


def key(folder: Path, name: str) -> tuple[Path, Path]:
    """A pair: private, public."""
    made = ec.generate_private_key(ec.SECP256R1())
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(
        made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    public.write_bytes(
        made.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return private, public


def sign(model: Path, signature: Path, private: Path, *, shards: bool = False) -> None:
    hashed: Any = hashing
    signer: Any = signing
    config = hashed.Config().set_ignored_paths(paths=[signature], ignore_git_paths=True)
    if shards:
        config.use_shard_serialization(ignore_paths=[signature])
    signer.Config().use_elliptic_key_signer(private_key=private).set_hashing_config(config).sign(
        model, signature
    )


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(safetensors())
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "extra.md").write_text("of no use")
    return folder


def taken(store: Store, tmp_path: Path, name: str, policy: Policy, said: list[str] | None = None) -> Weights:
    return fetch(
        store,
        parse(f"./{name}", {}, tmp_path),
        terms=Terms(policy=policy),
        on_line=(said if said is not None else []).append,
    )


def test_signed_by_a_trusted_key(store: Store, tmp_path: Path, model: Path) -> None:
    private, public = key(tmp_path, "publisher")
    _, other = key(tmp_path, "other")
    sign(model, model / "model.sig", private)
    said: list[str] = []
    policy = Policy(trusted_keys=(str(other), str(public)), require_signature=True)
    weights = taken(store, tmp_path, "model", policy, said)
    assert weights.signed.startswith("sha256:")
    assert any("signed by the trusted key" in line for line in said)
    assert taken(store, tmp_path, "model", policy).signed == weights.signed


def test_a_changed_file_is_an_error_whether_required_or_not(
    store: Store, tmp_path: Path, model: Path
) -> None:
    private, public = key(tmp_path, "publisher")
    sign(model, model / "model.sig", private)
    (model / "config.json").write_text('{"model_type": "other"}')
    with pytest.raises(ModelError, match=r"config.json is not what was signed"):
        taken(store, tmp_path, "model", Policy(trusted_keys=(str(public),)))
    assert store.all() == []


def test_a_file_that_was_added_is_an_error(store: Store, tmp_path: Path, model: Path) -> None:
    private, public = key(tmp_path, "publisher")
    sign(model, model / "model.sig", private)
    (model / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match=r"tokenizer\.json is not among the signed files"):
        taken(store, tmp_path, "model", Policy(trusted_keys=(str(public),)))


def test_a_part_of_what_was_signed_is_in_order(store: Store, tmp_path: Path, model: Path) -> None:
    private, public = key(tmp_path, "publisher")
    sign(model, model / "model.sig", private)
    (model / "extra.md").unlink()
    assert taken(store, tmp_path, "model", Policy(trusted_keys=(str(public),))).signed


def test_another_s_key_is_an_error(store: Store, tmp_path: Path, model: Path) -> None:
    private, _ = key(tmp_path, "mallory")
    _, public = key(tmp_path, "publisher")
    sign(model, model / "model.sig", private)
    with pytest.raises(ModelError, match="by none of the trusted keys"):
        taken(store, tmp_path, "model", Policy(trusted_keys=(str(public),)))


def test_a_forged_statement_is_an_error(store: Store, tmp_path: Path, model: Path) -> None:
    private, public = key(tmp_path, "publisher")
    sign(model, model / "model.sig", private)
    bundle = json.loads((model / "model.sig").read_text())
    payload = bundle["dsseEnvelope"]["payload"]
    bundle["dsseEnvelope"]["payload"] = payload[:40] + ("A" if payload[40] != "A" else "B") + payload[41:]
    (model / "model.sig").write_text(json.dumps(bundle))
    with pytest.raises(ModelError, match=r"by none of the trusted keys|cannot be read"):
        taken(store, tmp_path, "model", Policy(trusted_keys=(str(public),)))


@pytest.mark.parametrize("broken", ["", "{", "[]", "{}", '{"verificationMaterial": {"publicKey": {}}}'])
def test_a_broken_signature_has_not_passed(store: Store, tmp_path: Path, model: Path, broken: str) -> None:
    _, public = key(tmp_path, "publisher")
    (model / "model.sig").write_text(broken)
    with pytest.raises(ModelError):
        taken(store, tmp_path, "model", Policy(trusted_keys=(str(public),), require_signature=True))


def test_hashes_of_shards_are_not_taken_for_hashes_of_files(
    store: Store, tmp_path: Path, model: Path
) -> None:
    private, public = key(tmp_path, "publisher")
    sign(model, model / "model.sig", private, shards=True)
    with pytest.raises(ModelError, match="only SHA-256 of whole files"):
        taken(store, tmp_path, "model", Policy(trusted_keys=(str(public),)))


def test_one_file_with_its_signature_beside_it(store: Store, tmp_path: Path) -> None:
    private, public = key(tmp_path, "publisher")
    (tmp_path / "m.gguf").write_bytes(gguf())
    sign(tmp_path / "m.gguf", tmp_path / "m.gguf.sig", private)
    policy = Policy(trusted_keys=(str(public),), require_signature=True)
    assert taken(store, tmp_path, "m.gguf", policy).signed
    (tmp_path / "m.gguf").write_bytes(gguf(elements=512))
    with pytest.raises(ModelError, match=r"m\.gguf is not what was signed"):
        taken(store, tmp_path, "m.gguf", policy)


def test_unsigned_is_said_or_refused(store: Store, tmp_path: Path, model: Path) -> None:
    _, public = key(tmp_path, "publisher")
    said: list[str] = []
    assert taken(store, tmp_path, "model", Policy(trusted_keys=(str(public),)), said).signed == ""
    assert any("not signed" in line for line in said)
    with pytest.raises(ModelError, match="it is not signed, and --require-signature"):
        taken(store, tmp_path, "model", Policy(trusted_keys=(str(public),), require_signature=True))


def test_signed_without_a_key_to_trust_is_said_and_not_taken_for_checked(
    store: Store, tmp_path: Path, model: Path
) -> None:
    private, _ = key(tmp_path, "publisher")
    sign(model, model / "model.sig", private)
    said: list[str] = []
    assert taken(store, tmp_path, "model", Policy(), said).signed == ""
    assert any("no key is trusted" in line for line in said)
    with pytest.raises(ModelError, match="could not be checked"):
        taken(store, tmp_path, "model", Policy(require_signature=True))


def test_a_key_trusted_later_is_asked_from_then_on(store: Store, tmp_path: Path, model: Path) -> None:
    private, public = key(tmp_path, "publisher")
    _, other = key(tmp_path, "other")
    sign(model, model / "model.sig", private)
    assert taken(store, tmp_path, "model", Policy()).signed == ""
    assert taken(store, tmp_path, "model", Policy(trusted_keys=(str(public),))).signed
    with pytest.raises(ModelError, match="by none of the trusted keys"):
        taken(store, tmp_path, "model", Policy(trusted_keys=(str(other),)))


def test_a_key_that_is_none_names_the_setting(store: Store, tmp_path: Path, model: Path) -> None:
    private, _ = key(tmp_path, "publisher")
    sign(model, model / "model.sig", private)
    (tmp_path / "text.pub").write_text("no key")
    for path in (tmp_path / "text.pub", tmp_path / "missing.pub"):
        with pytest.raises(UsageError, match="trusted_keys"):
            taken(store, tmp_path, "model", Policy(trusted_keys=(str(path),)))


def test_without_the_extra_a_signature_is_an_error_that_names_it(
    store: Store, tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, public = key(tmp_path, "publisher")
    sign(model, model / "model.sig", private)
    for name in [name for name in sys.modules if name.startswith("model_signing")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModelError) as caught:
        taken(store, tmp_path, "model", Policy(trusted_keys=(str(public),)))
    assert "jitney[signing]" in caught.value.hint
