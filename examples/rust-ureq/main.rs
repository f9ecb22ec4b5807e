// Asks a model server on this machine. There is no Cargo.toml beside it: its crates are known by their names in the code.
use serde::Deserialize;

#[derive(Deserialize)]
struct Choice {
    text: String,
}

#[derive(Deserialize)]
struct Answer {
    choices: Vec<Choice>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let prompt = std::env::args().nth(1).unwrap_or("The capital of France is".into());
    let body = serde_json::json!({"prompt": prompt, "max_tokens": 8, "temperature": 0});
    let mut reply = ureq::post("http://127.0.0.1:8080/v1/completions").send_json(body)?;
    let answer: Answer = reply.body_mut().read_json()?;
    println!("{prompt}{}", answer.choices.first().ok_or("no answer")?.text);
    Ok(())
}
