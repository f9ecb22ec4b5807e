"""Debian packages behind headers, pkg-config modules, CMake packages, linker names and Rust's -sys crates.

Sources: the file lists of Debian 13 (`apt-file`, packages.debian.org), CMake's find modules, the build scripts of the crates.
Names are trixie's; sid has the same, and alone what is in ONLY_SID.
"""

from __future__ import annotations

from typing import NamedTuple


class Library(NamedTuple):
    """apt: packages with headers. modules: pkg-config names that give the flags; flags: those that no module gives."""

    apt: str
    modules: str = ""
    flags: str = ""


L = Library
HEADERS: dict[str, Library] = {
    # HTTP, TLS, sockets
    "curl/": L("libcurl4-openssl-dev", "libcurl"),
    "curlpp/": L("libcurlpp-dev libcurl4-openssl-dev", "curlpp"),
    "cpr/": L("libcpr-dev libcurl4-openssl-dev", "", "-lcpr -lcurl"),
    "httplib.h": L(
        "libcpp-httplib-dev libssl-dev libbrotli-dev zlib1g-dev", "cpp-httplib openssl", "-pthread"
    ),
    "openssl/": L("libssl-dev", "openssl"),
    "mbedtls/": L("libmbedtls-dev", "", "-lmbedtls -lmbedx509 -lmbedcrypto"),
    "gnutls/": L("libgnutls28-dev", "gnutls"),
    "nghttp2/": L("libnghttp2-dev", "libnghttp2"),
    "libwebsockets.h": L("libwebsockets-dev libssl-dev", "libwebsockets"),
    "websocketpp/": L("libwebsocketpp-dev libboost-dev libssl-dev", "openssl", "-pthread"),
    "microhttpd.h": L("libmicrohttpd-dev", "libmicrohttpd"),
    "event2/": L("libevent-dev", "libevent"),
    "event.h": L("libevent-dev", "libevent"),
    "ev.h": L("libev-dev", "", "-lev"),
    "uv.h": L("libuv1-dev", "libuv"),
    "ares.h": L("libc-ares-dev", "libcares"),
    "asio.hpp": L("libasio-dev", "", "-pthread"),
    "asio/": L("libasio-dev", "", "-pthread"),
    "cpprest/": L(
        "libcpprest-dev libssl-dev libboost-system-dev", "cpprest openssl", "-lboost_system -pthread"
    ),
    "pplx/": L("libcpprest-dev libssl-dev libboost-system-dev", "cpprest openssl", "-lboost_system -pthread"),
    "Poco/Net/HTTPS": L(
        "libpoco-dev",
        "",
        "-lPocoNetSSL -lPocoNet -lPocoCrypto -lPocoUtil -lPocoJSON -lPocoXML -lPocoFoundation",
    ),
    "Poco/Net/": L("libpoco-dev", "", "-lPocoNet -lPocoUtil -lPocoJSON -lPocoXML -lPocoFoundation"),
    "Poco/": L("libpoco-dev", "", "-lPocoUtil -lPocoJSON -lPocoXML -lPocoFoundation"),
    "drogon/": L("libdrogon-dev", "", "-ldrogon -ltrantor -ljsoncpp -pthread"),
    "pistache/": L("libpistache-dev", "libpistache"),
    "restinio/": L("librestinio-dev", ""),
    "zmq.h": L("libzmq3-dev", "libzmq"),
    "zmq.hpp": L("cppzmq-dev libzmq3-dev", "libzmq"),
    "hiredis/": L("libhiredis-dev", "hiredis"),
    "mosquitto.h": L("libmosquitto-dev", "libmosquitto"),
    "libssh/": L("libssh-dev", "libssh"),
    "libssh2.h": L("libssh2-1-dev", "libssh2"),
    "git2.h": L("libgit2-dev", "libgit2"),
    "libsoup/": L("libsoup-3.0-dev", "libsoup-3.0"),
    # JSON and other notations
    "nlohmann/": L("nlohmann-json3-dev"),
    "rapidjson/": L("rapidjson-dev"),
    "json/": L("libjsoncpp-dev", "jsoncpp"),
    "jsoncpp/": L("libjsoncpp-dev", "jsoncpp"),
    "cjson/": L("libcjson-dev", "libcjson"),
    "cJSON.h": L("libcjson-dev", "libcjson"),
    "json-c/": L("libjson-c-dev", "json-c"),
    "jansson.h": L("libjansson-dev", "jansson"),
    "json-glib/": L("libjson-glib-dev", "json-glib-1.0"),
    "yajl/": L("libyajl-dev", "yajl"),
    "simdjson.h": L("libsimdjson-dev", "simdjson"),
    "yaml-cpp/": L("libyaml-cpp-dev", "yaml-cpp"),
    "yaml.h": L("libyaml-dev", "yaml-0.1"),
    "toml++/": L("libtomlplusplus-dev", "tomlplusplus"),
    "toml.hpp": L("libtoml11-dev"),
    "libxml/": L("libxml2-dev", "libxml-2.0"),
    "tinyxml2.h": L("libtinyxml2-dev", "tinyxml2"),
    "pugixml.hpp": L("libpugixml-dev", "pugixml"),
    "gumbo.h": L("libgumbo-dev", "gumbo"),
    "expat.h": L("libexpat1-dev", "expat"),
    "google/protobuf/": L("libprotobuf-dev protobuf-compiler", "protobuf"),
    "grpcpp/": L("libgrpc++-dev protobuf-compiler-grpc libprotobuf-dev", "grpc++ protobuf"),
    # words, logs, arguments
    "fmt/": L("libfmt-dev", "fmt"),
    "spdlog/": L("libspdlog-dev", "spdlog"),
    "glog/": L("libgoogle-glog-dev", "libglog"),
    "gflags/": L("libgflags-dev", "gflags"),
    "absl/": L(
        "libabsl-dev",
        "absl_strings absl_status absl_statusor absl_flat_hash_map absl_synchronization absl_time",
    ),
    "CLI/": L("libcli11-dev"),
    "cxxopts.hpp": L("libcxxopts-dev"),
    "argparse/": L("libargparse-dev"),
    "readline/": L("libreadline-dev", "readline"),
    "histedit.h": L("libedit-dev", "libedit"),
    "ncurses.h": L("libncurses-dev", "ncursesw"),
    "ncurses/": L("libncurses-dev", "ncursesw"),
    "curses.h": L("libncurses-dev", "ncursesw"),
    "ftxui/": L("libftxui-dev", "", "-lftxui-component -lftxui-dom -lftxui-screen"),
    "unicode/": L("libicu-dev", "icu-uc icu-i18n"),
    "utf8.h": L("libutfcpp-dev", "", "-I/usr/include/utf8cpp"),
    "utf8cpp/": L("libutfcpp-dev"),
    "re2/": L("libre2-dev", "re2"),
    "pcre2.h": L("libpcre2-dev", "libpcre2-8"),
    "range/v3/": L("librange-v3-dev"),
    "gsl/": L("libmsgsl-dev"),
    "magic_enum": L("libmagicenum-dev"),
    "date/": L("libhowardhinnant-date-dev"),
    "gtest/": L("libgtest-dev", "gtest"),
    "catch2/": L("catch2", "catch2"),
    "doctest/": L("doctest-dev"),
    # data
    "zlib.h": L("zlib1g-dev", "zlib"),
    "bzlib.h": L("libbz2-dev", "", "-lbz2"),
    "lzma.h": L("liblzma-dev", "liblzma"),
    "zstd.h": L("libzstd-dev", "libzstd"),
    "lz4.h": L("liblz4-dev", "liblz4"),
    "archive.h": L("libarchive-dev", "libarchive"),
    "zip.h": L("libzip-dev", "libzip"),
    "sqlite3.h": L("libsqlite3-dev", "sqlite3"),
    "SQLiteCpp/": L("libsqlitecpp-dev libsqlite3-dev", "", "-lSQLiteCpp -lsqlite3"),
    "libpq-fe.h": L("libpq-dev", "libpq"),
    "pqxx/": L("libpqxx-dev", "libpqxx"),
    "mysql/": L("default-libmysqlclient-dev", "", "-lmysqlclient"),
    "leveldb/": L("libleveldb-dev", "", "-lleveldb"),
    "rocksdb/": L("librocksdb-dev", "rocksdb"),
    "lmdb.h": L("liblmdb-dev", "lmdb"),
    "uuid/": L("uuid-dev", "uuid"),
    "sodium.h": L("libsodium-dev", "libsodium"),
    "gcrypt.h": L("libgcrypt20-dev", "libgcrypt"),
    "magic.h": L("libmagic-dev", "libmagic"),
    "lua.h": L("liblua5.4-dev", "lua5.4"),
    "lua.hpp": L("liblua5.4-dev", "lua5.4"),
    "Python.h": L("python3-dev", "python3-embed"),
    "pybind11/": L("pybind11-dev python3-dev", "pybind11 python3-embed"),
    # Boost: most of it is headers; the longest prefix wins
    "boost/": L("libboost-dev"),
    "boost/program_options": L("libboost-program-options-dev", "", "-lboost_program_options"),
    "boost/filesystem": L(
        "libboost-filesystem-dev libboost-system-dev", "", "-lboost_filesystem -lboost_system"
    ),
    "boost/thread": L(
        "libboost-thread-dev libboost-system-dev", "", "-lboost_thread -lboost_system -pthread"
    ),
    "boost/regex": L("libboost-regex-dev", "", "-lboost_regex"),
    "boost/json": L("libboost-json-dev", "", "-lboost_json"),
    "boost/url": L("libboost-url-dev", "", "-lboost_url"),
    "boost/log": L(
        "libboost-log-dev", "", "-DBOOST_LOG_DYN_LINK -lboost_log -lboost_thread -lboost_system -pthread"
    ),
    "boost/date_time": L("libboost-date-time-dev", "", "-lboost_date_time"),
    "boost/iostreams": L("libboost-iostreams-dev", "", "-lboost_iostreams"),
    "boost/serialization": L("libboost-serialization-dev", "", "-lboost_serialization"),
    "boost/coroutine": L(
        "libboost-coroutine-dev libboost-context-dev", "", "-lboost_coroutine -lboost_context"
    ),
    "boost/asio/ssl": L("libboost-dev libssl-dev", "openssl", "-pthread"),
    "boost/beast/ssl": L("libboost-dev libssl-dev", "openssl", "-pthread"),
    # models
    "llama.h": L("libllama-dev libggml-dev", "llama"),
    "llama-cpp.h": L("libllama-dev libggml-dev", "llama"),
    "ggml": L("libggml-dev", "ggml"),
    "gguf.h": L("libggml-dev", "ggml"),
    "whisper.h": L("libwhisper-dev", "whisper"),
    "onnxruntime_c": L("libonnxruntime-dev", "libonnxruntime"),
    "sentencepiece_processor.h": L("libsentencepiece-dev", "sentencepiece"),
    "cblas.h": L("libopenblas-dev", "openblas"),
    "Eigen/": L("libeigen3-dev", "eigen3"),
    "armadillo": L("libarmadillo-dev", "", "-larmadillo"),
    "opencv2/": L("libopencv-dev", "opencv4"),
    "tbb/": L("libtbb-dev", "tbb"),
    "omp.h": L("", "", "-fopenmp"),
    # sound, pictures, windows
    "alsa/": L("libasound2-dev", "alsa"),
    "portaudio.h": L("portaudio19-dev", "portaudio-2.0"),
    "pulse/": L("libpulse-dev", "libpulse libpulse-simple"),
    "sndfile.h": L("libsndfile1-dev", "sndfile"),
    "SDL2/": L("libsdl2-dev", "sdl2"),
    "SDL.h": L("libsdl2-dev", "sdl2"),
    "SFML/": L("libsfml-dev", "sfml-all"),
    "GLFW/": L("libglfw3-dev", "glfw3"),
    "GL/": L("libgl-dev libglew-dev", "gl"),
    "X11/": L("libx11-dev", "x11"),
    "gtk/": L("libgtk-3-dev", "gtk+-3.0"),
    "gtkmm": L("libgtkmm-3.0-dev", "gtkmm-3.0"),
    "glib.h": L("libglib2.0-dev", "glib-2.0"),
    "gio/": L("libglib2.0-dev", "gio-2.0"),
    "png.h": L("libpng-dev", "libpng"),
    "jpeglib.h": L("libjpeg-dev", "libjpeg"),
    "ft2build.h": L("libfreetype-dev", "freetype2"),
    "cairo": L("libcairo2-dev", "cairo"),
    "tesseract/": L("libtesseract-dev libleptonica-dev", "tesseract lept"),
    "poppler/": L("libpoppler-cpp-dev", "poppler-cpp"),
    "stb_image.h": L("libstb-dev", "", "-I/usr/include/stb"),
    "stb/": L("libstb-dev"),
    "libudev.h": L("libudev-dev", "libudev"),
    "libusb": L("libusb-1.0-0-dev", "libusb-1.0"),
    "systemd/": L("libsystemd-dev", "libsystemd"),
    "seccomp.h": L("libseccomp-dev", "libseccomp"),
    "sys/capability.h": L("libcap-dev", "libcap"),
}
"""Header or its beginning → what has it; the longest that fits counts."""

