"""A file in memory as bytes, and back: what is sent to another process."""

from __future__ import annotations

import os
import uuid

import h5py


def image(file: h5py.File) -> bytes:
    """The file as it would be on disk."""
    file.flush()
    return file.id.get_file_image()


def from_image(content: bytes) -> h5py.File:
    """What `image` gave, in memory and open for writing."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fapl_core(backing_store=False)
    access.set_file_image(content)
    access.set_libver_bounds(h5py.h5f.LIBVER_EARLIEST, h5py.h5f.LIBVER_LATEST)  # as h5py.File has them
    name = f"run in memory {uuid.uuid4()}"  # HDF5 tells open files apart by name
    return h5py.File(h5py.h5f.open(os.fsencode(name), h5py.h5f.ACC_RDWR, access))
