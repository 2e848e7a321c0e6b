"""The command line: every command, every exit status, and errors of one line."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

import neurorec as nr
from neurorec import cli
from neurorec.cli import exits
from neurorec.cli.commands import doctor
from neurorec.discovery import KINDS, load

TASK = ("periodic_output", "--set", "period=0.2", "--units", "8")
RESUME = "neurorec resume run.h5"
SMALL = ("train", *TASK, "--trials", "30", "--quiet")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Every test has a folder of its own, where runs/ goes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.fixture
def neurorec(capsys, monkeypatch):
    """The program, in this process: arguments to (status, standard output, standard error)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["neurorec", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code, *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def small_run(tmp_path_factory):
    path = tmp_path_factory.mktemp("small") / "run.h5"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["neurorec", *SMALL, "--out", str(path)])
        with pytest.raises(SystemExit, match="^0$"):
            cli.main()
    return path


@pytest.fixture
def trained(small_run):
    """The path of a small run of a test's own."""
    return Path(shutil.copy(small_run, "run.h5"))


def program(*arguments, **options):
    """The program in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "neurorec.cli", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def refused(result, *words):
    """Status 2, nothing on standard output, one line on standard error that holds the words."""
    status, out, err = result
    assert (status, out, err.count("\n")) == (2, "", 1), result
    assert err.startswith("neurorec: ")
    for word in words:
        assert word in err


# Help -----------------------------------------------------------------------------------------------------------------


def test_help_names_the_commands():
    process = program("--help")
    out, _ = process.communicate()
    assert process.returncode == 0 and all(command in out for command in ("train", "resume", "info", "plot", "list", "doctor"))


def test_help_imports_nothing_heavy():
    code = "import sys; sys.argv = ['neurorec', 'train', '--help']\nfrom neurorec import cli\ntry: cli.main()\nexcept SystemExit as e: assert e.code == 0\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split("\n")[-2].split()
    assert not {"numpy", "h5py", "torch", "sympy", "numba", "matplotlib", "xarray", "scipy", "rich"} & set(loaded)


def test_version(neurorec):
    assert neurorec("--version") == (0, f"neurorec {nr.__version__}\n", "")


# Train and resume -----------------------------------------------------------------------------------------------------


def test_train_writes_the_run_and_a_summary(neurorec):
    status, out, err = neurorec(*SMALL)
    run = nr.open_run("runs/periodic_output_rflo_0.h5")
    facts = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert (status, err) == (0, "")
    assert facts["path"] == "runs/periodic_output_rflo_0.h5" and run.done == 30
    assert float(facts["final_loss"]) == pytest.approx(float(run.log["loss"].mean()), rel=1e-3)
    assert float(facts["alignment"]) == pytest.approx(float(run.log["alignment"][-1]), rel=1e-3)


def test_the_last_line_of_train_json_is_the_summary(neurorec):
    _, out, _ = neurorec(*SMALL, "--json")
    summary = json.loads(out.splitlines()[-1])
    log = nr.open_run(summary["path"]).log
    assert summary["final_loss"] == pytest.approx(float(log["loss"].values.mean()))
    assert (summary["task"], summary["done"], summary["total"]) == ("periodic_output", 30, 30)
    assert summary["seconds"] >= 0


def test_train_takes_many_networks_of_seeds_in_a_row(neurorec):
    said = json.loads(neurorec(*SMALL, "--networks", 2, "--seed", 3, "--json")[1].splitlines()[-1])
    assert (said["networks"], said["done"], len(said["final_loss"])) == (2, 30, 2)
    alone = json.loads(neurorec(*SMALL, "--seed", 4, "--json")[1].splitlines()[-1])
    runs = nr.open_run(said["path"])
    assert (runs[1].network.recurrent == nr.open_run(alone["path"]).network.recurrent).all()
    assert said["final_loss"][1] == alone["final_loss"]


def test_train_and_resume_say_the_score_on_new_trials_and_what_it_means(neurorec):
    arguments = ("n_bit_flip_flop", "--set", "duration=0.3", "--units", 8, "--trials", 20, "--quiet", "--json", "--out", "memory.h5")
    said = json.loads(neurorec("train", *arguments)[1])
    task = nr.task("n_bit_flip_flop", duration=0.3)
    trials = task.trials(100, seed=0, first=20)
    expected = task.score(nr.simulate(nr.open_run("memory.h5").network, trials).outputs, trials).mean()
    assert said["score"] == pytest.approx(float(expected), abs=1e-3)
    assert said["score_means"].startswith("Fraction of counted steps and bits") and "100 new trials" in said["score_means"]
    again = json.loads(neurorec("resume", "memory.h5", "--quiet", "--json")[1])
    assert again["score"] == said["score"]


def test_trials_that_were_learnt_in_a_row_are_scored_in_a_row(neurorec):
    arguments = (
        "centre_out_velocity",
        "--units",
        8,
        "--trials",
        20,
        "--batch",
        10,
        "--start",
        "carried",
        "--quiet",
        "--json",
        "--out",
        "row.h5",
    )
    said = json.loads(neurorec("train", *arguments)[1])
    task, net = nr.task("centre_out_velocity"), nr.open_run("row.h5").network
    state, found = None, []
    for first in range(20, 120, 10):
        trials = task.trials(10, seed=0, first=first)
        done = nr.simulate(net, trials, initial=state)
        state = done.states["h"][-1]
        found.append(task.score(done.outputs, trials))
    assert said["score"] == pytest.approx(float(np.mean(found)), abs=1e-4)


def test_a_task_too_long_for_memory_is_told_by_its_size(neurorec):
    status, out, err = neurorec("train", "periodic_output", "--set", "period=1e20")
    assert (status, len(err.splitlines())) == (2, 1)
    assert "period = 1e+20 s" in err and "EB of memory" in err


def test_the_network_can_be_chosen(neurorec):
    options = ("--parametrisation", "sparse", "--sparsity", 0.5, "--plastic", "recurrent", "--plastic", "readout", "--loss", "mse")
    assert neurorec(*SMALL, *options, "--out", "a.h5")[0] == 0
    trained, before = nr.open_run("a.h5").network, nr.open_run("a.h5").checkpoint(0)
    assert (trained.parametrisation, trained.plastic) == ("sparse", ("recurrent", "readout"))
    assert 0.2 < (before.recurrent == 0).mean() < 0.8 and ((trained.recurrent == 0) == (before.recurrent == 0)).all()
    assert neurorec(*SMALL, "--spectral-radius", 0.7, "--out", "b.h5")[0] == 0
    start = nr.open_run("b.h5").checkpoint(0).recurrent
    assert abs(np.linalg.eigvals(start)).max() == pytest.approx(0.7)


def test_progress_goes_to_standard_error_unless_quiet(neurorec):
    _, out, err = neurorec("train", *TASK, "--trials", "30", "--json")
    assert "30/30" in err and len(out.splitlines()) == 1
    _, out, err = neurorec("train", *TASK, "--trials", "30", "--overwrite")
    own = nr.task("periodic_output").recommended.but(units=8, trials=30)
    assert f"{own}; " in out.splitlines()[0] and "8 units" in str(own) and "30 trials" in str(own)
    assert "30/30" in err


def test_a_task_is_trained_by_its_own_settings_where_none_are_given(neurorec):
    own = nr.task("delayed_match_to_sample").recommended
    given = ("--units", 3, "--trials", 2, "--batch", 1, "--quiet")
    assert neurorec("train", "delayed_match_to_sample", *given)[0] == 0
    run = nr.open_run(f"runs/delayed_match_to_sample_{own.rule}_0.h5")
    assert run.network.cell == own.cell
    assert {name: run.config[name] for name in own.training} == own.but(trials=2, batch=1).training
    assert neurorec("train", "delayed_match_to_sample", *given, "--optimiser", "sgd", "--clip", 0, "--out", "other.h5")[0] == 0
    config = nr.open_run("other.h5").config
    assert (config["optimiser"], config["rate"], config["clip"]) == ("sgd", 0.03, None)


@pytest.mark.slow
def test_the_flip_flop_is_learnt_where_nothing_is_said(neurorec):
    assert neurorec("train", "n_bit_flip_flop", "--quiet")[0] == 0
    task = nr.task("n_bit_flip_flop")
    trials = task.trials(100, seed=1_000_000)
    network = nr.open_run("runs/n_bit_flip_flop_rflo_0.h5").network
    assert task.score(nr.simulate(network, trials).outputs, trials).mean() >= 0.95


def test_options_reach_the_training(neurorec):
    options = ("--rule", "bptt", "--engine", "reference", "--cell", "leaky_sigmoid", "--filter", "momentum", "--batch", 3, "--update", "batch", "--rate", 0.01,
               "--optimiser", "adam", "--feedback", "symmetric", "--clip", 2, "--weight-decay", 0.1, "--anneal", 0.5, "--gain", 0.5, "--dt", 0.02, "--parameter", "tau=0.2",
               "--noise", 0.05, "--seed", 7, "--every", 2, "--stop-below", 1e-9, "--gradient-angle", 2, "--out", "a.h5")  # fmt: skip
    assert neurorec("train", "periodic_output", "--set", "period=0.4", "--units", 5, "--trials", 6, "--quiet", *options)[0] == 0
    run = nr.open_run("a.h5")
    expected = {
        "rule": "bptt", "engine": "reference", "batch": 3, "update": "batch", "rate": 0.01, "optimiser": "adam", "feedback": "symmetric", "clip": 2.0,
        "weight_decay": 0.1, "anneal": 0.5, "seed": 7, "stop_below": 1e-9, "gradient_angle": 2, "task_settings": {"dt": 0.02, "period": 0.4}, "trials": 6,
    }  # fmt: skip
    assert {name: run.config[name] for name in expected} == expected
    assert (run.network.cell, run.network.filter, run.network.units, run.network.dt, run.network.noise) == (
        "leaky_sigmoid",
        "momentum",
        5,
        0.02,
        0.05,
    )
    assert (run.network.per_unit("tau") == 0.2).all()
    assert run.trajectories()["trial"].values.tolist() == [1, 3, 5]


def test_train_is_the_same_as_in_python(neurorec, trained):
    task = nr.task("periodic_output", period=0.2)
    run = nr.train(nr.Network.for_task(task, units=8), task, progress=False, **task.recommended.but(trials=30).training)
    assert (run.log["loss"].values == nr.open_run(trained).log["loss"].values).all()


def test_a_task_of_the_users_own_from_this_folder(neurorec):
    Path("mine_of_cli.py").write_text(
        "import numpy as np\nfrom neurorec import AbstractTask\nfrom neurorec.tasks.base.trials import Trial\n"
        "class Ones(AbstractTask):\n    n_inputs, n_outputs, dt = 1, 1, 0.01\n"
        "    def trial(self, rng): return Trial(rng.normal(size=(20, 1)), np.ones((20, 1)))\n"
        "    def score(self, outputs, trials): return np.ones(trials.count)\n"
    )
    assert neurorec("train", "mine_of_cli:Ones", "--units", 8, "--trials", 5, "--quiet")[0] == 0
    refused(neurorec("resume", "runs/Ones_rflo_0.h5", "--trials", 10, "--quiet"), "--trust")
    assert neurorec("resume", "runs/Ones_rflo_0.h5", "--trials", 10, "--quiet", "--trust")[0] == 0
    refused(neurorec("train", "mine_of_cli:np"), "is no task")


def test_resume_makes_a_run_longer(neurorec, trained):
    status, out, _ = neurorec("resume", trained, "--trials", 40, "--quiet", "--json")
    assert status == 0 and json.loads(out)["done"] == 40
    assert nr.open_run(trained).done == 40


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_training_that_can_be_resumed(number, status):
    process = program("train", *TASK, "--trials", 1_000_000, "--out", "long.h5", "--quiet")
    deadline = time.monotonic() + 60
    while process.poll() is None and not (Path("long.h5").exists() and nr.open_run("long.h5").done) and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    done = nr.open_run("long.h5").done
    assert (process.returncode, out) == (status, "")
    assert err == f"neurorec: stopped after trial {done} of 1000000; go on with: neurorec resume long.h5\n"


def test_a_training_that_diverges_failed(neurorec):
    status, out, err = neurorec(*SMALL[:-1], "--quiet", "--optimiser", "sgd", "--clip", 0, "--rate", 1000, "--trials", 500)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "unstable" in err and "Traceback" not in err
    own = nr.task("periodic_output").recommended
    first = f"try --rate {own.rate}, --clip {own.clip} (with which periodic_output is learnt), or --clip 1.0, or --rate 3.3e+02"
    assert first in err


def test_ctrl_c_outside_a_training(neurorec, monkeypatch):
    def stop(name):
        raise KeyboardInterrupt

    monkeypatch.setattr("neurorec.cli.commands.list.names", stop)
    status, _, err = neurorec("list")
    assert (status, err) == (130, "neurorec: stopped\n")


def test_a_disk_that_fills_up_is_said_with_the_way_to_go_on(neurorec, monkeypatch):
    def fail(self, *state):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("neurorec.runs.states.StateWriter.write", fail)
        told = f"cannot write run.h5 (No space left on device); it is whole up to trial 0: free some room, or mend the device, then go on with {RESUME}"
        refused(neurorec(*SMALL, "--out", "run.h5"), told)
    assert neurorec(*RESUME.split()[1:], "--quiet")[0] == 0
    assert nr.open_run("run.h5").done == 30


# What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--rule", "rfol"), ("did you mean 'rflo'?",)),
        (("--cell", "leaky_tan"), ("did you mean 'leaky_tanh'?",)),
        (("--engine", "nunba"), ("did you mean 'numba'?",)),
        (("--optimiser", "sdg"), ("did you mean 'sgd'?",)),
        (("--set", "peroid=1"), ("no setting of periodic_output named 'peroid'", "period")),
        (("--set", "period"), ("write name=value",)),
        (("--set", "period=long"), ("period must be a positive number",)),
        (("--set", "period=[1,2]"), ("period must be a positive number",)),
        (("--parameter", "ta=0.1"), ("no parameter of leaky_tanh named 'ta'",)),
        (("--parameter", "tau=slow"), ("tau must hold numbers, got slow",)),
        (("--parameter", "tau=NaN"), ("tau holds nan", "finite")),
        (("--units", "many"), ("--units", "see neurorec train --help")),
        (("--units", "0"), ("units must be a whole number from 1, got 0",)),
        (("--units", f"{10**20}"), (f"a network of {10**20} units needs", "of memory", "free; use fewer units")),
        (("--trials", "0"), ("trials must be a whole number from 1",)),
        (("--trials", f"{10**14}", "--out", "a.h5"), ("cannot write a.h5", "are free; the run needs", "PB", "train fewer trials")),
        (("--trials", f"{10**30}", "--every", "1"), ("are free; the run needs", "train fewer trials")),
        (("--trials", "3", "--batch", f"{10**20}"), (f"a batch of {10**20} trials needs", "use a smaller batch")),
        (("--every", "0"), ("every must be a whole number from 1",)),
        (("--seed", "-1"), ("seed must be a whole number from 0",)),
        (("--rate", "nan"), ("rate holds nan",)),
        (("--update", "never"), ("update must be",)),
        (("--parametrisation", "cayly"), ("did you mean 'cayley'?",)),
        (("--sparsity", "1"), ("sparsity must lie in [0, 1)",)),
        (("--plastic", "weights"), ("no plastic weight named 'weights'",)),
        (("--loss", "mes"), ("no loss named 'mes'; did you mean 'mse'?",)),
        (("--rule", "bptt", "--update", "step"), ("--rule rtrl", "--update trial")),
        (("--dt", "0.2", "--set", "period=4"), ("tau = 0.1 s is shorter than the time step dt = 0.2 s",)),
        (("--out", "no/run.h5"), ("there is no folder no",)),
        (("--out", "."), ("is a folder",)),
        (("--colour", "red"), ("No such option", "--colour")),
    ],
)
def test_bad_settings_are_refused_in_one_line(options, words, neurorec):
    refused(neurorec("train", "periodic_output", "--quiet", *options), *words)


def test_an_unknown_task_has_its_nearest_name(neurorec):
    refused(neurorec("train", "periodc_output"), "did you mean 'periodic_output'?")
    refused(neurorec("train", "no_such_module:Task"), "cannot import")


@pytest.mark.parametrize(
    "arguments", [(), ("trian",), ("train",), ("info",), ("plot",), ("list", "cell"), ("--bogus",), ("plot", "x.h5", "--kind", "pie")]
)
def test_bad_usage_is_refused_in_one_line(arguments, neurorec):
    refused(neurorec(*arguments))


def test_an_existing_run_is_replaced_only_when_asked(neurorec, trained):
    before = trained.read_bytes()
    refused(neurorec(*SMALL, "--out", trained), "run.h5 exists already", "--overwrite")
    assert trained.read_bytes() == before
    assert neurorec(*SMALL, "--out", trained, "--seed", 1, "--overwrite")[0] == 0
    assert nr.open_run(trained).config["seed"] == 1


@pytest.mark.parametrize("command", ["info", "plot", "resume"])
def test_files_that_are_no_runs_are_refused_in_one_line(command, neurorec, trained):
    Path("text.h5").write_text("no run")
    Path("truncated.h5").write_bytes(trained.read_bytes()[:10_000])
    with h5py.File("other.h5", "w") as file:
        file["x"] = 1.0
    refused(neurorec(command, "text.h5"), "not an HDF5 file")
    refused(neurorec(command, "truncated.h5"), "truncated")
    refused(neurorec(command, "other.h5"), "no neurorec run")
    refused(neurorec(command, "missing.h5"), "there is no file missing.h5")
    refused(neurorec(command, "."), "is a folder")


def test_no_traceback_in_a_process_of_its_own():
    process = program("train", "periodic_output", "--units", "0")
    refused((process.wait(60), *process.communicate()), "units must be")


def test_a_reader_that_has_seen_enough_is_no_error():
    with program("list") as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_a_folder_that_cannot_be_made_is_refused(neurorec):
    Path("runs").write_text("a file")
    refused(neurorec(*SMALL), "cannot use runs", "choose a folder")


# Look -----------------------------------------------------------------------------------------------------------------


def test_info_as_json(neurorec, trained):
    status, out, _ = neurorec("info", trained, "--json")
    about = json.loads(out)
    assert status == 0
    assert (about["done"], about["total"], about["seed"]) == (30, 30, 0)
    assert about["config"] == nr.open_run(trained).config
    assert about["final_loss"] == pytest.approx(float(nr.open_run(trained).log["loss"].mean()))
    assert set(about["recorded"]) == {"h", "output", "target"} and about["recorded"]["h"] == {"time": 20, "trial": 30, "unit": 8}
    assert about["checkpoints"][0] == 0 and about["checkpoints"][-1] == 30
    assert about["versions"]["neurorec"] == nr.__version__ and -1 <= about["alignment"] <= 1


def test_info_holds_what_the_run_says_about_itself(neurorec, trained):
    said, about = json.loads(neurorec("info", trained, "--json")[1]), nr.open_run(trained).about
    assert said["seed"] == about.pop("seed_entropy")
    assert {name: said[name] for name in about} == about


def test_info_in_words(neurorec, trained):
    _, out, _ = neurorec("info", trained)
    facts = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert facts["task"] == "periodic_output" and "units 8" in facts["network"] and "rule rflo" in facts["config"]
    assert facts["recorded.h"] == "time 20, trial 30, unit 8" and facts["config.task_settings"] == "dt 0.01, period 0.2"


def test_info_of_a_run_on_many_numbers_fits_a_screen(neurorec):
    """Names and texts from a stranger's file are harmless, too."""
    rng = np.random.default_rng(0)
    task = nr.task("recorded_pattern", recording=rng.normal(size=(500, 2)).cumsum(axis=0), sampling=0.01)
    nr.train(nr.Network.random(0, 8, 2), task, trials=40, path="array.h5", progress=False)
    _, out, _ = neurorec("info", "array.h5")
    lines = out.splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) < 300 and "recording 500 x 2 numbers" in out
    assert json.loads(neurorec("info", "array.h5", "--json")[1])["config"] == nr.open_run("array.h5").config
    with h5py.File("array.h5", "r+") as file:
        file.attrs["git_commit"] = "\x1b[2Jgone"
    assert "\x1b" not in neurorec("info", "array.h5")[1]


