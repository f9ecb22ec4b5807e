#!/bin/sh
curl -sS https://api.openai.com/v1/chat/completions -H 'Content-Type: application/json' \
  -d '{"model":"gpt-4o","max_tokens":8,"messages":[{"role":"user","content":"Say hello"}]}'
