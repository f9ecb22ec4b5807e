#!/usr/bin/env bash
# Whatever a fresh machine lacks, and no more: system packages, an engine that answers, the virtual environment, init,
# bases, the default model. Says what it does. Runs again in well under a second.
set -euo pipefail
cd "$(dirname "$0")/.."

STATE=.venv/.setup
LOG=/var/log/jitney-dockerd.log
APT_LOG="${TMPDIR:-/tmp}/jitney-apt-$$.log"
POLICY=/usr/sbin/policy-rc.d
trap 'rm -f "$APT_LOG"; start_nothing_over' EXIT
ENGINE_WAIT_S=60
wanted=()

say() { printf '── %s\n' "$*" >&2; }
need() { wanted+=("$1"); printf '   needed: %s\n' "$1" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }

# A socket answers, or it does not: asked with no client, since the client may be what is missing.
engine_answers() {
    python3 - "${DOCKER_HOST:-}" <<'PYTHON' 2>/dev/null
import os, re, socket, sys
host = sys.argv[1]
rootless = os.path.join(os.environ.get("XDG_RUNTIME_DIR", "/nowhere"), "docker.sock")
paths = [host.removeprefix("unix://")] if host else ["/var/run/docker.sock", rootless]
for path in paths:
    try:
        if match := re.fullmatch(r"tcp://\[?([^\]]+?)\]?:(\d+)", path):
            link = socket.create_connection((match[1], int(match[2])), 5)
        else:
            link = socket.socket(socket.AF_UNIX)
            link.settimeout(5)
            link.connect(path)
        link.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
        if b" 200 " in link.recv(4096):
            sys.exit(0)
    except OSError:
        pass
sys.exit(1)
PYTHON
}

# A package of the engine that is wanted for its client alone must not start a second engine: Debian's own way to say so.
start_nothing() {
    if have python3 && engine_answers && [ ! -e $POLICY ]; then
        printf '#!/bin/sh\n# jitney setup: gone in a minute\nexit 101\n' >$POLICY
        chmod 755 $POLICY
    fi
}

start_nothing_over() {
    if grep -qs "jitney setup" $POLICY; then rm -f $POLICY; fi
}

