"""Hosts, ports and plain HTTP clients by which programs reach models without a library's help."""

from __future__ import annotations

HTTP = {
    "java": (
        "java.net",
        "okhttp3",
        "retrofit2",
        "org.apache.http",
        "org.apache.hc",
        "kong.unirest",
        "io.ktor.client",
        "requests",
        "sttp",
        "org.springframework.web",
        "clj-http",
        "org.jsoup",
    ),
    "python": (
        "requests",
        "httpx",
        "aiohttp",
        "urllib.request",
        "urllib3",
        "http.client",
        "websockets",
        "pycurl",
    ),
    "javascript": (
        "fetch",
        "axios",
        "node-fetch",
        "undici",
        "got",
        "ky",
        "superagent",
        "request",
        "http",
        "https",
        "node:http",
        "node:https",
        "cross-fetch",
        "isomorphic-fetch",
        "needle",
        "@microsoft/fetch-event-source",
    ),
    "go": ("net/http", "github.com/go-resty/resty"),
    "rust": (
        "reqwest",
        "ureq",
        "hyper",
        "isahc",
        "curl",
        "attohttpc",
        "minreq",
        "surf",
        "tungstenite",
        "std.net",
        "std.process",
    ),
    "cpp": (
        "curl",
        "cpr",
        "httplib",
        "boost",
        "Poco",
        "cpprest",
        "sys",
        "cstdlib",
        "stdlib",
        "stdio",
        "cstdio",
        "asio",
    ),
    "c": ("curl", "sys", "stdlib", "stdio", "netdb", "openssl"),
}
"""Plain HTTP clients: the framework of a program that calls a model's address by hand."""

LOCAL_PORTS: dict[int, str] = {
    11434: "ollama", 8080: "openai", 1234: "openai", 8000: "openai", 30000: "openai", 5000: "openai", 5001:
    "openai",
    1337: "openai", 4000: "openai", 12434: "openai", 8081: "openai", 9000: "openai", 3000: "openai", 4891:
    "openai",
    8001: "openai", 9997: "openai", 23333: "openai", 2242: "openai",
}  # fmt: skip
"""Loopback ports where model servers are usually found (Ollama; llama.cpp; LM Studio; vLLM; SGLang;
text-generation-webui;
KoboldCpp; Jan; LiteLLM; Docker Model Runner; …) and the dialect spoken there."""

HOSTED: dict[str, str] = {
    "api.openai.com": "openai", "api.anthropic.com": "anthropic", "generativelanguage.googleapis.com":
    "other",
    "api.groq.com": "openai", "api.mistral.ai": "openai", "api.together.xyz": "openai", "api.fireworks.ai":
    "openai",
    "api.deepseek.com": "openai", "openrouter.ai": "openai", "api.x.ai": "openai", "api.perplexity.ai":
    "openai",
    "api.cohere.com": "other", "api.cohere.ai": "other", "api.replicate.com": "other",
    "router.huggingface.co": "openai",
    "api-inference.huggingface.co": "other", "models.inference.ai.azure.com": "openai", "models.github.ai":
    "openai",
    "api.cerebras.ai": "openai", "integrate.api.nvidia.com": "openai", "dashscope.aliyuncs.com": "openai",
    "open.bigmodel.cn": "openai", "api.moonshot.cn": "openai", "api.ai21.com": "other", "api.sambanova.ai":
    "openai",
    "api.deepinfra.com": "openai", "api.novita.ai": "openai", "api.hyperbolic.xyz": "openai", "api.siliconflow.cn": "openai",
    "api.siliconflow.com": "openai", "api.studio.nebius.com": "openai", "api.lambda.ai": "openai", "api.moonshot.ai": "openai",
    "api.z.ai": "openai", "dashscope-intl.aliyuncs.com": "openai", "api.friendli.ai": "openai", "llm.chutes.ai": "openai",
    "api.venice.ai": "openai", "ai-gateway.vercel.sh": "openai", "inference.baseten.co": "openai",
    "ark.cn-beijing.volces.com": "openai", "api.stepfun.com": "openai", "api.minimax.io": "openai", "api.lingyiwanwu.com": "openai",
    "qianfan.baidubce.com": "openai", "api.hunyuan.cloud.tencent.com": "openai", "api.voyageai.com": "other", "inference.groq.com": "openai", "api.aimlapi.com": "openai", "api.lambdalabs.com": "openai",
    "api.tokenfactory.nebius.com": "openai", "us.inference.heroku.com": "openai", "api.inceptionlabs.ai": "openai",
    "api.llama.com": "openai", "router.requesty.ai": "openai", "api.portkey.ai": "openai", "api.writer.com": "other",
    "api.edenai.run": "other", "api.gmi-serving.com": "openai", "gateway.ai.cloudflare.com": "openai", "api.meta.ai": "openai",
    "gigachat.devices.sberbank.ru": "other", "llm.api.cloud.yandex.net": "other", "api.textsynth.com": "other",
    "ark.ap-southeast.bytepluses.com": "openai", "aip.baidubce.com": "other", "api.v0.dev": "openai", "ollama.com": "ollama",
}  # fmt: skip
"""Vendors' hosts and the dialect they speak."""

PROVIDERS: dict[str, tuple[int, str]] = {
    "ollama": (11434, "ollama"), "ollama_chat": (11434, "ollama"), "lmstudio": (1234, "openai"),
    "lm_studio": (1234, "openai"), "llama_cpp": (8080, "openai"), "hosted_vllm": (8000, "openai"), "vllm": (8000, "openai"),
    "llamafile": (8080, "openai"), "llamacpp": (8080, "openai"), "xinference": (9997, "openai"),
}  # fmt: skip
"""What stands before `/` or `:` in a model's name, or as a provider, for servers on this machine."""

MODEL_PORTS = frozenset({11434, 1234, 12434, 4891, 1337, 30000, 23333, 9997, 8321})
"""Where nothing listens but a model server (Ollama, LM Studio, Docker Model Runner, GPT4All, Jan, SGLang, LMDeploy, Xinference,
Llama Stack): an address there counts whatever library it is given to."""
