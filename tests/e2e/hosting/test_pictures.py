"""Images in a chat reach llama.cpp through the gateway, with a projector beside a real model.

No weights that understand pictures could be had: the projector is made by hand, of chance. So these tests are about what is read
(its tokens, and that other pixels give other numbers), and not about what is said.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from openai import BadRequestError, OpenAI
from openai.types.chat import ChatCompletion

from tests.conftest import Jitney
from tests.e2e.hosting.conftest import Service
from tests.unit.models import projector

pytestmark = [pytest.mark.engine, pytest.mark.model]
RED, BLUE = (255, 0, 0), (0, 0, 255)
WIDTH = 576
"""Of SmolLM2's embeddings."""


@pytest.fixture
def seeing(jitney: Jitney, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "seeing"
    folder.mkdir()
    shown = msgspec.json.decode(jitney("show", "--json", "smollm2").stdout)
    (folder / "model.gguf").write_bytes(Path(shown["path"]).read_bytes())
    (folder / "mmproj-model.gguf").write_bytes(projector.projector(WIDTH))
    yield folder
    jitney("rm", folder)


def picture(colour: tuple[int, int, int], side: int = projector.SIZE) -> str:
    """A data: URL of a PNG in one colour."""
    rows = (b"\0" + bytes(colour) * side) * side
    parts = [
        (b"IHDR", struct.pack(">2I5B", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in parts:
        data += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return f"data:image/png;base64,{b64encode(data).decode()}"


def asked(client: OpenAI, model: str, *urls: str) -> ChatCompletion:
    parts: list[dict[str, object]] = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": [*parts, {"type": "text", "text": "What is it?"}]}],  # type: ignore[list-item,misc]
        max_tokens=4,
        temperature=0,
        logprobs=True,
        top_logprobs=3,
    )


def chances(answer: ChatCompletion) -> list[float]:
    """Of the three likeliest first words."""
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content
    return [one.logprob for one in logprobs.content[0].top_logprobs]


def prompt_tokens(answer: ChatCompletion) -> int:
    assert answer.usage is not None
    return answer.usage.prompt_tokens


def test_pictures_are_read(seeing: Path, serve: Callable[..., Service]) -> None:
    client = serve(seeing).client()
    blind = asked(client, "seeing")
    red, again, blue = (asked(client, "seeing", picture(one)) for one in (RED, RED, BLUE))
    patches = (projector.SIZE // projector.PATCH) ** 2
    assert prompt_tokens(red) >= prompt_tokens(blind) + patches
    assert chances(again) == pytest.approx(chances(red), abs=1e-3)
    assert chances(blue) != pytest.approx(chances(red), abs=1e-3)
    both = asked(client, "seeing", picture(RED), picture(BLUE))
    assert prompt_tokens(both) - prompt_tokens(red) == prompt_tokens(red) - prompt_tokens(blind)
    for url in ("https://example.com/cat.png", "data:image/png;base64,%%%"):
        with pytest.raises(BadRequestError) as refused:
            asked(client, "seeing", url)
        assert refused.value.param == "messages[0].content[0].image_url"
    with pytest.raises(BadRequestError):
        asked(client, "seeing", f"data:image/png;base64,{b64encode(b'no picture').decode()}")
    assert chances(asked(client, "seeing", picture(RED))) == pytest.approx(chances(red), abs=1e-3)


def test_every_vendors_form_of_a_picture_is_read(seeing: Path, serve: Callable[..., Service]) -> None:
    """The same picture is as many tokens, whichever API it comes by."""
    service = serve(seeing)
    client, root = service.client(), service.url.removesuffix("/v1")
    want = prompt_tokens(asked(client, "seeing", picture(RED)))
    data = picture(RED).partition(",")[2]
    source = {"type": "base64", "media_type": "image/png", "data": data}
    words = {"type": "text", "text": "What is it?"}
    message = {"role": "user", "content": [{"type": "image", "source": source}, words]}
    body = {"model": "seeing", "max_tokens": 4, "messages": [message]}
    told = httpx.post(f"{root}/v1/messages", json=body, timeout=60).json()
    assert told["usage"]["input_tokens"] + told["usage"].get("cache_read_input_tokens", 0) == want
    message = {"role": "user", "content": "What is it?", "images": [data]}
    body = {"model": "seeing", "stream": False, "options": {"num_predict": 4}, "messages": [message]}
    told = httpx.post(f"{root}/api/chat", json=body, timeout=60).json()
    assert told["prompt_eval_count"] == pytest.approx(want, abs=1)  # the words stand before the picture
    parts = [
        {"type": "input_image", "image_url": picture(RED)},
        {"type": "input_text", "text": "What is it?"},
    ]
    body = {"model": "seeing", "max_output_tokens": 4, "input": [{"role": "user", "content": parts}]}
    told = httpx.post(f"{root}/v1/responses", json=body, timeout=60).json()
    assert told["usage"]["input_tokens"] == want


def test_a_model_that_does_not_see_says_so(serve: Callable[..., Service]) -> None:
    with pytest.raises(BadRequestError, match="does not offer images") as refused:
        asked(serve("smollm2").client(), "smollm2", picture(RED))
    assert refused.value.param == "messages[0].content[0].type"
