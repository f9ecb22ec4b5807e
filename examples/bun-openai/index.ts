// Asks a hosted model through OpenAI's own library and prints the answer as it comes.
import OpenAI from "openai";

enum Role {
  User = "user",
}

const client = new OpenAI({ apiKey: Bun.env.OPENAI_API_KEY });
const stream = await client.chat.completions.create({
  model: "gpt-4o-mini",
  temperature: 0,
  max_tokens: 24,
  stream: true,
  messages: [{ role: Role.User, content: Bun.argv.slice(2).join(" ") || "What is 2+2?" }],
});
for await (const part of stream) process.stdout.write(part.choices[0]?.delta?.content ?? "");
console.log();
