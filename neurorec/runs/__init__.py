"""The run file: the only code that knows its layout.

One rule makes it safe to kill a training at any moment: *all structure is created and allocated at the start; while
training, only the raw data of contiguous datasets is overwritten in place, followed by a flush*. No metadata is dirty
after creation, so none can be half-written, and a reader may open the file while it is being written.
"""

from __future__ import annotations

from neurorec.runs.run_file import RunFile as RunFile
