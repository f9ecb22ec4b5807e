# Runs inside a build, in a base with a JDK and Maven: sh jvm.sh COMMAND WORD…
# Beside it in $room: Trust.java, the poms that Jitney wrote, lists of sources. Words of the user's are only ever "$words".
set -eu
room=/dev/jitney
repository=/root/.m2/repository
export HOME=/root LC_ALL=C.UTF-8

maven() {
    options="-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto"
    if [ -f "$room/ca" ]; then
        sum=$(sha256sum "$room/ca")
        trust=$repository/.jitney/${sum%% *}.p12  # made once for all steps and builds
        if [ ! -f "$trust" ]; then
            mkdir -p "${trust%/*}"
            java -XX:TieredStopAtLevel=1 "$room/Trust.java" "$room/ca" "$trust.$$"
            mv "$trust.$$" "$trust"
        fi
        options="$options -Djavax.net.ssl.trustStore=$trust -Djavax.net.ssl.trustStorePassword=changeit"
    fi
    MAVEN_OPTS="$options" mvn -B -C -ntp -q -Dstyle.color=never "$@"
}

# A class path → one line a jar: SCOPE, its path below the repository, its checksum.
jars() {
    scope=$1
    { tr ':' '\n' && echo; } | while read -r jar; do  # a class path ends without a line's end
        case $jar in
        "$repository"/*.jar)
            sum=$(sha256sum "$jar")
            echo "$scope ${jar#"$repository"/} ${sum%% *}"
            ;;
        esac
    done
}

# Which artifacts, exactly, a list of requirements comes to.
resolve() {
    mkdir -p /tmp/resolve /out
    cp -R "$room/poms/." /tmp/resolve
    maven -f /tmp/resolve/pom.xml validate
    for list in /tmp/resolve/*/*.classpath; do
        scope=${list##*/}
        jars "${scope%.classpath}" <"$list"
    done >/out/jars
}

# The same for a Maven project as it is: reactor's folder, module ("." is the reactor itself), scopes by its own poms.
project() {
    reactor=$1 module=$2
    mkdir -p /out
    cd "$reactor"
    plugin=org.apache.maven.plugins:maven-dependency-plugin:3.8.1
    if [ "$module" = . ] && ! grep -q '<module>' pom.xml; then
        maven "$plugin:build-classpath" -Dmdep.includeScope=runtime -Dmdep.outputFile=/tmp/runtime.classpath
    else
        maven -pl "$module" -am compile "$plugin:build-classpath" -Dmdep.includeScope=runtime -Dmdep.outputFile=/tmp/runtime.classpath
    fi
    touch /tmp/runtime.classpath
    jars lib </tmp/runtime.classpath >/out/jars
}

# Locked artifacts, each checked: /app/lib for the program, /tools/lib (compile only) and /tools/jars (compilers) for the build.
fetch() {
    mkdir -p /app/lib /tools/lib /tools/jars /tmp/fetch
    if kept; then return; fi
    cp -R "$room/poms/." /tmp/fetch
    maven -f /tmp/fetch/pom.xml validate
    sha256sum -c --quiet "$room/sums"
}

# Whether all of them lie in the repository that builds share, as they do after a resolution: then Maven is not even started.
kept() {
    while read -r path target; do
        cp "$repository/$path" "$target" 2>/dev/null || break
    done <"$room/kept"
    if sha256sum -c --quiet --status "$room/sums" 2>/dev/null; then return 0; fi
    rm -rf /app/lib/* /tools/lib/* /tools/jars/*
    return 1
}

classpath() {
    find "$@" -name '*.jar' 2>/dev/null | sort | tr '\n' ':'
}

# A Maven project's own classes: its reactor's other modules become jars beside the libraries.
maven_compile() {
    reactor=$1 module=$2
    mkdir -p /app/classes /app/own
    cd "$reactor"
    if [ "$module" = . ]; then maven -DskipTests compile; else maven -DskipTests -pl "$module" -am compile; fi
    find . -path '*/target/classes' -type d -prune | while read -r classes; do
        folder=${classes%/target/classes}
        if [ "$folder" = "./$module" ] || [ "$folder" = "$module" ]; then
            cp -R "$classes/." /app/classes
        elif [ "$module" != . ]; then
            name=$(echo "${folder#./}" | tr '/' '-')
            jar -c -f "/app/own/$name.jar" -C "$classes" .
        fi
    done
}

# Files that a compiler takes only under another name or without some lines (a shebang, annotations for a script's host) are
# compiled as copies; what it says of them is told of the originals.
clean() {
    original=$(sed -n 1p "$room/clean") copy=
    [ -n "$original" ] || return 0
    copy=/tmp/clean/$(sed -n 2p "$room/clean")
    mkdir -p /tmp/clean
    sed -E -e '1s/^#!.*//' -e 's/^@file: *(DependsOn|Repository|Import|CompilerOptions)\(.*$//' -e 's/^@Grab[A-Za-z]*\(.*\) *$//' "$original" >"$copy"
}

# A list with the copy in the original's place.
list() {
    if [ -z "$copy" ]; then
        cat "$room/$1"
    else
        while IFS= read -r line; do
            case $line in
            "$original") echo "$copy" ;;
            "\"$original\"") echo "\"$copy\"" ;;
            *) printf '%s\n' "$line" ;;
            esac
        done <"$room/$1"
    fi >"/tmp/$1"
}

