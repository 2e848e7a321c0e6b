"""Every notebook in analysis/ runs on what the quick forms of its scripts make, and what is committed of it is small and clean."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
DRAW = ("nr.plots.panels", "plt.subplots")  # what begins a figure
LONG, SHORT = "seed=0, seconds=20", "seed=0, seconds=2"  # of a search: how much it finds, not whether the notebook runs, follows from it
NOTEBOOKS = sorted((ROOT / "analysis").glob("*.ipynb"))


def needs(book: nbformat.NotebookNode) -> list[str]:
    """The scripts in tasks/ that make the runs it reads."""
    return list(book.metadata["neurorec"]["needs"])


def outputs(book: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in book.cells for output in cell.get("outputs", ())]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_on_what_its_scripts_make_quickly(path, quick, tmp_path, monkeypatch):
    book = nbformat.read(path, as_version=4)
    for cell in book.cells:
        cell.source = cell.source.replace(LONG, SHORT)
    for script in needs(book):
        shutil.copytree(quick(Path(script).stem)[0], tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("NEUROREC_RUNS", str(tmp_path))
    monkeypatch.delenv("MPLBACKEND")  # of the tests; a notebook shows its figures
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    for cell in book.cells:
        pictures = [output for output in cell.get("outputs", ()) if "image/png" in output.get("data", {})]
        assert bool(pictures) == (cell.cell_type == "code" and any(word in cell.source for word in DRAW)), cell.source
    assert [output.text for output in outputs(book) if output.get("name") == "stderr"] == []  # where warnings go


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_committed_notebook_is_small_and_names_no_machine(path):
    text = path.read_text()
    assert len(text) < 1_000_000
    assert all((ROOT / "tasks" / script).is_file() for script in needs(nbformat.reads(text, as_version=4)))
    assert 'os.environ.get("NEUROREC_RUNS", "runs")' in text.replace('\\"', '"')
    assert not any(str(folder) + "/" in text for folder in (ROOT, Path.home(), tempfile.gettempdir()))
    assert "application/vnd.jupyter.widget" not in text