# Install what is named, or say that it is needed.
install() {
    [ $# -gt 0 ] || return 0
    if ! have apt-get; then
        need "these programs, under whatever name your system has them: $*"
    elif is_root; then
        say "installing with apt-get: $*"
        start_nothing
        if ! DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >"$APT_LOG" 2>&1 </dev/null; then
            tail -n 10 "$APT_LOG" >&2
            need "these packages, which apt-get could not install: $*"
        fi
        start_nothing_over
    else
        need "sudo apt-get install $*"
    fi
}

update_lists() {
    [ -z "${lists_are_new:-}" ] && is_root && have apt-get || return 0
    lists_are_new=yes
    apt-get update -qq </dev/null || say "apt-get update failed; going on with the lists that are here"
}

system_packages() {
    local missing=()
    have python3 || missing+=(python3 python3-venv)
    have git || missing+=(git)
    have make || missing+=(make)
    have gcc || missing+=(gcc libc6-dev)
    have musl-gcc || missing+=(musl-tools)
    have mmdebstrap || missing+=(mmdebstrap)
    have setsid || missing+=(util-linux)
    [ -e /etc/ssl/certs/ca-certificates.crt ] || ! have apt-get || missing+=(ca-certificates)
    [ ${#missing[@]} -eq 0 ] || update_lists
    install "${missing[@]}"
    if have python3 && ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        need "Python 3.11 or newer; this is $(python3 --version 2>&1)"
    fi
    engine_packages
}

# A docker client with BuildKit: built in before 23.0, by the plugin buildx after. Several may lie on one PATH.
can_build() {
    local client version
    while read -r client; do
        version=$("$client" --version 2>/dev/null | sed -n 's/^Docker version \([0-9]*\).*/\1/p')
        [ -n "$version" ] || continue
        if [ "$version" -lt 23 ] || "$client" buildx version >/dev/null 2>&1; then return 0; fi
    done < <(type -aP docker)
    return 1
}

# The engine where none answers; a client that can build, whoever runs the engine. Debian 13 and later have them apart.
engine_packages() {
    local missing=()
    if have python3 && ! engine_answers && [ -z "${DOCKER_HOST:-}" ]; then
        have dockerd || [ -x /usr/sbin/dockerd ] || missing+=(docker.io)
        have iptables || [ -x /usr/sbin/iptables ] || missing+=(iptables)
    fi
    if ! can_build; then
        update_lists
        if have apt-cache && apt-cache show docker-cli >/dev/null 2>&1; then
            missing+=(docker-cli docker-buildx)
        elif [ "${missing[0]:-}" != docker.io ]; then
            missing+=(docker.io)
        fi
    fi
    [ ${#missing[@]} -eq 0 ] || update_lists
    install "${missing[@]}"
}

# A dockerd that was killed leaves its pid file, and refuses to start where another process has that number by now.
forget_dead_engine() {
    local file pid
    for file in /var/run/docker.pid /var/run/docker/containerd/containerd.pid; do
        pid=$(cat "$file" 2>/dev/null) || continue
        case "$(cat "/proc/$pid/comm" 2>/dev/null)" in
            dockerd | containerd) ;;
            *) rm -f "$file" ;;
        esac
    done
}

start_engine() {
    engine_answers && return 0
    if [ -n "${DOCKER_HOST:-}" ]; then
        need "an engine that answers at DOCKER_HOST=$DOCKER_HOST"
        return 0
    fi
    if ! is_root; then
        need "a running engine: sudo systemctl start docker, and your user in the group docker"
        return 0
    fi
    if [ -d /run/systemd/system ] && have systemctl; then
        say "starting the engine: systemctl start docker"
        systemctl start docker </dev/null || true
    elif [ -x /etc/init.d/docker ] && service docker start >/dev/null 2>&1 </dev/null && wait_for_engine 15; then
        say "started the engine: service docker start (its log: /var/log/docker.log)"
    else
        say "starting dockerd in the background; its log: $LOG"
        forget_dead_engine
        # A session of its own, so that it outlives this shell and its terminal.
        PATH="$PATH:/usr/sbin:/sbin" setsid dockerd >"$LOG" 2>&1 </dev/null &
    fi
    if ! wait_for_engine "$ENGINE_WAIT_S"; then
        engine_failed
    fi
}

# The last words of whoever tried, and what dockerd needs of a machine.
engine_failed() {
    local log
    for log in "$LOG" /var/log/docker.log; do
        if [ -s "$log" ]; then
            printf '   the last lines of %s:\n' "$log" >&2
            tail -n 8 "$log" | cut -c 1-300 | sed 's/^/   | /' >&2
        fi
    done
    if [ -d /run/systemd/system ] && have journalctl; then
        journalctl -u docker -n 8 --no-pager 2>/dev/null | sed 's/^/   | /' >&2
    fi
    grep -q '[[:space:]]/sys/fs/cgroup' /proc/mounts || need "cgroups mounted below /sys/fs/cgroup (apt-get install cgroupfs-mount; cgroupfs-mount)"
    PATH="$PATH:/usr/sbin:/sbin" have iptables || need "iptables (apt-get install iptables)"
    need "a container engine that starts: none answered within $ENGINE_WAIT_S s. dockerd wants root with CAP_SYS_ADMIN and CAP_NET_ADMIN, cgroups and iptables; inside a container, hand in the host's /var/run/docker.sock instead"
}

wait_for_engine() {
    local i
    for ((i = 0; i < $1 * 2; i++)); do
        engine_answers && return 0
        sleep 0.5
    done
    return 1
}

# uv from the user's PATH, else one in a venv of its own.
find_uv() {
    if have uv && uv --version >/dev/null 2>&1; then
        UV=uv
        return 0
    fi
    UV="$PWD/.cache/uv-venv/bin/uv"
    [ -x "$UV" ] && return 0
    say "installing uv into .cache/uv-venv"
    if ! python3 -m venv .cache/uv-venv >/dev/null 2>&1; then
        rm -rf .cache/uv-venv
        update_lists
        install python3-venv
        python3 -m venv .cache/uv-venv >/dev/null 2>&1 || { rm -rf .cache/uv-venv; return 1; }
    fi
    # Debian 12's pip trusts a bundle of its own, and some machines look into TLS with an authority of theirs.
    if [ -z "${PIP_CERT:-}" ] && [ -e /etc/ssl/certs/ca-certificates.crt ]; then
        export PIP_CERT=/etc/ssl/certs/ca-certificates.crt
    fi
    if ! .cache/uv-venv/bin/python -m pip install --quiet --disable-pip-version-check uv </dev/null; then
        rm -rf .cache/uv-venv
        need "the package uv from a Python index (pip says why above)"
        return 1
    fi
}

environment() {
    local now
    now=$(cat requirements.lock pyproject.toml | sha256sum)
    if [ -x .venv/bin/jitney ] && [ "$(cat $STATE 2>/dev/null)" = "$now" ]; then
        return 0
    fi
    find_uv || return 0
    say "filling .venv from requirements.lock"
    # --system-certs: some machines look into TLS with an authority of their own
    export UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1
    [ -x .venv/bin/python ] || "$UV" venv --quiet .venv
    "$UV" pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock
    "$UV" pip install --quiet --python .venv/bin/python --no-deps --editable .
    echo "$now" >$STATE
}

# Python keeps bytecode by itself, unless told not to (PYTHONDONTWRITEBYTECODE): then every run would compile anew.
bytecode() {
    env -u PYTHONPYCACHEPREFIX .venv/bin/python -m compileall -q src .venv/lib/python*/site-packages/{msgspec,packaging,h11,prometheus_client} ||
        say "bytecode could not be kept: every start takes 0.1 s longer"
}

pid_one() {
    local arch
    case "$(uname -m)" in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; *) arch=$(uname -m) ;; esac
    local binary=src/jitney/sandbox/init-$arch
    if [ -x "$binary" ] && [ -z "$(find init -maxdepth 1 -type f -newer "$binary" -print -quit)" ]; then
        return 0
    fi
    say "compiling init, PID 1 of every sandbox"
    make -s -C init
    touch "$binary"
}

# Bases and model: asked of Jitney itself, unless it has said before that all is there and the engine is the same.
bases_and_model() {
    local mark=.venv/.ready now
    now="$(cat "$STATE") $(stat -c '%i %Z' "${DOCKER_HOST:-/var/run/docker.sock}" 2>/dev/null || echo "${DOCKER_HOST:-}")"
    [ "$(cat $mark 2>/dev/null)" = "$now" ] && [ $mark -nt src/jitney/bases/recipes.py ] && return 0
    say "making the bases and fetching the default model (once, a few minutes)"
    .venv/bin/jitney setup
    echo "$now" >$mark
}

system_packages
start_engine
have python3 && environment
[ ! -x .venv/bin/python ] || bytecode
have make && { have gcc || have musl-gcc; } && pid_one
if [ ${#wanted[@]} -gt 0 ]; then
    say "not everything could be set up here; what is missing:"
    printf '   %s\n' "${wanted[@]}" >&2
    engine_answers || exit 1
fi
if [ ! -x .venv/bin/jitney ]; then
    exit 1
fi
bases_and_model
