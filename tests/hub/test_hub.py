"""`hf://` through the hub's own client, against a hub on loopback."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from jitney.detect.model import Detection, ModelUse
from jitney.errors import ModelError
from jitney.findings import Evidence
from jitney.models.alias import builtin
from jitney.models.fetch import Terms, fetch
from jitney.models.model import Weights
from jitney.models.reference import parse
from jitney.models.satisfy import satisfy
from jitney.models.sources import download
from jitney.models.storage.store import Store
from tests.hub.server import LARGE, Hub, Repo
from tests.unit.models.build import META, gguf, safetensors

Q4 = gguf(elements=32_768)
Q8 = gguf({**META, "general.name": "Eight"}, elements=65_536)
CONFIG = json.dumps(
    {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64}
).encode()
FILES = {
    "README.md": b"---\nlicense: mit\n---\n",
    "Tiny-Q4_K_M.gguf": Q4,
    "Tiny-Q8_0.gguf": Q8,
    "mmproj-F16.gguf": gguf({**META, "general.architecture": "clip"}),
}


def pull(
    store: Store, text: str, memory: int = 0, renew: bool = False, lines: list[str] | None = None
) -> Weights:
    said = lines.append if lines is not None else None
    return fetch(store, parse(text, {}, Path()), on_line=said, terms=Terms(memory=memory, renew=renew))


@pytest.fixture
def tiny(hub: Hub) -> Repo:
    hub.repos["org/tiny"] = Repo(FILES)
    return hub.repos["org/tiny"]


def names(weights: Weights) -> set[str]:
    return {file.name for file in weights.files}


def test_one_quantisation_its_projector_and_its_papers(hub: Hub, tiny: Repo, store: Store) -> None:
    lines: list[str] = []
    weights = pull(store, "hf://org/tiny", lines=lines)
    assert names(weights) == {"README.md", "Tiny-Q4_K_M.gguf", "mmproj-F16.gguf"}
    assert (weights.main, weights.projector, weights.format) == (
        "Tiny-Q4_K_M.gguf",
        "mmproj-F16.gguf",
        "gguf",
    )
    assert store.path(weights).read_bytes() == Q4
    assert weights.revision == tiny.revisions["main"]
    assert weights.ref == f"hf://org/tiny@{weights.revision}:Tiny-Q4_K_M.gguf", (
        "on another machine it is the same"
    )
    assert any("Q4_K_M" in line and "Q8_0" in line for line in lines), "the choice is said"


def test_the_second_time_the_hub_is_not_asked(hub: Hub, tiny: Repo, store: Store) -> None:
    first = pull(store, "org/tiny")
    hub.asked.clear()
    assert pull(store, "hf://org/tiny").files == first.files
    assert hub.asked == []


@pytest.mark.parametrize("text", ["hf://org/tiny:Q8_0", "org/tiny:q8", "hf://org/tiny:Tiny-Q8_0.gguf"])
def test_a_quantisation_or_a_file_that_is_asked_for(hub: Hub, tiny: Repo, store: Store, text: str) -> None:
    assert pull(store, text).info.name == "Eight"


def test_safetensors_with_what_lies_beside_them(hub: Hub, store: Store) -> None:
    part = safetensors()
    hub.repos["org/st"] = Repo({
        "config.json": CONFIG, "tokenizer.json": b"{}", "model-00001-of-00002.safetensors": part,
        "model-00002-of-00002.safetensors": safetensors(), "pytorch_model.bin": b"\x80\x02.", "original/model.safetensors": part,
        "picture.png": b"x", "model.safetensors.index.json": b"{}",
    })  # fmt: skip
    weights = pull(store, "hf://org/st")
    assert names(weights) == {
        "config.json", "tokenizer.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
    }  # fmt: skip
    assert (weights.format, weights.main) == ("safetensors", "model-00001-of-00002.safetensors")
    assert (weights.info.architecture, weights.info.kind, weights.info.licence) == (
        "llama",
        "text",
        "Apache-2.0",
    )


def test_a_folder_of_a_repository(hub: Hub, store: Store) -> None:
    hub.repos["org/genai"] = Repo({
        "gpu/genai_config.json": b"{}", "gpu/model.onnx": b"g", "cpu-int4/genai_config.json": b"{}", "cpu-int4/model.onnx": b"c",
    })  # fmt: skip
    assert pull(store, "hf://org/genai").format == "onnx-genai"
    assert store.blob(pull(store, "hf://org/genai").file("model.onnx").sha256).read_bytes() == b"c"
    other = pull(store, "hf://org/genai:gpu/")
    assert store.blob(other.file("model.onnx").sha256).read_bytes() == b"g"


def test_resumed_after_a_cut(hub: Hub, tiny: Repo, store: Store) -> None:
    hub.cuts = [5000, 3000]
    weights = pull(store, "hf://org/tiny:Q8_0")
    assert store.path(weights).read_bytes() == Q8
    assert [line.partition("bytes=")[2] for line in hub.asked if "bytes=" in line and "/cdn/" in line] == [
        "5000-",
        "8000-",
    ]


def test_half_downloaded_goes_on_in_the_next_run(hub: Hub, tiny: Repo, store: Store) -> None:
    hub.cuts = [7000] + [0] * download.TRIES
    with pytest.raises(ModelError, match=r"cut short: 7,000 of") as caught:
        pull(store, "hf://org/tiny:Q8_0")
    assert "run again" in caught.value.hint
    assert "signature" not in caught.value.message, "what a storage host signs is nobody's business"
    hub.cuts, hub.asked = [], []
    pull(store, "hf://org/tiny:Q8_0")
    assert any(line.endswith("bytes=7000-") for line in hub.asked)


def test_a_corrupt_file_is_not_kept(hub: Hub, tiny: Repo, store: Store) -> None:
    hub.corrupt = Q8[:-1] + b"!"
    with pytest.raises(ModelError, match="wrong hash"):
        pull(store, "hf://org/tiny:Q8_0")
    hub.corrupt = b""
    assert pull(store, "hf://org/tiny:Q8_0").info.name == "Eight"


def test_small_files_are_held_against_gits_names(
    hub: Hub, tiny: Repo, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tests.hub.server as server

    monkeypatch.setattr(server, "git_name", lambda data: "0" * 40)
    with pytest.raises(ModelError, match="wrong hash: git"):
        pull(store, "hf://org/tiny")


def test_where_no_hash_is_listed_the_etag_is_one(hub: Hub, tiny: Repo, store: Store) -> None:
    tiny.hashes = False
    weights = pull(store, "hf://org/tiny:Tiny-Q8_0.gguf")
    assert store.path(weights).read_bytes() == Q8
    assert len(Q8) > LARGE, "its ETag is that of the linked file"


def test_a_gated_repository(hub: Hub, tiny: Repo, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.gated = True
    with pytest.raises(ModelError, match="the repository is gated") as caught:
        pull(store, "hf://org/tiny")
    assert f"{hub.url}/org/tiny" in caught.value.hint
    assert "HF_TOKEN=" in caught.value.hint
    monkeypatch.setenv("HF_TOKEN", hub.token)
    tiny.accepted = False
    with pytest.raises(ModelError, match="the repository is gated") as caught:
        pull(store, "hf://org/tiny")
    assert "with your account" in caught.value.hint
    tiny.accepted = True
    assert pull(store, "hf://org/tiny").main == "Tiny-Q4_K_M.gguf"
    assert not hub.leaked, "the token stays with the hub"


def test_a_wrong_token(hub: Hub, tiny: Repo, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(ModelError, match="the hub refuses the token") as caught:
        pull(store, "hf://org/tiny")
    assert "hf_wrong" not in caught.value.message + caught.value.hint


def test_a_private_repository_wants_a_token(hub: Hub, tiny: Repo, store: Store) -> None:
    tiny.private = True
    with pytest.raises(ModelError, match="or it is private and wants a token") as caught:
        pull(store, "hf://org/tiny")
    assert "HF_TOKEN" in caught.value.message
    assert not list(store.blobs())


def test_near_names_of_what_the_hub_does_not_have(hub: Hub, tiny: Repo, store: Store) -> None:
    with pytest.raises(ModelError, match="the hub has no repository org/tinny-tiny") as caught:
        pull(store, "hf://org/tinny-tiny")
    assert "did you mean org/tiny" in caught.value.hint
    with pytest.raises(ModelError, match="no quantisation Q5_K_M") as caught:
        pull(store, "hf://org/tiny:Q5_K_M")
    assert "Q4_K_M" in caught.value.hint
    with pytest.raises(ModelError, match=r"has no file Tiny-Q8\.gguf") as caught:
        pull(store, "hf://org/tiny:Tiny-Q8.gguf")
    assert "Tiny-Q8_0.gguf" in caught.value.hint
    with pytest.raises(ModelError, match="no revision mian") as caught:
        pull(store, "hf://org/tiny@mian")
    assert "main" in caught.value.hint


def test_a_copy_that_needs_no_hub_is_named(hub: Hub, store: Store) -> None:
    with pytest.raises(ModelError) as caught:
        pull(store, "HuggingFaceTB/SmolLM2-135M-Instruct-GGUF")
    assert "smollm2  is a copy of it" in caught.value.hint


def test_a_revision_that_moves(hub: Hub, tiny: Repo, store: Store) -> None:
    first = pull(store, "hf://org/tiny:Q4_K_M")
    newer = gguf({**META, "general.name": "Newer"}, elements=32_768)
    tiny.push({**FILES, "Tiny-Q4_K_M.gguf": newer})
    assert pull(store, "hf://org/tiny:Q4_K_M").revision == first.revision, (
        "it is asked for anew only when told to"
    )
    lines: list[str] = []
    moved = pull(store, "hf://org/tiny:Q4_K_M", renew=True, lines=lines)
    assert (moved.info.name, moved.revision) == ("Newer", tiny.revisions["main"])
    assert any(f"leads to {moved.revision[:19]} now" in line for line in lines)
    assert pull(store, f"hf://org/tiny@{first.revision}:Q4_K_M").info.name == "Tiny"


def test_a_branch_that_moves_meanwhile_changes_nothing(hub: Hub, tiny: Repo, store: Store) -> None:
    commit = tiny.revisions["main"]
    weights = pull(store, "hf://org/tiny")
    assert all(f"/resolve/{commit}/" in line for line in hub.asked if "/resolve/" in line)
    assert weights.revision == commit


def test_asked_too_often(hub: Hub, tiny: Repo, store: Store) -> None:
    lines: list[str] = []
    hub.busy, hub.wait_s = 1, 1
    assert pull(store, "hf://org/tiny:Q8_0", lines=lines).info.name == "Eight"
    assert any("waiting 1 s" in line for line in lines)
    hub.busy, hub.wait_s = 1, 3600
    with pytest.raises(ModelError, match="asked too often"):
        pull(store, "hf://org/tiny:Q4_K_M")


def test_what_fits_the_memory_is_taken(hub: Hub, tiny: Repo, store: Store) -> None:
    with pytest.raises(ModelError, match="too large for the memory here") as caught:
        pull(store, "hf://org/tiny", memory=1000)
    assert "Q4_K_M" in caught.value.hint
    assert pull(store, "hf://org/tiny", memory=1 << 40).main == "Tiny-Q4_K_M.gguf"


def test_not_a_model(hub: Hub, store: Store) -> None:
    hub.repos["org/data"] = Repo({"README.md": b"x", "data.csv": b"1"})
    with pytest.raises(ModelError, match="not a model") as caught:
        pull(store, "hf://org/data")
    assert "data.csv" in caught.value.hint
    hub.repos["org/pickled"] = Repo({"pytorch_model.bin": b"\x80\x02.", "config.json": CONFIG})
    with pytest.raises(ModelError, match="pickle format alone") as caught:
        pull(store, "hf://org/pickled")
    assert "--allow-pickle" in caught.value.hint


def test_no_hub_at_all(hub: Hub, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(ModelError, match="cannot be reached") as caught:
        pull(store, "hf://org/tiny")
    assert "HF_ENDPOINT" in caught.value.hint


def test_offline(hub: Hub, tiny: Repo, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants as constants

    pull(store, "hf://org/tiny")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert pull(store, "hf://org/tiny").main == "Tiny-Q4_K_M.gguf"
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE forbids"):
        pull(store, "hf://org/tiny:Q8_0")


def test_where_the_hub_is_not_reached_what_is_known_is_taken(
    hub: Hub, tiny: Repo, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants as constants

    first = pull(store, "hf://org/tiny")
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:1")
    lines: list[str] = []
    assert pull(store, "hf://org/tiny", renew=True, lines=lines).files == first.files
    assert any("what is in the Store is taken" in line for line in lines)


def test_what_the_hubs_own_library_has_downloaded(
    hub: Hub, tiny: Repo, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub
    import huggingface_hub.constants as constants

    cache = tmp_path / "hf" / "hub"
    for name in ("README.md", "Tiny-Q8_0.gguf"):
        huggingface_hub.hf_hub_download("org/tiny", name, endpoint=hub.url, cache_dir=cache)
    asked = len([line for line in hub.asked if line.startswith("/cdn/")])
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:1")
    lines: list[str] = []
    weights = pull(store, "hf://org/tiny:Q8_0", lines=lines)
    assert (weights.info.name, weights.revision) == ("Eight", tiny.revisions["main"])
    assert any("the cache of its library" in line for line in lines)
    assert asked == len([line for line in hub.asked if line.startswith("/cdn/")])


def test_a_program_that_loads_it_by_name_finds_what_was_pulled(hub: Hub, tiny: Repo, store: Store) -> None:
    hub.repos["org/tiny-GGUF"] = tiny
    weights = pull(store, "org/tiny-GGUF")
    use = ModelUse(
        name="org/tiny-GGUF", kind="weights", why=Evidence(rule="x", value="org/tiny-GGUF", decides="models")
    )
    seen = Detection(language="python", mode="in-process", models=(use,))
    found = satisfy(seen, None, store, builtin())
    assert [want.weights.files for want in found.wants] == [weights.files]
    assert [want.repo for want in found.wants] == ["org/tiny-GGUF"]
    other = msgspec.structs.replace(use, name="org/other")
    (error,) = satisfy(msgspec.structs.replace(seen, models=(other,)), None, store, builtin()).errors
    assert error.hint == "give it one:  --model org/other"


def test_a_bare_name_says_why_the_hub_was_asked(hub: Hub, store: Store) -> None:
    with pytest.raises(ModelError) as caught:
        pull(store, "src/mian")
    assert "no file or folder of that name lies here" in caught.value.hint
    with pytest.raises(ModelError) as caught:
        pull(store, "hf://src/mian")
    assert "lies here" not in caught.value.hint


@pytest.mark.parametrize(
    "name", ["../../model.safetensors", "/etc/model.safetensors", "a\\..\\model.safetensors"]
)
def test_a_name_that_leads_out_of_the_model(hub: Hub, store: Store, name: str) -> None:
    hub.repos["org/evil"] = Repo({name: safetensors()})
    with pytest.raises(ModelError, match="leads out of its folder"):
        pull(store, "hf://org/evil")
    assert not list(store.blobs())
