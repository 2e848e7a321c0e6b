"""Recordings as programs and spreadsheets write them: what is time, what is a channel, in which unit; and files of strangers."""

from __future__ import annotations

import dataclasses
import os

import h5py
import numpy as np
import pandas
import pytest

import neurorec as nr
from neurorec import cli
from neurorec.cli.exits import status_of
from neurorec.errors import NeurorecError, ShapeError, ValueRefused
from neurorec.training.task_of_run import describe_task, json_able

STEP, SAMPLES = 0.004, 300
TIME = np.round(np.arange(SAMPLES) * STEP, 6)
CHANNELS = np.random.default_rng(3).normal(5, 40, (SAMPLES, 2)).cumsum(axis=0)
WITHOUT = nr.task("recorded_pattern", recording=CHANNELS, sampling=STEP)  # the truth: the same channels, no column of times


def text(columns, header="", delimiter=",", decimal="."):
    """Rows of numbers, each to its last digit."""
    rows = [delimiter.join(repr(float(value)).replace(".", decimal) for value in row) for row in columns]
    return header + "\n".join(rows) + "\n"


SECONDS, MILLISECONDS = np.c_[TIME, CHANNELS], np.c_[TIME * 1000, CHANNELS]
READ = {  # name: (what the file holds, names, units)
    "milliseconds.csv": (text(MILLISECONDS, "time (ms),Fz (µV),Cz (µV)\n"), ("Fz", "Cz"), ("µV", "µV")),
    "ending.csv": (text(MILLISECONDS, "time_ms,Fz,Cz\n"), ("Fz", "Cz"), ()),
    "unit_alone.csv": (text(MILLISECONDS, "ms,Fz,Cz\n"), ("Fz", "Cz"), ()),
    "last_column.csv": (text(np.c_[CHANNELS, TIME], "Fz,Cz,t [s]\n"), ("Fz", "Cz"), ()),
    "numbers_as_names.csv": (text(SECONDS, "time,1,2\n"), ("1", "2"), ()),
    "two_lines.csv": (text(SECONDS, "Time,EMG,EMG\n(s),(mV),(mV)\n"), ("EMG", "EMG.1"), ("mV", "mV")),
    "no_header.csv": (text(SECONDS), (), ()),
    "another_name.csv": (text(SECONDS, "elapsed,Fz,Cz\n"), ("Fz", "Cz"), ()),
    "bom.csv": ("\ufeff" + text(SECONDS, "time,Fz,Cz\n").replace("\n", "\r\n"), ("Fz", "Cz"), ()),
    "blank_lines.csv": ("\n" + text(SECONDS, "time,Fz,Cz\n\n"), ("Fz", "Cz"), ()),
    "ends_in_comma.csv": (text(SECONDS, "time,Fz,Cz\n").replace("\n", ",\n"), ("Fz", "Cz"), ()),
    "decimal_comma.csv": (text(SECONDS, "Zeit (s);links, oben;rechts\n", ";", ","), ("links, oben", "rechts"), ()),
    "tabs.tsv": (text(SECONDS, "time\tFz\tCz\n", "\t"), ("Fz", "Cz"), ()),
    "savetxt.txt": (text(SECONDS, "# made by numpy\n# time Fz Cz\n", " "), ("Fz", "Cz"), ()),
}


@pytest.mark.parametrize("name", READ)
def test_time_names_and_units_are_read(tmp_path, name):
    """The pattern is that of the channels alone at the sampling that the times have."""
    held, names, units = READ[name]
    (tmp_path / name).write_bytes(held.encode())
    task = nr.task("recorded_pattern", recording=tmp_path / name)
    assert np.allclose(task.pattern, WITHOUT.pattern, rtol=0, atol=1e-9)
    assert len(task.pattern) * task.dt == pytest.approx(SAMPLES * STEP)
    assert (task.output_channels, task.output_units, task.sampling) == (names, units, pytest.approx(STEP))
    assert "at 250 Hz, 1.20 s" in task.note and "time is column" in task.note
    assert np.array_equal(dataclasses.replace(task, **settings_in_a_file(task)).pattern, task.pattern)


