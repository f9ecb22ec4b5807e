"""Conversions for runtimes: from which format into which, with which bits, by how many steps, for which models, at what cost."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from jitney import conversion as road
from jitney.config import Config
from jitney.engine.fake import FakeEngine
from jitney.engine.protocol import Engine
from jitney.errors import ModelError
from jitney.facts.model import EngineFacts, Facts
from jitney.models.formats import convert
from jitney.models.formats.convert import (
    Conversion,
    conversion_to,
    converted,
    formats_from,
    needed_disk,
    needed_memory,
    sources_of,
    why_not,
)
from jitney.models.formats.targets import TARGETS
from jitney.models.model import Format, Kind, ModelInfo, WeightFile, Weights
from jitney.models.storage.store import Store
from jitney.plan.scripts import script
from jitney.runtimes.choose import choose

MILLION = 1_000_000


def weights(
    format: Format = "gguf", architecture: str = "llama", parameters: int = 135 * MILLION, kind: Kind = "text"
) -> Weights:
    main = "m.gguf" if format == "gguf" else "model.safetensors"
    info = ModelInfo(architecture=architecture, parameters=parameters, quantisation="Q4_1", kind=kind)
    file = WeightFile(name=main, sha256="1" * 64, bytes=100)
    return Weights(ref="r", format=format, main=main, files=(file,), info=info)


class Silent:
    """A listener that keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, line: str) -> None:
        self.said.append(line)

    warn = progress = say

    def event(self, kind: str, /, **fields: object) -> None: ...

    def phase(self, name: str):  # type: ignore[no-untyped-def]  # a context manager of nothing
        from contextlib import nullcontext

        return nullcontext()


@pytest.mark.parametrize(
    ("source", "format", "asked", "name", "bits"),
    [
        ("gguf", "safetensors", "", "safetensors", ""),
        ("gguf", "safetensors", "BFloat16", "safetensors", "bfloat16"),
        ("gguf", "ctranslate2", "", "ctranslate2", "int8"),
        ("gguf", "onnx-genai", "", "onnx-genai", "int8"),
        ("gguf", "onnx-genai", "INT4", "onnx-genai", "int4"),
        ("gguf", "openvino", "", "openvino", ""),
        ("gguf", "gguf", "q8_0", "gguf-quantised", "Q8_0"),
        ("safetensors", "gguf", "", "gguf", "Q8_0"),
        ("safetensors", "gguf", "q4_k_m", "gguf", "Q4_K_M"),
        ("safetensors", "ctranslate2", "float32", "ctranslate2", "float32"),
        ("safetensors", "onnx-genai", "fp16", "onnx-genai", "fp16"),
    ],
)
def test_one_step(source: Format, format: Format, asked: str, name: str, bits: str) -> None:
    one = conversion_to(format, weights(source), quantisation=asked)
    assert one is not None
    assert (one.target.name, one.quantisation, one.before) == (name, bits, None)


@pytest.mark.parametrize(("asked", "first"), [("", "Q8_0"), ("int4", "F16")])
def test_two_steps_where_a_converter_reads_gguf_alone(asked: str, first: str) -> None:
    one = conversion_to("openvino", weights("safetensors"), quantisation=asked)
    assert one is not None
    assert one.before is not None
    assert (one.before.target.format, one.before.quantisation) == ("gguf", first)
    assert one.bits == (asked or first)
    direct = conversion_to("openvino", weights("gguf"), quantisation=asked)
    assert direct is not None
    assert direct.ref != one.ref


@pytest.mark.parametrize(
    ("format", "given"),
    [
        ("gguf", weights("gguf")),
        ("safetensors", weights("safetensors")),
        ("mlc", weights("openvino")),
        ("ctranslate2", weights("onnx-genai")),
        ("ctranslate2", weights(architecture="mamba")),
        ("onnx-genai", weights(architecture="granite")),
        ("openvino", weights("safetensors", architecture="gemma3")),
        ("onnx-genai", weights("safetensors", "bert", kind="embedding")),
    ],
)
def test_no_way(format: Format, given: Weights) -> None:
    assert conversion_to(format, given) is None


def test_why_not_names_the_obstacle() -> None:
    assert "does not know the architecture mamba" in why_not("ctranslate2", weights(architecture="mamba"))
    assert "does not read the architecture granite from GGUF" in why_not(
        "onnx-genai", weights(architecture="granite")
    )
    assert why_not("onnx-genai", weights("safetensors", architecture="granite")) == ""
    assert "m.gguf is a model for embedding" in why_not("onnx-genai", weights(kind="embedding"))
    assert "made from gguf or safetensors" in why_not("ctranslate2", weights("onnx-genai"))
    assert "nothing here makes other" in why_not("other", weights())
    assert why_not("openvino", weights("safetensors")) == ""
    assert "does not read the architecture rwkv7 from GGUF" in why_not(
        "safetensors", weights(architecture="rwkv7")
    )


def test_a_runtime_that_gets_nothing_says_what_stands_in_the_way_and_who_could() -> None:
    with pytest.raises(ModelError) as error:
        choose(weights(architecture="mamba"), "ctranslate2", Facts())
    assert "ctranslate2 takes ctranslate2, and m.gguf is gguf" in error.value.message
    assert "the converter to ctranslate2 does not know the architecture mamba" in error.value.message
    assert "llama.cpp" in error.value.hint


