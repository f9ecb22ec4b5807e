"""The only reader of the user's tree: a file, a folder, standard input, a git URL, or a mapping in tests.

open_source("chat.py")          Source: root = the checkout around it, or its folder
  ├── entry, workdir, label
  ├── files() has() read_text()   what detection looks at
  └── digest() tar() host_path()  what goes along into the build or the sandbox
"""

from __future__ import annotations

from jitney.source.opening import open_source
from jitney.source.source import Source

__all__ = ["Source", "open_source"]