def settings_in_a_file(task):
    return {name: tuple(value) if isinstance(value, list) else value for name, value in describe_task(task)[1].items()}


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_a_header_may_be_in_the_code_of_a_spreadsheet(tmp_path, encoding):
    (tmp_path / "r.csv").write_bytes(READ["milliseconds.csv"][0].encode(encoding))
    assert nr.task("recorded_pattern", recording=tmp_path / "r.csv").output_units == ("µV", "µV")


def test_numbers_of_samples_are_no_channel(tmp_path):
    """pandas writes them without a name; a counter may begin anew."""
    pandas.DataFrame(CHANNELS, columns=["Fz", "Cz"]).to_csv(tmp_path / "r.csv")
    (tmp_path / "counter.txt").write_text(text(np.c_[np.arange(SAMPLES) % 256, CHANNELS], "Sample Index, Fz, Cz\n"))
    for name in ("r.csv", "counter.txt"):
        task = nr.task("recorded_pattern", recording=tmp_path / name, sampling=STEP)
        assert np.array_equal(task.pattern, WITHOUT.pattern)
        assert task.output_channels == ("Fz", "Cz") and "counts the samples" in task.note


def test_an_array_and_a_data_frame_are_read_alike():
    """The first column of an array that goes up in equal steps is time; a frame brings its names."""
    frame = pandas.DataFrame(np.c_[CHANNELS, TIME * 1000], columns=["Fz (uV)", "Cz", "time (ms)"])
    task = nr.task("recorded_pattern", recording=frame)
    assert task.output_channels == ("Fz", "Cz") and task.output_units == ("uV", "")
    for made in (task, nr.task("recorded_pattern", recording=SECONDS), nr.task("recorded_pattern", recording=SECONDS, columns=("a", "b"))):
        assert np.allclose(made.pattern, WITHOUT.pattern, rtol=0, atol=1e-9)
        assert np.array_equal(dataclasses.replace(made, **settings_in_a_file(made)).pattern, made.pattern)
    assert nr.task("recorded_pattern", recording=SECONDS, time=False).n_outputs == 3
    assert nr.task("recorded_pattern", recording=MILLISECONDS, time=0, sampling=STEP).pattern == pytest.approx(WITHOUT.pattern)


def test_columns_are_taken_by_name(tmp_path):
    """And what is not taken may be text."""
    lines = text(SECONDS, "time,Fz,Cz\n").splitlines()
    (tmp_path / "r.csv").write_text("\n".join(f"{line},{'event' if k == 0 else 'go' if k % 2 else ''}" for k, line in enumerate(lines)))
    task = nr.task("recorded_pattern", recording=tmp_path / "r.csv", columns=("Cz",))
    assert task.pattern == pytest.approx(WITHOUT.pattern[:, 1:]) and task.output_channels == ("Cz",)
    with pytest.raises(
        ValueRefused, match="column 'event' of the recording holds 'go' in row 1, expected numbers; .* leave the column out"
    ):
        nr.task("recorded_pattern", recording=tmp_path / "r.csv")


def test_times_that_were_rounded_are_even_and_others_are_resampled(tmp_path):
    """3 Hz keeps its phase to a hundredth of a cycle where the samples come 1 ms early or late."""
    at_256 = np.arange(SAMPLES) / 256
    (tmp_path / "rounded.csv").write_text(text(np.c_[np.round(at_256, 3), CHANNELS], "time,Fz,Cz\n"))
    rounded = nr.task("recorded_pattern", recording=tmp_path / "rounded.csv")
    assert rounded.sampling == pytest.approx(1 / 256, rel=1e-3) and "uneven" not in rounded.note
    uneven = TIME + np.random.default_rng(0).uniform(-0.001, 0.001, SAMPLES)
    (tmp_path / "uneven.csv").write_text(text(np.c_[uneven, np.sin(6 * np.pi * uneven), np.cos(6 * np.pi * uneven)], "time,a,b\n"))
    task = nr.task("recorded_pattern", recording=tmp_path / "uneven.csv", smooth=0, amplitude=0.5**0.5, dt=STEP)
    assert "uneven" in task.note
    phase = 6 * np.pi * (np.arange(len(task.pattern)) * STEP + uneven[0])
    assert np.abs(task.original(task.pattern)[:, 0] - np.sin(phase)).max() < 0.02