def test_info_of_a_torch_module(neurorec):
    net = nr.ModuleNetwork.random("torch_rnn", 0, 5, 1)
    nr.train(net, nr.task("periodic_output", period=0.2), rule="bptt", engine="torch", trials=2, path="module.h5", progress=False)
    status, out, _ = neurorec("info", "module.h5", "--json")
    assert status == 0 and json.loads(out)["network"] == {"architecture": "torch_rnn", "units": 5, "inputs": 0, "outputs": 1, "dt": 0.01}


def test_info_of_a_run_that_diverged(neurorec):
    neurorec(*SMALL, "--optimiser", "sgd", "--clip", 0, "--rate", 1000, "--trials", 500, "--out", "bad.h5")
    status, out, _ = neurorec("info", "bad.h5", "--json")
    assert status == 0 and json.loads(out)["done"] < 500


@pytest.mark.parametrize("kind", ["overview", "learning-curve", "alignment", "outputs", "rates", "state-space-3d", "flow"])
def test_plot_writes_a_picture(kind, neurorec, trained):
    status, out, err = neurorec("plot", trained, "--kind", kind)
    path = Path(out.strip())
    assert (status, err, path.name) == (0, "", f"run_{kind.replace('-', '_')}.png")
    assert path.stat().st_size > 10_000 and path.read_bytes().startswith(b"\x89PNG")


