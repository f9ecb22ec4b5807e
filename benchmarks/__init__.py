"""Figures against peers, as ratios taken in one run. `make bench` runs all; `python -m benchmarks start output` some."""
