"""The folder of printed and compiled code: cold, warm, damaged, a stranger's; and that numbers do not depend on it."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numba
import numpy as np
import pytest
from breadth import THOROUGH
from cases import Sizes, network, trials

import neurorec as nr
from neurorec.errors import RunFileError
from neurorec.formula.cache import folder, package
from neurorec.formula.cache_folder import own_folder
from neurorec.formula.machine_code import CheckedMachineCode
from neurorec.formula.sources import fingerprint, sources_of

TRAINED = """
import json, sys
from test_cache import compiled, hashes

print(json.dumps([hashes(json.loads(sys.argv[1])), sorted(compiled())]))
"""
FEW = [("lem", "bptt", "adam", "trial"), ("gru", "rflo", "sgd", "trial")]
MANY = [
    *((cell, rule, optimiser, "trial") for cell in ("lem", "gru") for rule in ("rflo", "bptt") for optimiser in ("sgd", "adam")),
    ("gru", "rflo", "sgd", "step"),  # by code that takes longer to compile than all the other
]
CASES = MANY if THOROUGH else FEW


def hashes(cases: list[tuple[str, str, str, str]]) -> dict[str, str]:
    """Of the weights that each training ends with."""
    size, found = Sizes(9, 2, 3, 17, 3), {}
    for cell, rule, optimiser, update in cases:
        net, data = network(size, cell), trials(size)
        net = net if optimiser == "adam" else net.replace(plastic=("recurrent", "input", "readout", "bias"))
        run = nr.train(net, data, rule=rule, optimiser=optimiser, update=update, trials=6, batch=3, rate=0.01, progress=False)
        weights = b"".join(np.ascontiguousarray(getattr(run.network, name)).tobytes() for name in ("recurrent", "input", "readout", "bias"))
        found[f"{cell} {rule} {optimiser} {update}"] = hashlib.sha256(weights).hexdigest()
    return found


def compiled() -> set[str]:
    """The printed functions that this process looked for on disk in vain."""
    printed = [module for name, module in sys.modules.items() if name.startswith("neurorec_printed_")]
    kept = [
        (name, found)
        for module in printed
        for name, found in vars(module).items()
        if isinstance(getattr(found, "_cache", None), CheckedMachineCode)
    ]
    return {name for name, found in kept if found.stats.cache_misses}


def run(script: str, *words: str, **environment: str) -> str:
    """What a fresh process says."""
    asked = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parent)])} | environment
    done = subprocess.run([sys.executable, "-c", script, *words], env=asked, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Iterator[Path]:
    """A cache folder that is to be made; what was imported from it is forgotten."""
    place = tmp_path / "cache"
    monkeypatch.setenv("NEUROREC_CACHE", str(place))
    yield place
    forget(place)


def forget(place: Path) -> None:
    """As a new process would not know the packages of a folder."""
    for name, module in list(sys.modules.items()):
        if name.startswith("neurorec_printed_") and Path(str(module.__file__)).is_relative_to(place):
            del sys.modules[name]


@pytest.mark.slow
def test_the_process_that_compiles_and_later_ones_train_to_the_same_bits(tmp_path):
    """They compile what is missing and nothing else; it may be another order, and many processes may have made the cache."""
    cold, all_of_it = json.loads(run(TRAINED, json.dumps(CASES), NEUROREC_CACHE=str(tmp_path)))
    assert {"forward", "reverse_scan", "step"} <= set(all_of_it)
    for forgotten in tmp_path.glob("*/__pycache__/*forward*.nbi"):
        forgotten.unlink()
    partly, missing = json.loads(run(TRAINED, json.dumps(CASES[::-1]), NEUROREC_CACHE=str(tmp_path), PYTHONHASHSEED="7"))
    assert (partly, missing) == (cold, ["forward"])
    assert hashes(CASES[::-1]) == cold  # here, with the cache of all the tests


COUNTED = """
from neurorec.formula.entry import entry, part

