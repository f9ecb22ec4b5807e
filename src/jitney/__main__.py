"""`python -m jitney`."""

from jitney.cli import start

start()