def test_plot_of_several_seeds_to_a_pdf(neurorec, trained):
    neurorec(*SMALL, "--seed", 1, "--out", "second.h5")
    assert neurorec("plot", trained, "second.h5", "--out", "both.pdf")[0] == 0
    assert Path("both.pdf").read_bytes().startswith(b"%PDF")
    refused(neurorec("plot", trained, "second.h5", "--kind", "rates"), "one run")


def test_plot_writes_a_film(neurorec, trained):
    status, out, err = neurorec("plot", trained, "--kind", "animation")
    assert (status, err, Path(out.strip()).name) == (0, "", "run_animation.gif")
    assert Path(out.strip()).read_bytes().startswith(b"GIF")
    refused(neurorec("plot", trained, trained, "--kind", "animation"), "one run")
    refused(neurorec("plot", trained, "--kind", "animation", "--out", "film.png"), ".gif")
    refused(neurorec("plot", trained, "--kind", "animation", "--out", "no/film.gif"), "choose a folder")


def test_plot_refuses_what_it_cannot_draw_or_write(neurorec, trained, monkeypatch):
    refused(neurorec("plot", trained, "--kind", "angle"), "--gradient-angle 10")
    refused(neurorec("plot", trained, "--out", "picture.docx"), ".png")
    refused(neurorec("plot", trained, "--out", "no/picture.png"), "choose a folder")

    def no_tex(*arguments, **settings):
        raise RuntimeError("'xelatex' not found")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", no_tex)
    refused(neurorec("plot", trained, "--out", "picture.pgf"), "xelatex", ".pdf")


