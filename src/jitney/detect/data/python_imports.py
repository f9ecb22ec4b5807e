"""Import → distribution in the Python index, where the names differ, and the names that are the same.

Written by hand in 2026-11. 77 rows were compared with the wheels that lay on a development machine (none was wrong); the
others are from memory, and of all of them only those that examples and tests use were run. The longest dotted prefix
wins. A name that is in neither table is never installed by guess: a lookup in a public index is a hole for dependency
confusion.
"""

from __future__ import annotations

_DIFFERENT = """
google.genai google-genai
google.generativeai google-generativeai
google.ai.generativelanguage google-ai-generativelanguage
google.adk google-adk
google.auth google-auth
google.oauth2 google-auth
google_auth_oauthlib google-auth-oauthlib
googleapiclient google-api-python-client
google.api_core google-api-core
google.protobuf protobuf
google.cloud.aiplatform google-cloud-aiplatform
google.cloud.storage google-cloud-storage
google.cloud.bigquery google-cloud-bigquery
google.cloud.firestore google-cloud-firestore
google.cloud.speech google-cloud-speech
google.cloud.texttospeech google-cloud-texttospeech
google.cloud.translate google-cloud-translate
google.cloud.vision google-cloud-vision
google.cloud.documentai google-cloud-documentai
google.cloud.secretmanager google-cloud-secret-manager
google.cloud.pubsub google-cloud-pubsub
google.cloud.logging google-cloud-logging
vertexai google-cloud-aiplatform
azure.ai.inference azure-ai-inference
azure.ai.projects azure-ai-projects
azure.ai.agents azure-ai-agents
azure.ai.evaluation azure-ai-evaluation
azure.ai.formrecognizer azure-ai-formrecognizer
azure.ai.documentintelligence azure-ai-documentintelligence
azure.identity azure-identity
azure.core azure-core
azure.search.documents azure-search-documents
azure.storage.blob azure-storage-blob
azure.cosmos azure-cosmos
azure.keyvault.secrets azure-keyvault-secrets
azure.monitor.opentelemetry azure-monitor-opentelemetry
azure.cognitiveservices.speech azure-cognitiveservices-speech
agents openai-agents
llama_cpp llama-cpp-python
awq autoawq
auto_gptq auto-gptq
faiss faiss-cpu
whisper openai-whisper
faster_whisper faster-whisper
haystack haystack-ai
fireworks fireworks-ai
fireworks.client fireworks-ai
weaviate weaviate-client
llama_index llama-index
llama_index.core llama-index-core
llama_parse llama-parse
llama_cloud_services llama-cloud-services
tavily tavily-python
serpapi google-search-results
exa_py exa-py
firecrawl firecrawl-py
mem0 mem0ai
fitz PyMuPDF
pymupdf PyMuPDF
pymupdf4llm pymupdf4llm
docx python-docx
docx2txt docx2txt
pptx python-pptx
dotenv python-dotenv
PIL Pillow
cv2 opencv-python-headless
sklearn scikit-learn
skimage scikit-image
yaml PyYAML
ruamel.yaml ruamel.yaml
bs4 beautifulsoup4
psycopg2 psycopg2-binary
psycopg psycopg[binary]
attr attrs
attrs attrs
pkg_resources setuptools
setuptools setuptools
Crypto pycryptodome
Cryptodome pycryptodomex
OpenSSL pyOpenSSL
jwt PyJWT
jose python-jose
dateutil python-dateutil
slugify python-slugify
magic python-magic
telegram python-telegram-bot
telebot pyTelegramBotAPI
discord discord.py
slack_sdk slack-sdk
slack_bolt slack-bolt
git GitPython
github PyGithub
gitlab python-gitlab
serial pyserial
usb pyusb
zmq pyzmq
socketio python-socketio
engineio python-engineio
flask_cors Flask-Cors
flask_socketio Flask-SocketIO
flask_sqlalchemy Flask-SQLAlchemy
flask_login Flask-Login
flask_limiter Flask-Limiter
flask Flask
jinja2 Jinja2
markupsafe MarkupSafe
werkzeug Werkzeug
sqlalchemy SQLAlchemy
MySQLdb mysqlclient
mysql.connector mysql-connector-python
pymysql PyMySQL
bson pymongo
gridfs pymongo
pymongo pymongo
pinecone pinecone
chromadb chromadb
qdrant_client qdrant-client
pymilvus pymilvus
elasticsearch elasticsearch
opensearchpy opensearch-py
neo4j neo4j
IPython ipython
markdown Markdown
pygments Pygments
xdg_base_dirs xdg-base-dirs
unidecode Unidecode
Levenshtein python-Levenshtein
fuzzywuzzy fuzzywuzzy
nacl PyNaCl
paho.mqtt paho-mqtt
pydantic_settings pydantic-settings
pydantic_ai pydantic-ai
pydantic_graph pydantic-graph
email_validator email-validator
multipart python-multipart
python_multipart python-multipart
sse_starlette sse-starlette
sentence_transformers sentence-transformers
huggingface_hub huggingface-hub
hf_transfer hf-transfer
text_generation text-generation
flash_attn flash-attn
ctranslate2 ctranslate2
mistral_common mistral-common
mistral_inference mistral-inference
starlette_context starlette-context
optimum.intel optimum-intel
optimum.onnxruntime optimum[onnxruntime]
openvino_genai openvino-genai
onnxruntime_genai onnxruntime-genai
openai_harmony openai-harmony
mlx_lm mlx-lm
mlx_vlm mlx-vlm
exllamav2 exllamav2
tensorrt_llm tensorrt-llm
tf_keras tf-keras
keras_hub keras-hub
keras_nlp keras-nlp
langchain_core langchain-core
langchain_community langchain-community
langchain_openai langchain-openai
langchain_anthropic langchain-anthropic
langchain_ollama langchain-ollama
langchain_groq langchain-groq
langchain_mistralai langchain-mistralai
langchain_google_genai langchain-google-genai
langchain_google_vertexai langchain-google-vertexai
langchain_google_community langchain-google-community
langchain_huggingface langchain-huggingface
langchain_chroma langchain-chroma
langchain_pinecone langchain-pinecone
langchain_qdrant langchain-qdrant
langchain_postgres langchain-postgres
langchain_milvus langchain-milvus
langchain_mongodb langchain-mongodb
langchain_weaviate langchain-weaviate
langchain_elasticsearch langchain-elasticsearch
langchain_aws langchain-aws
langchain_cohere langchain-cohere
langchain_deepseek langchain-deepseek
langchain_fireworks langchain-fireworks
langchain_together langchain-together
langchain_nvidia_ai_endpoints langchain-nvidia-ai-endpoints
langchain_text_splitters langchain-text-splitters
langchain_experimental langchain-experimental
langchain_mcp_adapters langchain-mcp-adapters
langchain_tavily langchain-tavily
langchain_unstructured langchain-unstructured
langchain_xai langchain-xai
langchain_perplexity langchain-perplexity
langchain_classic langchain-classic
langchain_azure_ai langchain-azure-ai
langchainhub langchainhub
langgraph langgraph
langgraph_sdk langgraph-sdk
langgraph.checkpoint.sqlite langgraph-checkpoint-sqlite
langgraph.checkpoint.postgres langgraph-checkpoint-postgres
langgraph_supervisor langgraph-supervisor
langgraph_swarm langgraph-swarm
autogen pyautogen
autogen_agentchat autogen-agentchat
autogen_core autogen-core
autogen_ext autogen-ext
semantic_kernel semantic-kernel
agent_framework agent-framework
crewai_tools crewai-tools
dspy dspy
ell ell-ai
phi phidata
strands strands-agents
strands_tools strands-agents-tools
claude_agent_sdk claude-agent-sdk
claude_code_sdk claude-code-sdk
mistralai mistralai
cohere cohere
replicate replicate
together together
cerebras.cloud.sdk cerebras-cloud-sdk
volcenginesdkarkruntime volcengine-python-sdk[ark]
zhipuai zhipuai
zai zai-sdk
dashscope dashscope
qianfan qianfan
xai_sdk xai-sdk
ibm_watsonx_ai ibm-watsonx-ai
assemblyai assemblyai
deepgram deepgram-sdk
elevenlabs elevenlabs
cartesia cartesia
openinference.instrumentation.openai openinference-instrumentation-openai
openinference.instrumentation.langchain openinference-instrumentation-langchain
opentelemetry.sdk opentelemetry-sdk
opentelemetry.trace opentelemetry-api
opentelemetry opentelemetry-api
opentelemetry.exporter.otlp opentelemetry-exporter-otlp
opentelemetry.instrumentation.openai opentelemetry-instrumentation-openai
phoenix arize-phoenix
trulens trulens
youtube_transcript_api youtube-transcript-api
yt_dlp yt-dlp
pytube pytube
wikipediaapi Wikipedia-API
duckduckgo_search duckduckgo-search
ddgs ddgs
googlesearch googlesearch-python
newspaper newspaper3k
readability readability-lxml
feedparser feedparser
html2text html2text
markdownify markdownify
pdfplumber pdfplumber
pypdf pypdf
PyPDF2 PyPDF2
pdfminer pdfminer.six
pdf2image pdf2image
pytesseract pytesseract
unstructured unstructured
unstructured_client unstructured-client
docling docling
markitdown markitdown
speech_recognition SpeechRecognition
pyaudio PyAudio
gtts gTTS
pyttsx3 pyttsx3
sounddevice sounddevice
soundfile soundfile
webrtcvad webrtcvad
moviepy moviepy
ffmpeg ffmpeg-python
imageio_ffmpeg imageio-ffmpeg
streamlit_chat streamlit-chat
streamlit_option_menu streamlit-option-menu
streamlit_extras streamlit-extras
streamlit_mic_recorder streamlit-mic-recorder
st_aggrid streamlit-aggrid
dash_bootstrap_components dash-bootstrap-components
gradio_client gradio-client
prompt_toolkit prompt-toolkit
rapidfuzz rapidfuzz
rank_bm25 rank-bm25
json_repair json-repair
jsonschema jsonschema
dirtyjson dirtyjson
partial_json_parser partial-json-parser
nest_asyncio nest-asyncio
aiohttp_cors aiohttp-cors
aiofiles aiofiles
async_timeout async-timeout
backoff backoff
ratelimit ratelimit
jsonlines jsonlines
lancedb lancedb
tree_sitter tree-sitter
tree_sitter_python tree-sitter-python
apscheduler APScheduler
schedule schedule
pywebio pywebio
nicegui nicegui
win32com pywin32
screeninfo screeninfo
pyautogui PyAutoGUI
Xlib python-xlib
notion_client notion-client
stripe stripe
twilio twilio
sendgrid sendgrid
openpyxl openpyxl
xlsxwriter XlsxWriter
docker docker
kubernetes kubernetes
googlemaps googlemaps
praw praw
tweepy tweepy
finnhub finnhub-python
alpaca alpaca-py
alpha_vantage alpha-vantage
pandas_ta pandas-ta
mpl_toolkits matplotlib
rdkit rdkit
Bio biopython
pycocotools pycocotools
torch_geometric torch-geometric
pytorch_lightning pytorch-lightning
lightning lightning
bitsandbytes bitsandbytes
safetensors safetensors
e2b_code_interpreter e2b-code-interpreter
agentops agentops
langfuse langfuse
mcp mcp
mcp_use mcp-use
"""

