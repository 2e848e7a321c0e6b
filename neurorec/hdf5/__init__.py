"""HDF5 files that may come from anybody: opened, checked and read with care.

`opening` is the one door; behind it everything lies in the file itself (`inside`), and what never changes matches its checksum
(`seal`). `values` reads arrays and attributes; `checksums` tells whether numbers are those that were written.
"""
