"""Crates for the imports of a bare Rust file: the name in `use` → the line of Cargo.toml, features as the crate's own
documentation starts with. A name that is not here is not installed by guess."""

from __future__ import annotations

_PLAIN = (
    "ahash anyhow arrayvec atty axum backoff base64 bitflags bon bstr bytemuck byteorder bytes camino cfg_if "
    "colored console crossbeam crossbeam_channel csv dashmap data_encoding derive_more dialoguer dirs dotenv dotenvy either "
    "enum_dispatch env_logger eventsource_stream eyre fastrand flate2 flume fs2 futures futures_util futures_core futures_lite "
    "getrandom glob half hashbrown heck hex hex_literal hmac html2text html_escape http http_body_util httparse humantime "
    "ignore indexmap indicatif indoc inquire is_terminal isahc itertools json lazy_static libc log maplit markdown md5 "
    "memchr memmap2 mime minijinja mockito nom num_cpus num_format num_traits once_cell ordered_float owo_colors "
    "parking_lot paste percent_encoding petgraph pin_project pin_project_lite pretty_assertions prettytable pulldown_cmark "
    "quick_xml rand rand_distr rayon regex ringbuf rustyline ryu same_file scopeguard semver serde_path_to_error "
    "serde_urlencoded serde_with serde_yaml sha1 sha2 shellexpand shellwords slab smallvec smol_str socket2 spinners "
    "static_assertions stop_words strsim strum_macros tabled tempfile termcolor terminal_size textwrap thiserror tinytemplate "
    "tokio_stream toml toml_edit tracing tracing_appender tree_magic_mini tungstenite twox_hash typed_builder unicode_normalization "
    "unicode_segmentation unicode_width unindent url urlencoding utf8parse walkdir webbrowser which xxhash_rust zip"
)

_WITH_FEATURES = {
    "async_trait": 'async-trait = "*"',
    "async_stream": 'async-stream = "*"',
    "actix_web": 'actix-web = "*"',
    "chrono": 'chrono = { version = "*", features = ["serde"] }',
    "clap": 'clap = { version = "4", features = ["derive", "env"] }',
    "color_eyre": 'color-eyre = "*"',
    "crossterm": 'crossterm = { version = "*", features = ["event-stream"] }',
    "derive_builder": 'derive_builder = "*"',
    "hyper": 'hyper = { version = "1", features = ["full"] }',
    "hyper_util": 'hyper-util = { version = "*", features = ["full"] }',
    "minreq": 'minreq = { version = "2", features = ["https-rustls", "json-using-serde"] }',
    "nu_ansi_term": 'nu-ansi-term = "*"',
    "ratatui": 'ratatui = "*"',
    "reqwest": 'reqwest = { version = "0.12", default-features = false, features = ["blocking", "charset", "gzip", "http2", '
    '"json", "multipart", "rustls-tls-native-roots", "stream"] }',
    "reqwest_eventsource": 'reqwest-eventsource = "0.6"',
    "rustls": 'rustls = "0.23"',
    "schemars": 'schemars = "1"',
    "serde": 'serde = { version = "1", features = ["derive", "rc"] }',
    "serde_json": 'serde_json = "1"',
    "sled": 'sled = "*"',
    "sqlx": 'sqlx = { version = "0.8", features = ["runtime-tokio", "sqlite"] }',
    "rusqlite": 'rusqlite = { version = "*", features = ["bundled"] }',
    "strum": 'strum = { version = "*", features = ["derive"] }',
    "structopt": 'structopt = "0.3"',
    "time": 'time = { version = "0.3", features = ["formatting", "local-offset", "macros", "parsing", "serde"] }',
    "tokio": 'tokio = { version = "1", features = ["full"] }',
    "tokio_tungstenite": 'tokio-tungstenite = { version = "*", features = ["rustls-tls-native-roots"] }',
    "tokio_util": 'tokio-util = { version = "0.7", features = ["full"] }',
    "tower": 'tower = { version = "0.5", features = ["full"] }',
    "tower_http": 'tower-http = { version = "*", features = ["full"] }',
    "tracing_subscriber": 'tracing-subscriber = { version = "0.3", features = ["env-filter"] }',
    "ureq": 'ureq = { version = "3", features = ["json"] }',
    "uuid": 'uuid = { version = "1", features = ["serde", "v4"] }',
    "warp": 'warp = "*"',
    "attohttpc": 'attohttpc = { version = "*", default-features = false, features = ["json", "tls-rustls-native-roots"] }',
    "surf": 'surf = { version = "2", default-features = false, features = ["h1-client-rustls"] }',
    # models
    "anthropic_sdk": 'anthropic-sdk = "*"',
    "async_openai": 'async-openai = { version = "0.30", features = ["byot"] }',
    "candle_core": 'candle-core = "*"',
    "candle_nn": 'candle-nn = "*"',
    "candle_transformers": 'candle-transformers = "*"',
    "fastembed": 'fastembed = "*"',
    "genai": 'genai = "*"',
    "hf_hub": 'hf-hub = "*"',
    "langchain_rust": 'langchain-rust = { version = "*", features = ["ollama"] }',
    "llama_cpp_2": 'llama-cpp-2 = "*"',
    "llama_cpp_sys_2": 'llama-cpp-sys-2 = "*"',
    "llm": 'llm = "*"',
    "ollama_rs": 'ollama-rs = { version = "*", features = ["stream", "macros"] }',
    "openai": 'openai = "*"',
    "openai_api_rs": 'openai-api-rs = "*"',
    "openai_dive": 'openai_dive = "*"',
    "ort": 'ort = "*"',
    "rig": 'rig-core = "*"',
    "rmcp": 'rmcp = "*"',
    "tiktoken_rs": 'tiktoken-rs = "*"',
    "tokenizers": 'tokenizers = { version = "*", default-features = false, features = ["onig"] }',
}