def test_list_has_every_name_with_what_it_is(neurorec):
    _, out, _ = neurorec("list")
    for kind in KINDS:
        assert f"{kind}:" in out.splitlines()
        assert all(f"  {name} " in out for name in nr.names(kind))
    _, out, _ = neurorec("list", "rules")
    lines = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert sorted(lines) == nr.names("rules") and "Murray 2019" in lines["rflo"]


def test_list_says_how_each_task_is_learnt(neurorec):
    _, out, _ = neurorec("list", "tasks")
    lines = out.splitlines()
    for name in nr.names("tasks"):
        at = next(number for number, line in enumerate(lines) if line.startswith(f"{name} "))
        assert lines[at + 1].strip() == f"learnt with {load('tasks', name).recommended}"


def test_doctor_finds_nothing_wrong(neurorec):
    status, out, err = neurorec("doctor", "--json")
    facts = json.loads(out)
    assert (status, err, facts["self_check"]) == (0, "", "ok")
    assert facts["neurorec"] == nr.__version__ and "missing" not in facts["packages"].values()
    assert {"numpy", "numba", "torch", "h5py"} <= set(facts["packages"])
    assert (
        facts["numba_threads"] >= 1
        and facts["blas"]
        and set(facts["ceilings"]) == {"sgemm_gflop_per_s", "matvec_gflop_per_s", "copy_gb_per_s"}
    )
    assert all(value > 0 for value in facts["ceilings"].values())
    assert {"cpus", "numba_threads", "blas_threads", "cache", "cache_writable", "hdf5", "python", "gpu"} <= set(facts)


def test_doctor_says_what_is_wrong(neurorec, monkeypatch):
    Path("file").write_text("")
    monkeypatch.setenv("NEUROREC_CACHE", str(Path("file").absolute() / "cache"))
    monkeypatch.setattr(doctor, "_change", lambda engine: 1 / 0)
    status, out, err = neurorec("doctor", "--json")
    facts = json.loads(out)
    assert (status, facts["cache_writable"], err.count("\n")) == (1, False, 1)
    assert "ZeroDivisionError" in facts["self_check"] and "self-check failed" in err


def test_advice_of_the_library_is_said_in_options():
    assert exits.as_options("try rate=0.01, or clip=1.0") == "try --rate 0.01, or --clip 1.0"
    assert exits.as_options("use rule='rtrl', or pass overwrite=True") == "use --rule rtrl, or pass --overwrite"
    assert exits.as_options("rate=0.1.h5 and runs/seed=1 stay") == "rate=0.1.h5 and runs/seed=1 stay"
