"""One Python file through `ast`: nothing is executed. A file that does not parse gives a finding with its
line."""

from __future__ import annotations

import ast
import re
import warnings
from contextlib import suppress

import msgspec

from jitney.detect.code import At, Code
from jitney.detect.model import ModelUse
from jitney.detect.names import EMBEDS
from jitney.detect.python.imports import Import, ImportReader, name_of
from jitney.detect.python.roles import roles
from jitney.detect.python.unused import unused
from jitney.findings import Evidence

_GETTERS = frozenset({"getenv", "get", "setdefault", "pop"})
_MODEL_KEYWORDS = frozenset(
    {
        "model",
        "model_id",
        "model_name",
        "model_path",
        "repo_id",
        "pretrained_model_name_or_path",
        "deployment_name",
        "llm",
    }
)
_WEIGHTS = frozenset(
    {"from_pretrained", "pipeline", "Llama", "LLM", "SentenceTransformer", "hf_hub_download",
    "snapshot_download",
     "CrossEncoder", "WhisperModel", "load_model", "LlamaCpp", "HuggingFacePipeline", "from_model_id",
     "GPT4All", "Model",
     "from_single_file", "LLMPipeline", "Engine", "HuggingFaceEmbeddings", "HuggingFaceLLM",
     "TransformersModel", "TransformersConverter"}
)  # fmt: skip
_POSITIONAL = _WEIGHTS - {"pipeline", "LLM", "Engine", "load_model", "Model"} | {
    "ChatOllama",
    "Ollama",
    "GenerativeModel",
}

_OLLAMA = frozenset({"ollama.chat", "ollama.generate", "ollama.embed", "ollama.embeddings", "ollama.pull"})
"""Functions whose first argument is the model."""

_MODEL_NAME = re.compile(r"(?!https?:)[^ ]{1,200}", re.DOTALL)
_CONNECTIONS = {"HTTPConnection": "http", "HTTPSConnection": "https"}


class Facts(msgspec.Struct):
    """What one file says. main: has `if __name__ == "__main__"`; builds: names of apps it constructs, class
    → variable; calls: functions and methods by their last word, and `word(argument)` for each named argument, → line.
    requirements, apt: what the cells of a notebook install."""

    imports: list[Import] = msgspec.field(default_factory=list)
    code: Code = msgspec.field(default_factory=Code)
    main: bool = False
    builds: dict[str, str] = msgspec.field(default_factory=dict)
    paths: list[str] = msgspec.field(default_factory=list)
    calls: dict[str, int] = msgspec.field(default_factory=dict)
    requirements: list[At] = msgspec.field(default_factory=list)
    apt: list[At] = msgspec.field(default_factory=list)


