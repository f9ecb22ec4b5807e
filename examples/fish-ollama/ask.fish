#!/usr/bin/env fish
# Ollama's API by its usual address on this machine, asked from fish.
set -l question $argv[1]
set -q argv[1]; or set question "What is 2+2?"
set -l body (jq -n --arg prompt "$question" '{model: "smollm2", stream: false, prompt: $prompt, options: {num_predict: 48, temperature: 0}}' | string collect)
curl -s http://localhost:11434/api/generate -d $body | jq -r .response