PART_OF_C: dict[str, str] = {
    "math.h": "-lm", "cmath": "-lm", "complex.h": "-lm", "tgmath.h": "-lm", "pthread.h": "-pthread", "thread": "-pthread", "future": "-pthread",
    "mutex": "-pthread", "atomic": "-latomic", "stdatomic.h": "-latomic", "dlfcn.h": "-ldl", "condition_variable": "-pthread",
}  # fmt: skip
"""Headers of the C and C++ libraries that want a flag."""

ONLY_SID = frozenset({"libllama-dev", "libggml-dev", "libwhisper-dev", "libcpr-dev"})

CMAKE: dict[str, str] = {
    "curl": "libcurl4-openssl-dev", "openssl": "libssl-dev", "nlohmann_json": "nlohmann-json3-dev", "boost": "libboost-all-dev",
    "zlib": "zlib1g-dev", "sqlite3": "libsqlite3-dev", "fmt": "libfmt-dev", "spdlog": "libspdlog-dev", "cpr": "libcpr-dev libcurl4-openssl-dev",
    "jsoncpp": "libjsoncpp-dev", "cjson": "libcjson-dev", "json-c": "libjson-c-dev", "jansson": "libjansson-dev",
    "yaml-cpp": "libyaml-cpp-dev", "poco": "libpoco-dev", "cpprestsdk": "libcpprest-dev libssl-dev libboost-all-dev",
    "httplib": "libcpp-httplib-dev libssl-dev libbrotli-dev zlib1g-dev", "eigen3": "libeigen3-dev", "opencv": "libopencv-dev",
    "gtest": "libgtest-dev", "googletest": "libgtest-dev", "catch2": "catch2", "doctest": "doctest-dev", "cli11": "libcli11-dev",
    "cxxopts": "libcxxopts-dev", "argparse": "libargparse-dev", "absl": "libabsl-dev", "protobuf": "libprotobuf-dev protobuf-compiler",
    "grpc": "libgrpc++-dev protobuf-compiler-grpc libprotobuf-dev protobuf-compiler", "llama": "libllama-dev libggml-dev",
    "ggml": "libggml-dev", "whisper": "libwhisper-dev", "curses": "libncurses-dev", "readline": "libreadline-dev",
    "libxml2": "libxml2-dev", "icu": "libicu-dev", "tbb": "libtbb-dev", "rapidjson": "rapidjson-dev", "simdjson": "libsimdjson-dev",
    "drogon": "libdrogon-dev", "asio": "libasio-dev", "websocketpp": "libwebsocketpp-dev libboost-all-dev",
    "range-v3": "librange-v3-dev", "tomlplusplus": "libtomlplusplus-dev", "libuv": "libuv1-dev", "libevent": "libevent-dev",
    "blas": "libopenblas-dev", "openblas": "libopenblas-dev", "lapack": "liblapack-dev", "alsa": "libasound2-dev",
    "portaudio": "portaudio19-dev", "sdl2": "libsdl2-dev", "glfw3": "libglfw3-dev", "opengl": "libgl-dev", "glew": "libglew-dev",
    "x11": "libx11-dev", "qt5": "qtbase5-dev", "qt6": "qt6-base-dev", "wxwidgets": "libwxgtk3.2-dev", "fltk": "libfltk1.3-dev",
    "ftxui": "libftxui-dev", "pugixml": "libpugixml-dev", "tinyxml2": "libtinyxml2-dev", "gflags": "libgflags-dev", "glog": "libgoogle-glog-dev",
    "re2": "libre2-dev", "zstd": "libzstd-dev", "lz4": "liblz4-dev", "bzip2": "libbz2-dev", "liblzma": "liblzma-dev", "expat": "libexpat1-dev",
    "postgresql": "libpq-dev", "libpqxx": "libpqxx-dev", "mysql": "default-libmysqlclient-dev", "png": "libpng-dev", "jpeg": "libjpeg-dev",
    "freetype": "libfreetype-dev", "onnxruntime": "libonnxruntime-dev", "python3": "python3-dev", "python": "python3-dev",
    "pybind11": "pybind11-dev python3-dev", "lua": "liblua5.4-dev", "zmq": "libzmq3-dev", "cppzmq": "cppzmq-dev libzmq3-dev",
    "sodium": "libsodium-dev", "mbedtls": "libmbedtls-dev", "gnutls": "libgnutls28-dev", "sfml": "libsfml-dev", "benchmark": "libbenchmark-dev",
    "unofficial-sqlite3": "libsqlite3-dev", "utf8cpp": "libutfcpp-dev", "microsoft.gsl": "libmsgsl-dev",
    "flex": "flex", "bison": "bison", "swig": "swig", "libarchive": "libarchive-dev", "sqlitecpp": "libsqlitecpp-dev", "magic_enum": "libmagicenum-dev",
    "leveldb": "libleveldb-dev", "rocksdb": "librocksdb-dev", "sentencepiece": "libsentencepiece-dev", "tl-expected": "libexpected-dev",
}  # fmt: skip
"""`find_package` name in small letters → packages."""