def test_outputs_go_back_to_the_units_of_the_recording():
    """The inverse of the scaling, for any leading dimensions; names are coordinates."""
    task = nr.task("recorded_pattern", recording=CHANNELS, sampling=STEP, dt=STEP, smooth=0, columns=("Fz", "Cz"))
    assert task.original(task.pattern) == pytest.approx(CHANNELS)
    trials = task.trials(2)
    assert task.original(trials.targets)[:, 1] == pytest.approx(CHANNELS)
    data = nr.simulate(nr.Network.random(0, 8, 2, dt=STEP), trials).to_xarray()
    assert data["target"].sel(output_channel="Cz").isel(trial=0).values == pytest.approx(task.pattern[:, 1])
    assert trials.take(np.array([0])).channels == ("Fz", "Cz")
    with pytest.raises(ShapeError, match="must have 2 channels in their last dimension"):
        task.original(np.zeros((5, 3)))


def test_a_picture_of_outputs_names_the_channels():
    task = nr.task("recorded_pattern", columns=("F3", "F4", "P3", "P4"))
    run = nr.train(nr.Network.random(0, 8, 4), task, trials=1, progress=False)
    assert [label.get_text() for label in nr.plots.outputs(run).get_yticklabels()] == ["F3", "F4", "P3", "P4"]


