"""Who owns a container: `BOOT_ID.PID_NAMESPACE:PID:START_TIME` of the client, so that a sweep knows whether
it lives."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

Life = Literal["alive", "dead", "elsewhere", "unknown"]


def world() -> str:
    """This boot of this machine, and this process's view of process ids; empty where /proc does not say."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return f"{boot}.{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def owner() -> str:
    """The label's value for this process."""
    pid = os.getpid()
    return f"{world()}:{pid}:{start_time(pid) or 0}"


def start_time(pid: int) -> int | None:
    """Clock ticks after boot; None when there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = text[text.rindex(b")") + 2 :].split()
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def life_of(label: str, here: str) -> Life:
    """What is known of an owner. here: `world()`. `elsewhere`: another boot or another machine, which only
    the caller
    can tell apart; `unknown`: the same boot seen through another pid namespace, or a label that is not
    ours."""
    where, _, rest = label.partition(":")
    pid, _, started = rest.partition(":")
    if not here or not where or not pid.isdigit() or not started.isdigit():
        return "unknown"
    if where != here:
        return "unknown" if where.partition(".")[0] == here.partition(".")[0] else "elsewhere"
    return "alive" if start_time(int(pid)) == int(started) else "dead"