MODULES: dict[str, str] = {
    **{module: row.apt for row in HEADERS.values() for module in row.modules.split() if row.apt},
    "nlohmann_json": "nlohmann-json3-dev", "libssl": "libssl-dev", "libcrypto": "libssl-dev", "gtk4": "libgtk-4-dev", "gtkmm-4.0": "libgtkmm-4.0-dev",
    "gobject-2.0": "libglib2.0-dev", "gthread-2.0": "libglib2.0-dev", "cairo": "libcairo2-dev", "pango": "libpango1.0-dev", "dbus-1": "libdbus-1-dev",
    "fontconfig": "libfontconfig-dev", "freetype2": "libfreetype-dev", "xkbcommon": "libxkbcommon-dev", "wayland-client": "libwayland-dev",
    "webkit2gtk-4.1": "libwebkit2gtk-4.1-dev", "gstreamer-1.0": "libgstreamer1.0-dev", "libavcodec": "libavcodec-dev", "libavformat": "libavformat-dev",
    "libsecret-1": "libsecret-1-dev", "ncurses": "libncurses-dev", "rapidjson": "rapidjson-dev", "RapidJSON": "rapidjson-dev", "libedit": "libedit-dev",
    "jack": "libjack-jackd2-dev", "libpulse": "libpulse-dev", "vulkan": "libvulkan-dev", "lept": "libleptonica-dev", "tesseract": "libtesseract-dev",
    "libpcsclite": "libpcsclite-dev", "oniguruma": "libonig-dev", "mpv": "libmpv-dev", "libclang": "libclang-dev",
}  # fmt: skip
"""pkg-config module → packages."""