@pytest.mark.parametrize("spelling", ["qwen2_moe", "qwen2moe", "Qwen2-MoE"])
def test_architectures_have_one_spelling(spelling: str) -> None:
    assert conversion_to("safetensors", weights(architecture=spelling)) is not None


def test_an_architecture_that_nobody_read_is_left_to_the_converter() -> None:
    assert conversion_to("ctranslate2", weights("safetensors", architecture="")) is not None


def test_what_can_be_made_of_a_model() -> None:
    assert set(formats_from(weights())) >= {"safetensors", "gguf", "onnx-genai", "ctranslate2", "openvino"}
    assert formats_from(weights("openvino")) == ()
    assert sources_of("safetensors") == ("gguf", "pytorch")


def test_bits_that_a_format_has_not_are_refused_with_those_it_has() -> None:
    with pytest.raises(ModelError) as error:
        conversion_to("ctranslate2", weights(), quantisation="Q4_K_M")
    assert "ctranslate2 has no Q4_K_M" in error.value.message
    assert "int8, " in error.value.hint


def test_large_models_get_four_bits_small_ones_eight() -> None:
    large = conversion_to("onnx-genai", weights(parameters=7000 * MILLION))
    small = conversion_to("onnx-genai", weights())
    assert (large and large.quantisation, small and small.quantisation) == ("int4", "int8")


def test_what_it_takes_grows_with_the_model_and_shrinks_with_the_type_of_numbers() -> None:
    small, large = (conversion_to("safetensors", weights(parameters=n * MILLION)) for n in (900, 1800))
    assert small is not None
    assert large is not None
    assert (small.dtype, large.dtype) == ("float32", "bfloat16")
    assert needed_memory(small) == needed_memory(large)  # twice the numbers of half the size
    assert needed_disk(small) > 3 * 4 * 900 * MILLION


def test_weights_without_a_header_are_judged_by_their_size() -> None:
    info = ModelInfo(architecture="llama", tensor_bytes=2000 * MILLION)
    one = conversion_to("ctranslate2", msgspec.structs.replace(weights("safetensors"), info=info))
    assert one is not None
    assert one.bytes > 1000 * MILLION


def test_what_runs_on_one_kind_of_processor_is_kept_under_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    target = msgspec.structs.replace(TARGETS[0], of_machine=True)
    one = Conversion(weights=weights(), target=target, quantisation="int4")
    monkeypatch.setattr(convert, "machine", lambda: "x86_64-v3")
    here = one.ref
    monkeypatch.setattr(convert, "machine", lambda: "aarch64")
    assert one.ref != here


def test_every_script_is_there_and_says_what_it_needs() -> None:
    for target in TARGETS:
        assert all(script(name) for name in target.scripts)
        assert script(target.scripts[0]).startswith("# /// script\n")
        assert target.format in ("gguf", "safetensors") or target.main


def test_what_the_tools_of_one_day_made_stays_beside_what_newer_ones_make(store: Store) -> None:
    one = conversion_to("ctranslate2", weights())
    assert one is not None
    digest = store.add_file(Path(__file__)).sha256
    file = WeightFile(name="model.bin", sha256=digest, bytes=0)
    made = Weights(ref=f"{one.ref}&tools=old", format="ctranslate2", main="model.bin", files=(file,))
    store.remember(made)
    store.remember(made, one.ref)
    assert converted(store, one) == converted(store, one, "old") == made
    assert converted(store, one, "new") is None


def test_a_conversion_that_was_made_needs_no_engine(tmp_path: Path) -> None:
    config = Config(data_dir=str(tmp_path))
    kept = Store(config.data / "store")
    one = conversion_to("openvino", weights("safetensors"))
    assert one is not None
    digest = kept.add_file(Path(__file__)).sha256
    file = WeightFile(name="openvino_model.xml", sha256=digest, bytes=0)
    made = Weights(ref=one.ref, format="openvino", main=file.name, files=(file,))
    kept.remember(made)
    listener = Silent()
    nobody: Engine = None  # type: ignore[assignment]  # who would be asked for anything fails
    assert road.convert(one, config, nobody, listener) == made
    assert listener.said == []


def test_more_memory_than_there_is_is_refused_in_numbers_before_anything_is_made(tmp_path: Path) -> None:
    engine = FakeEngine()
    config = Config(data_dir=str(tmp_path), cache_dir=str(tmp_path / "cache"))
    one = conversion_to("safetensors", weights(parameters=70_000 * MILLION))
    assert one is not None
    with pytest.raises(ModelError) as error:
        road._require_memory(one, EngineFacts(memory_bytes=16 << 30))
    assert "takes about 352.1 GB of memory, and this machine has 17.2 GB" in error.value.message
    assert "another format of these: " in error.value.hint
    with pytest.raises(ModelError, match="GB of memory"):
        road.convert(one, config, engine, Silent())
    assert not list(tmp_path.glob("**/convert-*/room"))


def test_more_disk_than_there_is_is_refused_and_what_a_killed_one_left_goes(tmp_path: Path) -> None:
    left = tmp_path / "convert-999999999-abc" / "room"
    left.mkdir(parents=True)
    with pytest.raises(ModelError, match=r"takes 1,000,000,000,000,000 bytes"):  # noqa: SIM117
        with road._room(tmp_path, 10**15):
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_room_is_gone_whatever_happens_in_it(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), road._room(tmp_path, 1) as room:
        (room / "half").write_text("x")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
