"""The field's comparison table, measured on this machine: `jitney bench`.

prompts.py  ─►  measure.py  one runtime at a time, in turn: start, warm up, one answer by the clock, gone
box.py, energy.py           what its box took            quality.py   whether its answers are worth the speed
                ─►  Row  ─►  table.py (text, JSON, CSV), compare.py (a published table beside it), plot.py
"""
