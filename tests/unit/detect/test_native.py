"""C and C++ programs: build systems, bare sources, libraries by headers."""

from __future__ import annotations

import pytest
from tests.unit.detect.seeing import feature, see

from jitney.detect import detect
from jitney.detect.data.native import HEADERS, of_header
from jitney.detect.model import Wishes
from jitney.errors import DetectionError
from jitney.source import Source

MAIN = "int main(int argc, char **argv) { return 0; }\n"
CMAKE = "cmake_minimum_required(VERSION 3.16)\nproject(Tool)\n"


def test_a_bare_file_is_known_by_its_headers() -> None:
    code = (
        "#include <curl/curl.h>\n#include <nlohmann/json.hpp>\n#include <thread>\n// #include <sqlite3.h>\n"
        'auto url = "http://localhost:11434/api/generate"; auto key = getenv("OPENAI_API_KEY");\n'
        'nlohmann::json body = {{"model", "llama3.2"}};\n'
    )
    found = see({"ask.cpp": code + MAIN}, "ask.cpp")
    assert (found.language, found.manager, found.mode) == ("cpp", "sources", "local-server")
    assert [package.name for package in found.system] == ["libcurl4-openssl-dev", "nlohmann-json3-dev"]
    assert [package.name for package in found.packages] == ["libcurl"]
    assert (feature(found, "source"), feature(found, "flag")) == (["ask.cpp"], ["-pthread"])
    assert ([use.name for use in found.models], found.secrets) == (["llama3.2"], ("OPENAI_API_KEY",))
    assert [(end.port, end.api) for end in found.endpoints if end.port] == [(11434, "ollama")]


def test_a_header_of_the_checkout_beats_the_system() -> None:
    files: dict[str, str | bytes] = {
        "examples/main.cpp": '#include "client.hpp"\n#include <nlohmann/json.hpp>\n' + MAIN,
        "include/client.hpp": '#include "detail.hpp"\n',
        "include/detail.hpp": "",
        "include/nlohmann/json.hpp": "",
        "singleheader/client.hpp": "",
        "src/client.cpp": '#include "client.hpp"\n',
        "test/test.cpp": MAIN,
    }
    found = see(files, "examples/main.cpp")
    assert feature(found, "include") == ["include"]
    assert feature(found, "source") == ["examples/main.cpp", "src/client.cpp"]
    assert (found.system, "include/nlohmann/json.hpp" in found.takes, "test/test.cpp" in found.takes) == (
        (),
        True,
        False,
    )


def test_a_library_that_only_the_newest_debian_has() -> None:
    found = see({"main.cpp": "#include <llama.h>\n" + MAIN}, "main.cpp")
    assert (feature(found, "suite"), found.mode, found.framework) == (["sid"], "in-process", "llama.cpp")


def test_cmake_beats_a_makefile_beside_it() -> None:
    listed = CMAKE + (
        "find_package(CURL REQUIRED)\npkg_check_modules(JSON REQUIRED json-c)\nadd_executable(${PROJECT_NAME} main.cpp)\n"
        "add_executable(unit_test test.cpp)\nFetchContent_Declare(json GIT_REPOSITORY https://example.com/json.git)\n"
    )
    found = see(
        {
            "CMakeLists.txt": listed,
            "Makefile": "all:\n        g++ x.cpp\n",
            "main.cpp": MAIN,
            "test.cpp": MAIN,
        }
    )
    assert (found.manager, found.entry, feature(found, "target")) == ("cmake", "Tool", ["Tool"])
    assert [package.name for package in found.system] == [
        "libcurl4-openssl-dev",
        "libjson-c-dev",
        "nlohmann-json3-dev",
    ]


def test_cmake_with_several_programs() -> None:
    listed = CMAKE + "add_executable(one a.cpp)\nadd_executable(two b.cpp)\n"
    files: dict[str, str | bytes] = {"CMakeLists.txt": listed, "a.cpp": MAIN, "b.cpp": MAIN}
    with pytest.raises(DetectionError, match="2 programs could be the one") as caught:
        see(files)
    assert "--entry one" in caught.value.hint
    assert feature(detect(Source.from_mapping(files), Wishes(entry="two")), "target") == ["two"]
    with pytest.raises(DetectionError, match="is not there"):
        detect(Source.from_mapping(files), Wishes(entry="three"))


