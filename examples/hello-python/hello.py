"""The smallest program: it greets whoever it is told to, and reads its standard input if asked."""

import sys

names = sys.argv[1:] or ["world"]
if names == ["-"]:
    names = sys.stdin.read().split()
print("Hello,", " and ".join(names) + "!")