_SAME = """
openai anthropic ollama groq litellm instructor transformers torch torchvision torchaudio accelerate
diffusers datasets
peft trl vllm sglang numpy pandas scipy matplotlib seaborn plotly requests httpx aiohttp urllib3 certifi rich
click
typer tqdm pydantic fastapi uvicorn starlette gunicorn streamlit gradio chainlit flask tiktoken tokenizers
sentencepiece
onnxruntime onnx openvino llamafile torchinfo distilabel haversine mwclient multiprocess griffe hatchling langsmith logfire weave wandb fastmcp ctransformers gpt4all
langchain crewai agno smolagents guidance outlines marvin magentic
mirascope
promptflow lmql txtai haystack_experimental spacy nltk gensim textblob tensorflow keras jax flax boto3
botocore
redis psutil regex ftfy einops evaluate rouge sacrebleu sacremoses textual colorama termcolor tabulate loguru
structlog tenacity orjson ujson msgpack simplejson toml tomli tomlkit websockets websocket paramiko
cryptography bcrypt
passlib celery rq peewee tortoise asyncpg aiosqlite sqlmodel duckdb polars pyarrow lxml selenium playwright
scrapy
httpcore h11 h2 anyio trio sniffio jsonpath_ng jmespath networkx sympy statsmodels xgboost lightgbm catboost
shap
optuna mlflow ray dask joblib cloudpickle dill fire docopt questionary inquirer humanize arrow pendulum pytz
tzlocal
emoji langdetect deep_translator googletrans wikipedia arxiv yfinance ccxt newsapi trafilatura mlx librosa
pydub
pyttsx3 imageio decord av kornia timm open_clip ultralytics supervision mediapipe dash bokeh altair panel
holoviews
streamlink sse_client sseclient msgspec attrs cattrs marshmallow dataclasses_json typing_extensions wrapt
cachetools
diskcache filelock portalocker watchdog pexpect ptyprocess pyperclip keyboard pynput mss qrcode reportlab
fpdf weasyprint
pypandoc mistune commonmark nbformat nbclient jupyter_client ipywidgets pytest hypothesis faker freezegun
responses
vcr moto uvloop hypercorn quart sanic tornado bottle django falcon aiogram pyrogram telethon interpreter
memgpt letta
camel metagpt swarms burr controlflow griptape lagent modelscope funasr paddleocr easyocr surya marker nougat
bertopic keybert umap hdbscan pymilvus annoy hnswlib usearch tantivy whoosh meilisearch typesense supabase
firebase_admin
pyngrok modal banana baseten cog bentoml kserve mosec nemoguardrails guardrails deepeval ragas giskard
tqdm_joblib
aisuite any_llm llm portkey_ai helicone outetts kokoro parler_tts bark TTS coqui ctransformers exllamav2 hqq
xformers
idna six charset_normalizer packaging platformdirs pluggy iniconfig zstandard lz4 xllamacpp
mistralrs deepspeed triton unsloth axolotl torchtune lm_eval bert_score textstat pyvis graphviz pydot igraph
"""