told() {
    code=0
    "$@" >/tmp/said 2>&1 || code=$?
    if [ -z "$copy" ]; then cat /tmp/said; else while IFS= read -r line; do echo "${line#file://}"; done </tmp/said | sed "s#$copy#$original#g"; fi >&2
    return "$code"
}

compiler="java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx1g -cp"

javac_compile() {
    list java
    told javac -J-XX:+UseSerialGC -J-XX:TieredStopAtLevel=1 -encoding UTF-8 -d /app/classes \
        -cp "/app/classes:$(classpath /app/lib /tools/lib)" "@$room/javac" @/tmp/java
}

kotlin_compile() {
    list kotlin
    told $compiler "$(classpath /tools/jars)" org.jetbrains.kotlin.cli.jvm.K2JVMCompiler -no-stdlib -no-reflect \
        -d /app/classes -cp "$(classpath /app/lib /tools/lib)" "@$room/kotlinc" @/tmp/kotlin
}

scala_compile() {
    list scala
    told $compiler "$(classpath /tools/jars)" "$1" -d /app/classes -cp "$(classpath /app/lib /tools/lib)" @/tmp/scala
}

groovy_compile() {
    list groovy
    told $compiler "$(classpath /app/lib)" org.codehaus.groovy.tools.FileSystemCompiler \
        -d /app/classes -cp "$(classpath /app/lib /tools/lib)" @/tmp/groovy
}

# A script's class runs by being made; nothing of Kotlin's own starts one that its host did not compile.
launcher() {
    code="public class JitneyScript { public static void main(String[] words) { new $1(words); } }"
    echo "$code" >/tmp/JitneyScript.java
    javac -d /app/classes -cp "/app/classes:$(classpath /app/lib)" /tmp/JitneyScript.java
}

# Commands, one word each, in the folder given: what a mixed program needs one after the other.
compile() {
    cd "$1"
    shift
    mkdir -p /app/classes /app/own
    clean
    for command in "$@"; do
        case $command in
        java) javac_compile ;;
        kotlin) kotlin_compile ;;
        scala2) scala_compile scala.tools.nsc.Main ;;
        scala3) scala_compile dotty.tools.dotc.Main ;;
        groovy) groovy_compile ;;
        script:*) launcher "${command#*:}" ;;
        resources:*) [ ! -d "${command#*:}" ] || cp -R "${command#*:}/." /app/classes ;;
        esac
    done
}

command=$1
shift
$command "$@"
