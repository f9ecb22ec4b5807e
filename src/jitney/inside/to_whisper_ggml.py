# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy>=2", "pywhispercpp==1.5.1"]
# ///
"""Runs in a sandbox without network: Whisper in CTranslate2's folder becomes whisper.cpp's one file, as a tar on standard output.

Arguments: model.bin of the folder; more are taken and not used. Both forms are documented by their readers alone:
CTranslate2's src/models/model.cc (binary version 6) and python/ctranslate2/specs/whisper_spec.py; whisper.cpp's src/whisper.cpp
(whisper_model_load) and models/convert-h5-to-ggml.py.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO

import made
import numpy as np

NAME = "ggml-model.bin"
MAGIC = 0x67676D6C  # "ggml"
SAMPLES_S, FOURIER = 16000, 400
ENGLISH = 51864
"""Tokens of models that know English alone."""
_TYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}  # 5 is bfloat16
_ALWAYS_F32 = (
    "encoder.conv1.bias",
    "encoder.conv2.bias",
    "encoder.positional_embedding",
    "decoder.positional_embedding",
)

Numbers = dict[str, "np.ndarray[Any, Any]"]


def main(path: str) -> None:
    folder = os.path.dirname(path)
    numbers = read(path)
    made.say("writing whisper.cpp's file")
    with tempfile.TemporaryDirectory() as out:
        with open(os.path.join(out, NAME), "wb") as file:
            write(file, numbers, words(folder, int(numbers["decoder/embeddings/weight"].shape[0])))
        check(os.path.join(out, NAME))
        made.hand_out(out)


# CTranslate2


def read(path: str) -> Numbers:
    """All variables by name, dequantised. A spec that is not Whisper's ends the script."""
    with open(path, "rb") as file:
        version = _number(file, "<I")
        if version != 6:
            sys.exit("CTranslate2's binary version %d is not known here, 6 is" % version)
        spec = _text(file)
        if spec != "WhisperSpec":
            sys.exit("whisper.cpp runs Whisper; this is a %s" % spec)
        _number(file, "<I")  # the spec's revision
        raw = dict(_variable(file) for _ in range(_number(file, "<I")))
        for _ in range(_number(file, "<I")):
            alias, name = _text(file), _text(file)
            raw[alias] = raw[name]
    return {name: _whole(raw, name) for name in raw if not name.endswith("_scale")}


def _number(file: BinaryIO, form: str) -> int:
    return int(struct.unpack(form, file.read(struct.calcsize(form)))[0])


def _text(file: BinaryIO) -> str:
    return file.read(_number(file, "<H")).rstrip(b"\0").decode()


