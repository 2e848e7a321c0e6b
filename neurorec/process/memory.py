"""How much memory is free, checked before it is taken: an array that does not fit ends in an error of NumPy's, or in a kill."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

from neurorec.errors import ValueRefused

GROUPS = Path("/sys/fs/cgroup")  # of processes, by which containers and schedulers limit memory
SMALL = 2**26  # bytes below which nothing is checked: reading free memory takes longer than a trial of a small network
UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")


def expect_memory(size: int, what: str, way_out: str) -> None:
    """Refuse what would not fit into memory.

    Parameters
    ----------
    size : int
        Bytes it takes at least.
    what : str
        What takes them, for the text.
    way_out : str
        What to do instead.

    Raises
    ------
    ValueRefused
        Saying how much it needs and how much there is.
    """
    if size > SMALL and size > (free := free_memory()):
        raise ValueRefused(f"{what} needs {readable_size(size)} of memory and {readable_size(free)} are free; {way_out}")


def free_memory() -> int:
    """Bytes that this process can still take."""
    return min([_free_here(), *(int(text) for text in map(_read, _limits()) if text.strip().isdigit())])


def readable_size(size: int) -> str:
    """Bytes with a unit: 1.5 GB."""
    thousands = min((len(str(size)) - 1) // 3, len(UNITS) - 1)
    return f"{Decimal(size) / 1000**thousands:.3g} {UNITS[thousands]}"


def _limits() -> list[Path]:
    """Files with the memory limits of this process's group and of those above it."""
    own = [line.rpartition("::/")[2] for line in _read(Path("/proc/self/cgroup")).splitlines() if line.startswith("0::/")]
    group = GROUPS.joinpath(*own)
    return [each / "memory.max" for each in (group, *group.parents)] + [GROUPS / "memory/memory.limit_in_bytes"]


def _free_here() -> int:
    """Memory that the kernel can give at once, its file cache included; all there is, where it does not say."""
    for line in _read(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemAvailable:"):
            return 1024 * int(line.split()[1])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""
