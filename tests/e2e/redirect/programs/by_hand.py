import json
import sys
import urllib.request
from collections.abc import Callable
from typing import Any

import httpx
import requests  # type: ignore[import-untyped,unused-ignore]  # of the program, not of ours

URL = "https://api.openai.com/v1/chat/completions"
BODY: Any = {"model": "gpt-4o", "max_tokens": 8, "messages": [{"role": "user", "content": "Say hello"}]}


def by_urllib() -> str:
    request = urllib.request.Request(
        URL, json.dumps(BODY).encode(), {"Content-Type": "application/json", "Authorization": "Bearer mine"}
    )
    text: bytes = urllib.request.urlopen(request).read()
    return text.decode()


ways: dict[str, Callable[[], str]] = {
    "urllib": by_urllib,
    "requests": lambda: requests.post(URL, json=BODY, timeout=60).text,
    "httpx": lambda: httpx.post(URL, json=BODY, timeout=60).text,
}
for way in sys.argv[1:]:
    print(way, bool(json.loads(ways[way]())["choices"][0]["message"]["content"]))
