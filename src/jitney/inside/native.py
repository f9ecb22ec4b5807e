"""Runs inside a build as root: configure, compile, and lay the program into /out. A file of JSON says what.

{"kind": cmake|meson|autotools|make|sources, "root": folder, "target": name or "", "options": [...], "sources": [...],
 "include": [...], "flags": [...], "modules": [...], "std": "c++20"}
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
from typing import Any

ROOM = "/dev/jitney"
JOBS = str(os.cpu_count() or 1)


BY_MODULE = {"httplib": ("httplib::httplib", "cpp-httplib"), "asio": ("asio::asio", ""), "cjson": ("cjson", "libcjson"),
             "jansson": ("jansson::jansson", "jansson"), "libwebsockets": ("websockets", "libwebsockets")}  # fmt: skip
"""CMake packages that Debian's libraries come without: the target and the pkg-config module."""

ANOTHER_NAME = {
    "json": "nlohmann_json",
    "nlohmann": "nlohmann_json",
    "cpp-httplib": "httplib",
    "googletest": "GTest",
}
"""What people call a project that they fetch → its CMake package."""


def main() -> int:
    wanted = json.loads(text_of(sys.argv[1]))
    shell("take")
    root = os.path.normpath(os.path.join("/src", wanted["root"]))
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    program = {"cmake": cmake, "meson": meson, "autotools": autotools, "make": make, "sources": sources}[
        wanted["kind"]
    ](root, wanted)
    shell("collect", program)
    return 0


def shell(function: str, *words: str) -> None:
    call(["/bin/sh", "-euc", f'. {ROOM}/inside/work.sh; {function} "$@"', "work", *words])


def call(argv: list[str], folder: str = "/", **more: str) -> None:
    """Ends this script with the child's exit code where it fails."""
    code = subprocess.call(argv, cwd=folder, env={**os.environ, **more})
    if code:
        sys.exit(code if 0 < code < 125 else 1)


def cmake(root: str, wanted: dict[str, Any]) -> str:
    at = "/build/cmake"
    cache = f"{at}/CMakeCache.txt"
    if os.path.exists(cache) and f"CMAKE_HOME_DIRECTORY:INTERNAL={root}\n" not in text_of(cache):
        shutil.rmtree(at)
    aliases("/build/aliases")
    os.makedirs(f"{at}/.cmake/api/v1/query", exist_ok=True)
    open(f"{at}/.cmake/api/v1/query/codemodel-v2", "w").close()
    call(
        ["cmake", "-S", root, "-B", at, "-G", "Ninja", "-Wno-dev", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_POLICY_VERSION_MINIMUM=3.5",
         "-DFETCHCONTENT_TRY_FIND_PACKAGE_MODE=ALWAYS", "-DCPM_USE_LOCAL_PACKAGES=ON", "-DBUILD_TESTING=OFF",
         "-DCMAKE_PREFIX_PATH=/build/aliases", *wanted["options"]],
        CFLAGS=os.environ.get("CFLAGS", "-fpermissive"),
    )  # fmt: skip
    found: dict[str, str] = {}
    for path in glob.glob(f"{at}/.cmake/api/v1/reply/target-*.json"):
        target = json.loads(text_of(path))
        if target.get("type") == "EXECUTABLE" and target.get("artifacts"):
            found[target["name"]] = os.path.join(at, target["artifacts"][0]["path"])
    name = chosen(found, wanted["target"], "CMakeLists.txt")
    call(["cmake", "--build", at, "--target", name, "--parallel", JOBS])
    return found[name]


def aliases(folder: str) -> None:
    """Packages that are found under the names by which CMake projects ask for them."""
    for name, (target, module) in BY_MODULE.items():
        if glob.glob(f"/usr/lib/*/cmake/{name}/*onfig.cmake") + glob.glob(
            f"/usr/*/cmake/{name}/*onfig.cmake"
        ):
            continue
        if module and subprocess.call(["pkg-config", "--exists", module]):
            continue
        if not module and not os.path.exists(f"/usr/include/{name}.hpp"):
            continue
        text = "find_package(Threads)\n"
        text += (
            f"find_package(PkgConfig)\npkg_check_modules(found_{name} IMPORTED_TARGET {module})\n"
            if module
            else ""
        )
        linked = f"PkgConfig::found_{name} " if module else ""
        text += f"if(NOT TARGET {target})\n add_library({target} INTERFACE IMPORTED)\n"
        text += f" target_link_libraries({target} INTERFACE {linked}Threads::Threads)\nendif()\n"
        alias(folder, name, text)
    for name, other in ANOTHER_NAME.items():
        alias(folder, name, f"find_package({other} QUIET)\nset({name}_FOUND ${{{other}_FOUND}})\n")


def alias(folder: str, name: str, text: str) -> None:
    at = f"{folder}/lib/cmake/{name}"
    os.makedirs(at, exist_ok=True)
    path = f"{at}/{name}-config.cmake"
    if not os.path.exists(path) or text_of(path) != text:
        with open(path, "w") as file:
            file.write(text)


def meson(root: str, wanted: dict[str, Any]) -> str:
    at = "/build/meson"
    if not os.path.exists(f"{at}/build.ninja"):
        shutil.rmtree(at, ignore_errors=True)
        call(
            ["meson", "setup", "--buildtype=release", "--wrap-mode=nodownload", *wanted["options"], at, root]
        )
    call(["ninja", "-C", at, "-j", JOBS])
    told = json.loads(subprocess.check_output(["meson", "introspect", "--targets", at]))
    found: dict[str, str] = {one["name"]: one["filename"][0] for one in told if one["type"] == "executable"}
    return found[chosen(found, wanted["target"], "meson.build")]


