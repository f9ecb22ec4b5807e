"""A small model hub on loopback: as much of the hub's HTTP API as its own client asks for, with ways to misbehave.

GET /api/models/ORG/REPO[/revision/REV]?blobs=true    commit, files with sizes, git names and SHA-256
GET|HEAD /ORG/REPO/resolve/REV/FILE                   large files: 302 to /cdn/… with X-Linked-ETag; others at once, ETag = git's name
GET /cdn/HEX                                          bytes, with ranges; knows no token and must be given none
GET /api/models?search=&author=                       the search, by part of the name
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

LARGE = 10_000
"""Bytes from which on a file is kept as the hub keeps large ones."""


class Repo:
    """revisions: name → commit; commits: commit → files. gated, private: closed without a token; accepted: whether the
    token's account has accepted the terms of a gated one."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.revisions: dict[str, str] = {}
        self.commits: dict[str, dict[str, bytes]] = {}
        self.gated = False
        self.accepted = True
        self.private = False
        self.hashes = True
        self.licence = "apache-2.0"
        self.push(files)

    def push(self, files: Mapping[str, bytes], branch: str = "main") -> str:
        """A commit: the branch leads to these files now."""
        lines = "".join(f"{name} {hashlib.sha256(data).hexdigest()}" for name, data in sorted(files.items()))
        commit = hashlib.sha1(f"{branch} {lines}".encode()).hexdigest()
        self.revisions[branch] = commit
        self.commits[commit] = dict(files)
        return commit

    def commit(self, revision: str) -> str | None:
        return revision if revision in self.commits else self.revisions.get(revision)


class Hub:
    """repos by ORG/REPO. token: the one that opens gated and private ones. cuts: bytes that the next answers from the CDN bring before
    the connection is cut; busy: how many requests are answered with 429; corrupt: bytes that the CDN gives instead. asked: paths with
    the Range header, in order; leaked: whether the CDN was ever given a token."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.token = "hf_right"
        self.cuts: list[int] = []
        self.busy = 0
        self.wait_s = 1
        self.corrupt = b""
        self.asked: list[str] = []
        self.leaked = False
        self.url = ""
        self.cdn = ""

    def blobs(self) -> dict[str, bytes]:
        return {
            hashlib.sha256(data).hexdigest(): data
            for repo in self.repos.values()
            for files in repo.commits.values()
            for data in files.values()
        }


def git_name(data: bytes) -> str:
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        hub, path = self.hub, unquote(urlsplit(self.path).path)
        hub.asked.append(f"{path} {self.headers.get('Range', '')}".strip())
        if path.startswith("/cdn/"):
            return self._cdn(path.removeprefix("/cdn/"))
        if hub.busy:
            hub.busy -= 1
            return self._json(429, {"error": "too many"}, {"Retry-After": str(hub.wait_s)})
        token = self.headers.get("Authorization", "")
        if token and token != f"Bearer {hub.token}":
            return self._refuse(401, "", "Invalid credentials in Authorization header")
        if path == "/api/models":
            return self._search()
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/refs", path):
            return self._refs(found[1])
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path):
            return self._info(found[1], found[2] or "main", bool(token))
        if found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            return self._resolve(found[1], found[2], found[3], bool(token))
        return self._refuse(404, "", "no such page")

    def _repo(self, name: str, has_token: bool) -> Repo | None:
        repo = self.hub.repos.get(name)
        if repo is None or (repo.private and not has_token):
            self._refuse(404 if has_token else 401, "RepoNotFound", "Repository not found")
            return None
        return repo

    def _search(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        wanted, author = asked.get("search", [""])[0].lower(), asked.get("author", [""])[0]
        found = [name for name in self.hub.repos if wanted in name.lower() and name.startswith(author)]
        self._json(200, [{"id": name, "_id": "0" * 24} for name in found])

    def _refs(self, name: str) -> None:
        repo = self._repo(name, True)
        if repo is None:
            return
        branches = [
            {"name": branch, "ref": f"refs/heads/{branch}", "targetCommit": commit}
            for branch, commit in repo.revisions.items()
        ]
        self._json(200, {"branches": branches, "tags": [], "converts": []})

    def _info(self, name: str, revision: str, has_token: bool) -> None:
        repo = self._repo(name, has_token)
        if repo is None:
            return None
        commit = repo.commit(revision)
        if commit is None:
            return self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        siblings = [self._sibling(repo, file, data) for file, data in repo.commits[commit].items()]
        card = {"cardData": {"license": repo.licence}} if repo.licence else {}
        answer = {"id": name, "_id": "0" * 24, "sha": commit, "siblings": siblings, "tags": [], **card}
        return self._json(200, answer)

    def _sibling(self, repo: Repo, file: str, data: bytes) -> dict[str, object]:
        if not repo.hashes:
            return {"rfilename": file}
        known: dict[str, object] = {"rfilename": file, "size": len(data), "blobId": git_name(data)}
        if len(data) >= LARGE:
            known["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
        return known

    def _resolve(self, name: str, revision: str, file: str, has_token: bool) -> None:
        repo = self._repo(name, has_token)
        if repo is None:
            return None
        if repo.gated and not (has_token and repo.accepted):
            return self._refuse(
                403 if has_token else 401, "GatedRepo", f"Access to model {name} is restricted."
            )
        commit = repo.commit(revision)
        if commit is None:
            return self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        data = repo.commits[commit].get(file)
        if data is None:
            return self._refuse(404, "EntryNotFound", "Entry not found")
        sha256 = hashlib.sha256(data).hexdigest()
        if len(data) < LARGE:
            return self._bytes(data, {"ETag": f'"{git_name(data)}"', "X-Repo-Commit": commit})
        linked = {"X-Linked-ETag": f'"{sha256}"', "X-Linked-Size": str(len(data)), "X-Repo-Commit": commit}
        self._head(302, 0, {"Location": f"{self.hub.cdn}/cdn/{sha256}?signature=secret", **linked})
        return None

    def _cdn(self, sha256: str) -> None:
        self.hub.leaked |= "Authorization" in self.headers
        data = self.hub.blobs()[sha256]
        self._bytes(self.hub.corrupt or data, {"ETag": f'"{sha256}"'})

    def _bytes(self, data: bytes, headers: Mapping[str, str]) -> None:
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(found[1]) if found else 0
        body = data[start:]
        span = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if found else {}
        self._head(206 if found else 200, len(body), {**headers, **span})
        if self.command == "HEAD":
            return
        with suppress(ConnectionError):
            if self.hub.cuts and len(data) >= LARGE:
                self.wfile.write(body[: self.hub.cuts.pop(0)])
                self.wfile.flush()
                self.connection.shutdown(2)
                return
            self.wfile.write(body)

    def _refuse(self, status: int, code: str, said: str) -> None:
        headers = {"X-Error-Message": said, **({"X-Error-Code": code} if code else {})}
        self._json(status, {"error": said}, headers)

    def _json(self, status: int, value: object, headers: Mapping[str, str] | None = None) -> None:
        body = json.dumps(value).encode()
        self._head(status, len(body), {"Content-Type": "application/json", **(headers or {})})
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, status: int, length: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@contextmanager
def serving() -> Iterator[Hub]:
    """A hub; its large files lie on another host name, as those of the real one do."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    hub.cdn = f"http://localhost:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