@part
def added(x):
    total = x[0]
    for k in range(1, x.shape[0]):
        total += x[k]
    return total

@entry
def twice(x):
    return added(x) + added(x[1:])
"""


def test_an_entry_calls_nothing_that_another_one_could_bring(cache):
    """What has a name that the linker sees may be taken from wherever it was loaded first."""
    module = package({"counted": COUNTED}).counted
    assert module.twice(np.ones(9, np.float32)) == 17
    library = module.twice.overloads[module.twice.signatures[0]].library
    seen = [each.name for each in library._final_module.functions if not each.is_declaration and each.linkage.name != "internal"]
    assert seen and all("twice" in name for name in seen)


def test_only_entries_are_kept_on_disk(cache):
    module = package({"counted": COUNTED}).counted
    module.twice(np.ones(9, np.float32))
    assert {path.name.split("-")[0] for path in cache.glob("*/__pycache__/*.nbi")} == {"counted.twice"}


AGAIN = f"""
import numpy as np
from neurorec.formula.cache import package
module = package({{"counted": {COUNTED!r}}}).counted
print(module.twice(np.arange(9, dtype=np.float32)), sum(module.twice.stats.cache_hits.values()))
"""


def halve(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 64
    path.write_bytes(content)


def empty(path):
    path.write_bytes(b"")


HARMS = [halve, flip, empty, Path.unlink]


@pytest.mark.parametrize("harm", HARMS)
def test_a_printed_file_that_is_damaged_is_written_again(cache, harm):
    path = Path(package({"printed": "value = 1\n"}).printed.__file__)
    forget(cache)
    harm(path)
    assert package({"printed": "value = 1\n"}).printed.value == 1
    assert path.read_text() == "value = 1\n"


def test_damaged_machine_code_counts_as_absent(cache):
    twice = package({"counted": COUNTED}).counted.twice
    twice(np.ones(9, np.float32))
    files = twice._cache._cache_file
    (key,) = files._load_index()
    data = files.load(key)
    for suffix in (".nbi", ".nbc"):
        for harm in HARMS:
            (path,) = cache.rglob(f"*{suffix}")
            harm(path)
            assert files.load(key) is None
            files.save(key, data)
            assert files.load(key) is not None


def test_a_process_that_finds_damaged_machine_code_compiles_again(cache):
    assert run(AGAIN).split() == ["72.0", "0"]
    for path in cache.rglob("*.nb[ic]"):
        flip(path)
    assert run(AGAIN).split() == ["72.0", "0"]
    assert run(AGAIN).split() == ["72.0", "1"]


def test_numba_s_own_cache_folder_is_not_used(cache, tmp_path):
    """Others may write there."""
    elsewhere = tmp_path / "elsewhere"
    run(AGAIN, NUMBA_CACHE_DIR=str(elsewhere))
    assert not elsewhere.exists()


def test_a_package_whose_import_breaks_off_can_be_imported_again(cache, monkeypatch):
    source = "import os\nif os.environ.get('STOP'):\n    raise KeyboardInterrupt\nvalue = 3\n"
    monkeypatch.setenv("STOP", "1")
    with pytest.raises(KeyboardInterrupt):
        package({"first": "value = 1\n", "second": source})
    monkeypatch.delenv("STOP")
    whole = package({"first": "value = 1\n", "second": source})
    assert (whole.first.value, whole.second.value) == (1, 3)


def test_printed_text_is_run_not_what_lies_in_the_folder(cache):
    path = Path(package({"planted": "value = 1\n"}).planted.__file__)
    path.write_text("value = 2\n")
    forget(cache)
    assert package({"planted": "value = 1\n"}).planted.value == 1
    assert path.read_text() == "value = 1\n"


@pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX's")
class TestOwner:
    """Whoever can write in the folder runs code in our processes."""

    @pytest.mark.parametrize("mask", [0, 0o077, 0o177])
    def test_the_folder_is_its_owners_alone_whatever_the_umask(self, tmp_path, monkeypatch, mask):
        monkeypatch.setenv("NEUROREC_CACHE", str(tmp_path / "above" / "cache"))
        before = os.umask(mask)
        try:
            place = own_folder()
            package({"masked": f"value = {mask}\n"})
        finally:
            os.umask(before)
        assert {oct(each.stat().st_mode & 0o777) for each in (place, place.parent, *place.iterdir())} == {"0o700"}

    @pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770, 0o702])
    def test_a_chosen_folder_that_others_can_write_is_refused(self, cache, mode):
        cache.mkdir()
        cache.chmod(mode)
        with pytest.raises(RunFileError, match="others can write in the cache folder .*chmod go-w.*NEUROREC_CACHE"):
            package({"never": "value = 1\n"})
        assert not list(cache.iterdir())

    def test_the_usual_folder_is_closed(self, tmp_path, monkeypatch):
        monkeypatch.delenv("NEUROREC_CACHE", raising=False)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        folder().mkdir()
        folder().chmod(0o777)
        assert own_folder().stat().st_mode & 0o777 == 0o755

    def test_a_folder_of_another_user_is_refused(self, cache, monkeypatch):
        own_folder()
        monkeypatch.setattr(os, "geteuid", lambda: cache.stat().st_uid + 1)
        with pytest.raises(RunFileError, match="belongs to another user.*NEUROREC_CACHE"):
            package({"never": "value = 2\n"})

    def test_a_file_of_another_user_in_a_package_is_refused(self, cache, monkeypatch):
        path = Path(package({"foreign": "value = 1\n"}).foreign.__file__)
        forget(cache)
        mine, plain = os.geteuid(), Path.lstat
        monkeypatch.setattr(Path, "lstat", lambda self: Owned(plain(self), mine + 1) if self == path else plain(self))
        with pytest.raises(RunFileError, match=f"foreign.py belongs to another user.*remove {path.parent}"):
            package({"foreign": "value = 1\n"})

    def test_a_package_that_others_could_write_is_made_anew(self, cache):
        path = Path(package({"open": "value = 1\n"}).open.__file__)
        forget(cache)
        planted = path.parent / "planted.nbi"
        planted.touch()
        path.parent.chmod(0o777)
        package({"open": "value = 1\n"})
        assert not planted.exists() and path.parent.stat().st_mode & 0o777 == 0o700

    def test_a_link_in_the_place_of_a_package_is_not_followed(self, cache, tmp_path):
        path = Path(package({"linked": "value = 1\n"}).linked.__file__)
        forget(cache)
        elsewhere = path.parent.rename(tmp_path / "elsewhere")
        path.parent.symlink_to(elsewhere)
        package({"linked": "value = 1\n"})
        assert not path.parent.is_symlink() and path.is_file()


class Owned:
    """What `lstat` says, with another owner."""

    def __init__(self, about: os.stat_result, owner: int):
        self.st_mode, self.st_uid = about.st_mode, owner


def test_a_package_s_name_follows_from_all_of_ours_that_its_code_imports():
    """Numba asks only whether a function's own file has changed."""
    text = sources_of(["from neurorec.formula.single import exp\n"])
    for name in ("single", "exponentials", "entry"):
        assert Path(importlib.import_module(f"neurorec.formula.{name}").__file__).read_text() in text
    assert sources_of(["import math\nfrom .unit import real\n"]) == ""


SCALE = 2.0


@numba.njit
def helper(x):
    return SCALE * x


def user_s(x):
    return helper(x) + 1


def test_a_function_s_fingerprint_follows_from_all_that_it_names(monkeypatch):
    before = fingerprint(user_s)
    assert "SCALE * x" in before
    monkeypatch.setitem(globals(), "SCALE", 3.0)
    assert fingerprint(user_s) != before
