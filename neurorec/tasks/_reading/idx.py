"""IDX files, in which MNIST and its kin come: reading one, and finding those of a data set."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np

from neurorec.errors import ValueRefused
from neurorec.tasks._reading.settings import existing

FILES = {"train": "train", "test": "t10k"}  # how MNIST calls the two parts
EXPECTED = "a folder with train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or .gz"


def pictures(folder: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, height, width) and labels (n,) of MNIST's files, bytes.

    Raises
    ------
    ValueRefused
        If a file is missing, is no IDX file, or does not fit the other.
    """
    root = existing("folder", folder, EXPECTED)
    images, labels = (_read(_find(root, f"{FILES[split]}-{kind}"), kind, axes) for kind, axes in (("images", 3), ("labels", 1)))
    if len(images) != len(labels) or not images.size:
        raise ValueRefused(f"{folder!r} holds {len(images)} images and {len(labels)} labels of split {split!r}; fetch both files again")
    if labels.max() > 9:
        raise ValueRefused(f"{folder!r} has a label {labels.max()}; expected digits or ten classes, 0 to 9")
    return images, labels


def _find(root: Path, stem: str) -> Path:
    """The file of that name, however it is written and packed."""
    axes = 3 if stem.endswith("images") else 1
    for name in (f"{stem}-idx{axes}-ubyte", f"{stem}.idx{axes}-ubyte"):
        for path in (root / name, root / f"{name}.gz"):
            if path.is_file():
                return path
    raise ValueRefused(f"there is no {stem}-idx{axes}-ubyte in {str(root)!r}; expected {EXPECTED}")


def _read(path: Path, kind: str, axes: int) -> np.ndarray:
    """Unsigned bytes of an IDX file: two zeros, type 8, number of axes, their lengths as big-endian 32 bit, the data."""
    content = _content(path)
    start = 4 + 4 * axes
    if content[:4] != bytes([0, 0, 8, axes]) or len(content) < start:
        raise ValueRefused(
            f"{str(path)!r} begins with {content[:4].hex(' ') or 'nothing'}; an IDX file of {kind} begins with 00 00 08 {axes:02x}. "
            f"Fetch it again, or rename it if it is something else"
        )
    shape = np.frombuffer(content[4:start], ">u4").astype(int)
    if len(content) - start != shape.prod():
        raise ValueRefused(
            f"{str(path)!r} promises {' x '.join(map(str, shape))} bytes and holds {len(content) - start}; it was cut short or "
            f"damaged, fetch it again"
        )
    return np.frombuffer(content[start:], np.uint8).reshape(shape)


def _content(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise ValueRefused(f"cannot unpack {str(path)!r} ({error}); fetch it again") from error
