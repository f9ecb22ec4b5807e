#!/usr/bin/env -S cargo +nightly -Zscript
---cargo
[package]
edition = "2024"

[dependencies]
minreq = { version = "2", features = ["json-using-serde"] }
serde_json = "1"
---

// A cargo script: its manifest stands in its own head.
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let question = std::env::args().nth(1).unwrap_or_else(|| "What is 2+2?".into());
    let base = std::env::var("OPENAI_BASE_URL").unwrap_or_else(|_| "http://127.0.0.1:8080/v1".into());
    let body = json!({
        "model": "smollm2",
        "messages": [{"role": "user", "content": question}],
        "max_tokens": 24,
        "temperature": 0,
    });
    let reply: Value = minreq::post(format!("{base}/chat/completions")).with_json(&body)?.send()?.json()?;
    println!("{}", reply["choices"][0]["message"]["content"].as_str().ok_or("no answer")?);
    Ok(())
}
