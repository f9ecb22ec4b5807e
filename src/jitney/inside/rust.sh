# Runs inside a build as root.
#   rust.sh build FOLDER CLEAR CARGO-ARGS…   the program, in /out. CLEAR: a script whose front matter is blanked, or -
#   rust.sh lock FOLDER - CARGO-ARGS…        Cargo.lock, in /out
set -eu
. "${0%/*}/work.sh"
what=$1 folder=$2 clear=$3
shift 3
take
[ "$clear" = - ] || sed -i '/^---/,/^---[[:space:]]*$/s/.*//' "/src/$clear"
cd "/src/$folder"
if [ "$what" = lock ]; then
	cargo "$@"
	mkdir -p /out
	at=$(cargo locate-project --workspace --message-format plain)
	cp "${at%/*}/Cargo.lock" /out/
	exit
fi
if command -v sccache >/dev/null; then # a crate that another program has compiled is not compiled again
	export RUSTC_WRAPPER=sccache SCCACHE_DIR=/root/.cache/sccache SCCACHE_CACHE_SIZE=4G SCCACHE_IDLE_TIMEOUT=0
	SCCACHE_SERVER_PORT=$(($(od -An -N2 -tu2 /dev/urandom) % 20000 + 20000))
	export SCCACHE_SERVER_PORT
fi
cargo build "$@" --message-format=json-render-diagnostics >/build/said
program=$(sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' /build/said | tail -n 1)
if [ -z "$program" ]; then
	echo "error: cargo made no program" >&2
	exit 1
fi
collect "$program"