def _variable(file: BinaryIO) -> tuple[str, np.ndarray[Any, Any]]:
    name = _text(file)
    shape = [_number(file, "<I") for _ in range(_number(file, "<B"))]
    kind = _number(file, "<B")
    data = file.read(_number(file, "<I"))
    if kind == 5:
        found = (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
    else:
        found = np.frombuffer(data, _TYPES[kind])
    return name, found.reshape(shape)


def _whole(raw: Numbers, name: str) -> np.ndarray[Any, Any]:
    """Rows of eight or sixteen bits have a scale each, by which they were multiplied."""
    scale = raw.get(name + "_scale")
    found = raw[name]
    if scale is None:
        return found
    rows = scale.reshape(scale.shape + (1,) * (found.ndim - scale.ndim))
    return (found.astype("<f4") / rows).astype("<f4")


# whisper.cpp


def write(file: BinaryIO, numbers: Numbers, tokens: list[bytes]) -> None:
    encoder, decoder = _layers(numbers, "encoder"), _layers(numbers, "decoder")
    vocabulary, width = numbers["decoder/embeddings/weight"].shape
    mels = int(numbers["encoder/conv1/weight"].shape[1])
    heads = int(numbers["encoder/num_heads"]), int(numbers["decoder/num_heads"])
    audio = int(numbers["encoder/position_encodings/encodings"].shape[0])
    text = int(numbers["decoder/position_encodings/encodings"].shape[0])
    head = (vocabulary, audio, width, heads[0], encoder, text, width, heads[1], decoder, mels, 1)
    file.write(struct.pack("<12i", MAGIC, *head))
    filters = mel_filters(mels)
    file.write(struct.pack("<2i", *filters.shape) + filters.astype("<f4").tobytes())
    file.write(struct.pack("<i", len(tokens)))
    for token in tokens:
        file.write(struct.pack("<i", len(token)) + token)
    for name, tensor in tensors(numbers, encoder, decoder):
        _tensor(file, name, tensor)


def _layers(numbers: Numbers, side: str) -> int:
    return len(
        {name.split("/")[1] for name in numbers if name.startswith(side + "/layer_") and name.count("/") > 2}
    )


def _tensor(file: BinaryIO, name: str, tensor: np.ndarray[Any, Any]) -> None:
    if name in _ALWAYS_F32[:2]:
        tensor = tensor.reshape(-1, 1)
    half = tensor.ndim > 1 and name not in _ALWAYS_F32
    data = tensor.astype("<f2" if half else "<f4")
    file.write(struct.pack("<3i", data.ndim, len(name.encode()), int(half)))
    file.write(struct.pack("<%di" % data.ndim, *reversed(data.shape)) + name.encode() + data.tobytes())


def tensors(numbers: Numbers, encoder: int, decoder: int) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Under OpenAI's names, which whisper.cpp kept."""
    for number in (1, 2):
        for part in ("weight", "bias"):
            yield "encoder.conv%d.%s" % (number, part), numbers["encoder/conv%d/%s" % (number, part)]
    yield "encoder.positional_embedding", numbers["encoder/position_encodings/encodings"]
    yield "decoder.positional_embedding", numbers["decoder/position_encodings/encodings"]
    yield "decoder.token_embedding.weight", numbers["decoder/embeddings/weight"]
    yield from _norm(numbers, "encoder/layer_norm", "encoder.ln_post")
    yield from _norm(numbers, "decoder/layer_norm", "decoder.ln")
    for side, count in (("encoder", encoder), ("decoder", decoder)):
        for layer in range(count):
            yield from _block(numbers, "%s/layer_%d" % (side, layer), "%s.blocks.%d" % (side, layer))


def _block(numbers: Numbers, ours: str, theirs: str) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    yield from _norm(numbers, ours + "/self_attention/layer_norm", theirs + ".attn_ln")
    yield from _attention(numbers, ours + "/self_attention", theirs + ".attn")
    if ours + "/attention/linear_0/weight" in numbers:
        yield from _norm(numbers, ours + "/attention/layer_norm", theirs + ".cross_attn_ln")
        yield from _attention(numbers, ours + "/attention", theirs + ".cross_attn")
    yield from _norm(numbers, ours + "/ffn/layer_norm", theirs + ".mlp_ln")
    for part in ("weight", "bias"):
        yield "%s.mlp.0.%s" % (theirs, part), numbers["%s/ffn/linear_0/%s" % (ours, part)]
        yield "%s.mlp.2.%s" % (theirs, part), numbers["%s/ffn/linear_1/%s" % (ours, part)]


def _attention(numbers: Numbers, ours: str, theirs: str) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """CTranslate2 keeps query, key and value as one matrix; across, the query by itself. A key has no bias."""
    cross = ours + "/linear_2/weight" in numbers
    last = ours + ("/linear_2" if cross else "/linear_1")
    for part in ("weight", "bias"):
        first = numbers["%s/linear_0/%s" % (ours, part)]
        pieces = (
            [first, *np.split(numbers["%s/linear_1/%s" % (ours, part)], 2)] if cross else np.split(first, 3)
        )
        for name, piece in zip(("query", "key", "value"), pieces, strict=True):
            if (name, part) != ("key", "bias"):
                yield "%s.%s.%s" % (theirs, name, part), piece
        yield "%s.out.%s" % (theirs, part), numbers["%s/%s" % (last, part)]


def _norm(numbers: Numbers, ours: str, theirs: str) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    yield theirs + ".weight", numbers[ours + "/gamma"]
    yield theirs + ".bias", numbers[ours + "/beta"]


def words(folder: str, vocabulary: int) -> list[bytes]:
    """The bytes of each token before the first special one, which whisper.cpp names itself."""
    last = 50256 if vocabulary == ENGLISH else 50257
    text = os.path.join(folder, "vocabulary.txt")
    if os.path.isfile(text):
        with open(text, encoding="utf-8") as file:
            found = file.read().split("\n")
    else:
        with open(os.path.join(folder, "vocabulary.json"), encoding="utf-8") as file:
            found = json.load(file)
    letters = byte_of_letter()
    return [bytes(letters[letter] for letter in token) for token in found[:last]]


def byte_of_letter() -> dict[str, int]:
    """GPT-2's letters for bytes (openai/gpt-2, src/encoder.py, bytes_to_unicode)."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    found = {chr(byte): byte for byte in shown}
    hidden = [byte for byte in range(256) if byte not in shown]
    return {**found, **{chr(256 + at): byte for at, byte in enumerate(hidden)}}


def mel_filters(count: int) -> np.ndarray[Any, Any]:
    """Triangles on Slaney's mel scale, each of area one (librosa.filters.mel, with which Whisper's were made). Shape (count, 201)."""
    frequencies = np.fft.rfftfreq(FOURIER, 1 / SAMPLES_S)
    corners = _hertz(np.linspace(0, _mel(SAMPLES_S / 2), count + 2))
    widths = np.diff(corners)
    slopes = corners[:, None] - frequencies[None, :]
    rising = -slopes[:-2] / widths[:-1, None]
    falling = slopes[2:] / widths[1:, None]
    triangles: np.ndarray[Any, Any] = np.maximum(0, np.minimum(rising, falling))
    triangles *= (2 / (corners[2:] - corners[:-2]))[:, None]
    return triangles


_LINEAR, _FROM = 200 / 3, 1000.0
_STEP = np.log(6.4) / 27


def _mel(hertz: float) -> float:
    return float(hertz / _LINEAR if hertz < _FROM else _FROM / _LINEAR + np.log(hertz / _FROM) / _STEP)


def _hertz(mels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    above = mels >= _FROM / _LINEAR
    curved = _FROM * np.exp(_STEP * (np.where(above, mels, 0) - _FROM / _LINEAR))
    return np.where(above, curved, _LINEAR * mels)


def check(path: str) -> None:
    """whisper.cpp loads it, tensor by tensor, and hears a second of a tone."""
    from pywhispercpp.model import Model

    model = Model(path, n_threads=1, print_progress=False, print_realtime=False)
    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(SAMPLES_S) / SAMPLES_S)
    heard = model.transcribe(tone.astype(np.float32))
    made.say("checked: whisper.cpp loads it, and hears %d pieces in a tone" % len(heard))


if __name__ == "__main__":
    main(sys.argv[1])
