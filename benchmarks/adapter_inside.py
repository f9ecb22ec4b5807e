"""Runs in a runtime's box: the library called directly, and through the adapter over HTTP in the same process, in turns.

Arguments: the runtime's name, the model's path, rounds. One JSON line on standard output: tokens per second of both, medians.
"""

from __future__ import annotations

import http.client
import importlib
import json
import statistics
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

PROMPT = "The history of the city begins with the Romans, who built"
TOKENS = 64
PORT = 8099
Direct = Callable[[list[int]], int]
"""Goes on with a prompt, greedily; returns how many tokens it made."""


def main(runtime: str, path: str, rounds: int) -> None:
    module = {"onnxruntime-genai": "onnx_genai", "openvino-genai": "openvino", "mistral.rs": "mistralrs"}.get(
        runtime, runtime
    )
    library = importlib.import_module(f"adapter.with_{module}")
    backend = importlib.import_module("adapter.backend")
    words = importlib.import_module("adapter.words")
    folder = str(words.folder_of(path))
    settings = backend.Settings(model=path, context=1024, threads=1, slots=4, port=PORT)
    direct: Direct = DIRECT[module](folder)
    loaded = library.load(settings)
    prompt = loaded.words.encode(PROMPT)
    serve(loaded, settings)
    ours, theirs = [], []
    for turn in range(rounds + 1):
        one, other = timed(ask), timed(lambda: direct(prompt))
        if turn:  # the first warms both
            ours.append(one)
            theirs.append(other)
    made = {"adapter": statistics.median(ours), "library": statistics.median(theirs), "all": [ours, theirs]}
    print(json.dumps(made), flush=True)
    import os

    os._exit(0)


def timed(work: Callable[[], int]) -> float:
    """Tokens per second, the prompt included."""
    begin = time.perf_counter()
    count = work()
    return count / (time.perf_counter() - begin)


def serve(loaded: Any, settings: Any) -> None:
    import uvicorn

    app = importlib.import_module("adapter.app").make_app(lambda _: loaded, settings)
    server = uvicorn.Server(uvicorn.Config(app, port=PORT, log_level="warning"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    time.sleep(0.5)


def ask() -> int:
    """Streamed, as chats are; the answer is read whole."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    body = {"prompt": PROMPT, "max_tokens": TOKENS, "temperature": 0, "stream": True}
    body["stream_options"] = {"include_usage": True}
    connection.request("POST", "/v1/completions", json.dumps(body), {"Content-Type": "application/json"})
    lines = connection.getresponse().read().split(b"\n\n")
    connection.close()
    return int(json.loads(lines[-3].removeprefix(b"data: "))["usage"]["completion_tokens"])


def by_transformers(folder: str) -> Direct:
    import torch
    import transformers

    torch.set_num_threads(1)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="auto").eval()

    def go_on(prompt: list[int]) -> int:
        with torch.inference_mode():
            made = model.generate(torch.tensor([prompt]), max_new_tokens=TOKENS, do_sample=False)
        return int(made.shape[1]) - len(prompt)

    return go_on


def by_onnx_genai(folder: str) -> Direct:
    import onnxruntime_genai as og

    config = og.Config(folder)
    config.overlay('{"model": {"decoder": {"session_options": {"intra_op_num_threads": 1}}}}')
    model = og.Model(config)

    def go_on(prompt: list[int]) -> int:
        wishes = og.GeneratorParams(model)
        wishes.set_search_options(max_length=len(prompt) + TOKENS, do_sample=False)
        generator = og.Generator(model, wishes)
        generator.append_tokens(prompt)
        count = 0
        while not generator.is_done():
            generator.generate_next_token()
            count += 1
        return count

    return go_on


def by_ctranslate2(folder: str) -> Direct:
    import ctranslate2
    from tokenizers import Tokenizer

    generator = ctranslate2.Generator(folder, inter_threads=1, intra_threads=1)
    tokenizer = Tokenizer.from_file(folder + "/tokenizer.json")

    def go_on(prompt: list[int]) -> int:
        pieces = [tokenizer.id_to_token(token) for token in prompt]
        made = generator.generate_batch([pieces], max_length=TOKENS, include_prompt_in_result=False)
        return len(made[0].sequences_ids[0])

    return go_on


def by_openvino(folder: str) -> Direct:
    import numpy
    import openvino
    import openvino_genai as genai

    plan = genai.SchedulerConfig()
    plan.max_num_batched_tokens = 256
    pipeline = genai.ContinuousBatchingPipeline(folder, plan, "CPU", {"INFERENCE_NUM_THREADS": 1})
    config = genai.GenerationConfig()
    config.max_new_tokens, config.do_sample = TOKENS, False
    config.eos_token_id = pipeline.get_tokenizer().get_eos_token_id()

    def go_on(prompt: list[int]) -> int:
        tokens = openvino.Tensor(numpy.asarray([prompt], dtype=numpy.int64))
        return len(pipeline.generate([tokens], [config])[0].m_generation_ids[0])

    return go_on


def by_mistralrs(folder: str) -> Direct:
    import mistralrs

    ours = importlib.import_module("adapter.with_mistralrs")
    path = ours.Path(folder)
    tokens = ours.HubTokens(path)
    room = ours._prepared(path, ours.read_json(path / "config.json"), tokens)
    runner = mistralrs.Runner(
        which=mistralrs.Which.Plain(model_id=str(room)), max_seqs=4, no_paged_attn=True, token_source="none"
    )

    def go_on(prompt: list[int]) -> int:
        request = mistralrs.CompletionRequest(PROMPT, "default", max_tokens=TOKENS, top_k=1)
        return int(runner.send_completion_request(request).usage.completion_tokens)

    return go_on


DIRECT: dict[str, Callable[[str], Direct]] = {
    "transformers": by_transformers,
    "onnx_genai": by_onnx_genai,
    "ctranslate2": by_ctranslate2,
    "openvino": by_openvino,
    "mistralrs": by_mistralrs,
}

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
