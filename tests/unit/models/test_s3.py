"""`s3://` through boto3, against moto's S3 server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.models.build import gguf, safetensors

from jitney.errors import ModelError
from jitney.models.fetch import fetch
from jitney.models.model import Weights
from jitney.models.reference import parse
from jitney.models.sources import s3 as module
from jitney.models.storage.store import Store

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """`bucket.put(key, data)`; boto3 finds the server by its usual variables."""
    for name, value in (
        ("AWS_ENDPOINT_URL_S3", address),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_CONFIG_FILE", str(tmp_path / "none")),
        ("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none")),
    ):
        monkeypatch.setenv(name, value)
    client = module._client()
    client.create_bucket(Bucket="models")
    yield client
    for row in client.list_objects_v2(Bucket="models").get("Contents", ()):
        client.delete_object(Bucket="models", Key=row["Key"])
    client.delete_bucket(Bucket="models")


def pull(store: Store, text: str) -> Weights:
    return fetch(store, parse(text, {}, Path()))


def test_one_object(bucket: Any, store: Store) -> None:
    bucket.put_object(Bucket="models", Key="a/tiny.gguf", Body=gguf())
    weights = pull(store, "s3://models/a/tiny.gguf")
    assert (weights.main, weights.format) == ("tiny.gguf", "gguf")
    assert store.path(weights).read_bytes() == gguf()


def test_a_prefix_is_a_folder(bucket: Any, store: Store) -> None:
    for name, data in {"config.json": b"{}", "model.safetensors": safetensors(), "x.png": b"x"}.items():
        bucket.put_object(Bucket="models", Key=f"llama/{name}", Body=data)
    bucket.put_object(Bucket="models", Key="llama-2/model.safetensors", Body=safetensors(b"other"))
    for text in ("s3://models/llama/", "s3://models/llama"):
        weights = pull(store, text)
        assert {file.name for file in weights.files} == {"config.json", "model.safetensors"}


def test_a_stored_sha256_counts(bucket: Any, store: Store) -> None:
    bucket.put_object(Bucket="models", Key="t.gguf", Body=gguf(), ChecksumAlgorithm="SHA256")
    stated = bucket.head_object(Bucket="models", Key="t.gguf", ChecksumMode="ENABLED")
    assert module._sha256(stated)
    assert pull(store, "s3://models/t.gguf").file("t.gguf").sha256 == module._sha256(stated)


def test_a_hash_in_the_reference_counts_most(bucket: Any, store: Store) -> None:
    bucket.put_object(Bucket="models", Key="t.gguf", Body=gguf())
    with pytest.raises(ModelError, match="wrong hash"):
        pull(store, f"s3://models/t.gguf#sha256={'1' * 64}")


def test_bytes_that_are_not_what_the_etag_says(
    bucket: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put_object(Bucket="models", Key="t.gguf", Body=gguf())
    monkeypatch.setattr(module, "_md5", lambda stated: "0" * 32)
    with pytest.raises(ModelError, match="wrong hash: md5"):
        pull(store, "s3://models/t.gguf")


def test_what_is_not_there(bucket: Any, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put_object(Bucket="models", Key="tiny/t.gguf", Body=gguf())
    with pytest.raises(ModelError, match="no such object"):
        pull(store, "s3://models/tny.gguf")
    with pytest.raises(ModelError, match="there is no bucket others"):
        pull(store, "s3://others/t.gguf")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(ModelError) as caught:
        pull(store, "s3://models/tiny/t.gguf")
    assert "AWS_ENDPOINT_URL_S3" in caught.value.hint


def test_without_the_extra_it_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "botocore", None)
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(ModelError) as caught:
        pull(store, "s3://models/t.gguf")
    assert "jitney[s3]" in caught.value.hint
