"""Files that belong together: one for each of several processes, and one beside them that shows them as a whole by virtual datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from h5py import h5d

from neurorec.hdf5.values import text


class Piece(NamedTuple):
    """Where some numbers of a virtual dataset lie: in which part, at which places there, and at which places of the whole."""

    part: int
    there: tuple[slice, ...]
    here: tuple[slice, ...]


def part_path(path: Path, part: int, parts: int) -> Path:
    """Of one of them; its name follows from that of the whole, so that no file can point to any other."""
    return path.with_name(f"{path.stem}.rank{part}of{parts}{path.suffix}")


def shown_beside(path: Path, how: Any) -> set[Path]:
    """The parts of this file in which all lies that a virtual dataset shows; none, if some of it lies elsewhere. `how` is its creation property list."""
    names = {how.get_virtual_filename(k) for k in range(how.get_virtual_count())}
    counts = {name.rpartition("of")[2].removesuffix(path.suffix) for name in names}
    parts = {part_path(path, part, int(count)) for count in counts if count.isdigit() and len(count) < 5 for part in range(int(count))}
    found = {part for part in parts if part.name in names}
    return found if len(found) == len(names) else set()


def show(
    group: h5py.Group, name: str, source: h5py.Dataset, shape: Sequence[int], names: Sequence[str], pieces: Sequence[Piece]
) -> h5py.Dataset:
    """A virtual dataset made of pieces of one that each part has, `source` being the first part's; what is missing is NaN, or nothing."""
    if 0 in shape:
        return group.create_dataset(name, shape, source.dtype)
    layout = h5py.VirtualLayout(tuple(shape), source.dtype)
    for piece in pieces:
        layout[piece.here] = h5py.VirtualSource(names[piece.part], source.name, source.shape, source.dtype)[piece.there]
    return group.create_virtual_dataset(name, layout, fillvalue=np.nan if source.dtype.kind == "f" else None)


def is_virtual(data: Any) -> bool:
    """Whether its numbers lie in parts."""
    return data.id.get_create_plist().get_layout() == h5d.VIRTUAL


def described(source: h5py.Dataset) -> Mapping[str, str]:
    """What a dataset says of itself."""
    return {name: text(source, name) for name in ("units", "long_name", "cell_methods", "_Encoding") if name in source.attrs}
