//! Asks a hosted model through async-openai and prints the answer as it comes.
use std::io::Write;

use async_openai::types::{ChatCompletionRequestUserMessageArgs, CreateChatCompletionRequestArgs};
use async_openai::Client;
use futures::StreamExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let question = std::env::args().nth(1).unwrap_or_else(|| "What is 2+2?".to_string());
    let request = CreateChatCompletionRequestArgs::default()
        .model("gpt-4o-mini")
        .max_tokens(24u32)
        .temperature(0.0)
        .messages([ChatCompletionRequestUserMessageArgs::default().content(question).build()?.into()])
        .build()?;
    let mut stream = Client::new().chat().create_stream(request).await?; // its address is api.openai.com, which leads to the model
    while let Some(part) = stream.next().await {
        for choice in part?.choices {
            print!("{}", choice.delta.content.unwrap_or_default());
            std::io::stdout().flush()?;
        }
    }
    println!();
    Ok(())
}
