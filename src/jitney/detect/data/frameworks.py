"""Libraries through which programs reach models. One row each; the order is the rank: what stands higher is
the primary one.

Frameworks built on clients come before the clients, clients before plain HTTP. Modes as in the design.
`env`: variables the
library itself reads. `port`: its default address on this machine. `host`: the vendor's API it calls by
default.
"""

from __future__ import annotations

from typing import NamedTuple


class Framework(NamedTuple):
    """imports: prefixes, `|` between them. `multi`: it serves many vendors, the model's name says which."""

    name: str
    language: str
    imports: str
    mode: str
    api: str = "openai"
    env: str = ""
    port: int = 0
    host: str = ""
    multi: bool = False


_OPENAI = "OPENAI_API_KEY OPENAI_BASE_URL"
_ANTHROPIC = "ANTHROPIC_API_KEY ANTHROPIC_BASE_URL"
_OLLAMA = "OLLAMA_HOST"
_O = "api.openai.com"
_A = "api.anthropic.com"
_G = "generativelanguage.googleapis.com"
_H = "hosted"
_L = "local-server"
_P = "in-process"

F = Framework
FRAMEWORKS: tuple[Framework, ...] = (
    # agents and structured output, over other clients
    F("instructor", "python", "instructor", _H, env=_OPENAI, host=_O),
    F("swarm", "python", "swarm", _H, env=_OPENAI, host=_O),
    F("openai-agents", "python", "agents", _H, env="OPENAI_API_KEY", host=_O),  # its traces go there whatever a variable says
    F("pydantic-ai", "python", "pydantic_ai", _H, env=_OPENAI, host=_O, multi=True),
    F("crewai", "python", "crewai", _H, env=_OPENAI, host=_O, multi=True),
    F("smolagents", "python", "smolagents.TransformersModel|smolagents.VLLMModel", _P),
    F("smolagents", "python", "smolagents", _H, env="HF_TOKEN", host="router.huggingface.co", multi=True),
    F("autogen", "python", "autogen|autogen_agentchat|autogen_ext.models.openai", _H, env=_OPENAI, host=_O,
    multi=True),
    F("agno", "python", "agno.models.ollama", _L, "ollama", _OLLAMA, 11434),
    F("agno", "python", "agno.models.lmstudio", _L, "openai", "", 1234),
    F("agno", "python", "agno.models.anthropic", _H, "anthropic", _ANTHROPIC, host=_A),
    F("agno", "python", "agno.models.google", _H, "other", "GOOGLE_API_KEY", host=_G),
    F("agno", "python", "agno", _H, env=_OPENAI, host=_O, multi=True),
    F("phidata", "python", "phi", _H, env=_OPENAI, host=_O, multi=True),
    F("google-adk", "python", "google.adk", _H, "other", "GOOGLE_API_KEY", host=_G),
    F("strands-agents", "python", "strands", _H, "other", "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION"),
    F("claude-agent-sdk", "python", "claude_agent_sdk|claude_code_sdk", _H, "anthropic", _ANTHROPIC, host=_A),
    F("semantic-kernel", "python", "semantic_kernel", _H, env=_OPENAI, host=_O),
    F("dspy", "python", "dspy", _H, env=_OPENAI, host=_O, multi=True),
    F("guidance", "python", "guidance.models.Transformers|guidance.models.LlamaCpp", _P),
    F("guidance", "python", "guidance", _H, env=_OPENAI, host=_O),
    F("outlines", "python", "outlines", _P),
    F("marvin", "python", "marvin", _H, env=_OPENAI, host=_O),
    F("magentic", "python", "magentic", _H, env=_OPENAI, host=_O, multi=True),
    F("mirascope", "python", "mirascope", _H, env=_OPENAI, host=_O, multi=True),
    F("ell", "python", "ell", _H, env=_OPENAI, host=_O),
    F("haystack", "python", "haystack_integrations.components.generators.ollama", _L, "ollama", "", 11434),
    F("haystack", "python", "haystack", _H, env=_OPENAI, host=_O),
    F("txtai", "python", "txtai", _P),
    F("mem0", "python", "mem0", _H, env=_OPENAI, host=_O),
    F("letta", "python", "letta", _H, env=_OPENAI, host=_O),
    # LangChain and LlamaIndex: the integration decides
    F("langchain-ollama", "python", "langchain_ollama", _L, "ollama", _OLLAMA, 11434),
    F("langchain-community", "python",
    "langchain_community.llms.Ollama|langchain_community.chat_models.ChatOllama|"
      "langchain_community.llms.ollama|langchain_community.embeddings.OllamaEmbeddings|langchain.llms.Ollama",
      _L, "ollama", "", 11434),
    F("langchain-community", "python",
    "langchain_community.llms.LlamaCpp|langchain_community.llms.CTransformers|"
      "langchain_community.chat_models.ChatLlamaCpp|langchain_community.llms.GPT4All", _P),
    F("langchain-openai", "python", "langchain_openai", _H, env="OPENAI_API_KEY OPENAI_API_BASE OPENAI_BASE_URL", host=_O),
    F("langchain-anthropic", "python", "langchain_anthropic", _H, "anthropic", "ANTHROPIC_API_KEY ANTHROPIC_API_URL", host=_A),
    F("langchain-google-genai", "python", "langchain_google_genai", _H, "other", "GOOGLE_API_KEY", host=_G),
    F("langchain-google-vertexai", "python", "langchain_google_vertexai", _H, "other",
    "GOOGLE_APPLICATION_CREDENTIALS"),
    F("langchain-groq", "python", "langchain_groq", _H, "openai", "GROQ_API_KEY", host="api.groq.com"),
    F("langchain-mistralai", "python", "langchain_mistralai", _H, "openai", "MISTRAL_API_KEY",
    host="api.mistral.ai"),
    F("langchain-cohere", "python", "langchain_cohere", _H, "other", "COHERE_API_KEY", host="api.cohere.com"),
    F("langchain-deepseek", "python", "langchain_deepseek", _H, "openai", "DEEPSEEK_API_KEY",
    host="api.deepseek.com"),
    F("langchain-together", "python", "langchain_together", _H, "openai", "TOGETHER_API_KEY",
    host="api.together.xyz"),
    F("langchain-fireworks", "python", "langchain_fireworks", _H, "openai", "FIREWORKS_API_KEY",
    host="api.fireworks.ai"),
    F("langchain-xai", "python", "langchain_xai", _H, "openai", "XAI_API_KEY", host="api.x.ai"),
    F("langchain-aws", "python", "langchain_aws", _H, "other", "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION"),
    F("langchain-huggingface", "python", "langchain_huggingface.HuggingFacePipeline|"
      "langchain_huggingface.HuggingFaceEmbeddings", _P),
    F("langchain-huggingface", "python", "langchain_huggingface", _H, "openai", "HF_TOKEN",
    host="router.huggingface.co"),
    F("llama-index", "python", "llama_index.llms.ollama|llama_index.embeddings.ollama", _L, "ollama", "",
    11434),
    F("llama-index", "python", "llama_index.llms.lmstudio", _L, "openai", "", 1234),
    F("llama-index", "python", "llama_index.llms.llama_cpp|llama_index.llms.huggingface|"
      "llama_index.embeddings.huggingface", _P),
    F("llama-index", "python", "llama_index.llms.anthropic", _H, "anthropic", _ANTHROPIC, host=_A),
    F("llama-index", "python", "llama_index", _H, env="OPENAI_API_KEY OPENAI_API_BASE", host=_O),
    F("langgraph", "python", "langgraph", "none"),
    F("langchain", "python", "langchain.chat_models|langchain.llms|langchain.agents", _H, env=_OPENAI,
    host=_O, multi=True),
    F("langchain", "python", "langchain|langchain_core|langchain_community", "none"),
    # clients
    F("litellm", "python", "litellm", _H, env=_OPENAI, host=_O, multi=True),
    F("aisuite", "python", "aisuite", _H, env=_OPENAI, host=_O, multi=True),
    F("llm", "python", "llm", _H, env="OPENAI_API_KEY", host=_O),
    F("any-llm", "python", "any_llm", _H, env=_OPENAI, host=_O, multi=True),
    F("ollama", "python", "ollama", _L, "ollama", _OLLAMA, 11434),
    F("lmstudio", "python", "lmstudio", _L, "other", "", 1234),
    F("openai", "python", "openai", _H, "openai", _OPENAI, host=_O),
    F("anthropic", "python", "anthropic", _H, "anthropic", _ANTHROPIC, host=_A),
    F("google-genai", "python", "google.genai", _H, "other", "GEMINI_API_KEY GOOGLE_API_KEY", host=_G),
    F("google-generativeai", "python", "google.generativeai", _H, "other", "GOOGLE_API_KEY", host=_G),
    F("vertexai", "python", "vertexai|google.cloud.aiplatform", _H, "other",
    "GOOGLE_APPLICATION_CREDENTIALS"),
    F("azure-ai-inference", "python", "azure.ai.inference", _H, "openai", "",
    host="models.inference.ai.azure.com"),
    F("groq", "python", "groq", _H, "openai", "GROQ_API_KEY GROQ_BASE_URL", host="api.groq.com"),
    F("mistralai", "python", "mistralai", _H, "openai", "MISTRAL_API_KEY", host="api.mistral.ai"),
    F("cohere", "python", "cohere", _H, "other", "CO_API_KEY", host="api.cohere.com"),
    F("together", "python", "together", _H, "openai", "TOGETHER_API_KEY TOGETHER_BASE_URL",
    host="api.together.xyz"),
    F("fireworks", "python", "fireworks", _H, "openai", "FIREWORKS_API_KEY", host="api.fireworks.ai"),
    F("replicate", "python", "replicate", _H, "other", "REPLICATE_API_TOKEN", host="api.replicate.com"),
    F("cerebras", "python", "cerebras", _H, "openai", "CEREBRAS_API_KEY", host="api.cerebras.ai"),
    F("xai-sdk", "python", "xai_sdk", _H, "other", "XAI_API_KEY", host="api.x.ai"),
    F("zhipuai", "python", "zhipuai|zai", _H, "openai", "ZHIPUAI_API_KEY", host="open.bigmodel.cn"),
    F("dashscope", "python", "dashscope", _H, "other", "DASHSCOPE_API_KEY", host="dashscope.aliyuncs.com"),
    F("text-generation", "python", "text_generation", _L, "other", "", 8080),
    F("huggingface-hub", "python", "huggingface_hub.InferenceClient|huggingface_hub.AsyncInferenceClient", _H,
      "openai", "HF_TOKEN", host="router.huggingface.co"),
    # weights in the program's own process
    F("vllm", "python", "vllm", _P),
    F("sglang", "python", "sglang.Engine", _P),
    F("sglang", "python", "sglang", _L, "openai", "", 30000),
    F("llama-cpp-python", "python", "llama_cpp", _P),
    F("xllamacpp", "python", "xllamacpp", _P),
    F("ctransformers", "python", "ctransformers", _P),
    F("mistralrs", "python", "mistralrs", _P),
    F("gpt4all", "python", "gpt4all", _P),
    F("onnxruntime-genai", "python", "onnxruntime_genai", _P),
    F("openvino-genai", "python", "openvino_genai", _P),
    F("ctranslate2", "python", "ctranslate2", _P),
    F("exllamav2", "python", "exllamav2", _P),
    F("mlx-lm", "python", "mlx_lm|mlx_vlm", _P),
    F("sentence-transformers", "python", "sentence_transformers", _P),
    F("optimum", "python", "optimum", _P),
    F("diffusers", "python", "diffusers", _P),
    F("faster-whisper", "python", "faster_whisper", _P),
    F("whisper", "python", "whisper", _P),
    F("keras-hub", "python", "keras_hub|keras_nlp", _P),
    F("transformers", "python", "transformers", _P),
    F("torch", "python", "torch", _P),
    F("onnxruntime", "python", "onnxruntime", _P),
    # Go
    F("langchaingo", "go", "github.com/tmc/langchaingo/llms/ollama", _L, "ollama", _OLLAMA, 11434),
    F("langchaingo", "go", "github.com/tmc/langchaingo/llms/openai", _H, "openai", "OPENAI_API_KEY OPENAI_BASE_URL "
      "OPENAI_MODEL", host=_O),
    F("langchaingo", "go", "github.com/tmc/langchaingo/llms/anthropic", _H, "anthropic", "ANTHROPIC_API_KEY",
    host=_A),
    F("langchaingo", "go", "github.com/tmc/langchaingo/llms/googleai", _H, "other", "GOOGLE_API_KEY",
    host=_G),
    F("langchaingo", "go", "github.com/tmc/langchaingo/llms/llamafile", _L, "openai", "", 8080),
    F("langchaingo", "go", "github.com/tmc/langchaingo/llms/mistral", _H, "openai", "MISTRAL_API_KEY",
      host="api.mistral.ai"),
    F("langchaingo", "go", "github.com/tmc/langchaingo", "none"),
    F("genkit", "go", "github.com/firebase/genkit/go/plugins/ollama", _L, "ollama", "", 11434),
    F("genkit", "go", "github.com/firebase/genkit", _H, "other", "GEMINI_API_KEY", host=_G),
    F("eino", "go", "github.com/cloudwego/eino-ext/components/model/ollama", _L, "ollama", "", 11434),
    F("eino", "go", "github.com/cloudwego/eino", _H, "openai", "OPENAI_API_KEY", host=_O),
    F("gollm", "go", "github.com/teilomillet/gollm", _H, "openai", "OPENAI_API_KEY", host=_O, multi=True),
    F("lingoose", "go", "github.com/henomis/lingoose/llm/ollama", _L, "ollama", "", 11434),
    F("lingoose", "go", "github.com/henomis/lingoose", _H, "openai", "OPENAI_API_KEY", host=_O),
    F("ollama/api", "go", "github.com/ollama/ollama/api|github.com/jmorganca/ollama/api", _L, "ollama",
    _OLLAMA, 11434),
    F("ollamaclient", "go", "github.com/xyproto/ollamaclient", _L, "ollama", _OLLAMA, 11434),
    F("openai-go", "go", "github.com/openai/openai-go", _H, "openai", _OPENAI, host=_O),
    F("go-openai", "go", "github.com/sashabaranov/go-openai", _H, "openai", "", host=_O),
    F("go-gpt3", "go", "github.com/PullRequestInc/go-gpt3", _H, "openai", "", host=_O),
    F("anthropic-sdk-go", "go", "github.com/anthropics/anthropic-sdk-go", _H, "anthropic", _ANTHROPIC,
    host=_A),
    F("go-anthropic", "go", "github.com/liushuangls/go-anthropic", _H, "anthropic", "", host=_A),
    F("google-genai", "go", "google.golang.org/genai", _H, "other", "GEMINI_API_KEY GOOGLE_API_KEY", host=_G),
    F("generative-ai-go", "go", "github.com/google/generative-ai-go", _H, "other", "", host=_G),
    F("azopenai", "go", "github.com/Azure/azure-sdk-for-go/sdk/ai/azopenai", _H, "openai",
    "AZURE_OPENAI_API_KEY "
      "AZURE_OPENAI_ENDPOINT"),
    F("cohere-go", "go", "github.com/cohere-ai/cohere-go", _H, "other", "CO_API_KEY", host="api.cohere.com"),
    F("groq-go", "go", "github.com/conneroisu/groq-go", _H, "openai", "", host="api.groq.com"),
    F("deepseek-go", "go", "github.com/cohesion-org/deepseek-go", _H, "openai", "DEEPSEEK_API_KEY",
    host="api.deepseek.com"),
    F("go-llama.cpp", "go", "github.com/go-skynet/go-llama.cpp", _P),
    F("gollama.cpp", "go", "github.com/dianlight/gollama.cpp", _P),
    F("hugot", "go", "github.com/knights-analytics/hugot", _P),
    F("onnxruntime_go", "go", "github.com/yalue/onnxruntime_go", _P),
    # Rust
    F("rig", "rust", "rig.providers.ollama|rig_core.providers.ollama", _L, "ollama", _OLLAMA, 11434),
    F("rig", "rust", "rig.providers.anthropic|rig_core.providers.anthropic", _H, "anthropic", _ANTHROPIC, host=_A),
    F("rig", "rust", "rig|rig_core", _H, "openai", _OPENAI, host=_O, multi=True),
    F("langchain-rust", "rust", "langchain_rust.llm.ollama|langchain_rust.llm.client.Ollama", _L, "ollama", _OLLAMA, 11434),
    F("langchain-rust", "rust", "langchain_rust", _H, "openai", "OPENAI_API_KEY", host=_O),
    F("swiftide", "rust", "swiftide", _H, "openai", _OPENAI, host=_O),
    F("genai", "rust", "genai", _H, "openai", "OPENAI_API_KEY ANTHROPIC_API_KEY", host=_O, multi=True),
    F("llm", "rust", "llm", _H, "openai", "OPENAI_API_KEY", host=_O, multi=True),
    F("ollama-rs", "rust", "ollama_rs", _L, "ollama", "", 11434),
    F("ollama-rest", "rust", "ollama_rest", _L, "ollama", "", 11434),
    # its releases do not read OPENAI_BASE_URL, its main branch does: the vendor's name is led to the model as well
    F("async-openai", "rust", "async_openai", _H, "openai", "OPENAI_API_KEY", host=_O),
    F("openai-api-rs", "rust", "openai_api_rs", _H, "openai", "OPENAI_API_KEY OPENAI_API_BASE", host=_O),
    F("openai_dive", "rust", "openai_dive", _H, "openai", "OPENAI_API_KEY OPENAI_BASE_URL", host=_O),
    F("openai", "rust", "openai", _H, "openai", "OPENAI_KEY OPENAI_BASE_URL", host=_O),
    F("chatgpt_rs", "rust", "chatgpt", _H, "openai", "", host=_O),
    F("anthropic-sdk", "rust", "anthropic_sdk|anthropic|clust|misanthropic", _H, "anthropic", "ANTHROPIC_API_KEY", host=_A),
    F("google-generative-ai-rs", "rust", "google_generative_ai_rs|gemini_rust", _H, "other", "GEMINI_API_KEY", host=_G),
    F("mistralrs", "rust", "mistralrs", _P),
    F("llama-cpp", "rust", "llama_cpp_2|llama_cpp|llama_cpp_rs|llama_cpp_sys_2", _P),
    F("candle", "rust", "candle_core|candle_transformers|candle_nn|candle", _P),
    F("kalosm", "rust", "kalosm", _P),
    F("rust-bert", "rust", "rust_bert", _P),
    F("fastembed", "rust", "fastembed", _P),
    F("ort", "rust", "ort", _P),
    F("tract", "rust", "tract_onnx", _P),
    # C and C++: by their headers
    F("llama.cpp", "cpp", "llama|llama-cpp|common", _P),
    F("ollama-hpp", "cpp", "ollama", _L, "ollama", "", 11434),
    F("openai-cpp", "cpp", "openai.openai|openai|liboai", _H, "openai", _OPENAI, host=_O),
    F("onnxruntime", "cpp", "onnxruntime_cxx_api|onnxruntime_c_api|ort_genai", _P),
    F("whisper.cpp", "cpp", "whisper", _P),
    F("llama.cpp", "c", "llama", _P),
    F("onnxruntime", "c", "onnxruntime_c_api", _P),
    # JavaScript and TypeScript
    F("langchain", "javascript", "@langchain/ollama|langchain/llms/ollama|langchain/chat_models/ollama|"
      "@langchain/community/llms/ollama|@langchain/community/chat_models/ollama|"
      "@langchain/community/embeddings/ollama", _L, "ollama", "", 11434),
    F("langchain", "javascript", "@langchain/openai|langchain/llms/openai|langchain/chat_models/openai|"
      "langchain/embeddings/openai", _H, env=_OPENAI, host=_O),
    F("langchain", "javascript", "@langchain/anthropic|langchain/chat_models/anthropic", _H, "anthropic", _ANTHROPIC, host=_A),
    F("langchain", "javascript", "@langchain/google-genai|@langchain/google-vertexai", _H, "other", "GOOGLE_API_KEY", host=_G),
    F("langchain", "javascript", "@langchain/mistralai", _H, "openai", "MISTRAL_API_KEY", host="api.mistral.ai"),
    F("langchain", "javascript", "@langchain/groq", _H, "openai", "GROQ_API_KEY", host="api.groq.com"),
    F("langchain", "javascript", "@langchain/cohere", _H, "other", "COHERE_API_KEY", host="api.cohere.com"),
    F("langchain", "javascript", "@langchain/community/llms/llama_cpp|@langchain/community/chat_models/llama_cpp", _P),
    F("langgraph", "javascript", "@langchain/langgraph", "none"),
    F("langchain", "javascript", "langchain|@langchain", "none"),
    F("ai-sdk", "javascript", "ollama-ai-provider|ollama-ai-provider-v2|ai-sdk-ollama", _L, "ollama", "", 11434),
    F("ai-sdk", "javascript", "@ai-sdk/openai", _H, env=_OPENAI, host=_O),
    F("ai-sdk", "javascript", "@ai-sdk/openai-compatible", _L, "openai", "", 0),
    F("ai-sdk", "javascript", "@ai-sdk/anthropic", _H, "anthropic", _ANTHROPIC, host=_A),
    F("ai-sdk", "javascript", "@ai-sdk/google|@ai-sdk/google-vertex", _H, "other", "GOOGLE_GENERATIVE_AI_API_KEY", host=_G),
    F("ai-sdk", "javascript", "@ai-sdk/mistral", _H, "openai", "MISTRAL_API_KEY", host="api.mistral.ai"),
    F("ai-sdk", "javascript", "@ai-sdk/groq", _H, "openai", "GROQ_API_KEY", host="api.groq.com"),
    F("ai-sdk", "javascript", "@openrouter/ai-sdk-provider", _H, "openai", "OPENROUTER_API_KEY", host="openrouter.ai"),
    F("ai-sdk", "javascript", "ai", "none"),
    F("mastra", "javascript", "@mastra/core", _H, env=_OPENAI, host=_O, multi=True),
    F("openai-agents", "javascript", "@openai/agents", _H, env="OPENAI_API_KEY", host=_O),
    F("claude-agent-sdk", "javascript", "@anthropic-ai/claude-agent-sdk|@anthropic-ai/claude-code", _H, "anthropic",
      _ANTHROPIC, host=_A),
    F("llamaindex", "javascript", "@llamaindex/ollama", _L, "ollama", "", 11434),
    F("llamaindex", "javascript", "llamaindex|@llamaindex/openai", _H, env=_OPENAI, host=_O),
    F("genkit", "javascript", "genkitx-ollama", _L, "ollama", "", 11434),
    F("genkit", "javascript", "genkit|@genkit-ai", _H, "other", "GEMINI_API_KEY GOOGLE_API_KEY", host=_G),
    F("instructor", "javascript", "@instructor-ai/instructor", _H, env=_OPENAI, host=_O),
    F("ollama", "javascript", "ollama", _L, "ollama", _OLLAMA, 11434),
    F("lmstudio", "javascript", "@lmstudio/sdk", _L, "other", "", 1234),
    F("openai", "javascript", "openai", _H, "openai", _OPENAI, host=_O),
    F("azure-openai", "javascript", "@azure/openai", _H, "openai", "AZURE_OPENAI_API_KEY AZURE_OPENAI_ENDPOINT"),
    F("anthropic", "javascript", "@anthropic-ai/sdk", _H, "anthropic", _ANTHROPIC, host=_A),
    F("google-genai", "javascript", "@google/genai|@google/generative-ai", _H, "other", "GEMINI_API_KEY GOOGLE_API_KEY",
      host=_G),
    F("mistralai", "javascript", "@mistralai/mistralai", _H, "openai", "MISTRAL_API_KEY", host="api.mistral.ai"),
    F("groq", "javascript", "groq-sdk", _H, "openai", "GROQ_API_KEY GROQ_BASE_URL", host="api.groq.com"),
    F("cohere", "javascript", "cohere-ai", _H, "other", "CO_API_KEY", host="api.cohere.com"),
    F("replicate", "javascript", "replicate", _H, "other", "REPLICATE_API_TOKEN", host="api.replicate.com"),
    F("together", "javascript", "together-ai", _H, "openai", "TOGETHER_API_KEY", host="api.together.xyz"),
    F("huggingface", "javascript", "@huggingface/inference", _H, "openai", "HF_TOKEN", host="router.huggingface.co"),
    F("aws-bedrock", "javascript", "@aws-sdk/client-bedrock-runtime", _H, "other",
      "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION"),
    F("node-llama-cpp", "javascript", "node-llama-cpp", _P),
    F("llama.node", "javascript", "@fugood/llama.node", _P),
    F("transformers.js", "javascript", "@huggingface/transformers|@xenova/transformers", _P),
    F("onnxruntime-node", "javascript", "onnxruntime-node", _P),
    F("gpt4all", "javascript", "gpt4all", _P),
    # Java, Kotlin, Scala, Groovy, Clojure
    F("langchain4j-ollama", "java", "dev.langchain4j.model.ollama", _L, "ollama", "", 11434),
    F("langchain4j-localai", "java", "dev.langchain4j.model.localai", _L, "openai", "", 8080),
    F("langchain4j-anthropic", "java", "dev.langchain4j.model.anthropic", _H, "anthropic", "ANTHROPIC_API_KEY", host=_A),
    F("langchain4j-mistral", "java", "dev.langchain4j.model.mistralai", _H, "openai", "MISTRAL_AI_API_KEY",
      host="api.mistral.ai"),
    F("langchain4j-gemini", "java", "dev.langchain4j.model.googleai", _H, "other", "GEMINI_API_KEY", host=_G),
    F("langchain4j-openai", "java", "dev.langchain4j.model.openai|dev.langchain4j.model.openaiofficial", _H, "openai",
      host=_O),
    F("langchain4j-onnx", "java", "dev.langchain4j.model.embedding.onnx", _P),
    F("langchain4j", "java", "dev.langchain4j", "none"),
    F("spring-ai-ollama", "java", "org.springframework.ai.ollama", _L, "ollama", "", 11434),
    F("spring-ai-anthropic", "java", "org.springframework.ai.anthropic", _H, "anthropic", host=_A),
    F("spring-ai", "java", "org.springframework.ai", _H, "openai", host=_O),
    F("koog", "java", "ai.koog", _H, "openai", "OPENAI_API_KEY", host=_O, multi=True),
    F("ollama4j", "java", "io.github.ollama4j", _L, "ollama", _OLLAMA, 11434),
    F("openai-java", "java", "com.openai", _H, "openai", _OPENAI, host=_O),
    F("openai-kotlin", "java", "com.aallam.openai", _H, "openai", "OPENAI_API_KEY", host=_O),
    F("simple-openai", "java", "io.github.sashirestela.openai", _H, "openai", "OPENAI_API_KEY", host=_O),
    F("openai-gpt3-java", "java", "com.theokanning.openai", _H, "openai", "OPENAI_API_KEY", host=_O),
    F("anthropic-java", "java", "com.anthropic", _H, "anthropic", _ANTHROPIC, host=_A),
    F("google-genai", "java", "com.google.genai", _H, "other", "GEMINI_API_KEY GOOGLE_API_KEY", host=_G),
    F("azure-ai-openai", "java", "com.azure.ai.openai", _H, "openai", "AZURE_OPENAI_API_KEY AZURE_OPENAI_ENDPOINT"),
    F("cohere-java", "java", "com.cohere", _H, "other", "CO_API_KEY", host="api.cohere.com"),
    F("java-llama.cpp", "java", "de.kherud.llama", _P),
    F("jlama", "java", "com.github.tjake.jlama", _P),
    F("onnxruntime", "java", "ai.onnxruntime", _P),
    F("djl", "java", "ai.djl", _P),
)  # fmt: skip

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
    "qianfan.baidubce.com": "openai", "api.hunyuan.cloud.tencent.com": "openai", "ollama.com": "ollama",
}  # fmt: skip
"""Vendors' hosts and the dialect they speak."""

PROVIDERS: dict[str, tuple[int, str]] = {
    "ollama": (11434, "ollama"), "ollama_chat": (11434, "ollama"), "lmstudio": (1234, "openai"),
    "lm_studio": (1234, "openai"), "hosted_vllm": (8000, "openai"), "vllm": (8000, "openai"),
    "llamafile": (8080, "openai"), "llamacpp": (8080, "openai"),
}  # fmt: skip
"""What stands before `/` or `:` in a model's name, or as a provider, for servers on this machine."""
