"""Processor seconds and memory of a server: all its processes, those that have already ended included (Linux)."""

import os
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def stats() -> dict[int, list[str]]:
    """The fields of /proc/PID/stat behind the name, by process id."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text()
            except OSError:
                continue  # It has just ended.
            found[int(folder.name)] = text.rpartition(")")[2].split()
    return found


def family(roots: list[int]) -> list[list[str]]:
    """The processes of these ids and all their descendants."""
    all_of = stats()
    members, grew = set(roots), True
    while grew:
        more = {pid for pid, fields in all_of.items() if int(fields[1]) in members} - members
        members |= more
        grew = bool(more)
    return [all_of[pid] for pid in members if pid in all_of]


def cpu_s(roots: list[int]) -> float:
    """User and system seconds so far; a process that ended counts as a child that its parent waited for."""
    return sum(int(field) for fields in family(roots) for field in fields[11:15]) * TICK_S


def resident_bytes(roots: list[int]) -> int:
    """Resident memory now; what processes share (PostgreSQL's buffers) counts once for each of them."""
    return sum(int(fields[21]) for fields in family(roots)) * PAGE
