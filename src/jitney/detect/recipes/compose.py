"""A compose file: the service that is built here is the program; model servers beside it say where it expects a model."""

from __future__ import annotations

import re

from jitney.detect.recipes.dockerfile import shell_words
from jitney.detect.recipes.images import language_of, server_of
from jitney.detect.recipes.model import Said
from jitney.detect.recipes.yamltree import EMPTY, BrokenYaml, Node, load
from jitney.source.paths import join

_PORT = re.compile(r"(?:[\d.]+:)?(?:\d+:)?(\d{1,5})(?:/tcp)?")


def read(text: str, path: str, folder: str) -> list[Said]:
    try:
        services = load(text).get("services").pairs
    except BrokenYaml as error:
        value = f"not valid YAML: {error} at line {error.line}, column {error.column}"
        return [Said(kind="broken", rule="compose", value=value, file=path, line=error.line)]
    found: list[Said] = []
    own = [service for service in services.values() if service.get("build") is not EMPTY]
    for service in (
        own[:1] or [one for one in services.values() if not server_of(one.get("image").text)[0]][:1]
    ):
        build = service.get("build")
        found += _program(service, path, join(folder, build.get("context").text or build.text) or folder)
    for name, service in services.items():
        found += _server(name, service, path)
    return found


def _program(service: Node, path: str, folder: str) -> list[Said]:
    found = []
    entry, command = service.get("entrypoint"), service.get("command")
    words = (*_words(entry), *_words(command))
    if words:
        line = command.line or entry.line
        rule = "compose.command"
        found.append(
            Said(
                kind="start",
                rule=rule,
                value=" ".join(words),
                file=path,
                line=line,
                words=words,
                folder=folder,
            )
        )
    language, version = language_of(service.get("image").text)
    if version:
        line = service.get("image").line
        found.append(
            Said(kind="version", rule="compose.image", value=version, file=path, line=line, language=language)
        )
    found += _environment(service.get("environment"), path)
    files = service.get("env_file")
    for node in files.items or ([files] if files.text else []):
        named = node.text or node.get("path").text
        found.append(Said(kind="env", rule="compose.env_file", value=named, file=path, line=node.line))
    return found + _ports(service, path)


def _environment(node: Node, path: str) -> list[Said]:
    """A list of `NAME=value`, or a mapping."""
    listed = [(one.text.partition("=")[0], one.text.partition("=")[2], one.line) for one in node.items]
    listed += [(name, one.text, one.line) for name, one in node.pairs.items()]
    rule = "compose.environment"
    return [
        Said(kind="env", rule=rule, value=name, file=path, line=line, words=(value,))
        for name, value, line in listed
    ]


def _words(node: Node) -> tuple[str, ...]:
    return tuple(item.text for item in node.items) if node.items else shell_words(node.text)


def _ports(service: Node, path: str) -> list[Said]:
    found = []
    for node in service.get("ports").items:
        text = node.get("target").text or node.text
        match = _PORT.fullmatch(text)
        if match and 0 < int(match[1]) < 65536:
            found.append(
                Said(
                    kind="port",
                    rule="compose.ports",
                    value=match[1],
                    file=path,
                    line=node.line,
                    port=int(match[1]),
                )
            )
    return found


def _server(name: str, service: Node, path: str) -> list[Said]:
    """By its image; the name counts where the image is made here (a Dockerfile on top of the server's)."""
    image = service.get("image")
    server, port = server_of(image.text)
    if not server and not image.text and name in ("ollama", "vllm"):
        server, port = name, {"ollama": 11434, "vllm": 8000}[name]
    if not server:
        return []
    line = image.line or service.line
    return [
        Said(
            kind="server",
            rule="compose.service",
            value=server,
            file=path,
            line=line,
            port=port,
            words=(name,),
        )
    ]
