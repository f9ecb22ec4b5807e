"""Hosts that a form of reference means by definition, once, and the variables that put another in their place.

The model hub's is its own client's (HF_ENDPOINT); Python packages' is uv's; S3's is boto3's (AWS_ENDPOINT_URL_S3).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

_BY_DEFINITION = {"ollama": "registry.ollama.ai", "npm": "https://registry.npmjs.org/"}
_VARIABLES = {"ollama": ("JITNEY_OLLAMA_REGISTRY",), "npm": ("npm_config_registry", "NPM_CONFIG_REGISTRY")}


def ollama_registry() -> str:
    """`HOST[:PORT]` of references like ollama://llama3."""
    return _given("ollama") or _BY_DEFINITION["ollama"]


def npm_registry(package: str) -> tuple[str, Mapping[str, str]]:
    """The registry's address, `/` at its end, and headers for it: as npm's own configuration says (variables, ~/.npmrc)."""
    settings = _npmrc(Path(os.environ.get("NPM_CONFIG_USERCONFIG") or Path.home() / ".npmrc"))
    scope = package.partition("/")[0] if package.startswith("@") else ""
    own = settings.get(f"{scope}:registry", "") if scope else ""
    address = (own or _given("npm") or settings.get("registry") or _BY_DEFINITION["npm"]).rstrip("/") + "/"
    token = settings.get(f"{re.sub(r'^https?:', '', address)}:_authToken", "")
    return address, {"Authorization": f"Bearer {token}"} if token else {}


def _given(kind: str) -> str:
    return next((value for name in _VARIABLES[kind] if (value := os.environ.get(name))), "")


def _npmrc(path: Path) -> Mapping[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith(("#", ";")))
    return {key.strip(): _expanded(value.strip().strip('"')) for key, value in pairs}


def _expanded(value: str) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda found: os.environ.get(found[1], ""), value)
