"""The manual, the README and the docstrings do what they say: their Python runs, their commands run, and the README names what there is."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import shlex
import sys
import textwrap
import types
from pathlib import Path

import pytest

import neurorec as nr
from neurorec import cli
from neurorec.discovery import KINDS, load, place, singular

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.rst", *sorted((ROOT / "docs").glob("*.rst"))]
README = PAGES[0].read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[tuple[int, str]]:
    """Line number and source of each ``.. code-block::`` of a language."""
    found, lines = [], text.splitlines()
    for number, line in enumerate(lines):
        directive = re.fullmatch(rf"( *)\.\. code-block:: {language}", line)
        if not directive:
            continue
        deeper = directive[1] + "   "
        end = next((n for n in range(number + 1, len(lines)) if lines[n].strip() and not lines[n].startswith(deeper)), len(lines))
        found.append((number + 2, textwrap.dedent("\n".join(lines[number + 1 : end]))))
    return found


def shown(pages: list[Path], language: str) -> list[Path]:
    return [page for page in pages if blocks(page.read_text(encoding="utf-8"), language)]


@pytest.fixture
def module(request, monkeypatch):
    """A module for a page to run in: classes that it defines are found again by name, as those of a script are."""
    made = types.ModuleType(f"page_{request.param.stem}")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


@pytest.mark.parametrize(
    ("module", "page"), [(page, page) for page in shown(PAGES, "python")], indirect=["module"], ids=lambda page: page.stem
)
def test_the_python_of_a_page_runs(module, page, tmp_path, monkeypatch):
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)
    for line, source in blocks(page.read_text(encoding="utf-8"), "python"):
        exec(compile("\n" * (line - 1) + source, str(page), "exec"), vars(module))  # tracebacks name the page's line
    plt.close("all")


def documented() -> list[doctest.DocTest]:
    """Every docstring of the library that has an example, read without importing its module."""
    parser, tests = doctest.DocTestParser(), []
    for path in sorted((ROOT / "neurorec").rglob("*.py")):
        if ">>>" not in path.read_text(encoding="utf-8"):
            continue
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = ast.get_docstring(node) if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) else None
            if text and ">>>" in text:
                tests.append(parser.get_doctest(text, {}, f"{module}.{getattr(node, 'name', '')}", str(path), 0))
    return tests


EXAMPLES = documented()


@pytest.fixture(scope="module")
def folder_of_a_run(tmp_path_factory):
    """Where docstrings find a trained network, run.h5."""
    folder = tmp_path_factory.mktemp("examples")
    task = nr.task("n_bit_flip_flop", duration=0.4)
    nr.train(
        nr.Network.for_task(task, units=8), task, trials=4, batch=2, engine="reference", gradient_angle=1, progress=False,
        record=nr.Record(("h", "output", "target")), path=folder / "run.h5",
    )  # fmt: skip
    return folder


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_example_of_a_docstring_runs(example, folder_of_a_run, monkeypatch):
    import matplotlib.pyplot as plt

    source = "".join(each.source for each in example.examples)
    for text, package in {"ModuleNetwork": "torch", '"handwriting"': "HersheyFonts", "plots.interactive": "plotly"}.items():
        if text in source:
            pytest.importorskip(package, reason=f"the example needs {package}")
    monkeypatch.chdir(folder_of_a_run)
    said: list[str] = []
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.DocTestRunner(optionflags=flags).run(example, out=said.append).failed == 0, "".join(said)
    plt.close("all")


def test_what_users_call_has_an_example():
    names = {example.name for example in EXAMPLES}
    missing = {
        "neurorec.discovery.names", "neurorec.tasks.task", "neurorec.tasks.base.task.AbstractTask", "neurorec.tasks.base.trials.Trials",
        "neurorec.networks.network.Network", "neurorec.networks.random_start.random", "neurorec.networks.random_start.for_task",
        "neurorec.networks.module_network.ModuleNetwork", "neurorec.networks.presets.preset",
    } - names  # fmt: skip
    assert missing == set()


@pytest.mark.parametrize("page", shown(PAGES, "console"), ids=lambda page: page.stem)
def test_the_commands_of_a_page_run(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    lines = [line for _, source in blocks(page.read_text(encoding="utf-8"), "console") for line in source.splitlines() if line]
    for line in lines:
        monkeypatch.setattr(sys, "argv", shlex.split(line, comments=True))
        assert sys.argv[0] == "neurorec", f"{page.name}: {line}"
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert end.value.code == 0, f"{line}: {capsys.readouterr().err}"


def test_the_manual_names_everything_there_is(monkeypatch):
    """As its tables are made when the manual is built."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    members = importlib.import_module("members")
    named, added = members.names(), members.kinds()
    for kind in KINDS:
        assert all(f"* - `{name}`\n     - {members.said(kind, name)}" in named for name in nr.names(kind))
        assert f"`{place(kind).replace('.', '/')}/<name>.py`" in added and f"`check_{singular(kind)}`" in added


def test_the_picture_is_there_and_small():
    picture = ROOT / re.search(r"\.\. image:: (\S+)", README)[1]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 200_000


REMNANT = r"^(?:[<>|]{7}(?: |$)|[ =]*=[ =]*\n[ =]*=[ =]*$)"  # marks of a merge; a border or title line right below another


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.rst", ROOT / "data" / "README.rst"], ids=lambda page: page.stem)
def test_nothing_is_left_of_a_merge(page):
    assert not re.findall(REMNANT, page.read_text(encoding="utf-8"), re.MULTILINE)


def test_what_a_merge_leaves_is_found():
    table = "====  ====\na     b\n====  ====\nc     d\n====  ====\n"
    assert not re.findall(REMNANT, f"Title\n=====\n\n{table}", re.MULTILINE)
    assert re.findall(REMNANT, f"{table}=======\n{table}", re.MULTILINE)
    assert re.findall(REMNANT, f"{table}>>>>>>> branch\n{table}", re.MULTILINE)


def test_the_manual_has_the_settings_of_every_task(monkeypatch):
    """As its table is made when the manual is built."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    table = importlib.import_module("defaults").table()
    for name in nr.names("tasks"):
        assert f"* - `{name}`\n     - {load('tasks', name).recommended}\n" in table


WIDEST = 96  # characters of code that a page shows without a scroll bar


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent.name == "docs"], ids=lambda page: page.stem)
def test_code_fits_its_page(page):
    text = page.read_text(encoding="utf-8")
    lines = [line for language in ("python", "console") for _, source in blocks(text, language) for line in source.splitlines()]
    assert not [line for line in lines if len(line) > WIDEST]
