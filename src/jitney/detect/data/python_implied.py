"""What packages need at run time without declaring it, told by the name that a program imports."""

from __future__ import annotations

IMPLIED: dict[str, tuple[str, ...]] = {
    "agno.models.openai": ("openai",), "agno.models.google": ("google-genai",), "agno.models.anthropic":
    ("anthropic",),
    "agno.models.ollama": ("ollama",), "agno.models.groq": ("groq",), "agno.models.mistral": ("mistralai",),
    "agno.models.litellm": ("litellm",), "agno.models.lmstudio": ("openai",), "agno.models.deepseek":
    ("openai",),
    "agno.tools.duckduckgo": ("ddgs",), "agno.tools.exa": ("exa-py",), "agno.tools.firecrawl":
    ("firecrawl-py",),
    "agno.tools.yfinance": ("yfinance",), "agno.tools.serpapi": ("google-search-results",),
    "agno.tools.tavily": ("tavily-python",), "agno.knowledge.pdf": ("pypdf",), "agno.vectordb.lancedb":
    ("lancedb",),
    "agno.vectordb.qdrant": ("qdrant-client",), "agno.vectordb.chroma": ("chromadb",), "agno.db.sqlite":
    ("sqlalchemy",),
    "agno.storage.sqlite": ("sqlalchemy",), "agno.os": ("fastapi", "uvicorn"),
    "langchain.chat_models.init_chat_model": ("langchain",),
    "langchain_community.document_loaders.PyPDFLoader": ("pypdf",),
    "langchain_community.vectorstores.FAISS": ("faiss-cpu",), "langchain_community.vectorstores.Chroma":
    ("chromadb",),
    "langchain_community.tools.DuckDuckGoSearchRun": ("ddgs",), "langchain_community.llms.Ollama": (),
    "langchain_community.embeddings.HuggingFaceEmbeddings": ("sentence-transformers",),
    "langchain_huggingface.HuggingFacePipeline": ("transformers", "torch"),
    "langchain_huggingface.HuggingFaceEmbeddings": ("sentence-transformers",),
    "transformers.AutoModelForCausalLM": ("torch",), "transformers.pipeline": ("torch",),
    "transformers.AutoModel": ("torch",), "transformers.AutoModelForSeq2SeqLM": ("torch",),
    "transformers.AutoModelForSequenceClassification": ("torch",), "transformers.TextIteratorStreamer":
    ("torch",),
    "transformers.Trainer": ("torch", "accelerate"), "fastapi.Form": ("python-multipart",),
    "fastapi.UploadFile": ("python-multipart",), "fastapi.File": ("python-multipart",),
    "fastapi.security.OAuth2PasswordRequestForm": ("python-multipart",), "pydantic.EmailStr":
    ("email-validator",),
    "transformers.BitsAndBytesConfig": ("bitsandbytes", "accelerate"),
    "smolagents.TransformersModel": ("transformers", "torch", "accelerate"), "smolagents.LiteLLMModel":
    ("litellm",),
    "smolagents.OpenAIServerModel": ("openai",), "smolagents.OpenAIModel": ("openai",),
    "smolagents.DuckDuckGoSearchTool": ("ddgs",), "smolagents.GradioUI": ("gradio",),
    "autogen_ext.models.openai": ("openai", "tiktoken"), "autogen_ext.models.ollama": ("ollama",),
    "autogen_ext.models.anthropic": ("anthropic",), "pandas.read_excel": ("openpyxl",),
}  # fmt: skip
"""Imported name → further distributions that it needs at run time without declaring them."""


def implied(module: str) -> tuple[str, ...]:
    """What else the module or imported name needs; the longest prefix decides."""
    name = module
    while name:
        if name in IMPLIED:
            return IMPLIED[name]
        name = name.rpartition(".")[0]
    return ()
