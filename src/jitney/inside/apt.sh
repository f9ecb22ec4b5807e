# Runs inside a build as root, in a base that has apt: Debian packages, at the versions of the lock where the mirror still has
# them; no lists, no logs, no times of today stay behind.
#   sh apt.sh NAME…              installs
#   sh apt.sh --versions NAME…   writes name=version of all that would be installed to /out/versions
# /dev/jitney/pins: apt preferences, where there is a lock.
set -e
apt="apt-get -q -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none -o APT::Keep-Downloaded-Packages=true"
[ ! -s /dev/jitney/pins ] || apt="$apt -o Dir::Etc::Preferences=/dev/jitney/pins"
rm -f /etc/apt/apt.conf.d/docker-clean
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
$apt update
if [ "$1" = --versions ]; then
    shift
    mkdir -p /out
    $apt install -s -y --no-install-recommends -- "$@" >/out/said
    sed -n 's/^Inst \([^ ]*\) \(\[[^]]*\] \)\{0,1\}(\([^ ]*\) .*/\1=\3/p' /out/said >/out/versions
    rm /out/said
    exit 0
fi
$apt install -y --no-install-recommends -o 'Dpkg::Options::=--path-exclude=/usr/share/doc/*' \
    -o 'Dpkg::Options::=--path-include=/usr/share/doc/*/copyright' -o 'Dpkg::Options::=--path-exclude=/usr/share/man/*' \
    -o 'Dpkg::Options::=--path-exclude=/usr/share/locale/*' -- "$@"
find /var/log -type f -delete
rm -f /var/cache/apt/*.bin /var/cache/ldconfig/aux-cache /var/cache/debconf/*-old
