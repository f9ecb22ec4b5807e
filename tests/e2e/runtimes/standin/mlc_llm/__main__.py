"""`python -m mlc_llm`: the options of the real one (2026-07), and what it leaves behind."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

QUANTISATIONS = ("q0f16", "q0f32", "q3f16_1", "q4f16_1", "q4f32_1")
TEMPLATES = ("chatml", "llama-3", "gemma_instruction", "mistral_default", "phi-3", "tinyllama_v1_0", "LM")


def main() -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    steps = parser.add_subparsers(dest="step", required=True)
    convert = steps.add_parser("convert_weight", allow_abbrev=False)
    config = steps.add_parser("gen_config", allow_abbrev=False)
    for step in (convert, config):
        step.add_argument("model", type=Path)
        step.add_argument("--quantization", choices=QUANTISATIONS, required=True)
        step.add_argument("-o", "--output", type=Path, required=True)
    convert.add_argument("--device", required=True)
    config.add_argument("--conv-template", choices=TEMPLATES, required=True)
    for name in ("context-window-size", "prefill-chunk-size", "max-batch-size"):
        config.add_argument(f"--{name}", type=int, required=True)
    build = steps.add_parser("compile", allow_abbrev=False)
    build.add_argument("model", type=Path)
    build.add_argument("--device", type=json.loads, required=True)
    build.add_argument("-o", "--output", type=Path, required=True)
    serve = steps.add_parser("serve", allow_abbrev=False)
    serve.add_argument("model", type=Path)
    serve.add_argument("--model-lib", type=Path, required=True)
    serve.add_argument("--device", choices=("cpu", "cuda", "rocm", "vulkan"), required=True)
    serve.add_argument("--mode", choices=("local", "interactive", "server"), required=True)
    serve.add_argument("--overrides", required=True)
    serve.add_argument("--host", required=True)
    serve.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    globals()[f"do_{options.step}"](options)


def do_convert_weight(options: argparse.Namespace) -> None:
    assert list(options.model.glob("*.safetensors")), "weights"
    (options.model / "written-by-mlc").write_text("the real one writes here too")
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "params_shard_0.bin").write_bytes(b"\0" * 64)
    (options.output / "tensor-cache.json").write_text("{}")


def do_gen_config(options: argparse.Namespace) -> None:
    model = json.loads((options.model / "config.json").read_text())
    inner = {"position_embedding_base": model.get("rope_theta", 10000), "vocab_size": model["vocab_size"]}
    told = {
        "model_config": inner,
        "conv_template": options.conv_template,
        "quantization": options.quantization,
    }
    told["context_window_size"] = options.context_window_size
    (options.output / "mlc-chat-config.json").write_text(json.dumps(told))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(options.model / name, options.output / name)


def do_compile(options: argparse.Namespace) -> None:
    assert options.model.name == "mlc-chat-config.json"
    assert options.device["host"]["mtriple"], "the host stands inside the device"
    compiler = shutil.which("g++") or shutil.which("gcc")
    assert compiler, "expected str, bytes or os.PathLike object, not NoneType"
    source = options.output.with_suffix(".c")
    source.write_text("int made(void) { return 1; }\n")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", options.output, source], check=True)
    source.unlink()


def do_serve(options: argparse.Namespace) -> None:
    assert options.model_lib.is_file()
    assert (options.model / "params_shard_0.bin").is_file()
    assert {os.environ[name] for name in ("MLC_JIT_POLICY", "MLC_DOWNLOAD_CACHE_POLICY")} == {"READONLY"}
    Path(os.environ["MLC_LLM_HOME"], "model_lib").mkdir(parents=True)
    assert all("=" in one for one in options.overrides.split(";"))
    template = json.loads((options.model / "mlc-chat-config.json").read_text())["conv_template"]
    ThreadingHTTPServer((options.host, options.port), handler(template)).serve_forever()


def handler(template: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer({"object": "list", "data": []}, 200 if self.path == "/v1/models" else 404)

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said = f"{template}, not computed: {asked['messages'][-1]['content']}"
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            one: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
            if not asked.get("stream"):
                one["message"] = {"role": "assistant", "content": said}
                self.answer({"object": "chat.completion", "choices": [one], "usage": usage})
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            one["delta"] = {"role": "assistant", "content": said}
            for event in ({"choices": [one]}, {"choices": [], "usage": usage}):
                self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
            self.wfile.write(b"data: [DONE]\n\n")

        def answer(self, body: object, status: int = 200) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    return Handler


if __name__ == "__main__":
    main()
