"""`s3://BUCKET/KEY` or `s3://BUCKET/PREFIX/`: boto3 finds credentials, region and endpoint and signs; the bytes come through `download`.

Credentials, profiles, AWS_ENDPOINT_URL_S3 and the like are boto3's to read. Without credentials nothing is signed: public buckets.
A single part's ETag is its MD5; a stored SHA-256 counts more; of larger uploads without one, the size is all that can be checked.
"""

from __future__ import annotations

import base64
import contextlib
import difflib
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from jitney.errors import ModelError
from jitney.models.model import Reference, WeightFile
from jitney.models.sources.download import Remote
from jitney.models.sources.listing import Listing, Say, bring
from jitney.models.sources.selection import Asked, select
from jitney.models.storage.files import Progress
from jitney.models.storage.store import Store

EXPIRES_S = 24 * 3600
_MD5 = re.compile(r"[0-9a-f]{32}")


def fetch_s3(
    store: Store, ref: Reference, memory: int, progress: Progress | None, say: Say
) -> tuple[WeightFile, ...]:
    """The object, or of a prefix the files that are one model. memory: as in selection. Raises ModelError."""
    with _explained(ref):
        client = _client()
        keys = _keys(client, ref)
        root = "" if ref.file in keys else ref.file.rstrip("/") + "/"
        chosen = _chosen(keys, ref, root, memory, say)
        remotes = tuple(_remote(client, ref, key, key.removeprefix(root), say) for key in chosen)
    return bring(store, Listing(remotes=remotes), progress, say)


def _client() -> Any:
    try:
        import boto3
    except ImportError as error:
        raise ModelError("s3:// needs boto3", "pip install 'jitney[s3]'") from error
    from botocore import UNSIGNED
    from botocore.config import Config

    session = boto3.Session()
    signature = None if session.get_credentials() else UNSIGNED
    return session.client("s3", config=Config(signature_version=signature, connect_timeout=20))


def _keys(client: Any, ref: Reference) -> dict[str, int]:
    """Every object whose key begins as the reference says → bytes."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=ref.package, Prefix=ref.file)
    return {row["Key"]: row["Size"] for page in pages for row in page.get("Contents", ())}


def _chosen(keys: dict[str, int], ref: Reference, root: str, memory: int, say: Say) -> tuple[str, ...]:
    if not root:
        return (ref.file,)
    inside = {
        key.removeprefix(root): size for key, size in keys.items() if key.startswith(root) and key != root
    }
    if not inside:
        near = difflib.get_close_matches(ref.file, keys, n=3, cutoff=0.3)
        hint = f"there is: {', '.join(near)}" if near else f"look:  aws s3 ls s3://{ref.package}/"
        raise ModelError(f"{ref.text}: the bucket has no such object", hint)
    found = select(inside, Asked(text=ref.text, memory=memory))
    if found.said:
        say(found.said)
    return tuple(root + name for name in found.files)


def _remote(client: Any, ref: Reference, key: str, name: str, say: Say) -> Remote:
    stated = client.head_object(Bucket=ref.package, Key=key, ChecksumMode="ENABLED")
    url = client.generate_presigned_url(
        "get_object", Params={"Bucket": ref.package, "Key": key}, ExpiresIn=EXPIRES_S
    )
    sha256, md5 = ref.sha256 or _sha256(stated), _md5(stated)
    if not sha256 and not md5:
        say(f"s3://{ref.package}/{key}: no hash is stated that could be checked: only its size is")
    size = int(stated["ContentLength"])
    return Remote(
        url=url, name=PurePosixPath(name).name if name == key else name, sha256=sha256, md5=md5, bytes=size
    )


def _sha256(stated: dict[str, Any]) -> str:
    text = stated.get("ChecksumSHA256", "")
    whole = text and "-" not in text and stated.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT"
    return base64.b64decode(text).hex() if whole else ""


def _md5(stated: dict[str, Any]) -> str:
    """The ETag, where it is one: of one part, and not encrypted with a key of its own."""
    etag = stated.get("ETag", "").strip('"')
    plain = stated.get("ServerSideEncryption", "AES256") == "AES256" and "SSECustomerAlgorithm" not in stated
    return etag if plain and _MD5.fullmatch(etag) else ""


@contextlib.contextmanager
def _explained(ref: Reference) -> Iterator[None]:
    """boto3's errors as ours."""
    try:
        from botocore import exceptions
    except ImportError as error:
        raise ModelError(f"{ref.text}: s3:// needs boto3", "pip install 'jitney[s3]'") from error
    try:
        yield
    except exceptions.ClientError as error:
        raise _refused(ref, error.response.get("Error", {})) from error
    except exceptions.BotoCoreError as error:
        hint = "check the network, AWS_ENDPOINT_URL_S3 and AWS_REGION"
        raise ModelError(f"{ref.text}: {error}", hint) from error


def _refused(ref: Reference, error: dict[str, str]) -> ModelError:
    code, said = error.get("Code", ""), error.get("Message", "")
    if code in ("NoSuchBucket", "404", "NoSuchKey", "NotFound"):
        what = f"bucket {ref.package}" if code == "NoSuchBucket" else "such object"
        return ModelError(
            f"{ref.text}: there is no {what}", "check the name, the region and AWS_ENDPOINT_URL_S3"
        )
    if code in ("403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"):
        return ModelError(
            f"{ref.text}: access is refused ({said or code})",
            "aws sts get-caller-identity  shows as whom you ask",
        )
    return ModelError(f"{ref.text}: {code} {said}".rstrip())
