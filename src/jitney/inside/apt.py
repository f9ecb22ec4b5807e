"""Runs inside a build as root: install Debian packages, leave no lists, no logs, no times of today."""

import glob
import os
import subprocess
import sys

ENV = {"DEBIAN_FRONTEND": "noninteractive", "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}
OPTIONS = [
    "-o",
    "Acquire::Check-Valid-Until=false",
    "-o",
    "Acquire::Languages=none",
    "-o",
    "APT::Keep-Downloaded-Packages=true",
]


def main() -> int:
    names = sys.argv[1:]
    for keep in glob.glob("/etc/apt/apt.conf.d/docker-clean"):
        os.unlink(keep)
    update = subprocess.call(["apt-get", *OPTIONS, "update", "-q"], env=ENV)
    if update:
        return update
    code = subprocess.call(
        ["apt-get", *OPTIONS, "install", "-q", "-y", "--no-install-recommends", "--", *names], env=ENV
    )
    logs = glob.glob("/var/log/**", recursive=True)
    caches = glob.glob("/var/cache/apt/*.bin")  # two files of 45 MB each
    for path in (*logs, *caches, "/var/cache/ldconfig/aux-cache", "/var/cache/debconf/templates.dat-old"):
        if os.path.isfile(path):
            os.unlink(path)
    return code


if __name__ == "__main__":
    sys.exit(main())
