// Runs inside a sandbox, beside a real model: the vendors' own clients in JavaScript and their stream helpers ask for what
// docs/api.md promises. One line a check: `ok NAME`, or `failed NAME: why`.

import assert from "node:assert/strict";

import Anthropic from "@anthropic-ai/sdk";
import ollama from "ollama";
import OpenAI, { toFile } from "openai";

const gpt = new OpenAI({ maxRetries: 0 });
const claude = new Anthropic({ maxRetries: 0 });
const hi = [{ role: "user", content: "Say hi." }];
const city = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tool = { type: "function", function: { name: "weather", description: "The weather", parameters: city } };
const forced = { type: "function", function: { name: "weather" } };

const checks = {
  async chat() {
    const reply = await gpt.chat.completions.create({ model: "gpt-4o", messages: hi, max_tokens: 5 });
    assert.equal(reply.model, "gpt-4o");
    assert.ok(reply.choices[0].message.content);
    assert.equal(reply.choices[0].finish_reason, "length");
    assert.equal(reply.usage.completion_tokens, 5);
  },

  async chatStream() {
    const asked = { model: "m", messages: hi, max_tokens: 5, stream: true, stream_options: { include_usage: true } };
    let text = "";
    let usage = null;
    for await (const chunk of await gpt.chat.completions.create(asked)) {
      text += chunk.choices[0]?.delta?.content ?? "";
      usage = chunk.usage ?? usage;
    }
    assert.ok(text);
    assert.equal(usage.completion_tokens, 5);
  },

  async chatStreamHelper() {
    const stream = gpt.chat.completions.stream({ model: "m", messages: hi, tools: [tool], tool_choice: forced });
    const whole = await stream.finalChatCompletion();
    const call = whole.choices[0].message.tool_calls[0];
    assert.equal(call.function.name, "weather");
    assert.ok("city" in JSON.parse(call.function.arguments));
  },

  async chatAborted() {
    const stream = await gpt.chat.completions.create({ model: "m", messages: hi, max_tokens: 400, stream: true });
    for await (const _ of stream) {
      stream.controller.abort();
      break;
    }
    const begun = Date.now();
    await gpt.chat.completions.create({ model: "m", messages: hi, max_tokens: 1 });
    assert.ok(Date.now() - begun < 20_000);
  },

  async json() {
    const format = { type: "json_schema", json_schema: { name: "city", schema: city, strict: true } };
    const messages = [{ role: "user", content: "Name a city, as JSON" }];
    const reply = await gpt.chat.completions.create({ model: "m", messages, response_format: format });
    assert.equal(typeof JSON.parse(reply.choices[0].message.content).city, "string");
  },

  async completions() {
    const prompt = "The capital of France is";
    const reply = await gpt.completions.create({ model: "m", prompt, max_tokens: 4, temperature: 0 });
    assert.ok(reply.choices[0].text.startsWith(" Paris"));
  },

  async embeddings() {
    // this client asks for base64 and decodes it
    const reply = await gpt.embeddings.create({ model: "text-embedding-3-small", input: ["a cat", "a stock exchange"] });
    assert.equal(reply.data.length, 2);
    assert.ok(reply.data[0].embedding.length > 100);
    assert.equal(typeof reply.data[0].embedding[0], "number");
  },

  async models() {
    const found = [];
    for await (const one of gpt.models.list()) found.push(one.id);
    assert.ok(found.includes("gpt-4o"));
  },

  async responses() {
    const reply = await gpt.responses.create({ model: "m", input: "Say hi.", max_output_tokens: 5 });
    assert.ok(reply.output_text);
    const stream = gpt.responses.stream({ model: "m", input: "Say hi.", max_output_tokens: 5 });
    const kinds = [];
    for await (const event of stream) kinds.push(event.type);
    assert.equal(kinds[0], "response.created");
    assert.equal(kinds.at(-1), "response.incomplete");
  },

  async refusals() {
    await assert.rejects(gpt.chat.completions.create({ model: "m", messages: hi, temperature: "hot" }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.equal(error.param, "temperature");
      return true;
    });
    await assert.rejects(gpt.moderations.create({ input: "x" }), OpenAI.NotFoundError);
    const file = await toFile(new Uint8Array(2000), "a.wav");
    await assert.rejects(gpt.audio.transcriptions.create({ file, model: "whisper-1" }), (error) => {
      assert.equal(error.status, 400);
      assert.equal(error.code, "not_supported");
      return true;
    });
  },

  async messages() {
    const reply = await claude.messages.create({ model: "claude-x", max_tokens: 5, messages: hi, system: "Be kind." });
    assert.ok(reply.content[0].text);
    assert.equal(reply.stop_reason, "max_tokens");
    assert.ok((await claude.messages.countTokens({ model: "m", messages: hi })).input_tokens > 5);
  },

  async messagesStream() {
    let text = "";
    const stream = claude.messages.stream({ model: "m", max_tokens: 5, messages: hi }).on("text", (piece) => (text += piece));
    const whole = await stream.finalMessage();
    assert.equal(text, whole.content[0].text);
    assert.equal(whole.usage.output_tokens, 5);
  },

  async messagesTool() {
    const tools = [{ name: "weather", input_schema: city }];
    const choice = { type: "tool", name: "weather" };
    const stream = claude.messages.stream({ model: "m", max_tokens: 200, messages: hi, tools, tool_choice: choice });
    const whole = await stream.finalMessage();
    assert.equal(whole.stop_reason, "tool_use");
    assert.ok("city" in whole.content[0].input);
  },

  async ollamaChat() {
    const options = { num_predict: 5 };
    const reply = await ollama.chat({ model: "llama3", messages: hi, options });
    assert.ok(reply.message.content);
    assert.equal(reply.eval_count, 5);
    let last = null;
    for await (const part of await ollama.chat({ model: "llama3", messages: hi, options, stream: true })) last = part;
    assert.equal(last.done_reason, "length");
  },

  async ollamaRest() {
    const made = await ollama.generate({ model: "llama3", prompt: "hi", options: { num_predict: 5 } });
    assert.ok(made.response);
    assert.equal((await ollama.embed({ model: "m", input: ["a", "b"] })).embeddings.length, 2);
    await ollama.pull({ model: "llama3" });
    assert.ok((await ollama.list()).models.some((one) => one.name === "llama3:latest"));
    assert.ok((await ollama.show({ model: "llama3" })).capabilities.includes("completion"));
    assert.ok((await ollama.ps()).models.length);
  },
};

for (const [name, work] of Object.entries(checks)) {
  try {
    await work();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`failed ${name}: ${String(error?.stack ?? error).split("\n").slice(0, 5).join(" | ")}`);
  }
}
