# /// script
# dependencies = [
#     "accelerate>=1.2", "fastapi>=0.115", "gguf>=0.17", "prompt_toolkit>=3", "psutil>=6", "requests>=2.32", "safetensors>=0.4",
#     "shortuuid>=1", "torch>=2.6", "tqdm>=4.66", "transformers>=4.56", "uvicorn>=0.30",
# ]
# ///
"""Runs in a sandbox without network: a model becomes MLC-LLM's folder with a compiled library, as a tar on standard output.

Arguments as for to_safetensors.py; the last one is MLC's name of a quantisation. MLC's own wheels come beside the packages
above (runtimes/mlc.py): they are in no ordinary index. The library is for the processor's baseline; what was made is asked
before it is handed out.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile

import made
import mlc_commands as mlc
import processor
import to_safetensors

MOST_CONTEXT = 8192
SLOTS = 4


def main(path: str, dtype: str, quantisation: str) -> None:
    with tempfile.TemporaryDirectory() as room:
        folder, out = writable(to_safetensors.opened(path, dtype, room), room + "/in"), room + "/out"
        turning, context = prepare(folder)
        home = mlc.environment(room + "/home", 1)
        os.makedirs(home["MLC_LLM_HOME"])
        os.environ.update(home)
        level = processor.baseline()
        conversation = mlc.template(
            read(folder, "chat_template.jinja") or read(folder, "tokenizer_config.json")
        )
        context = min(context, MOST_CONTEXT)
        run("numbers, %s" % quantisation, mlc.convert_weight(folder, quantisation, out))
        run("configuration", mlc.gen_config(folder, quantisation, conversation, context, SLOTS, out))
        require_turning(out, turning)
        run("compiling for %s" % level, mlc.compile_library(out, mlc.target(processor.described(level))))
        with open(out + "/" + mlc.ABOUT, "w", encoding="utf-8") as file:
            json.dump(about(out, level, quantisation), file, indent=1)
        made.require_words(answer(out))
        made.hand_out(out)


def writable(folder: str, copy: str) -> str:
    """MLC writes beside the weights: a folder of links, and copies of what is small."""
    os.mkdir(copy)
    for name in os.listdir(folder):
        if name.endswith(".safetensors"):
            os.symlink(folder + "/" + name, copy + "/" + name)
        else:
            shutil.copyfile(folder + "/" + name, copy + "/" + name)
    return copy


def prepare(folder: str) -> tuple[float, int]:
    """transformers 5 writes rope_theta one level down, where MLC does not look: it would take 10,000 and say nothing.
    Returns it, and the model's context."""
    with open(folder + "/config.json", encoding="utf-8") as file:
        config = json.load(file)
    inner = config.get("rope_parameters") or {}
    config["rope_theta"] = float(config.get("rope_theta") or inner.get("rope_theta") or 10000.0)
    with open(folder + "/config.json", "w", encoding="utf-8") as file:
        json.dump(config, file)
    return config["rope_theta"], int(config.get("max_position_embeddings") or MOST_CONTEXT)


def require_turning(out: str, turning: float) -> None:
    """MLC took it: else the model babbles from some hundred tokens on."""
    with open(out + "/" + mlc.CONFIG, encoding="utf-8") as file:
        taken = json.load(file).get("model_config", {}).get("position_embedding_base")
    if taken is not None and float(taken) != turning:
        sys.exit("MLC took the position base %s for a model that has %s" % (taken, turning))


def run(what: str, words: list[str]) -> None:
    made.say("MLC: " + what)
    done = subprocess.run(words, stdout=sys.stderr, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        sys.exit("MLC's %s ended with exit code %d" % (words[3], done.returncode))


def about(out: str, level: str, quantisation: str) -> dict[str, object]:
    """What whoever serves it must know. Two compilations make two libraries: this one is meant."""
    with open(out + "/" + mlc.LIBRARY, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    return {
        "version": 1,
        "toolchain": mlc.toolchain(),
        "device": "cpu",
        "target": processor.described(level),
        "machine": platform.machine(),
        "flags": list(processor.LEVELS.get(level, ())),
        "library": digest,
        "quantization": quantisation,
    }


def answer(out: str) -> str:
    from mlc_llm import MLCEngine

    engine = MLCEngine(out, device="cpu", model_lib=out + "/" + mlc.LIBRARY, mode="interactive")
    try:
        reply = engine.completions.create(prompt=made.PROMPT, max_tokens=made.WORDS, temperature=0)
        return str(reply.choices[0].text)
    finally:
        engine.terminate()


def read(folder: str, name: str) -> str:
    """A file's text; empty where there is none."""
    if not os.path.exists(folder + "/" + name):
        return ""
    with open(folder + "/" + name, encoding="utf-8") as file:
        return file.read()


if __name__ == "__main__":
    main(*sys.argv[1:4])
