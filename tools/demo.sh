#!/usr/bin/env bash
# The main job on real input: real programs, a real model, nothing left.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

step() { printf '\n\033[1m── %s\033[0m\n' "$1"; }
show() { printf '$ %s\n' "$*"; "$@"; }

step "1. A Python program that loads the weights itself: no network, no server"
show jitney run --timings --model smollm2 examples/python-inprocess/main.py "The capital of France is"

step "2. A Go program that calls an OpenAI API, with a model beside it"
show jitney run --timings --model smollm2 examples/go-openai

step "3. Why it did what it did"
show jitney explain --model smollm2 examples/go-openai

step "4. A model by itself: asked, then served over the OpenAI API"
show jitney run --timings --temp 0 --max-tokens 24 smollm2 "What is 2+2?"
printf '$ jitney serve --detach --port 0 smollm2\n'
read -r run url < <(jitney serve --detach --port 0 smollm2)
printf '%s %s\n$ (POST %s/chat/completions)\n' "$run" "$url" "$url"
python3 - "$url/chat/completions" <<'END'
import json, sys, urllib.request

body = {"messages": [{"role": "user", "content": "What is 2+2?"}], "max_tokens": 24, "temperature": 0}
request = urllib.request.Request(sys.argv[1], json.dumps(body).encode(), {"Content-Type": "application/json"})
print(json.load(urllib.request.urlopen(request))["choices"][0]["message"]["content"])
END
show jitney stop smollm2

step "5. What is left"
show jitney ps
left=$(jitney ps -q)
if [ -n "$left" ]; then
    echo "left behind: $left" >&2
    exit 1
fi
echo "nothing: containers, networks and temporary files are gone"
