"""The image family as a table: what lies on the disk, what shares it, what each language or program adds."""

from __future__ import annotations

from jitney.cli.report import human_size
from jitney.family import Family, Member

HEAD = f"{'adds':>9}  {'whole':>9}  images (what stands on another shares its layers; each layer counts once)"


def family_lines(images: Family) -> list[str]:
    """Bases as a tree, each with the programs that stand on it; then the sum."""
    depths: dict[str, int] = {"": -1}
    lines = [HEAD]
    for base in images.bases:
        depths[base.name] = depths[base.parent] + 1
        lines.append(_line(base.adds_bytes, base.size_bytes, depths[base.name], _short(base)))
        lines += _programs([one for one in images.programs if one.parent == base.name], depths[base.name] + 1)
    lines += _programs([one for one in images.programs if not one.parent], 0)
    lines.append(f"{human_size(images.total_bytes):>9}  {'':>9}  in all")
    return [line.rstrip() for line in lines]


def _programs(programs: list[Member], depth: int) -> list[str]:
    if not programs:
        return []
    adds = sum(one.adds_bytes for one in programs)
    count = "1 program" if len(programs) == 1 else f"{len(programs)} programs"
    biggest = max(one.adds_bytes for one in programs)
    more = f", at most {human_size(biggest)} each" if len(programs) > 1 else ""
    return [_line(adds, 0, depth, f"{count}{more}")]


def _line(adds: int, whole: int, depth: int, text: str) -> str:
    return f"{human_size(adds):>9}  {human_size(whole) if whole else '':>9}  {'  ' * depth}{text}"


def _short(base: Member) -> str:
    return base.name.removeprefix("jitney-").removeprefix("debian/")
