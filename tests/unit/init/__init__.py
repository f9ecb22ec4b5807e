"""Tests of init, PID 1 of every sandbox (docs/protocol.md)."""
