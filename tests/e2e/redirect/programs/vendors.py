import json
import urllib.request

CHAT = {"model": "any", "max_tokens": 4, "messages": [{"role": "user", "content": "Say hello"}]}


def ask(url: str) -> None:
    body = json.dumps(CHAT).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    told = json.load(urllib.request.urlopen(request))
    print(url, sorted(told.keys() & {"choices", "content", "message"}))


ask("https://my-name.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21")
ask("https://api.groq.com/openai/v1/chat/completions")
ask("https://openrouter.ai/api/v1/chat/completions")
ask("https://generativelanguage.googleapis.com/v1beta/openai/chat/completions")
ask("https://api.anthropic.com/v1/messages")
ask("http://api.openai.com/v1/chat/completions")