def parse(text: str) -> ast.Module:
    """SyntaxError, also for what makes the parser give up otherwise (NUL bytes, nesting)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or "nested too deeply") from error


def look(tree: ast.Module, file: str) -> Facts:
    seen = _Reader(file, roles(tree))
    with suppress(RecursionError):  # what was seen so far counts; the program itself is not ours to judge
        seen.visit(tree)
    idle = unused(tree, file)
    code = seen.facts.code
    code.imports = [at for at in code.imports if (at.line, at.value) not in idle]
    code.uses = [
        At(f"{seen.modules[head]}.{rest}", file, line)
        for head, rest, line in seen.attributes
        if head in seen.modules
    ]
    return seen.facts


class _Reader(ImportReader, ast.NodeVisitor):
    def __init__(self, file: str, roles: dict[int, str]) -> None:
        super().__init__()
        self.file, self._roles = file, roles
        self.facts = Facts(imports=self.found)
        self._constants: dict[str, str] = {}
        self.modules: dict[str, str] = {}
        self.attributes: list[tuple[str, str, int]] = []

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.modules[alias.asname or alias.name.partition(".")[0]] = (
                alias.name if alias.asname else alias.name.partition(".")[0]
            )
        super().visit_Import(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if not node.level:
            self.modules |= {
                alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names
            }
        super().visit_ImportFrom(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """`outlines.from_openai`: what is taken of a module says how it is used."""
        head, _, rest = _chain(node).partition(".")
        if head:
            self.attributes.append((head, rest, node.lineno))
        self.generic_visit(node)

    def add(self, module: str, line: int, names: tuple[str, ...] = (), level: int = 0) -> None:
        super().add(module, line, names, level)
        if not level:
            for name in names or ("*",):
                full = f"{module}.{name}" if name != "*" else module
                self.facts.code.imports.append(At(full, self.file, line))

    def visit_If(self, node: ast.If) -> None:
        test = ast.unparse(node.test) if isinstance(node.test, ast.Compare) else ""
        if test in ("__name__ == '__main__'", "'__main__' == __name__"):
            self.facts.main = True
        super().visit_If(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._bind(target.id, node.value)
        self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        """`with gr.Blocks() as demo:`"""
        for item in node.items:
            if isinstance(item.optional_vars, ast.Name):
                self._bind(item.optional_vars.id, item.context_expr)
        super().visit_With(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if isinstance(node.target, ast.Name) and node.value is not None:
            self._bind(node.target.id, node.value)
        self.generic_visit(node)

    def _bind(self, name: str, value: ast.expr) -> None:
        text = self._text(value)
        if text:
            self._constants.setdefault(name, text)
            if name.upper() in (
                "MODEL",
                "MODEL_NAME",
                "MODEL_ID",
                "LLM_MODEL",
                "CHECKPOINT",
                "MODEL_PATH",
                "REPO_ID",
            ):
                self._model(text, "served", value.lineno)
        if isinstance(value, ast.Call):
            self.facts.builds.setdefault(name_of(value.func), name)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Fields of pydantic settings are environment variables."""
        if any(name_of(base) == "BaseSettings" for base in node.bases):
            for part in node.body:
                target = part.target if isinstance(part, ast.AnnAssign) else None
                if isinstance(target, ast.Name) and target.id != "model_config":
                    self._variable(target.id.upper(), part.lineno)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.ctx, ast.Load) and name_of(node.value) == "environ":
            self._variable(self._text(node.slice), node.lineno)
        self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            if (
                isinstance(key, ast.Constant)
                and key.value in ("model", "model_name")
                and (text := self._text(value))
            ):
                self._model(text, "served", value.lineno)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and len(node.value) < 2000:
            role = self._roles.get(id(node), "")
            self.facts.code.strings.append(At(node.value, self.file, node.lineno, role))
            if node.value.endswith(".gguf") and "\n" not in node.value and "*" not in node.value:
                self._model(node.value, "weights", node.lineno)

    def visit_Call(self, node: ast.Call) -> None:
        name = name_of(node.func)
        owner = name_of(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        first = self._text(node.args[0]) if node.args else ""
        if owner == "path" and name in ("append", "insert"):
            self.facts.paths += [text for part in ast.walk(node) if (text := _literal(part))]
        elif first:
            self._read(node, owner, name, first)
        self.facts.builds.setdefault(name, "")
        self._call_models(node, name, first)
        self.facts.calls.setdefault(name, node.lineno)
        for word in node.keywords:
            self.facts.calls.setdefault(f"{name}({word.arg})", node.lineno)
        super().visit_Call(node)

    def _read(self, node: ast.Call, owner: str, name: str, first: str) -> None:
        """A variable of the environment, a connection."""
        if name == "getenv" or (owner == "environ" and name in _GETTERS):
            self._variable(first, node.lineno)
        elif name in _CONNECTIONS:
            self._connection(node, _CONNECTIONS[name], first)

    def _connection(self, node: ast.Call, scheme: str, host: str) -> None:
        """`HTTPConnection("localhost", 11434)` says an address in two words."""
        ports = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "port")]
        port = next(
            (one.value for one in ports if isinstance(one, ast.Constant) and isinstance(one.value, int)), 0
        )
        if "/" not in host and " " not in host:
            address = f"{scheme}://{host}" + (f":{port}" if port else "")
            self.facts.code.strings.append(At(address, self.file, node.lineno))

    def _call_models(self, node: ast.Call, name: str, first: str) -> None:
        words = {word.arg: self._text(word.value) for word in node.keywords if word.arg}
        kind = "weights" if name in _WEIGHTS else "embedding" if "mbed" in _chain(node.func) else "served"
        file = self._weight_file(node, name, words)
        if first and (name in _POSITIONAL or _chain(node.func) in _OLLAMA):
            self._model(first, kind if kind == "weights" else "served", node.lineno, file)
        for word in _MODEL_KEYWORDS & words.keys():
            self._model(words[word], kind, node.lineno, file)
        if name == "add_argument" and "model" in first and words.get("default"):
            self._model(words["default"], "served", node.lineno)

    def _weight_file(self, node: ast.Call, name: str, words: dict[str, str]) -> str:
        """The file of a repository that a call asks for; empty: the call names none."""
        if name == "TransformersConverter":  # CTranslate2's own converter reads what transformers reads
            return "model.safetensors"
        file = words.get("filename") or words.get("gguf_file", "")
        is_second = not file and name == "hf_hub_download" and len(node.args) > 1
        return self._text(node.args[1]) if is_second else file

    def _text(self, node: ast.expr | None) -> str:
        """A string as far as it is known: literal, constant, default of a variable, `a or b`, a model
        class's argument."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, ast.Name):
            return self._constants.get(node.id, "")
        if isinstance(node, ast.BoolOp):
            return next((text for part in reversed(node.values) if (text := self._text(part))), "")
        if isinstance(node, ast.Call) and name_of(node.func) in ("getenv", "get"):
            default = next((word.value for word in node.keywords if word.arg == "default"), None)
            return self._text(node.args[1] if len(node.args) > 1 else default)
        return ""

    def _variable(self, name: str, line: int) -> None:
        if name.isidentifier():
            self.facts.code.env.append(At(name, self.file, line))

    def _model(self, name: str, kind: str, line: int, file: str = "") -> None:
        if not _MODEL_NAME.fullmatch(name) or not name.isprintable():
            return
        why = Evidence(rule=f"model.{kind}", decides="model", value=name, file=self.file, line=line)
        use = ModelUse(name=name, kind="served", file=file, why=why)
        if kind == "weights":
            use = msgspec.structs.replace(use, kind="weights")
        elif kind == "embedding" or EMBEDS.search(name):
            use = msgspec.structs.replace(use, kind="embedding")
        if all(
            (known.name, known.file) != (name, file) or known.kind != use.kind
            for known in self.facts.code.models
        ):
            self.facts.code.models.append(use)


def _literal(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _chain(node: ast.expr) -> str:
    """`client.embeddings.create` as text."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed([*parts, name_of(node)]))