_HYPHENS = {
    "crossbeam_channel": "crossbeam-channel", "cfg_if": "cfg-if", "hex_literal": "hex-literal", "html_escape": "html-escape",
    "http_body_util": "http-body-util", "ordered_float": "ordered-float", "pin_project": "pin-project",
    "pin_project_lite": "pin-project-lite", "pulldown_cmark": "pulldown-cmark", "data_encoding": "data-encoding",
    "futures_util": "futures-util", "futures_core": "futures-core", "futures_lite": "futures-lite",
    "is_terminal": "is-terminal", "num_format": "num-format", "num_traits": "num-traits", "owo_colors": "owo-colors",
    "percent_encoding": "percent-encoding", "quick_xml": "quick-xml", "same_file": "same-file",
    "eventsource_stream": "eventsource-stream", "stop_words": "stop-words", "tokio_stream": "tokio-stream",
    "tracing_appender": "tracing-appender", "twox_hash": "twox-hash", "typed_builder": "typed-builder",
    "unicode_normalization": "unicode-normalization", "unicode_segmentation": "unicode-segmentation",
    "unicode_width": "unicode-width", "xxhash_rust": "xxhash-rust", "smol_str": "smol_str", "terminal_size": "terminal_size",
    "prettytable": "prettytable-rs", "pretty_assertions": "pretty_assertions", "derive_more": "derive_more",
    "enum_dispatch": "enum_dispatch", "toml_edit": "toml_edit",
}  # fmt: skip
"""Names that crates.io writes otherwise than code does."""

_VERSIONED = {
    "rand": "0.8",
    "base64": "0.22",
    "thiserror": "2",
    "http": "1",
    "axum": "0.8",
    "rustyline": "17",
}
"""Where the newest is not what most code in the open is written for, or a major number is known to hold."""

CRATES: dict[str, str] = {
    **{name: f'{_HYPHENS.get(name, name)} = "{_VERSIONED.get(name, "*")}"' for name in _PLAIN.split()},
    **_WITH_FEATURES,
}
"""Import → line of `[dependencies]`."""