LINKED: dict[str, str] = {
    "curl": "libcurl4-openssl-dev", "ssl": "libssl-dev", "crypto": "libssl-dev", "z": "zlib1g-dev", "json-c": "libjson-c-dev",
    "jansson": "libjansson-dev", "cjson": "libcjson-dev", "jsoncpp": "libjsoncpp-dev", "sqlite3": "libsqlite3-dev", "ncurses": "libncurses-dev",
    "ncursesw": "libncurses-dev", "readline": "libreadline-dev", "edit": "libedit-dev", "fmt": "libfmt-dev", "spdlog": "libspdlog-dev",
    "uv": "libuv1-dev", "event": "libevent-dev", "microhttpd": "libmicrohttpd-dev", "websockets": "libwebsockets-dev",
    "cpr": "libcpr-dev libcurl4-openssl-dev", "llama": "libllama-dev libggml-dev", "ggml": "libggml-dev", "portaudio": "portaudio19-dev",
    "asound": "libasound2-dev", "sodium": "libsodium-dev", "zmq": "libzmq3-dev", "yaml-cpp": "libyaml-cpp-dev", "mbedtls": "libmbedtls-dev",
    "cpprest": "libcpprest-dev", "PocoNet": "libpoco-dev", "PocoFoundation": "libpoco-dev", "openblas": "libopenblas-dev", "pq": "libpq-dev",
    "xml2": "libxml2-dev", "expat": "libexpat1-dev", "uuid": "uuid-dev", "bz2": "libbz2-dev", "lzma": "liblzma-dev", "zstd": "libzstd-dev",
    "lz4": "liblz4-dev", "X11": "libx11-dev", "xcb": "libxcb1-dev", "SDL2": "libsdl2-dev", "glfw": "libglfw3-dev", "GL": "libgl-dev",
    "GLEW": "libglew-dev", "png": "libpng-dev", "jpeg": "libjpeg-dev", "yaml": "libyaml-dev", "pcre2-8": "libpcre2-dev", "re2": "libre2-dev",
    "hiredis": "libhiredis-dev", "boost_system": "libboost-system-dev", "boost_filesystem": "libboost-filesystem-dev",
    "boost_thread": "libboost-thread-dev", "boost_program_options": "libboost-program-options-dev", "boost_json": "libboost-json-dev",
    "boost_regex": "libboost-regex-dev", "gtest": "libgtest-dev", "pulse": "libpulse-dev", "usb-1.0": "libusb-1.0-0-dev", "lua5.4": "liblua5.4-dev",
    "onnxruntime": "libonnxruntime-dev", "sentencepiece": "libsentencepiece-dev", "gumbo": "libgumbo-dev", "oniguruma": "libonig-dev",
}  # fmt: skip
"""`-lNAME` → packages."""