def test_a_file_of_a_larger_cmake_project_is_built_by_it() -> None:
    files: dict[str, str | bytes] = {
        "CMakeLists.txt": CMAKE + "add_subdirectory(examples)\n",
        "examples/CMakeLists.txt": "add_executable(simple simple.cpp)\n",
        "examples/simple.cpp": MAIN,
        "src/lib.cpp": "",
    }
    found = see(files, "examples/simple.cpp")
    assert (found.manager, feature(found, "root"), feature(found, "target")) == ("cmake", [""], ["simple"])
    assert "src/lib.cpp" in found.takes


@pytest.mark.parametrize(
    ("files", "manager", "target"),
    [
        (
            {
                "meson.build": "project('x', 'c')\nexecutable('chat', 'main.c', dependencies: dependency('libcurl'))\n"
            },
            "meson",
            ["chat"],
        ),
        (
            {"Makefile": "TARGET = chat\nall: $(TARGET)\n$(TARGET): main.c\n\t$(CC) main.c -o $@ -lcurl\n"},
            "make",
            ["chat"],
        ),
        ({"Makefile": "main: main.c\n\tgcc main.c -o chat -lcurl\n"}, "make", ["chat"]),
        (
            {
                "configure.ac": "AC_INIT\nPKG_CHECK_MODULES([CURL], [libcurl])\n",
                "Makefile.am": "bin_PROGRAMS = chat\n",
            },
            "autotools",
            ["chat"],
        ),
    ],
)
def test_build_systems(files: dict[str, str | bytes], manager: str, target: list[str]) -> None:
    found = see({"main.c": MAIN, **files})
    assert (found.language, found.manager, feature(found, "target")) == ("c", manager, target)
    assert [package.name for package in found.system] == ["libcurl4-openssl-dev"]


def test_a_makefile_that_compiles_nothing_is_none() -> None:
    assert see({"main.c": MAIN, "Makefile": "deploy:\n\tscp main.c host:\n"}).manager == "sources"


def test_a_folder_of_sources() -> None:
    found = see({"main.c": '#include "util.h"\n' + MAIN, "util.c": "", "util.h": "", "tests/t.c": MAIN})
    assert (found.entry, feature(found, "source")) == ("main.c", ["main.c", "util.c"])
    mixed = see({"main.cpp": MAIN, "old.c": ""})
    assert (mixed.language, feature(mixed, "source")) == ("cpp", ["main.cpp", "old.c"])


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.cpp": "int f();\n"}, "no `main` was found"),
        ({"a.cpp": MAIN, "b.cpp": MAIN}, "2 files have a `main`"),
    ],
)
def test_no_main_or_many(files: dict[str, str | bytes], message: str) -> None:
    with pytest.raises(DetectionError, match=message) as caught:
        see(files)
    assert caught.value.hint


def test_a_file_without_main() -> None:
    with pytest.raises(DetectionError, match="has no `main`"):
        see({"a.cpp": "int f() { return 1; }\n"}, "a.cpp")


@pytest.mark.parametrize(
    ("header", "package"),
    [
        ("curl/curl.h", "libcurl4-openssl-dev"),
        ("boost/asio.hpp", "libboost-dev"),
        ("boost/asio/ssl.hpp", "libboost-dev"),
        ("boost/program_options.hpp", "libboost-program-options-dev"),
        ("ggml-backend.h", "libggml-dev"),
        ("stdio.h", ""),
        ("event.hpp", ""),
    ],
)
def test_headers(header: str, package: str) -> None:
    row = of_header(header)
    assert (row.apt.split()[0] if row else "") == package


def test_the_table_has_only_words_that_may_stand_in_a_command() -> None:
    import re

    for header, row in HEADERS.items():
        assert all(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name) for name in row.apt.split()), header
        assert all(re.fullmatch(r"[A-Za-z0-9_.+-]+", name) for name in row.modules.split()), header
        assert all(flag.startswith("-") for flag in row.flags.split()), header


def test_a_cmake_project_that_is_a_library() -> None:
    files: dict[str, str | bytes] = {
        "CMakeLists.txt": CMAKE + "add_library(chat INTERFACE)\n",
        "demo/ask.cpp": MAIN,
    }
    with pytest.raises(DetectionError, match="makes no program; files with a `main`") as caught:
        see(files)
    assert "jitney run demo/ask.cpp" in caught.value.hint


def test_what_is_for_other_systems_is_left_out() -> None:
    code = (
        '#if defined(_WIN32)\n#include "win.h"\n#else\n#include <curl/curl.h>\n#endif\n'
        "#ifndef _WIN32\n#include <sqlite3.h>\n#else\n#include <zlib.h>\n#endif\n#ifdef MINE\n#include <jansson.h>\n#endif\n"
    )
    found = see(
        {"run.c": code + MAIN, "win.h": "#include <windows.h>\n", "win.c": '#include "win.h"\n'}, "run.c"
    )
    assert feature(found, "source") == ["run.c"]
    assert [package.name for package in found.system] == [
        "libcurl4-openssl-dev",
        "libjansson-dev",
        "libsqlite3-dev",
    ]


