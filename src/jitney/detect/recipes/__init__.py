"""How its author runs a program elsewhere: Dockerfile, compose file, devcontainer, Procfile, version files, Makefile, README.

read_recipes(source) ─► what they say (Said, with file and line) ─► apply.py: used or not, and why

Evidence, never a command: nothing of these files is executed, and none of them beats a manifest or a lock. A folder that has
none of these files pays one listing of its names.
"""

from __future__ import annotations

from jitney.detect.recipes.model import Said
from jitney.detect.recipes.reading import read_recipes

__all__ = ["Said", "read_recipes"]