CRATES: dict[str, str] = {
    "openssl-sys": "libssl-dev", "alsa-sys": "libasound2-dev", "libsqlite3-sys": "libsqlite3-dev", "libz-sys": "zlib1g-dev",
    "curl-sys": "libcurl4-openssl-dev", "libgit2-sys": "libgit2-dev cmake", "libssh2-sys": "libssh2-1-dev", "zstd-sys": "libzstd-dev",
    "bzip2-sys": "libbz2-dev", "lzma-sys": "liblzma-dev", "libdbus-sys": "libdbus-1-dev", "libudev-sys": "libudev-dev",
    "hidapi": "libudev-dev libusb-1.0-0-dev", "libusb1-sys": "libusb-1.0-0-dev", "pq-sys": "libpq-dev",
    "mysqlclient-sys": "default-libmysqlclient-dev", "freetype-sys": "libfreetype-dev cmake", "servo-fontconfig-sys": "libfontconfig-dev",
    "yeslogic-fontconfig-sys": "libfontconfig-dev", "expat-sys": "libexpat1-dev", "x11": "libx11-dev", "xcb": "libxcb1-dev",
    "glib-sys": "libglib2.0-dev", "gobject-sys": "libglib2.0-dev", "gio-sys": "libglib2.0-dev", "gtk-sys": "libgtk-3-dev",
    "gdk-sys": "libgtk-3-dev", "gtk4-sys": "libgtk-4-dev", "cairo-sys-rs": "libcairo2-dev", "pango-sys": "libpango1.0-dev",
    "atk-sys": "libatk1.0-dev", "webkit2gtk-sys": "libwebkit2gtk-4.1-dev", "soup3-sys": "libsoup-3.0-dev", "gstreamer-sys": "libgstreamer1.0-dev",
    "clang-sys": "libclang-dev", "llama-cpp-sys-2": "cmake libclang-dev clang", "llama_cpp_sys": "cmake libclang-dev clang",
    "whisper-rs-sys": "cmake libclang-dev clang", "prost-build": "protobuf-compiler", "aws-lc-sys": "cmake", "aws-lc-fips-sys": "cmake golang-go",
    "onig_sys": "libonig-dev libclang-dev", "portaudio-sys": "portaudio19-dev", "openblas-src": "libopenblas-dev", "tesseract-sys":
    "libtesseract-dev libleptonica-dev libclang-dev", "leptonica-sys": "libleptonica-dev libclang-dev", "jack-sys": "libjack-jackd2-dev",
    "libpulse-sys": "libpulse-dev", "libsodium-sys": "libsodium-dev", "zmq-sys": "libzmq3-dev", "rdkafka-sys": "librdkafka-dev cmake",
    "nettle-sys": "nettle-dev libclang-dev", "espeakng-sys": "libespeak-ng-dev libclang-dev", "ffmpeg-sys-next":
    "libavcodec-dev libavformat-dev libavutil-dev libavfilter-dev libavdevice-dev libswscale-dev libswresample-dev libclang-dev",
    "sdl2-sys": "libsdl2-dev", "libseccomp-sys": "libseccomp-dev", "pcre2-sys": "libpcre2-dev", "sentencepiece-sys": "libsentencepiece-dev cmake",
    "esaxx-rs": "g++", "oniguruma": "libonig-dev", "pyo3-build-config": "python3-dev", "pyo3-ffi": "python3-dev", "cmake": "cmake",
    "speech-dispatcher-sys": "libspeechd-dev libclang-dev", "v4l2-sys-mit": "libv4l-dev libclang-dev", "libheif-sys": "libheif-dev",
    "opencv": "libopencv-dev libclang-dev clang", "rocksdb": "librocksdb-dev libclang-dev", "librocksdb-sys": "librocksdb-dev libclang-dev clang",
    "mozjpeg-sys": "nasm", "rav1e": "nasm", "libduckdb-sys": "g++", "secret-service": "libdbus-1-dev", "wayland-sys": "libwayland-dev",
    "smithay-client-toolkit": "libxkbcommon-dev", "xkbcommon-dl": "libxkbcommon-dev", "tikv-jemalloc-sys": "make", "ring": "gcc",
}  # fmt: skip
"""Crate whose build script asks for something of the system → packages."""

