// Ollama's own client, in CommonJS.
const { Ollama } = require("ollama");

async function main() {
  const ollama = new Ollama({ host: process.env.OLLAMA_HOST });
  const stream = await ollama.chat({
    model: "llama3.2",
    stream: true,
    options: { temperature: 0, num_predict: 24 },
    messages: [{ role: "user", content: process.argv.slice(2).join(" ") || "What is 2+2?" }],
  });
  for await (const part of stream) process.stdout.write(part.message.content);
  console.log();
}

main();
