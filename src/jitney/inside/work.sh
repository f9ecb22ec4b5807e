# Sourced by the scripts that compile. A program keeps two folders from build to build, so that an edited line is incremental:
# /src, its sources, where only what has changed gets a new time, and /build, what the compiler made of them.
ROOM=/dev/jitney
export LC_ALL=C.UTF-8

take() {
	mkdir -p /src /build
	[ -f /src/.jitney-sums ] || : >/src/.jitney-sums
	cd $ROOM/src
	find . -type f -print0 | xargs -0 -r sha256sum | LC_ALL=C sort >/tmp/sums
	LC_ALL=C comm -23 /src/.jitney-sums /tmp/sums | cut -c67- | while IFS= read -r file; do rm -f "/src/$file"; done
	LC_ALL=C comm -13 /src/.jitney-sums /tmp/sums | cut -c67- >/tmp/changed
	tar --verbatim-files-from -cf - -T /tmp/changed | tar -xmf - -C /src
	cp /tmp/sums /src/.jitney-sums
}

# collect PROGRAM [PATTERN…]: the program, and of its libraries those that the last stage has not, into /out. PATTERN: files
# that are only opened by name while it runs, and what they want in turn.
collect() {
	program=$1
	shift
	mkdir -p /out/app
	cp -L "$program" /out/app/program
	chmod 0755 /out/app/program
	strip /out/app/program 2>/dev/null || :
	for path in "$program" "$@"; do
		[ -f "$path" ] || continue
		[ "$path" = "$program" ] || keep "$path"
		ldd "$path" 2>/dev/null | sed -n 's/^[[:space:]]*\(.* => \)\{0,1\}\(\/.*\) (0x[0-9a-f]*)$/\2/p'
	done >/tmp/libraries
	sort -u /tmp/libraries | while IFS= read -r path; do
		keep "$path"
		case $path in # ggml loads what fits the processor by name
		*/libggml.so*) for one in "${path%/*}"/ggml/backends*/*.so; do keep "$one"; done ;;
		esac
	done
	[ -s $ROOM/run/etc/ssl/certs/ca-certificates.crt ] || keep /etc/ssl/certs/ca-certificates.crt
}

keep() {
	case $1 in
	/lib/* | /lib64/*) set -- "/usr$1" ;;
	esac
	[ -f "$1" ] || return 0
	[ -e "$ROOM/run$1" ] && return 0
	mkdir -p "/out${1%/*}"
	cp -L "$1" "/out$1"
}