def autotools(root: str, wanted: dict[str, Any]) -> str:
    if not os.path.exists(f"{root}/configure"):
        call(["autoreconf", "-fi"], root)
    at = "/build/autotools"
    os.makedirs(at, exist_ok=True)
    if not os.path.exists(f"{at}/Makefile"):
        call(["/bin/sh", f"{root}/configure", "--disable-dependency-tracking", *wanted["options"]], at)
    call(["make", "-j", JOBS], at)
    found = programs(at, set())
    return found[chosen(found, wanted["target"], "configure")]


def make(root: str, wanted: dict[str, Any]) -> str:
    """The default goal; where that is no program, or the name of one is known, also that."""
    given = {line[66:].removeprefix("./") for line in text_of("/src/.jitney-sums").splitlines()}
    own = {os.path.join("/src", path) for path in given}
    call(["make", "-j", JOBS, *wanted["options"]], root)
    found = programs(root, own)
    if not found and wanted["target"]:
        call(["make", "-j", JOBS, wanted["target"]], root)
        found = programs(root, own)
    return found[chosen(found, wanted["target"], "the Makefile")]


def programs(folder: str, given: set[str]) -> dict[str, str]:
    """Names of programs that were linked below a folder."""
    found: dict[str, str] = {}
    for at, _, names in sorted(os.walk(folder), reverse=True):
        for name in sorted(names):
            path = os.path.join(at, name)
            if (
                path in given
                or os.path.islink(path)
                or not os.access(path, os.X_OK)
                or ".so" in name
                or name.endswith(".o")
            ):
                continue
            with open(path, "rb") as file:
                head = file.read(18)
            if head[:4] == b"\x7fELF" and head[16] in (2, 3):
                found[name] = path
    return found


def chosen(found: dict[str, str], wish: str, where: str) -> str:
    """The program that was asked for, or the only one."""
    if wish in found:
        return wish
    usual = [name for name in found if not re.search(r"(?i)test|bench|example", name)]
    for group in (list(found), usual, [name for name in found if name.lower() in ("main", "app")]):
        if len(group) == 1:
            return group[0]
    if not found:
        sys.exit(f"error: {where} makes no program" + (f"; {wish} was expected" if wish else ""))
    sys.exit(
        f"error: {where} makes several programs: {', '.join(sorted(found))}\nchoose one: jitney run --entry {sorted(found)[0]} …"
    )


def sources(root: str, wanted: dict[str, Any]) -> str:
    """A Makefile of our own, so that of many files only the changed ones are compiled."""
    modules = wanted["modules"]
    cflags, libs = [], []
    for module in modules:
        flags = subprocess.run(["pkg-config", "--cflags", module], capture_output=True, text=True)
        if flags.returncode == 0:
            cflags += flags.stdout.split()
            libs += subprocess.check_output(["pkg-config", "--libs", module], text=True).split()
    common = ["-O2", "-pipe", *(f"-I{os.path.join('/src', folder)}" for folder in wanted["include"]), *cflags]
    common += [flag for flag in wanted["flags"] if not flag.startswith("-l")]
    libs = [flag for flag in wanted["flags"] if flag.startswith(("-l", "-pthread", "-fopenmp"))] + libs
    rules, objects = [], []
    for path in wanted["sources"]:
        made = f"/build/obj/{path}.o"
        os.makedirs(os.path.dirname(made), exist_ok=True)
        compiler = f"gcc -fpermissive{' -std=' + wanted['cstd'] if wanted['cstd'] else ''}"
        if not path.endswith(".c"):
            compiler = f"g++ -fpermissive -std={wanted['std']}"
        words = " ".join(map(quoted, common))
        rules.append(f"{escaped(made)}: {escaped('/src/' + path)}\n"
                     f"\t@{compiler} {words} -MMD -MP -c {quoted('/src/' + path)} -o {quoted(made)}\n")  # fmt: skip
        objects.append(made)
    linker = "gcc" if all(path.endswith(".c") for path in wanted["sources"]) else "g++"
    listed = " ".join(map(quoted, objects))
    ends = " ".join(map(quoted, [*libs, "-lm"]))
    deps = " ".join(escaped(one[:-2] + ".d") for one in objects)
    rules.insert(
        0,
        f"/build/program: {' '.join(map(escaped, objects))} /build/rules\n\t@{linker} -Wl,--as-needed {listed} {ends} -o $@\n",
    )
    text = "".join(rules) + f"-include {deps}\n"
    if not os.path.exists("/build/rules") or text_of("/build/rules") != text:
        shutil.rmtree("/build/obj", ignore_errors=True)
        for one in objects:
            os.makedirs(os.path.dirname(one), exist_ok=True)
        with open("/build/rules", "w") as file:
            file.write(text)
    call(["make", "-s", "-k", "-j", JOBS, "-f", "/build/rules"], "/src")
    return "/build/program"


def text_of(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def quoted(word: str) -> str:
    """For the shell within a rule."""
    return "'" + word.replace("'", "'\\''").replace("$", "$$") + "'"


def escaped(path: str) -> str:
    """For a target or a prerequisite."""
    return path.replace("$", "$$").replace(" ", "\\ ").replace(":", "\\:").replace("#", "\\#")


if __name__ == "__main__":
    sys.exit(main())
