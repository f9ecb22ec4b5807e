"""Runs inside a build with the base's python3: installs requirements.txt into an environment, the same bytes each time.

Last words that Jitney reads: `jitney-missing: libfoo.so.1 needed by PATH`, one a line, and exit code 3.
"""

from __future__ import annotations

import argparse
import glob
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from typing import BinaryIO

ROOM = "/dev/jitney"
STAMP = 1700000000
MISSING = 3
NOT_ON_CPU = (
    "libcuda.",
    "libcud",
    "libcublas",
    "libcuf",
    "libcurand",
    "libcusolver",
    "libcusparse",
    "libnv",
    "libnccl",
    "libamdhip",
    "libhip",
    "libroc",
    "libhsa",
    "libze_",
    "libsycl",
    "libtpu",
    "libOpenCL",
)
DRIVER_PARTS = ("cuda", "tensorrt", "rocm", "_hip")


def main() -> int:
    options = parse()
    make_environment(options)
    code = install(options)
    if code:
        return code
    site = site_packages(options.venv)
    take_made(options.venv)
    clean(options.venv, site)
    code = compile_all(site)
    if code:
        return code
    normalise(options.venv)
    if options.made_here:  # what it needs is asked where it will run
        return 0
    return report_missing(options.venv, set(options.tolerate.split(",")))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--venv", required=True)
    parser.add_argument("--build-from-source", default="")
    parser.add_argument("--system-site-packages", action="store_true")
    parser.add_argument("--extra-index", default="")
    parser.add_argument("--tolerate", default="")
    parser.add_argument("--made-here", action="store_true")
    return parser.parse_args()


def site_packages(venv: str) -> str:
    return "%s/lib/python%d.%d/site-packages" % (venv, *sys.version_info[:2])


def make_environment(options: argparse.Namespace) -> None:
    """What `python -m venv --without-pip` makes, less the activation scripts: not every base has that module."""
    venv = options.venv
    os.makedirs(site_packages(venv))
    os.makedirs(venv + "/bin")
    real = os.path.realpath(sys.executable)
    version = "%d.%d" % sys.version_info[:2]
    for name in ("python", "python3", "python" + version):
        os.symlink(sys.executable if name == "python" else "python", venv + "/bin/" + name)
    shared = "true" if options.system_site_packages else "false"
    with open(venv + "/pyvenv.cfg", "w") as config:
        config.write("home = %s\ninclude-system-site-packages = %s\n" % (os.path.dirname(real), shared))
        config.write("version = %d.%d.%d\n" % sys.version_info[:3])


def install(options: argparse.Namespace) -> int:
    env = dict(os.environ, UV_CACHE_DIR=ROOM + "/cache", TMPDIR=ROOM + "/cache", HOME=ROOM + "/cache")
    env["UV_NO_CONFIG"] = "1"
    env["UV_PYTHON_DOWNLOADS"] = "never"
    env["UV_HTTP_TIMEOUT"] = "120"
    env["SOURCE_DATE_EPOCH"] = str(STAMP)
    if os.path.exists(ROOM + "/ca"):
        env["SSL_CERT_FILE"] = ROOM + "/ca"
    if os.path.exists(ROOM + "/index"):
        with open(ROOM + "/index") as index:
            env["UV_DEFAULT_INDEX"] = index.read().strip()
    command = [ROOM + "/tool/uv", "pip", "install", "--no-progress", "--python", options.venv + "/bin/python"]
    command += ["--no-deps", "--require-hashes", "--link-mode=copy", "-r", ROOM + "/requirements.txt"]
    if options.extra_index:
        command += ["--extra-index-url", options.extra_index, "--index-strategy", "unsafe-best-match"]
    from_source = [name for name in options.build_from_source.split(",") if name]
    command += ["--only-binary", ":all:"]
    for name in from_source:
        command += ["--no-binary", name]
    return subprocess.call(command, env=env)


def take_made(venv: str) -> None:
    """Packages that were built from source in stages of their own."""
    for made in sorted(glob.glob(ROOM + "/made/*")):
        for folder in ("bin", "lib"):
            shutil.copytree(
                made + "/" + folder,
                venv + "/" + folder,
                symlinks=True,
                dirs_exist_ok=True,
                ignore=known(venv, made),
            )


def known(venv: str, made: str) -> Callable[[str, list[str]], list[str]]:
    """What is there already: the interpreter's names, and files that several packages bring."""
    return lambda folder, names: [
        name for name in names if not is_new(venv + folder[len(made) :], folder, name)
    ]


def is_new(into: str, folder: str, name: str) -> bool:
    return not os.path.lexists(into + "/" + name) or os.path.isdir(folder + "/" + name)


