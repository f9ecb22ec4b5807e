"""The codec: round trips in any pieces, refusals, and mutated bytes that must neither crash nor pile up."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitney.sandbox.frames import (
    FROM_INIT,
    HEADER_SIZE,
    MAX_PAYLOAD,
    Decoder,
    ProtocolError,
    encode,
    encode_long,
)

letters = st.sampled_from(sorted(FROM_INIT))
frames = st.lists(st.tuples(letters, st.integers(0, 65535), st.binary(max_size=200)), max_size=8)


def decode(decoder: Decoder, chunks: list[bytes]) -> list[tuple[int, int, bytes]]:
    """All frames, with the pieces of streamed output joined."""
    out: list[tuple[int, int, bytes]] = []
    for chunk in chunks:
        out += [(kind, stream, bytes(payload)) for kind, stream, payload in decoder.feed(chunk)]
    return out


@given(frames, st.lists(st.integers(1, 300), min_size=1))
def test_round_trip_in_any_pieces(given_frames: list[tuple[int, int, bytes]], sizes: list[int]) -> None:
    data = b"".join(encode(bytes((kind,)), payload, stream) for kind, stream, payload in given_frames)
    chunks, at = [], 0
    for size in [*sizes, len(data)]:
        chunks.append(data[at : at + size])
        at += size
    decoder = Decoder(streamed=frozenset())
    assert decode(decoder, chunks) == given_frames
    assert decoder.is_between_frames


@given(st.binary(max_size=5000), st.integers(1, 700))
def test_streamed_output_comes_in_order_and_whole(payload: bytes, size: int) -> None:
    data = encode(b"o", payload) + encode(b"x", b"1" * 36)
    got = decode(Decoder(), [data[at : at + size] for at in range(0, len(data), size)])
    assert b"".join(piece for kind, _, piece in got if kind == ord("o")) == payload
    assert got[-1] == (ord("x"), 0, b"1" * 36)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("unknown type", b"Z\0\0\0\0\0\0\0"),
        ("a type of the other direction", encode(b"J", b"x")),
        ("reserved byte", b"o\1\0\0\0\0\0\0"),
        ("too long", b"o\0\0\0\0\1\0\1"),
    ],
)
def test_refuses(name: str, data: bytes) -> None:
    with pytest.raises(ProtocolError):
        list(Decoder().feed(data))


def test_the_largest_payload_passes_and_a_long_one_is_cut() -> None:
    assert decode(Decoder(), [encode(b"m", b"a" * MAX_PAYLOAD)])[0][2] == b"a" * MAX_PAYLOAD
    cut = list(encode_long(b"F", b"b" * (2 * MAX_PAYLOAD + 1)))
    assert [len(frame) - HEADER_SIZE for frame in cut] == [MAX_PAYLOAD, MAX_PAYLOAD, 1]


def mutate(rng: random.Random, data: bytearray) -> bytearray:
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data))
        choice = rng.randrange(4)
        if choice == 0:
            data[at] = rng.randrange(256)
        elif choice == 1:
            data[at:at] = rng.randbytes(rng.randint(1, 9))
        elif choice == 2 and len(data) > 20:
            del data[at : at + rng.randint(1, 9)]
        else:
            data[at] ^= 1 << rng.randrange(8)
    return data


def survive(count: int, seed: int) -> None:
    """Any bytes: frames or ProtocolError, and never more held than one frame."""
    rng = random.Random(seed)
    valid = b"".join(
        encode(bytes((kind,)), rng.randbytes(rng.randint(0, 60)), rng.randrange(9))
        for kind in sorted(FROM_INIT)
    )
    refused = 0
    for _ in range(count):
        decoder = Decoder()
        data = bytes(mutate(rng, bytearray(valid)))
        cut = rng.randrange(len(data))
        try:
            for piece in (data[:cut], data[cut:]):
                for _kind, _stream, payload in decoder.feed(piece):
                    assert len(payload) <= MAX_PAYLOAD
        except ProtocolError:
            refused += 1
        assert decoder.held <= HEADER_SIZE + MAX_PAYLOAD
    assert 0 < refused < count


def test_mutated_bytes() -> None:
    survive(5_000, seed=1)


@pytest.mark.slow
def test_many_mutated_bytes() -> None:
    survive(100_000, seed=2)