UNCLEAR = frozenset(
    "swarm bark banana cog marker surya camel interpreter haystack_experimental rouge TTS coqui vcr streamlink "
    "websocket open_clip newsapi tqdm_joblib fpdf faker umap igraph jupyter_client firebase_admin".split()
)
"""Names in the list above whose distribution is another project or has another name: not to be used as they
stand."""

GENERIC = frozenset(
    {
        "agents",
        "llm",
        "phi",
        "magic",
        "evaluate",
        "responses",
        "guidance",
        "docker",
        "git",
        "schedule",
        "cartesia",
    }
)
"""Import names that are ordinary words: a folder of that name beside the program is the program's own."""

_CORRECTIONS = """
websocket websocket-client
open_clip open-clip-torch
newsapi newsapi-python
fpdf fpdf2
faker Faker
umap umap-learn
igraph igraph
jupyter_client jupyter-client
firebase_admin firebase-admin
interpreter open-interpreter
rouge rouge
camel camel-ai
cog cog
coqui coqui-tts
TTS coqui-tts
surya surya-ocr
vcr vcrpy
bert_score bert-score
lm_eval lm-eval
portkey_ai portkey-ai
any_llm any-llm-sdk
dataclasses_json dataclasses-json
typing_extensions typing-extensions
charset_normalizer charset-normalizer
marker marker-pdf
jsonpath_ng jsonpath-ng
deep_translator deep-translator
parler_tts parler-tts
llamafile llamafile
sse_client sseclient-py
sseclient sseclient-py
guardrails guardrails-ai
memgpt pymemgpt
tortoise tortoise-orm
nougat nougat-ocr
"""