TOOLS: dict[str, str] = {
    "cmake": "cmake", "protoc": "protobuf-compiler", "flex": "flex", "bison": "bison", "nasm": "nasm", "yasm": "yasm", "xxd": "xxd",
    "gfortran": "gfortran", "python3": "python3", "python": "python-is-python3", "clang": "clang", "clang++": "clang", "lld": "lld",
    "ld.lld": "lld", "mold": "mold", "ccache": "ccache", "swig": "swig", "perl": "perl", "tclsh": "tcl", "go": "golang-go", "rustc": "rustc",
    "cargo": "cargo", "meson": "meson", "ninja": "ninja-build", "pkg-config": "pkg-config", "autoreconf": "autoconf automake libtool",
    "libtoolize": "libtool", "gperf": "gperf", "re2c": "re2c", "bc": "bc", "wget": "wget", "curl": "curl", "unzip": "unzip", "zip": "zip",
    "git": "git", "file": "file", "gettext": "gettext", "msgfmt": "gettext", "help2man": "help2man", "makeinfo": "texinfo", "m4": "m4",
}  # fmt: skip
"""Program that a build calls → package."""


def of_header(header: str) -> Library | None:
    """What has a header: the longest beginning that fits."""
    fitting = [
        known
        for known in HEADERS
        if header == known or (header.startswith(known) and not known.endswith((".h", ".hpp")))
    ]
    return HEADERS[max(fitting, key=len)] if fitting else None
