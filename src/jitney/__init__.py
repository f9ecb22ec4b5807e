"""Jitney runs any LLM program, or any model, in a container made just in time, locked down, and gone when done."""

__version__ = "0.1.0"
