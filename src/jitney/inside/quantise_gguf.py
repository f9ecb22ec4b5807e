# /// script
# requires-python = ">=3.14"
# dependencies = []
# ///
"""Runs in a sandbox without network: a GGUF file gets other bits by llama-quantize, as a tar on standard output.

Arguments: the file's path, a type of numbers that nobody needs here, the bits as llama-quantize names them, what the model is
for. The result is asked by llama-completion, or for vectors by llama-server, before it is handed out.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import made

THREADS = "1"
NAMED = re.compile(r"[.-](I?Q\d\w*|B?F16|F32)$", re.IGNORECASE)


ALIKE, OTHER = ("a cat", "a kitten"), "the stock market fell"
PORT = 8099
LOAD_S = 300


def main(path: str, dtype: str, bits: str, kind: str) -> None:
    with tempfile.TemporaryDirectory() as out:
        check(write(path, bits, out), kind)
        made.hand_out(out)


def write(path: str, bits: str, out: str) -> str:
    """The file with these bits in the folder `out`. Returns its path."""
    stem = os.path.basename(path).removesuffix(".gguf")
    target = "%s/%s-%s.gguf" % (out, NAMED.sub("", stem), bits)
    made.say("quantising, %s" % bits)
    run("llama-quantize", "--allow-requantize", path, target, bits, THREADS)
    return target


def check(path: str, kind: str) -> None:
    """It goes on with a text, or its vectors know what is alike."""
    if kind != "text":
        check_vectors(path)
        return
    words = ("-p", made.PROMPT, "-n", str(made.WORDS), "--temp", "0", "-t", THREADS, "-c", "256")
    made.require_words(
        run("llama-completion", "-m", path, *words, "-no-cnv", "--no-display-prompt", "--no-warmup")
    )


def check_vectors(path: str) -> None:
    words = (
        "--embeddings",
        "--host",
        "127.0.0.1",
        "--port",
        str(PORT),
        "-t",
        THREADS,
        "-c",
        "256",
        "--offline",
    )
    server = subprocess.Popen(("llama-server", "-m", path, *words), stdout=subprocess.DEVNULL)
    try:
        first, second, other = vectors(server, [*ALIKE, OTHER])
    finally:
        server.kill()
        server.wait()
    near, far = likeness(first, second), likeness(first, other)
    if not far < near < 1.001:
        sys.exit(
            "the converted model finds %r as near to %r (%.3f) as %r (%.3f)" % (*ALIKE, near, OTHER, far)
        )
    made.say("checked: %r is nearer to %r (%.3f) than %r (%.3f)" % (*ALIKE, near, OTHER, far))


def vectors(server: subprocess.Popen[bytes], texts: list[str]) -> list[list[float]]:
    """Of each text one, as soon as the server answers."""
    body, deadline = json.dumps({"input": texts}), time.monotonic() + LOAD_S
    while time.monotonic() < deadline and server.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", PORT)
        try:
            connection.request("POST", "/v1/embeddings", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            if answer.status == 200:
                return [one["embedding"] for one in json.load(answer)["data"]]
        except ConnectionError:  # not there yet
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    sys.exit("llama-server gave no vectors")


def likeness(one: list[float], other: list[float]) -> float:
    """The cosine between two vectors."""
    across = sum(a * b for a, b in zip(one, other, strict=True))
    return float(across / (sum(a * a for a in one) * sum(b * b for b in other)) ** 0.5)


def run(*words: str) -> str:
    """What it wrote to standard output; its last words end the conversion where it fails."""
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)
    if done.returncode:
        made.say("\n".join(done.stderr.splitlines()[-6:]))
        sys.exit("%s ended with exit code %d" % (words[0], done.returncode))
    return done.stdout


if __name__ == "__main__":
    main(*sys.argv[1:5])