def test_a_header_in_a_folder_of_its_name() -> None:
    found = see(
        {"examples/a.cpp": '#include "chat.hpp"\n' + MAIN, "include/chat/chat.hpp": ""}, "examples/a.cpp"
    )
    assert feature(found, "include") == ["include/chat"]


def test_meson_with_several_programs_in_its_folders() -> None:
    files: dict[str, str | bytes] = {
        "meson.build": "project('chat', 'cpp') # the tool\nsubdir('src')\nsubdir('tests')\n",
        "src/meson.build": "executable(\n  'chat', 'main.cpp', 'talk.cpp')\nexecutable('helper', 'helper.cpp')\n",
        "tests/meson.build": "executable('unit_test', 't.cpp')\n",
        **{f"src/{one}.cpp": MAIN for one in ("main", "talk", "helper")},
    }
    found = see(files)
    assert (found.manager, found.entry, found.manifests) == (
        "meson",
        "chat",
        ("meson.build", "src/meson.build", "tests/meson.build"),
    )
    seen = next(one for one in found.evidence if one.decides == "entry")
    assert (seen.place, seen.losers) == ("src/meson.build:1", ("helper",))
    files["meson.build"] = "project('other', 'cpp')\nsubdir('src')\n"
    with pytest.raises(DetectionError, match="2 programs could be the one"):
        see(files)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("project(A)\nadd_executable(a a.cpp)\nset(X a\n", "3:4: ( is not closed"),
        ("project(A))\nadd_executable(a a.cpp)\n", "1:11: ) closes nothing"),
        ('project(A)\nset(X "abc)\nadd_executable(a a.cpp)\n', '2:7: a " that does not end'),
    ],
)
def test_a_broken_cmake_file_has_line_and_column(text: str, place: str) -> None:
    found = see({"CMakeLists.txt": text + "add_executable(a a.cpp)\n", "a.cpp": MAIN})
    assert [one.message for one in found.findings if one.level == "error"] == [f"CMakeLists.txt:{place}"]


def test_a_cmake_file_that_is_broken_before_it_makes_anything() -> None:
    with pytest.raises(DetectionError, match=r"CMakeLists.txt:2:15: \( is not closed"):
        see({"CMakeLists.txt": "project(A)\nadd_executable(a a.cpp\n", "a.cpp": MAIN})


def test_brackets_in_comments_strings_and_bracket_arguments_are_no_fault() -> None:
    text = CMAKE + '# ( [[ "\n#[[ ( ]]\nset(X "a(b\\"(")\nmessage([=[ ) " ]=])\nadd_executable(a a.cpp)\n'
    assert not see({"CMakeLists.txt": text, "a.cpp": MAIN}).findings


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (
            "vcpkg.json",
            '{"dependencies": ["fmt",\n {"name": "nlohmann-json"}, "vcpkg-cmake",\n "no-such-thing"]}',
        ),
        (
            "conanfile.txt",
            "[requires]\nfmt/10.2.1\nnlohmann_json/3.11.3\nno-such-thing/1.0\n[generators]\nCMakeDeps\n",
        ),
        (
            "conanfile.py",
            'class A:\n    requires = "fmt/10.2.1", "nlohmann_json/3.11.3"\n    x = "no-such-thing/[>=1]"\n',
        ),
    ],
)
def test_what_a_package_manager_of_cpp_asks_for_is_had_from_debian(file: str, text: str) -> None:
    found = see({"CMakeLists.txt": CMAKE + "add_executable(a a.cpp)\n", "a.cpp": MAIN, file: text})
    assert {one.name for one in found.system} == {
        "libfmt-dev",
        "nlohmann-json3-dev",
    } and file in found.manifests
    assert [(one.code, one.level) for one in found.findings] == [("native.package", "warning")]
    assert "no-such-thing" in found.findings[0].message and "--apt" in found.findings[0].hint


def test_a_broken_vcpkg_json_has_line_and_column() -> None:
    found = see(
        {"CMakeLists.txt": CMAKE + "add_executable(a a.cpp)\n", "a.cpp": MAIN, "vcpkg.json": '{\n "a": ,}'}
    )
    assert [one.message.partition(" no ")[0] for one in found.findings] == ["vcpkg.json:2:7:"]
