// llama.cpp inside Node.js: the weights lie in /models, one thread does the work.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { getLlama, LlamaChatSession } from "node-llama-cpp";

function find(folder) {
  for (const entry of readdirSync(folder, { recursive: true })) {
    if (entry.endsWith(".gguf")) return join(folder, entry);
  }
  throw new Error(`no .gguf below ${folder}: jitney run --model NAME`);
}

const llama = await getLlama({ gpu: false, build: "never", maxThreads: 1 });
const model = await llama.loadModel({ modelPath: find("/models") });
const context = await model.createContext({ contextSize: 512 });
const session = new LlamaChatSession({ contextSequence: context.getSequence() });
const question = process.argv.slice(2).join(" ") || "What is 2+2?";
console.log(await session.prompt(question, { maxTokens: 24, temperature: 0 }));
process.exit(0);
