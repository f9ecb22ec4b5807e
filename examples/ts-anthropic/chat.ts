// Asks a hosted model through Anthropic's own library and prints the answer as it comes.
import Anthropic from "@anthropic-ai/sdk";
import type { MessageParam } from "@anthropic-ai/sdk/resources/messages";

const question: string = process.argv.slice(2).join(" ") || "What is 2+2?";
const messages: MessageParam[] = [{ role: "user", content: question }];

const client = new Anthropic(); // ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const stream = client.messages.stream({ model: "claude-sonnet-5", max_tokens: 32, temperature: 0, messages });
stream.on("text", (text) => process.stdout.write(text));
await stream.finalMessage();
console.log();
