"""Which Node.js a project asks for: flag, manifest, version files. A version file within an open range of the manifest's
narrows it."""

from __future__ import annotations

import re

from jitney.detect.node.jsonc import table, texts
from jitney.detect.node.manifest import Project
from jitney.detect.notes import Notes
from jitney.source import Source
from jitney.source.paths import parents

_TOOLS = {
    ".tool-versions": r"(?m)^{}\s+v?(\S+)",
    "mise.toml": r"(?m)^\s*{}\s*=\s*[\"']v?([^\"']+)",
    ".mise.toml": r"(?m)^\s*{}\s*=\s*[\"']v?([^\"']+)",
}
_NAMES = {"node": r"node(?:js)?", "deno": "deno", "bun": "bun"}
_FILES = {"node": (".nvmrc", ".node-version"), "deno": (".dvmrc", ".deno-version"), "bun": (".bun-version",)}


def version(source: Source, project: Project | None, runtime: str, wished: str, notes: Notes) -> str:
    """As the project writes it: `22`, `>=18`, `lts/*`; empty: any."""
    seen = [("flag.version", wished, "", 0)] if wished else []
    seen += _of_files(source, project, runtime)
    if project is not None:
        seen += _of_manifest(project, runtime)
    if not seen:
        return ""
    rule, value, file, line = seen[0]
    notes.saw(rule, "version", value, file, line, tuple(f"{where}: {what}" for _, what, where, _ in seen[1:]))
    return value


def _of_manifest(project: Project, runtime: str) -> list[tuple[str, str, str, int]]:
    path = project.manifests[0]
    found = []
    for data in (project.own, project.top):
        volta, engines = texts(data.get("volta")), texts(data.get("engines"))
        dev = table(table(data.get("devEngines")).get("runtime"))
        named = dev.get("version") if dev.get("name") == runtime else ""
        for rule, value in (
            ("node.version.volta", volta.get(runtime, "")),
            ("node.version.engines", engines.get(runtime, "")),
            ("node.version.dev-engines", named),
        ):
            if isinstance(value, str) and value.strip() not in ("", "*"):
                found.append((rule, value.strip(), path, 0))
    return found


def _of_files(source: Source, project: Project | None, runtime: str) -> list[tuple[str, str, str, int]]:
    """Beside the program, then above it, up to the project's root."""
    if source.alone:
        return []
    top = project.root if project is not None else source.workdir
    places = [at for at in parents(source.workdir) if not top or at == top or at.startswith(f"{top}/")]
    found = []
    for place in places:
        prefix = f"{place}/" if place else ""
        for file in _FILES[runtime]:
            if source.has(prefix + file):
                lines = [
                    line.partition("#")[0].strip() for line in source.read_text(prefix + file).splitlines()
                ]
                value = next((line for line in lines if line), "")
                if value:
                    found.append(("node.version.file", value.removeprefix("v"), prefix + file, 1))
        for file, pattern in _TOOLS.items():
            if source.has(prefix + file):
                match = re.search(pattern.format(_NAMES[runtime]), source.read_text(prefix + file))
                if match:
                    found.append(("node.version.tools", match[1], prefix + file, 0))
    return found
