const body = { model: "claude-haiku", max_tokens: 8, messages: [{ role: "user", content: "Say hello" }] };
const reply = await fetch("https://api.anthropic.com/v1/messages", {
  method: "POST",
  headers: { "Content-Type": "application/json", "x-api-key": "mine", "anthropic-version": "2023-06-01" },
  body: JSON.stringify(body),
});
console.log(JSON.stringify(await reply.json()));
