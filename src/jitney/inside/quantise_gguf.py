# /// script
# requires-python = ">=3.14"
# dependencies = []
# ///
"""Runs in a sandbox without network: a GGUF file gets other bits by llama-quantize, as a tar on standard output.

Arguments: the file's path, a type of numbers that nobody needs here, the bits as llama-quantize names them. The result is
asked by llama-completion before it is handed out.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile

import made

THREADS = "1"
NAMED = re.compile(r"[.-](I?Q\d\w*|B?F16|F32)$", re.IGNORECASE)


def main(path: str, dtype: str, bits: str) -> None:
    with tempfile.TemporaryDirectory() as out:
        check(write(path, bits, out))
        made.hand_out(out)


def write(path: str, bits: str, out: str) -> str:
    """The file with these bits in the folder `out`. Returns its path."""
    stem = os.path.basename(path).removesuffix(".gguf")
    target = "%s/%s-%s.gguf" % (out, NAMED.sub("", stem), bits)
    made.say("quantising, %s" % bits)
    run("llama-quantize", "--allow-requantize", path, target, bits, THREADS)
    return target


def check(path: str) -> None:
    words = ("-p", made.PROMPT, "-n", str(made.WORDS), "--temp", "0", "-t", THREADS, "-c", "256")
    made.require_words(
        run("llama-completion", "-m", path, *words, "-no-cnv", "--no-display-prompt", "--no-warmup")
    )


def run(*words: str) -> str:
    """What it wrote to standard output; its last words end the conversion where it fails."""
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)
    if done.returncode:
        made.say("\n".join(done.stderr.splitlines()[-6:]))
        sys.exit("%s ended with exit code %d" % (words[0], done.returncode))
    return done.stdout


if __name__ == "__main__":
    main(*sys.argv[1:4])
