"""HDF5 files that may come from anybody: opened, checked and read with care.

`opening` opens every file: all that it shows lies in the file itself (`inside`), and what never changes matches its checksum (`seal`).
`values` reads arrays and attributes. `checksums` and `wholes` compare numbers with those that were written, `states` reads the two
resume states, `damage` words the errors. `publish` gives a new file its name once it is complete.
"""
