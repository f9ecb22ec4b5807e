#!/bin/sh
# Asks the model beside it with curl and jq; the answer comes in pieces.
set -eu
question=${1:-"What is 2+2?"}

jq -n --arg question "$question" '{model: "smollm2", stream: true, max_tokens: 48, temperature: 0,
    messages: [{role: "user", content: $question}]}' |
    curl -sSN --fail-with-body "$OPENAI_BASE_URL/chat/completions" \
        -H "Authorization: Bearer $OPENAI_API_KEY" -H "Content-Type: application/json" -d @- |
    sed -un 's/^data: \({.*\)/\1/p' |
    jq -rj --unbuffered '.choices[0].delta.content // empty'
echo
