"""What is known of single packages of the JavaScript registry when they are installed. Data, each with its reason."""

from __future__ import annotations

SWITCHES: dict[str, tuple[str, str]] = {
    "ONNXRUNTIME_NODE_INSTALL_CUDA": ("skip", "onnxruntime-node: GPU libraries from elsewhere"),
    "ONNXRUNTIME_NODE_INSTALL": ("skip", "onnxruntime-node, newer name of the same"),
    "NODE_LLAMA_CPP_SKIP_DOWNLOAD": ("true", "node-llama-cpp: prebuilt binaries come as packages"),
    "PUPPETEER_SKIP_DOWNLOAD": ("true", "puppeteer: a browser from elsewhere"),
    "PUPPETEER_SKIP_CHROMIUM_DOWNLOAD": ("true", "older puppeteer"),
    "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": ("1", "playwright: browsers from elsewhere"),
    "CYPRESS_INSTALL_BINARY": ("0", "cypress: an application from elsewhere"),
    "ELECTRON_SKIP_BINARY_DOWNLOAD": ("1", "electron: a browser from elsewhere"),
    "SENTRYCLI_SKIP_DOWNLOAD": ("1", "sentry-cli: its binary comes as a package"),
    "CHROMEDRIVER_SKIP_DOWNLOAD": ("true", "chromedriver: a binary from elsewhere"),
    "PRISMA_SKIP_POSTINSTALL_GENERATE": ("1", "prisma: engines from elsewhere"),
    "HUSKY": ("0", "husky: hooks of a git checkout that is not there"),
    "NEXT_TELEMETRY_DISABLED": ("1", "next: a build reports nothing"),
    "ADBLOCK": ("1", "core-js and others: advertisements"),
    "DISABLE_OPENCOLLECTIVE": ("1", "opencollective: advertisements"),
}  # fmt: skip
"""Variable → value, whose package and what it would fetch."""

NEEDLESS = frozenset(
    {
        "core-js", "core-js-pure", "core-js-bundle", "es5-ext", "protobufjs", "esbuild", "sharp", "onnxruntime-node",
        "puppeteer", "playwright", "playwright-chromium", "cypress", "electron", "node-llama-cpp", "@swc/core",
        "unrs-resolver", "@parcel/watcher", "msgpackr-extract", "fsevents", "nx", "husky", "simple-git-hooks", "@prisma/client",
        "@prisma/engines", "prisma", "@sentry/cli", "chromedriver", "aws-sdk", "@scarf/scarf", "styled-components", "nodemon",
        "@nestjs/core", "less", "vue-demi", "workerd", "@biomejs/biome", "lmdb", "bufferutil", "utf-8-validate",
        "@tensorflow/tfjs-node", "@anthropic-ai/claude-code", "bun", "deno", "@langchain/community", "tree-sitter",
        "tree-sitter-javascript", "cpu-features", "ssh2", "@openai/codex", "@google/gemini-cli", "keytar", "spawn-sync",
    }
)  # fmt: skip
"""Packages whose scripts only thank, check, or fetch what also comes as a package (prebuilt, optional): they never run."""

COMPILED = frozenset(
    {
        "better-sqlite3", "sqlite3", "bcrypt", "canvas", "node-pty", "faiss-node", "hnswlib-node", "argon2", "re2", "zeromq",
        "serialport", "usb", "robotjs", "node-hid", "isolated-vm", "leveldown", "sodium-native", "couchbase", "speaker",
        "naudiodon", "deasync", "libxmljs", "kerberos", "node-sass", "ffi-napi", "ref-napi", "microtime", "iconv", "snappy",
    }
)  # fmt: skip
"""Packages that are compiled here: what they would fetch prebuilt lies where a build does not reach."""

_LLAMA = "@node-llama-cpp"
WITHOUT_GPU: tuple[str, ...] = (
    f"{_LLAMA}/linux-x64-cuda", f"{_LLAMA}/linux-x64-cuda-ext", f"{_LLAMA}/linux-x64-vulkan",
    f"{_LLAMA}/linux-arm64-cuda", f"{_LLAMA}/linux-arm64-vulkan",
    "@fugood/node-llama-linux-x64-cuda", "@fugood/node-llama-linux-x64-vulkan", "@fugood/node-llama-linux-arm64-cuda",
    "@fugood/node-llama-linux-arm64-vulkan",
)  # fmt: skip
"""Optional packages for GPUs, several hundred megabytes: left out where none is asked for."""

_ONNX = "onnxruntime-node/bin/napi-v{}"
DROPPED: dict[str, tuple[str, ...]] = {
    arch: tuple(
        f"{_ONNX.format(n)}/{place}" for n in (3, 6) for place in ("darwin", "win32", f"linux/{other}")
    )
    for arch, other in (("amd64", "arm64"), ("arm64", "x64"))
}
"""Files below node_modules that a run on this architecture cannot use: onnxruntime-node carries all systems at once."""

SYSTEM: dict[str, tuple[str, ...]] = {
    "canvas": ("libcairo2", "libpango-1.0-0", "libpangocairo-1.0-0", "libjpeg62-turbo", "libgif7")
}
"""Debian packages that a package's compiled part loads."""
