"""`hf://`: the hub's own client says what a repository holds; the bytes come through `download`, held against its hashes.

    HfApi.model_info ─► commit, files with SHA-256 (LFS) or git's name ─► selection ─► resolve/COMMIT/FILE ─► the Store

Everything is asked for at one commit: a branch that moves meanwhile changes nothing. HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE and
the token that `hf auth login` keeps are the client's to read. Its own downloader is not used: it does not check what arrives.
"""

from __future__ import annotations

import contextlib
import difflib
import re
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jitney.errors import ModelError
from jitney.models.alias import builtin, by_hub_name
from jitney.models.model import Reference
from jitney.models.sources.download import Remote
from jitney.models.sources.listing import Listing, Say
from jitney.models.sources.selection import Asked, select
from jitney.models.sources.wire import MAX_WAIT_S, RefusedError, Unreachable

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import ModelInfo, RepoSibling

WAITS = 3
"""How often a hub that is asked too often is waited for."""
DEFAULT_BRANCH = "main"


def hub_listing(ref: Reference, memory: int, say: Say, *, pickles: bool = False) -> Listing:
    """What to fetch for an `hf` reference. memory: bytes that the model may take, 0: not known; pickles: they may be taken.

    Raises ModelError: no such repository, revision or file (with near names), gated, token refused, hub unreachable.
    """
    from huggingface_hub import HfApi

    api = HfApi(library_name="jitney")
    with _explained(ref, api):
        info = _patiently(
            lambda: api.model_info(ref.package, revision=ref.version or None, files_metadata=True), say
        )
    siblings = {one.rfilename: one for one in info.siblings or ()}
    asked = Asked(text=ref.text, file=ref.file, quantisation=ref.quantisation, memory=memory, pickles=pickles)
    chosen = select({name: _size(one) for name, one in siblings.items()}, asked)
    if chosen.said:
        say(chosen.said)
    remotes = tuple(_remote(api, info, siblings[name], chosen.root) for name in chosen.files)
    return Listing(remotes=remotes, revision=info.sha or "", licence=_licence(info))


@contextlib.contextmanager
def hub_errors(ref: Reference) -> Iterator[None]:
    """Translate refusals of single files: what lies in a gated repository can be listed, and not fetched."""
    try:
        yield
    except RefusedError as error:
        from huggingface_hub import HfApi

        raise _by_status(ref, HfApi(), error.status, error.code, str(error)) from error


def _remote(api: HfApi, info: ModelInfo, file: RepoSibling, root: str) -> Remote:
    from huggingface_hub import hf_hub_url

    url = hf_hub_url(info.id, file.rfilename, revision=info.sha, endpoint=api.endpoint)
    headers = _headers()
    name = file.rfilename.removeprefix(root)
    if file.lfs is not None:
        return Remote(url=url, name=name, sha256=file.lfs.sha256, bytes=file.lfs.size, headers=headers)
    if file.blob_id and file.size is not None:
        return Remote(url=url, name=name, git=file.blob_id, bytes=file.size, headers=headers)
    return _by_etag(api, url, name)


def _by_etag(api: HfApi, url: str, name: str) -> Remote:
    """A hub that lists no hashes states them when it is asked for the file: SHA-256 of large ones, git's name of others."""
    from huggingface_hub import get_hf_file_metadata

    found = get_hf_file_metadata(url, endpoint=api.endpoint, headers=dict(_headers()))
    etag, size, headers = found.etag or "", found.size or 0, _headers()
    if len(etag) == 64:
        return Remote(url=url, name=name, sha256=etag, bytes=size, headers=headers)
    if len(etag) == 40:
        return Remote(url=url, name=name, git=etag, bytes=size, headers=headers)
    raise ModelError(f"{url}: the hub states no hash of this file, and what cannot be checked is not taken")


def _headers() -> Mapping[str, str]:
    """The user's token: of HF_TOKEN, or the one that `hf auth login` keeps."""
    from huggingface_hub import get_token

    token = get_token()
    return {"Authorization": f"Bearer {token}"} if token else {}


def _size(file: RepoSibling) -> int:
    return file.lfs.size if file.lfs is not None else file.size or 0


def _licence(info: ModelInfo) -> str:
    stated: Any = info.card_data.get("license") if info.card_data else None
    return stated if isinstance(stated, str) else ""


def _patiently(question: Any, say: Say) -> Any:
    """Ask again where the hub says that it is asked too often, after as long as it wants."""
    from huggingface_hub.errors import HfHubHTTPError

    for attempt in range(WAITS + 1):
        try:
            return question()
        except HfHubHTTPError as error:
            status = error.response.status_code if error.response is not None else 0
            wait = _wait_s(error) if status in (429, 503) else 0.0
            if not wait or wait > MAX_WAIT_S or attempt == WAITS:
                raise
            say(f"the hub is asked too often: waiting {wait:.0f} s, as it wants")
            time.sleep(wait)
    raise AssertionError("unreachable")


