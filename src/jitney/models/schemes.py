"""The references that have a scheme, each with its own grammar.

hf://ORG/REPO[@REVISION][:FILE|:FOLDER/|:QUANT]
ollama://[HOST/][NAMESPACE/]MODEL[:TAG]
oci://HOST/NAME[:TAG|@sha256:HEX]
pypi://PACKAGE[==VERSION]/FILE|FOLDER/
npm://[@SCOPE/]PACKAGE[@VERSION]/FILE|FOLDER/
s3://BUCKET/KEY|PREFIX/
https://HOST/FILE#sha256=HEX
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from jitney.errors import ModelError
from jitney.models.model import Reference

_PYPI = re.compile(
    r"(?P<package>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:==(?P<version>[A-Za-z0-9.!+_-]+))?/(?P<file>.+)"
)
_NPM = re.compile(
    r"(?P<package>(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*)(?:@(?P<version>[A-Za-z0-9.+_-]+))?/(?P<file>.+)"
)
_HUB = re.compile(
    r"(?P<repo>[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?)(?:@(?P<revision>[\w./-]+))?(?::(?P<rest>[^:]+))?"
)
_HOST = r"(?:\[[0-9a-f:]+\]|localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)(?::\d+)?"
_PATH = r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*"
_TAG = r"[\w][\w.-]{0,127}"
_OCI = re.compile(
    rf"(?P<host>{_HOST})/(?P<path>{_PATH})(?::(?P<tag>{_TAG}))?(?:@(?P<digest>sha256:[0-9a-f]{{64}}))?"
)
_OLLAMA = re.compile(
    rf"(?:(?P<host>{_HOST})/)??(?:(?P<space>[\w.-]+)/)?(?P<model>[A-Za-z0-9][\w.-]*)(?::(?P<tag>{_TAG}))?"
)
_S3 = re.compile(r"(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>[^#]+)(?:#sha256=(?P<sha256>.+))?")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def is_local(host: str) -> bool:
    """`127.0.0.1:5000` and the like: this machine, where http is taken."""
    return re.sub(r":\d+$", "", host) in _LOOPBACK


def hub(text: str) -> Reference:
    found = _matched(
        _HUB, text, "hf://", "hf://ORG/REPO[@REVISION][:FILE or :QUANT], like hf://org/repo:Q4_K_M"
    )
    rest = found["rest"] or ""
    is_file = "/" in rest or re.fullmatch(r".+\.[A-Za-z][A-Za-z0-9]*", rest) is not None
    return Reference(
        kind="hf",
        text=text,
        package=found["repo"],
        version=found["revision"] or "",
        file=_inside(text, rest) if is_file else "",
        quantisation="" if is_file else rest.upper(),
        hubs=(found["repo"],),
    )


def ollama(text: str) -> Reference:
    found = _matched(_OLLAMA, text, "ollama://", "ollama://[HOST/][NAMESPACE/]MODEL[:TAG]")
    host, space = found["host"] or "", found["space"] or ""
    if not host and space and ("." in space or space == "localhost"):  # HOST/MODEL
        host, space = space, ""
    if host and not (is_local(host) or "." in host or ":" in host):
        raise ModelError(f"{text}: {host} is no host; expected ollama://[HOST/][NAMESPACE/]MODEL[:TAG]")
    package = f"{host}/{space or 'library'}/{found['model']}"
    return Reference(kind="ollama", text=text, package=package, version=found["tag"] or "latest")


def oci(text: str) -> Reference:
    found = _matched(_OCI, text, "oci://", "oci://HOST/NAME[:TAG] or oci://HOST/NAME@sha256:HEX")
    host = found["host"]
    if not (is_local(host) or "." in host or ":" in host):
        raise ModelError(
            f"{text}: {host} is no registry's host name",
            f"write the registry too:  oci://HOST/{text.removeprefix('oci://')}",
        )
    version = found["digest"] or found["tag"] or "latest"
    return Reference(kind="oci", text=text, package=f"{host}/{found['path']}", version=version)


def pypi(text: str) -> Reference:
    found = _matched(_PYPI, text, "pypi://", "pypi://PACKAGE/FILE or pypi://PACKAGE==VERSION/FILE")
    package = re.sub(r"[-_.]+", "-", found["package"]).lower()
    file = _inside(text, found["file"])
    return Reference(kind="pypi", text=text, package=package, version=found["version"] or "", file=file)


def npm(text: str) -> Reference:
    found = _matched(_NPM, text, "npm://", "npm://PACKAGE/FILE or npm://@SCOPE/PACKAGE@VERSION/FILE")
    file = _inside(text, found["file"])
    return Reference(
        kind="npm", text=text, package=found["package"], version=found["version"] or "", file=file
    )


def s3(text: str) -> Reference:
    found = _matched(_S3, text, "s3://", "s3://BUCKET/KEY or s3://BUCKET/PREFIX/")
    sha256 = found["sha256"] or ""
    if sha256 and not _SHA256.fullmatch(sha256):
        raise ModelError(f"{text}: #sha256= takes 64 hexadecimal digits")
    return Reference(kind="s3", text=text, package=found["bucket"], file=found["key"], sha256=sha256.lower())


def url(text: str) -> Reference:
    address, _, fragment = text.partition("#")
    scheme, _, rest = address.partition("://")
    authority = rest.split("/", 1)[0]
    if "@" in authority:
        raise ModelError(
            "a model's address must not contain a user name or password", "put them into ~/.netrc"
        )
    if scheme == "http" and not is_local(authority):
        raise ModelError(f"{address}: http is taken only from this machine; expected https://")
    digest = fragment.removeprefix("sha256=")
    if not fragment.startswith("sha256=") or not _SHA256.fullmatch(digest):
        raise ModelError(
            f"{text}: a download needs its hash, 64 hexadecimal digits",
            f"{address}#sha256=…   (the publisher states it; or: sha256sum FILE)",
        )
    name = address.split("?", 1)[0].rsplit("/", 1)[-1]
    if not name or len(rest.split("?", 1)[0].split("/", 1)) < 2:
        raise ModelError(f"{address}: names no file")
    return Reference(kind="url", text=text, url=address, file=name, sha256=digest.lower())


SCHEMES: Mapping[str, Callable[[str], Reference]] = {
    "hf": hub,
    "ollama": ollama,
    "oci": oci,
    "pypi": pypi,
    "npm": npm,
    "s3": s3,
    "https": url,
    "http": url,
}


def _matched(pattern: re.Pattern[str], text: str, scheme: str, expected: str) -> re.Match[str]:
    found = pattern.fullmatch(text.removeprefix(scheme))
    if not found:
        raise ModelError(f"{text}: expected {expected}")
    return found


def _inside(text: str, file: str) -> str:
    if ".." in file.split("/") or file.startswith("/") or "\\" in file or "\0" in file:
        raise ModelError(f"{text}: the file must lie inside the package")
    return file
