const body = { model: "gpt-4o", max_tokens: 8, messages: [{ role: "user", content: "Say hello" }] };
const reply = await fetch("https://api.openai.com/v1/chat/completions", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});
console.log(Bun.version, JSON.stringify(await reply.json()));