def _wait_s(error: Any) -> float:
    """Retry-After, or the seconds to the end of the hub's window (`RateLimit: "api";r=0;t=55`)."""
    headers = error.response.headers
    stated = headers.get("Retry-After", "")
    if stated.isdecimal():
        return float(stated)
    found = re.search(r"\bt=(\d+)", headers.get("RateLimit", ""))
    return float(found[1]) if found else 1.0


@contextlib.contextmanager
def _explained(ref: Reference, api: HfApi) -> Iterator[None]:
    """The client's errors as ours."""
    import httpx2
    from huggingface_hub import errors

    try:
        yield
    except errors.OfflineModeIsEnabled as error:
        raise Unreachable(
            f"{ref.text}: not in the Store, and HF_HUB_OFFLINE forbids to ask the hub", _twin(ref)
        ) from error
    except errors.RevisionNotFoundError as error:
        raise _no_revision(ref, api) from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        code = "GatedRepo" if isinstance(error, errors.GatedRepoError) else ""
        raise _by_status(
            ref, api, status, code, error.server_message or str(error).partition("\n")[0]
        ) from error
    except errors.HFValidationError as error:
        raise ModelError(
            f"{ref.text}: {ref.package} is no name of a repository; expected ORG/REPO"
        ) from error
    except httpx2.TransportError as error:
        hint = f"{_twin(ref)}\ncheck the network, the proxy variables and HF_ENDPOINT".strip()
        raise Unreachable(
            f"{ref.text}: the hub {api.endpoint} cannot be reached ({error or type(error).__name__})", hint
        ) from error


def _by_status(ref: Reference, api: HfApi, status: int, code: str, said: str) -> ModelError:
    page = f"{api.endpoint}/{ref.package}"
    has_token = bool(_headers().get("Authorization"))
    if code == "GatedRepo" or status == 403:
        first = (
            f"accept its terms at {page} with your account, then run again"
            if has_token
            else (
                f"accept its terms at {page}, then give a token of that account:  HF_TOKEN=hf_… jitney pull {ref.text}"
            )
        )
        return ModelError(f"{ref.text}: the repository is gated: its owners want to know who takes it", first)
    if status == 401 and has_token and code != "RepoNotFound" and "not found" not in said.lower():
        return ModelError(
            f"{ref.text}: the hub refuses the token ({said})",
            "give a valid one: HF_TOKEN=hf_…, or without:  env -u HF_TOKEN",
        )
    if status in (401, 404):
        return _no_repository(ref, api, has_token)
    if status == 429:
        return ModelError(
            f"{ref.text}: the hub is asked too often ({said})",
            "wait some minutes; with a token (HF_TOKEN) the limits are higher",
        )
    return ModelError(f"{ref.text}: the hub answered {status}: {said}", "try again later")


def _no_repository(ref: Reference, api: HfApi, has_token: bool) -> ModelError:
    """Missing and private look the same from outside."""
    who = "or this token must not see it" if has_token else "or it is private and wants a token (HF_TOKEN)"
    near = _near_repositories(ref, api)
    meant = (
        f"did you mean {' or '.join(near)}?"
        if near
        else f"look at {api.endpoint}/models?search={ref.package.rpartition('/')[2]}"
    )
    return ModelError(
        f"{ref.text}: the hub has no repository {ref.package}, {who}", f"{_twin(ref)}\n{meant}".strip()
    )


def _near_repositories(ref: Reference, api: HfApi) -> list[str]:
    """What the hub's own search finds for the name and its owner has, most alike first."""
    import httpx2
    from huggingface_hub import errors

    owner, _, name = ref.package.rpartition("/")
    stem = max(name.replace("_", "-").split("-"), key=len)
    try:
        found = [
            one.id for text in dict.fromkeys((name, stem)) for one in api.list_models(search=text, limit=20)
        ]
        found += [one.id for one in api.list_models(author=owner, limit=100)] if owner else []
    except (errors.HfHubHTTPError, httpx2.TransportError):
        return []
    return difflib.get_close_matches(ref.package, dict.fromkeys(found), n=3, cutoff=0.5)


def _no_revision(ref: Reference, api: HfApi) -> ModelError:
    import httpx2
    from huggingface_hub import errors

    names: list[str] = []
    with contextlib.suppress(errors.HfHubHTTPError, httpx2.TransportError):
        refs = api.list_repo_refs(ref.package)
        names = [one.name for one in (*refs.branches, *refs.tags)]
    near = difflib.get_close_matches(ref.version, names, n=2) or names[:5]
    return ModelError(
        f"{ref.text}: the repository has no revision {ref.version}",
        f"there is: {', '.join(near)}" if near else "",
    )


def _twin(ref: Reference) -> str:
    """A copy that comes with a Python package, where there is one; and why the hub was asked at all."""
    short = by_hub_name(builtin(), ref.package)
    twin = f"{short}  is a copy of it: {builtin()[short].about}\n" if short else ""
    bare = (
        ""
        if ref.text.startswith("hf://")
        else "no file or folder of that name lies here: it was taken for a repository"
    )
    return (twin + bare).strip()
