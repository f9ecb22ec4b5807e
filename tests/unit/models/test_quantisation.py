"""Which quantisation is taken: pure, from names, sizes and a number of bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitney.errors import ModelError
from jitney.models.sources.quantisation import ORDER, Variant, choose, label
from jitney.models.sources.selection import Asked, select

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "Q4_1"),
        ("smollm2-135m-instruct-q4_k_m.gguf", "Q4_K_M"),
        ("Model-Q4_K_M-00001-of-00003.gguf", "Q4_K_M"),
        ("Q8_0/Model-Q8_0-00001-of-00002.gguf", "Q8_0"),
        ("BF16/model-00001-of-00002.gguf", "BF16"),
        ("gemma-3-UD-IQ2_XXS.gguf", "UD-IQ2_XXS"),
        ("model-fp16.gguf", "F16"),
        ("gpt-oss-20b-mxfp4.gguf", "MXFP4"),
        ("Qwen2-Q8-chat.gguf", "Q8"),
        ("ggml-model-i2_s.gguf", ""),
        ("Qwen3.gguf", ""),
        ("model.gguf", ""),
    ],
)
def test_labels(name: str, want: str) -> None:
    assert label(name) == want


def variants(**sizes: float) -> list[Variant]:
    return [
        Variant(label=name, files=(f"m-{name}.gguf",), bytes=int(size * GB)) for name, size in sizes.items()
    ]


ALL = variants(F16=14, Q8_0=7.5, Q6_K=6, Q5_K_M=5, Q4_K_M=4.4, Q4_K_S=4.1, Q3_K_M=3.4, Q2_K=2.8)


@pytest.mark.parametrize(
    ("memory_gb", "want"),
    [(0, "Q4_K_M"), (100, "Q4_K_M"), (5.5, "Q4_K_M"), (5.1, "Q4_K_S"), (4.5, "Q3_K_M"), (3.7, "Q2_K")],
)
def test_what_fits(memory_gb: float, want: str) -> None:
    chosen, said = choose(ALL, "", int(memory_gb * GB), "org/repo")
    assert chosen.label == want
    assert want in said


def test_nothing_fits_in_numbers() -> None:
    with pytest.raises(ModelError) as caught:
        choose(ALL, "", 2 * GB, "org/repo")
    assert "Q2_K, needs 3.6 GB, 2.0 GB are there" in caught.value.message
    assert "org/repo:Q2_K" in caught.value.hint


def test_what_is_asked_for_is_taken_even_if_it_does_not_fit() -> None:
    assert choose(ALL, "F16", GB, "x")[0].label == "F16"
    assert choose(ALL, "Q4", 0, "x")[0].label == "Q4_K_M"
    with pytest.raises(ModelError, match="no quantisation Q9_0") as caught:
        choose(ALL, "Q9_0", 0, "x")
    assert "did you mean" in caught.value.hint
    assert "Q8_0" in caught.value.hint


@given(st.sets(st.sampled_from(ORDER), min_size=1), st.integers(min_value=1, max_value=40))
def test_what_is_chosen_fits_always(labels: set[str], memory_gb: int) -> None:
    found = [
        Variant(label=one, files=(one,), bytes=(ORDER.index(one) + 1) * GB // 2) for one in sorted(labels)
    ]
    try:
        chosen, _ = choose(found, "", memory_gb * GB, "x")
    except ModelError:
        assert all(one.needed > memory_gb * GB for one in found)
    else:
        assert chosen.needed <= memory_gb * GB


def test_shards_count_together_and_an_incomplete_set_is_left_out() -> None:
    sizes = {
        "Q4_K_M/m-Q4_K_M-00001-of-00002.gguf": 3 * GB,
        "Q4_K_M/m-Q4_K_M-00002-of-00002.gguf": 3 * GB,
        "m-Q8_0-00001-of-00003.gguf": 1,
        "m-Q2_K.gguf": 2 * GB,
    }
    assert select(sizes, Asked(text="x", memory=5 * GB)).files == ("m-Q2_K.gguf",)
    assert len(select(sizes, Asked(text="x", memory=50 * GB)).files) == 2


def test_never_all_of_them() -> None:
    sizes = {f"m-{one}.gguf": GB for one in ORDER} | {"mmproj-F16.gguf": 1, "mmproj-F32.gguf": 2}
    assert select(sizes, Asked(text="x")).files == ("m-Q4_K_M.gguf", "mmproj-F16.gguf")
