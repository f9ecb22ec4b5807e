ask() {
  local text=$(jq -Rn --arg text "$1" '$text')
  curl -sS "$OPENAI_BASE_URL/chat/completions" -H "Content-Type: application/json" -d @- <<JSON | jq -r '.choices[0].message.content'
{"model": "smollm2", "max_tokens": 48, "temperature": 0, "messages": [{"role": "user", "content": $text}]}
JSON
}