def test_the_command_line_says_what_was_taken(tmp_path, capsys):
    (tmp_path / "r.csv").write_text(text(MILLISECONDS, "time (ms),Fz,Cz\n"))
    arguments = ["--set", f"recording={tmp_path / 'r.csv'}", "--units", "8", "--trials", "1", "--out", str(tmp_path / "run.h5")]
    assert status_of(cli.app, ["train", "recorded_pattern", *arguments]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "took 2 channels (Fz, Cz) at 250 Hz, 1.20 s, from r.csv; time is column 'time (ms)'" in said


LATE = np.r_[TIME[:100], TIME[100:] + 1]
UNCLEAR = {  # name: (what the file holds, words of the refusal)
    "no_unit.csv": (text(MILLISECONDS, "time,Fz,Cz\n"), r"column 'time' .* goes up in steps of 4, of which unit is not clear; call it 'time \(ms\)'"),
    "no_name.csv": (text(MILLISECONDS), "column 0 .* goes up in steps of 4, of which unit is not clear; .* or pass sampling= in seconds"),
    "hours.csv": (text(SECONDS, "time (h),Fz,Cz\n"), "of which unit is not clear"),
    "two_times.csv": (text(np.c_[TIME, SECONDS], "time,t,Fz,Cz\n"), "column 'time' and column 't' .* both look like time; choose with time="),
    "gap.csv": (text(np.c_[LATE, CHANNELS], "time,Fz,Cz\n"), "has a gap, from 0.396 in row 100 to 1.4"),
    "back.csv": (text(SECONDS[::-1], "time,Fz,Cz\n"), "time must go up, column 'time' .* has 1.192 in row 2 after 1.196"),
    "dates.csv": ("time,Fz\n2024-01-05 10:00,1\n2024-01-05 10:01,2\n", "holds '2024-01-05 10:00' in row 1, expected numbers; time must be"),
    "missing.csv": ("time,Fz,Cz\n0.0,1,2\n0.1,,3\n0.2,4,5\n", "column 'Fz' of the recording holds no number in row 2; fill it in"),
    "title.csv": ("Patient 3\ntime,Fz\n0.0,1\n0.1,2\n", "the first line of 'title.csv' has 1 fields, the rows have 2"),
    "a_book.csv": ("1,2\n" + "a" * 200_000 + ",3\n", "as a table of numbers: field larger than field limit"),
    "long_line.csv": ("1,2\n2,3,4\n4,5\n", "as a table of numbers: Expected 2 fields in line 2, saw 3"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNCLEAR)
def test_what_is_unclear_is_refused_in_a_sentence(tmp_path, name):
    held, words = UNCLEAR[name]
    (tmp_path / name).write_text(held)
    with pytest.raises(ValueRefused, match=words) as refused:
        nr.task("recorded_pattern", recording=tmp_path / name)
    assert "\n" not in str(refused.value)


def test_a_sampling_that_contradicts_the_times_is_refused(tmp_path):
    (tmp_path / "r.csv").write_text(text(SECONDS, "time,Fz,Cz\n"))
    with pytest.raises(ValueRefused, match=r"sampling = 0.01 s, but by column 'time' of the recording it is 0.004 s; leave sampling out"):
        nr.task("recorded_pattern", recording=tmp_path / "r.csv", sampling=0.01)
    assert nr.task("recorded_pattern", recording=tmp_path / "r.csv", sampling=0.004).n_outputs == 2


def hostile(folder, kind):
    """A file that leads out of itself, claims more than it holds, or is none."""
    path = folder / f"{kind}.h5"
    with h5py.File(folder / "secret.h5", "w") as file:
        file["x"] = CHANNELS
    if kind == "pipe":
        os.mkfifo(path := folder / "pipe.csv")
    elif kind == "claims.npy":
        header = {"descr": "<f8", "fortran_order": False, "shape": (10**10, 2)}
        with (path := folder / kind).open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
    else:
        with h5py.File(path, "w") as file:
            if kind == "link":
                file["x"] = h5py.ExternalLink("secret.h5", "/x")
            elif kind == "virtual":
                layout = h5py.VirtualLayout((SAMPLES, 2), "f8")
                layout[:] = h5py.VirtualSource(str(folder / "secret.h5"), "x", (SAMPLES, 2))
                file.create_virtual_dataset("x", layout)
            elif kind == "outside":
                file.create_dataset("x", shape=(10, 2), dtype="f8", external=[(str(folder / "secret.h5"), 0, 160)])
            elif kind == "claims":
                file.create_dataset("x", shape=(10**9, 2), dtype="f8", chunks=True)
            elif kind == "objects":
                file["x"] = ["a", "b"]
            else:
                for k in range(174):
                    file[f"trial/{k}"] = k
    return path


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("link", "holds 0 datasets; choose with dataset=: none"),
        ("virtual", "dataset '/x' of .* lies in other files"),
        ("outside", "dataset '/x' of .* lies in other files"),
        ("claims", "holds 16.0 GB, more than 1.1; read a part of it"),
        ("claims.npy", "as a table of numbers: mmap length is greater than file size"),
        ("objects", "dataset '/x' of .* holds object, expected numbers"),
        ("pipe", "is no ordinary file"),
        ("many", "holds 174 datasets; choose with dataset=: trial/0, trial/1, .* and 164 more$"),
    ],
)
def test_a_strangers_file_is_answered_by_a_sentence(tmp_path, kind, words):
    """At once, without a look at another file."""
    with pytest.raises(NeurorecError, match=words) as refused:
        nr.task("recorded_pattern", recording=hostile(tmp_path, kind))
    assert len(str(refused.value)) < 500 + len(str(tmp_path))


def test_settings_of_the_table_that_make_no_sense_are_refused():
    for settings, words in (
        ({"time": True}, "or None to find it; got True"),
        ({"time": "clock"}, "no column of times named 'clock'"),
        ({"columns": "Fz"}, "columns must be a sequence of names"),
        ({"columns": ("Fz", "Fz")}, "columns must name each of the recording's 2 columns, differently"),
        ({"columns": (4,)}, "column 4 is none of the recording's 2 columns, 0 to 1"),
    ):
        with pytest.raises(NeurorecError, match=words):
            nr.task("recorded_pattern", recording=CHANNELS, **settings)
    assert json_able(WITHOUT.columns) is None
