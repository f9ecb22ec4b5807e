"""What the name of an image says of language and version. Names are those of the images that are official or made by the
language's own project; a registry's host and a mirror's folders before them do not count."""

from __future__ import annotations

import re
from typing import NamedTuple


class Known(NamedTuple):
    language: str
    version: str = r"^v?(\d+(?:\.\d+){0,2})(?![\d.])"
    """Where the tag says the version: its group 1."""


_JDK = (
    r"(?:^|-|jdk-?|jre-?|temurin-|openjdk-|corretto-)(?:jdk|jre)?-?(8|11|1[2-9]|2\d)(?:[._u]\d+)*(?=$|[-_+])"
)

IMAGES: dict[str, Known] = {
    "python": Known("python"),
    "pypy": Known("python"),
    "continuumio/anaconda3": Known("python", r"(?!)"),
    "continuumio/miniconda3": Known("python", r"(?!)"),
    "condaforge/miniforge3": Known("python", r"(?!)"),
    "jupyter/base-notebook": Known("python", r"^python-(\d+\.\d+)"),
    "astral-sh/uv": Known("python", r"(?:^|-)python(\d+\.\d+)"),  # uv's own: `uv:python3.12-bookworm-slim`
    "tiangolo/uvicorn-gunicorn-fastapi": Known("python", r"^python(\d+\.\d+)"),
    "lambda/python": Known("python"),
    "node": Known("javascript"),
    "lambda/nodejs": Known("javascript"),
    "oven/bun": Known("javascript", r"(?!)"),
    "denoland/deno": Known("typescript", r"(?!)"),
    "golang": Known("go"),
    "rust": Known("rust"),
    "lukemathwalker/cargo-chef": Known("rust", r"rust-(\d+\.\d+(?:\.\d+)?)"),
    "clux/muslrust": Known("rust", r"^(\d+\.\d+(?:\.\d+)?)"),
    "openjdk": Known("java"),
    "eclipse-temurin": Known("java"),
    "amazoncorretto": Known("java"),
    "azul/zulu-openjdk": Known("java"),
    "ibm-semeru-runtimes": Known("java", r"open-(\d+)"),
    "bellsoft/liberica-openjdk-alpine": Known("java"),
    "maven": Known("java", _JDK),
    "gradle": Known("java", r"jdk-?(\d+)"),
    "sbtscala/scala-sbt": Known("scala", r"(?!)"),
    "clojure": Known("clojure", r"(?!)"),
    "ruby": Known("ruby"),
    "php": Known("php"),
    "composer": Known("php", r"(?!)"),
    "perl": Known("perl"),
    "elixir": Known("elixir"),
    "hexpm/elixir": Known("elixir"),
    "erlang": Known("erlang"),
    "swift": Known("swift"),
    "dart": Known("dart"),
    "julia": Known("julia"),
    "r-base": Known("r"),
    "rocker/r-ver": Known("r"),
    "rocker/tidyverse": Known("r"),
    "haskell": Known("haskell"),
    "crystallang/crystal": Known("crystal"),
    "nimlang/nim": Known("nim"),
    "dotnet/sdk": Known("csharp"),
    "dotnet/aspnet": Known("csharp"),
    "dotnet/runtime": Known("csharp"),
    "gcc": Known("cpp", r"(?!)"),
    # development containers: `1-3.12-bookworm` is the image's own version, then the language's
    "devcontainers/python": Known("python", r"(?:^|-)(3\.\d+)(?=$|-)"),
    "devcontainers/javascript-node": Known("javascript", r"(?:^|-)(\d{2})(?=$|-)"),
    "devcontainers/typescript-node": Known("typescript", r"(?:^|-)(\d{2})(?=$|-)"),
    "devcontainers/go": Known("go", r"(?:^|-)(1\.\d+)(?=$|-)"),
    "devcontainers/java": Known("java", r"(?:^|-)(8|11|17|2[1-9])(?=$|-)"),
    "devcontainers/ruby": Known("ruby", r"(?:^|-)(3\.\d+)(?=$|-)"),
    "devcontainers/php": Known("php", r"(?:^|-)(8\.\d+)(?=$|-)"),
    "devcontainers/rust": Known("rust", r"(?!)"),
    "devcontainers/cpp": Known("cpp", r"(?!)"),
}

GPU = ("nvidia/cuda", "pytorch/pytorch", "tensorflow/tensorflow", "rocm/pytorch", "rocm/dev-ubuntu", "nvidia/pytorch",
       "vllm/vllm-openai", "lmsysorg/sglang", "nvidia/tritonserver")  # fmt: skip
"""Images that are made for a GPU, unless their tag says `cpu`."""

SERVERS: dict[str, tuple[str, int]] = {
    "ollama/ollama": ("ollama", 11434),
    "vllm/vllm-openai": ("vllm", 8000),
    "lmsysorg/sglang": ("sglang", 30000),
    "ggml-org/llama.cpp": ("llama.cpp", 8080),
    "ggerganov/llama.cpp": ("llama.cpp", 8080),
    "huggingface/text-generation-inference": ("tgi", 80),
    "huggingface/text-embeddings-inference": ("tei", 80),
    "localai/localai": ("localai", 8080),
    "berriai/litellm": ("litellm", 4000),
}
"""Images of model servers with the port that they listen at unless told otherwise (each project's own Dockerfile)."""


def split(image: str) -> tuple[str, str]:
    """`registry:5000/library/python:3.11-slim@sha256:…` → (`library/python`, `3.11-slim`)."""
    name = image.partition("@")[0]
    head, slash, rest = name.partition("/")
    if slash and ("." in head or ":" in head or head == "localhost"):
        name = rest
    path, colon, tag = name.rpartition(":")
    return (path, tag) if colon and "/" not in tag else (name, "")


def language_of(image: str) -> tuple[str, str]:
    """Language and version; empty where the name says nothing."""
    path, tag = split(image)
    parts = path.split("/")
    for known in (IMAGES.get("/".join(parts[-length:])) for length in (3, 2, 1)):
        if known is not None:
            match = re.search(known.version, tag)
            return known.language, match[1] if match else ""
    return "", ""


def is_for_gpu(image: str) -> bool:
    path, tag = split(image)
    return path.endswith(GPU) and "cpu" not in tag and (not path.startswith("tensorflow") or "gpu" in tag)


def server_of(image: str) -> tuple[str, int]:
    """The model server that an image is, and its port."""
    path, _ = split(image)
    return next((found for name, found in SERVERS.items() if path.endswith(name)), ("", 0))
