"""A registry that speaks the OCI distribution API: manifests, blobs, and the tokens that it wants for them.

GET /v2/NAME/manifests/REF ─► 401 with WWW-Authenticate ─► GET realm?service&scope ─► the same with a bearer token
Blobs come at once (200) or from another host (307), which is given no token. Why not a library: docs/decisions/0020.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from jitney.errors import ModelError
from jitney.models.schemes import is_local
from jitney.models.sources import wire
from jitney.models.sources.challenge import answered
from jitney.models.sources.download import Remote
from jitney.models.sources.web import Missing, get

MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


class Descriptor(msgspec.Struct, frozen=True):
    """A blob or a manifest, as manifests name them."""

    media: str = msgspec.field(name="mediaType", default="")
    digest: str = ""
    size: int = 0
    annotations: dict[str, str] | None = None
    platform: dict[str, Any] | None = None


class Manifest(msgspec.Struct, frozen=True):
    """Of an artefact; of an index only `manifests`."""

    media: str = msgspec.field(name="mediaType", default="")
    artifact: str = msgspec.field(name="artifactType", default="")
    config: Descriptor = Descriptor()
    layers: tuple[Descriptor, ...] = ()
    manifests: tuple[Descriptor, ...] = ()


class Registry:
    """host: `HOST[:PORT]`; http on this machine, https elsewhere. repository: `library/llama3`. text: the reference, for messages."""

    def __init__(self, host: str, repository: str, text: str) -> None:
        self.host = host
        self.repository = repository
        self.text = text
        self.url = f"{'http' if is_local(host) else 'https'}://{host}/v2/{repository}"
        self._headers: Mapping[str, str] = {}

    def manifest(self, version: str, accept: tuple[str, ...] = MANIFESTS) -> tuple[Manifest, str]:
        """The manifest of a tag or digest, and its digest. Raises ModelError."""
        try:
            body, headers = self._get(f"{self.url}/manifests/{version}", {"Accept": ", ".join(accept)})
        except Missing as error:
            raise self._nothing(version) from error
        return self._parsed(body, version, headers.get("Docker-Content-Digest", ""))

    def kept(self, version: str) -> tuple[Manifest, str] | None:
        """What Ollama downloaded on this machine for the same name and tag."""
        from jitney.models.sources.caches import ollama_manifest

        body = ollama_manifest(self.host, self.repository, version)
        return self._parsed(body, version, "") if body is not None else None

    def _parsed(self, body: bytes, version: str, stated: str) -> tuple[Manifest, str]:
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        stated = version if version.startswith("sha256:") else stated
        if stated.startswith("sha256:") and stated != digest:
            raise ModelError(
                f"{self.text}: the manifest has the wrong hash: {digest}, expected {stated}",
                "nothing was kept; the registry or something on the way changed it",
            )
        try:
            return msgspec.json.decode(body, type=Manifest), digest
        except msgspec.DecodeError as error:
            raise ModelError(f"{self.text}: not a manifest: {error}") from error

    def blob(self, layer: Descriptor, name: str) -> Remote:
        """Where a blob is fetched. Raises ModelError: its digest is none that can be checked."""
        kind, _, digest = layer.digest.partition(":")
        if kind != "sha256" or not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise ModelError(f"{self.text}: {name} has the digest {layer.digest[:80]}; expected sha256")
        url = f"{self.url}/blobs/{layer.digest}"
        return Remote(
            url=url, name=name, sha256=digest, bytes=layer.size, headers=self._headers, renew=self._renewed
        )

    def small(self, layer: Descriptor) -> bytes:
        """A blob that is read at once, and checked."""
        body, _ = self._get(f"{self.url}/blobs/{layer.digest}", {})
        if layer.digest != f"sha256:{hashlib.sha256(body).hexdigest()}":
            raise ModelError(f"{self.text}: wrong hash of {layer.media}", "nothing was kept")
        return body

    def refused(self, error: wire.RefusedError) -> ModelError:
        """The registry's refusal in the words of the reference."""
        if error.status in (401, 403):
            return ModelError(
                f"{self.text}: {self.host} refuses it: no such model, or no right to it",
                f"docker login {self.host}",
            )
        return ModelError(f"{self.text}: {error.message}", error.hint)

    def _get(self, url: str, headers: Mapping[str, str]) -> tuple[bytes, Any]:
        try:
            return get(url, {**headers, **self._headers})
        except wire.Unreachable as error:
            said = error.message.removeprefix(f"{url}: ")
            raise wire.Unreachable(
                f"{self.text}: {self.host} cannot be reached ({said})", error.hint
            ) from error
        except wire.RefusedError as error:
            if error.status != 401 or self._headers:
                raise self.refused(error) from error
            self._headers = self._authorized(error.headers.get("WWW-Authenticate", ""))
        try:
            return get(url, {**headers, **self._headers})
        except wire.RefusedError as error:
            raise self.refused(error) from error

    def _renewed(self, error: wire.RefusedError) -> Mapping[str, str]:
        """New headers for a blob: a token lives for some minutes, a large blob may take longer."""
        self._headers = self._authorized(error.headers.get("WWW-Authenticate", ""))
        return self._headers

    def _authorized(self, challenge: str) -> Mapping[str, str]:
        return answered(challenge, self.host, self.repository, self.text)

    def _nothing(self, version: str) -> ModelError:
        """No such manifest: near tags, or near names of models."""
        for what, url, key in (
            ("tag", f"{self.url}/tags/list", "tags"),
            ("model", f"{self.url[: -len(self.repository)]}_catalog", "repositories"),
        ):
            with contextlib.suppress(ModelError):
                names = [str(one) for one in msgspec.json.decode(self._get(url, {})[0])[key] or ()]
                wanted = version if what == "tag" else self.repository
                near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.4) or (
                    names[:5] if what == "tag" else []
                )
                missing = f"no {what} {wanted}"
                if near:
                    return ModelError(
                        f"{self.text}: {self.host} has {missing}", f"did you mean {' or '.join(near)}?"
                    )
        return ModelError(
            f"{self.text}: {self.host} has no {self.repository}:{version}", "check name and tag"
        )
