"""What packages need at run time without declaring it, told by the name that a program imports, by what it calls, and by
words such as a database's address."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import msgspec

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
    "fastapi.WebSocket": ("websockets",), "starlette.websockets": ("websockets",), "diffusers": ("torch", "transformers"),
    "transformers.AutoImageProcessor": ("Pillow",), "transformers.T5Tokenizer": ("sentencepiece",),
    "transformers.LlamaTokenizer": ("sentencepiece",), "transformers.MarianTokenizer": ("sentencepiece", "sacremoses"),
    "transformers.XLMRobertaTokenizer": ("sentencepiece",), "transformers.MBartTokenizer": ("sentencepiece",),
    "transformers.AlbertTokenizer": ("sentencepiece",), "transformers.CamembertTokenizer": ("sentencepiece",),
    "transformers.NllbTokenizer": ("sentencepiece",), "transformers.M2M100Tokenizer": ("sentencepiece",),
    "llama_index.core.SimpleDirectoryReader": ("llama-index-readers-file",),
}  # fmt: skip
"""Imported name → further distributions that it needs at run time without declaring them."""
_MODELS = re.compile(r"transformers\.(?!TF|Flax)(?:AutoModel\w*|\w+For[A-Z]\w+|\w+Model)")
"""Classes of transformers' that are networks: they want PyTorch, which it does not depend on."""


LIBRARIES = frozenset({"agno", "langchain_community", "autogen_ext", "strands", "smolagents"})
"""Those whose sources tools/needs_table.py has read."""
_MOVED = re.compile(
    r"^langchain\.(?=(?:chat_loaders|document_loaders|document_transformers|llms|utilities|vectorstores)\.|"
    r"(?:chat_models|embeddings)\.(?!Base|Embeddings|Cache)[A-Z])"
)
"""What LangChain hands on from langchain-community, without depending on it since 0.2."""


@cache
def _read() -> dict[str, list[str]]:
    table = msgspec.json.decode((Path(__file__).parent / "python_needs.json").read_bytes(), type=_Needs)
    return table.needs


class _Needs(msgspec.Struct):
    made: str
    needs: dict[str, list[str]]


def implied(module: str) -> tuple[str, ...]:
    """What else the module or imported name needs; the longest prefix decides, and what was written by hand before what was
    read from sources."""
    if _MODELS.fullmatch(module):
        return ("torch",)
    name = _MOVED.sub("langchain_community.", module)
    read = _read() if name.partition(".")[0] in LIBRARIES else {}
    moved = ("langchain-community",) if name != module else ()
    while name:
        if name in IMPLIED:
            return moved + IMPLIED[name]
        if name in read:
            return moved + tuple(read[name])
        name = name.rpartition(".")[0]
    return moved


CALLS: tuple[tuple[str, str, str], ...] = (
    ("pandas", "read_excel", "openpyxl"), ("pandas", "to_excel", "openpyxl"), ("pandas", "ExcelWriter", "openpyxl"),
    ("pandas", "to_markdown", "tabulate"), ("pandas", "read_parquet", "pyarrow"), ("pandas", "to_parquet", "pyarrow"),
    ("pandas", "read_html", "lxml"), ("pandas", "to_sql", "sqlalchemy"), ("polars", "read_excel", "fastexcel"),
    ("transformers", "from_pretrained(device_map)", "accelerate"), ("transformers", "pipeline(device_map)", "accelerate"),
    ("transformers", "from_pretrained(gguf_file)", "gguf"), ("transformers", "pipeline(gguf_file)", "gguf"),
    ("transformers", "from_pretrained(load_in_4bit)", "bitsandbytes"),
    ("transformers", "from_pretrained(load_in_8bit)", "bitsandbytes"),
    ("diffusers", "from_pretrained", "transformers"), ("diffusers", "enable_model_cpu_offload", "accelerate"),
    ("starlette", "Jinja2Templates", "jinja2"), ("fastapi", "Jinja2Templates", "jinja2"),
    ("httpx", "Client(http2)", "h2"), ("httpx", "AsyncClient(http2)", "h2"),
)  # fmt: skip
"""Imported module, call (`name`, or `name(argument)` for a named argument) → distribution that it needs then."""

