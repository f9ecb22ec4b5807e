## Asks a model that speaks OpenAI's API and prints the answer as it comes, with Nim's standard library.
import std/[cmdline, envvars, httpclient, json, streams, strutils]

let
  words = commandLineParams()
  question = if words.len > 0: words.join(" ") else: "What is the capital of France?"
  base = getEnv("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1")
  body = %*{
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": question}],
    "temperature": 0,
    "max_tokens": 24,
    "stream": true
  }

let client = newHttpClient(headers = newHttpHeaders({"Content-Type": "application/json"}))
let reply = client.post(base & "/chat/completions", body = $body)
if reply.code != Http200:
  quit("no answer: " & reply.status & " " & reply.body)
for line in reply.bodyStream.lines:
  if line.startsWith("data: {"):
    for choice in parseJson(line[6 .. ^1])["choices"]:
      stdout.write(choice["delta"]{"content"}.getStr)
      stdout.flushFile()
echo ""
