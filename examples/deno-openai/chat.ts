#!/usr/bin/env -S deno run --allow-net --allow-env
// Asks a hosted model through OpenAI's own library and prints the answer as it comes.
import OpenAI from "npm:openai@^6";

const client = new OpenAI(); // OPENAI_BASE_URL and OPENAI_API_KEY
const stream = await client.chat.completions.create({
  model: "gpt-4o-mini",
  temperature: 0,
  max_tokens: 24,
  stream: true,
  messages: [{ role: "user", content: Deno.args.join(" ") || "What is 2+2?" }],
});
const encoder = new TextEncoder();
for await (const part of stream) {
  await Deno.stdout.write(encoder.encode(part.choices[0]?.delta?.content ?? ""));
}
console.log();