WORDS: tuple[tuple[str, str, str], ...] = (
    ("sqlalchemy|sqlmodel|langchain_community|llama_index|agno|phi|databases|langchain_postgres|langgraph", "postgresql+psycopg://",
     "psycopg[binary]"),
    ("sqlalchemy|sqlmodel|langchain_community|llama_index|agno|phi|databases", "postgresql+asyncpg://", "asyncpg"),
    ("sqlalchemy|sqlmodel|langchain_community|llama_index|agno|phi|databases", "postgresql+psycopg2://", "psycopg2-binary"),
    ("sqlalchemy|sqlmodel", "postgresql://", "psycopg2-binary"),
    ("sqlalchemy|sqlmodel|langchain_community", "mysql+pymysql://", "PyMySQL"),
    ("sqlalchemy|sqlmodel|langchain_community", "mysql+mysqlconnector://", "mysql-connector-python"),
    ("sqlalchemy|sqlmodel|langchain_community", "mysql+aiomysql://", "aiomysql"),
    ("sqlalchemy|sqlmodel|databases", "sqlite+aiosqlite://", "aiosqlite"),
    ("sqlalchemy", "mssql+pyodbc://", "pyodbc"), ("sqlalchemy", "snowflake://", "snowflake-sqlalchemy"),
    ("sqlalchemy", "duckdb://", "duckdb-engine"), ("sqlalchemy", "bigquery://", "sqlalchemy-bigquery"),
    ("requests", "socks5://", "PySocks"), ("requests", "socks5h://", "PySocks"), ("httpx", "socks5://", "socksio"),
    ("crewai", "gemini/", "google-genai"), ("crewai", "anthropic/", "anthropic"), ("crewai", "groq/", "litellm"),
    ("crewai", "ollama/", "litellm"), ("crewai", "openrouter/", "litellm"), ("crewai", "nebius/", "litellm"),
    ("crewai", "huggingface/", "litellm"), ("crewai", "mistral/", "litellm"), ("crewai", "together_ai/", "litellm"),
    ("bs4", "lxml", "lxml"), ("bs4", "html5lib", "html5lib"), ("bs4", "lxml-xml", "lxml"), ("pandas", "xlsxwriter", "XlsxWriter"),
    ("passlib", "bcrypt", "bcrypt"), ("passlib", "argon2", "argon2-cffi"), ("jwt", "RS256", "cryptography"), ("jwt", "ES256", "cryptography"),
)  # fmt: skip
"""Modules that read such words; the word, or with a slash at its end what it begins with → the distribution that it takes (a
database's driver, a parser, a vendor's client)."""

PROVIDERS = {
    "openai": "langchain-openai", "azure_openai": "langchain-openai", "anthropic": "langchain-anthropic",
    "google_genai": "langchain-google-genai", "google_vertexai": "langchain-google-vertexai", "ollama": "langchain-ollama",
    "groq": "langchain-groq", "mistralai": "langchain-mistralai", "cohere": "langchain-cohere", "bedrock": "langchain-aws",
    "bedrock_converse": "langchain-aws", "fireworks": "langchain-fireworks", "together": "langchain-together",
    "huggingface": "langchain-huggingface", "deepseek": "langchain-deepseek", "xai": "langchain-xai",
    "perplexity": "langchain-perplexity", "nvidia": "langchain-nvidia-ai-endpoints", "ibm": "langchain-ibm",
    "azure_ai": "langchain-azure-ai",
}  # fmt: skip
"""Heads of a model's name in `init_chat_model("openai:gpt-…")`, and its `model_provider`, as LangChain documents them."""
PREFIXES = ("gpt-", "openai"), ("o1", "openai"), ("o3", "openai"), ("claude", "anthropic"), ("gemini", "google_vertexai"), ("command", "cohere"), ("mistral", "mistralai"), ("deepseek", "deepseek"), ("grok", "xai"), ("sonar", "perplexity")  # fmt: skip
"""Which provider LangChain takes for a name without a head."""

STOOD_IN = {
    "distutils": ("setuptools", "3.12"), "asyncore": ("pyasyncore", "3.12"), "asynchat": ("pyasynchat", "3.12"),
    "cgi": ("legacy-cgi", "3.13"), "cgitb": ("legacy-cgi", "3.13"), "audioop": ("audioop-lts", "3.13"),
    "telnetlib": ("standard-telnetlib", "3.13"), "imghdr": ("standard-imghdr", "3.13"), "pipes": ("standard-pipes", "3.13"),
    "sndhdr": ("standard-sndhdr", "3.13"), "aifc": ("standard-aifc", "3.13"), "sunau": ("standard-sunau", "3.13"),
    "chunk": ("standard-chunk", "3.13"), "nntplib": ("standard-nntplib", "3.13"), "uu": ("standard-uu", "3.13"),
    "xdrlib": ("standard-xdrlib", "3.13"), "mailcap": ("standard-mailcap", "3.13"), "crypt": ("legacycrypt", "3.13"),
}  # fmt: skip
"""Modules that Python lost → what brings them back, since which version (PEP 594, PEP 632)."""