def clean(venv: str, site: str) -> None:
    """What differs from one installation to the next, or says where a build took place."""
    for pattern in ("direct_url.json", "uv_cache.json", "INSTALLER", "REQUESTED"):
        for path in glob.glob(site + "/*.dist-info/" + pattern):
            os.unlink(path)
    for path in glob.glob(site + "/*.dist-info/RECORD"):
        with open(path, encoding="utf-8") as record:
            lines = sorted(set(record.read().splitlines()))
        gone = ("direct_url.json", "uv_cache.json", "INSTALLER", "REQUESTED")
        kept = [line for line in lines if not line.split(",")[0].endswith(gone) and "__pycache__" not in line]
        with open(path, "w", encoding="utf-8") as record:
            record.write("".join(line + "\n" for line in kept))
    for name in (".lock", ".gitignore", "CACHEDIR.TAG"):
        if os.path.exists(venv + "/" + name):
            os.unlink(venv + "/" + name)
    for folder in glob.glob(site + "/**/__pycache__", recursive=True):
        shutil.rmtree(folder, ignore_errors=True)


def compile_all(site: str) -> int:
    """Byte code that is never checked against its source: times do not matter, and nobody edits an image.

    Every process compiles a share of the files; a file that does not compile (templates, Python 2) is left as it is.
    """
    files = sorted(glob.glob(site + "/**/*.py", recursive=True))
    shares = max(1, min(len(files) // 50, os.cpu_count() or 1))
    children = []
    for share in range(shares):
        child = os.fork()
        if child == 0:
            compile_share(files[share::shares])
            os._exit(0)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    return max((abs(code) for code in codes), default=0)


def compile_share(files: list[str]) -> None:
    import py_compile
    import warnings

    warnings.simplefilter("ignore")
    for path in files:
        try:
            py_compile.compile(
                path, doraise=True, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
            )
        except (py_compile.PyCompileError, SyntaxError, ValueError, RecursionError, OSError):
            continue


def normalise(venv: str) -> None:
    """One time for every file, and modes that do not depend on a umask."""
    for folder, folders, files in os.walk(venv, topdown=False):
        for name in files + folders:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                os.chmod(path, 0o755 if os.path.isdir(path) or os.stat(path).st_mode & 0o100 else 0o644)
            os.utime(path, (STAMP, STAMP), follow_symlinks=False)
    os.chmod(venv, 0o755)  # noqa: S103 programs are read by another user than root
    for path in (venv, os.path.dirname(venv)):
        os.utime(path, (STAMP, STAMP))


def report_missing(venv: str, tolerate: set[str]) -> int:
    """Every shared library of the environment is asked for the libraries it needs (ELF, DT_NEEDED)."""
    libraries = [p for p in glob.glob(venv + "/**/*.so*", recursive=True) if os.path.isfile(p)]
    have = {os.path.basename(path) for path in libraries} | system_libraries()
    missing: dict[str, str] = {}
    for path in sorted(libraries):
        if any(part in os.path.basename(path).lower() for part in DRIVER_PARTS):
            continue
        for name in needed(path):
            if name not in have and name not in tolerate and not name.startswith(NOT_ON_CPU):
                missing.setdefault(name, path)
    for name in sorted(missing):
        print("jitney-missing: %s needed by %s" % (name, missing[name][len(venv) + 1 :]))
    sys.stdout.flush()
    return MISSING if missing else 0


def system_libraries() -> set[str]:
    """Names of the libraries where the loader looks. musl's libc is no name for glibc programs, and the other way round."""
    folders = [
        "/lib",
        "/lib64",
        "/usr/lib",
        "/usr/lib64",
        "/usr/local/lib",
        *glob.glob("/lib/*-linux-*"),
        *glob.glob("/usr/lib/*-linux-*"),
    ]
    for config in glob.glob("/etc/ld.so.conf.d/*.conf"):
        with open(config) as lines:
            folders += [line.strip() for line in lines if line.startswith("/")]
    names: set[str] = set()
    for folder in folders:
        if os.path.isdir(folder):
            names.update(os.listdir(folder))
    return names


def needed(path: str) -> list[str]:
    """DT_NEEDED of a 64-bit little-endian ELF file; empty for anything else. System V ABI, chapters 4 and 5."""
    with open(path, "rb") as file:
        head = file.read(64)
        if len(head) < 64 or head[:6] != b"\x7fELF\x02\x01":
            return []
        offset, size, count = struct.unpack_from("<Q", head, 32)[0], *struct.unpack_from("<HH", head, 54)
        file.seek(offset)
        table = file.read(size * count)
        segments = [struct.unpack_from("<IIQQQQ", table, n * size) for n in range(count)]
        dynamic = next((s for s in segments if s[0] == 2), None)
        if dynamic is None:
            return []
        file.seek(dynamic[2])
        data = file.read(dynamic[5])
        entries = [struct.unpack_from("<qQ", data, n) for n in range(0, len(data) - 15, 16)]
        names = [value for tag, value in entries if tag == 1]
        strings = next((value for tag, value in entries if tag == 5), None)
        if strings is None:
            return []
        place = next(
            (s[2] + strings - s[3] for s in segments if s[0] == 1 and s[3] <= strings < s[3] + s[5]), None
        )
        return [] if place is None else [string_at(file, place + name) for name in names]


def string_at(file: BinaryIO, place: int) -> str:
    file.seek(place)
    return file.read(256).split(b"\0", 1)[0].decode("utf-8", "replace")


if __name__ == "__main__":
    sys.exit(main())