_PATTERNS = (
    ("llama_index.llms.", "llama-index-llms-"),
    ("llama_index.embeddings.", "llama-index-embeddings-"),
    ("llama_index.vector_stores.", "llama-index-vector-stores-"),
    ("llama_index.readers.", "llama-index-readers-"),
    ("llama_index.tools.", "llama-index-tools-"),
    ("llama_index.postprocessor.", "llama-index-postprocessor-"),
    ("llama_index.retrievers.", "llama-index-retrievers-"),
    ("llama_index.storage.chat_store.", "llama-index-storage-chat-store-"),
    ("llama_index.graph_stores.", "llama-index-graph-stores-"),
    ("llama_index.callbacks.", "llama-index-callbacks-"),
    ("haystack_integrations.components.generators.", "HAYSTACK"),
)
"""Families in which one sub-module is one distribution."""

_HAYSTACK = {
    "ollama": "ollama-haystack",
    "anthropic": "anthropic-haystack",
    "llama_cpp": "llama-cpp-haystack",
}


def _table() -> dict[str, str]:
    known = {name: name for name in _SAME.split() if name not in UNCLEAR}
    for line in (_DIFFERENT + _CORRECTIONS).strip().splitlines():
        if line:
            module, _, package = line.partition(" ")
            known[module] = package
    return known


PACKAGES: dict[str, str] = _table()
"""Import name (dotted where needed) → distribution."""


def distribution(module: str) -> str:
    """The distribution that brings this module; an empty string where the table does not know it."""
    for head, package in _PATTERNS:
        if module.startswith(head):
            part = module[len(head) :].partition(".")[0]
            return _HAYSTACK.get(part, "") if package == "HAYSTACK" else package + part.replace("_", "-")
    name = module
    while name:
        if found := PACKAGES.get(name):
            return found
        name = name.rpartition(".")[0]
    return ""
