# Runs inside a build, after the program was compiled: the shared libraries that programs in a folder need and the run base has
# not, with what those need in turn, are copied to its lib/.
#   sh libs.sh FOLDER RUN-BASE-ROOT
set -e
folder=$1 base=$2
find "$folder" -type f ! -path "$folder/lib/*" | while read -r file; do
    [ "$(head -c 4 "$file" | tail -c 3)" = ELF ] || continue
    said=$(ldd "$file" 2>&1) || continue # static, or for the loader only
    case $said in
    *"not found"*)
        echo "$file wants a library that the build stage has not:" >&2
        echo "$said" | grep "not found" >&2
        exit 1
        ;;
    esac
    echo "$said" | sed -n 's/.*=> \(\/[^ ]*\) (.*/\1/p' | while read -r library; do
        real=$(readlink -f "$library")
        name=${library##*/}
        for place in "$library" "$real" "/usr$library" "${real%/*}/$name"; do
            [ ! -e "$base$place" ] && [ ! -L "$base$place" ] || continue 2
        done
        mkdir -p "$folder/lib"
        cp "$real" "$folder/lib/$name"
    done
done
