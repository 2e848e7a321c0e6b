"""Runs and the files they are kept in: the only code that knows how those are laid out.

A user meets `Record` (what to record), `Run` (a training, finished or under way) and `Runs` (of many networks, side by side). Behind them:

- what a file holds: `layout`, `contents`, `structure` (which creates all of it), `kinds`;
- files in use: `open_file` (what all of them share), `run_reader`, `run_writer`, `loop_file`, `simulation_file`, `trial_log`;
- parts of a file: `datasets`, `networks`, `states`, `tables`, `provenance`;
- making and copying: `new_files`, `rebuild`;
- files of many networks: `stacked` (their structure), `of_many` (such a file at one network), `runs_writer`;
- when something is wrong: `checksums`, `damaged_rows`, `check`, `failures`.
"""
