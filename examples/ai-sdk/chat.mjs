// Vercel's AI SDK with OpenAI's provider, on the chat completions that every server speaks.
import { createOpenAI } from "@ai-sdk/openai";
import { streamText } from "ai";

const openai = createOpenAI(); // OPENAI_BASE_URL and OPENAI_API_KEY
const { textStream } = streamText({
  model: openai.chat("gpt-4o-mini"),
  prompt: process.argv.slice(2).join(" ") || "What is 2+2?",
  maxOutputTokens: 24,
  temperature: 0,
});
for await (const piece of textStream) process.stdout.write(piece);
console.log();
