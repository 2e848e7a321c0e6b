"""In a notebook's kernel: a bar with and without ipywidgets, each figure once, tables instead of arrays."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

import neurorec as nr

BAR = """
from neurorec.progress import Progress
with Progress(True, 40) as shown:
    for k in range(40):
        shown.advance(k + 1, 0.5)
"""
PICTURES = {  # what is written in a cell, each to give one picture
    "a page as the value": "nr.plots.overview(path)",
    "a page that is kept": "page = nr.plots.overview(path)",
    "axes as the value": "nr.plots.learning_curve(path)",
    "their figure as the value": "nr.plots.learning_curve(path).figure",
    "panels": "figure, ax = nr.plots.panels(1, 1)\nnr.plots.alignment(path, ax=ax.item());",
    "panels and their figure": "figure, ax = nr.plots.panels(1, 1)\nnr.plots.outputs(path, ax=ax.item())\nfigure",
}


def executed(monkeypatch, *cells: str) -> list[nbformat.NotebookNode]:
    """The cells with what came out of them, run one after another."""
    monkeypatch.delenv("MPLBACKEND", raising=False)  # of the tests; a notebook shows its figures
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(book, timeout=300, kernel_name="python3").execute()
    assert [output for cell in book.cells for output in cell.outputs if output.get("name") == "stderr"] == []  # where warnings go
    return book.cells


def the_bar_is_full(cell: nbformat.NotebookNode) -> bool:
    (output,) = cell.outputs
    return all(word in output.data[kind] for kind in ("text/plain", "text/html") for word in ("40/40", "loss 0.5"))


def test_without_ipywidgets(tmp_path, monkeypatch):
    path = tmp_path / "run.h5"
    nr.train(nr.Network.random(0, 8, 1), nr.task("periodic_output", period=0.2), trials=6, path=path, progress=False)
    start = f"import sys\nsys.modules['ipywidgets'] = None\nimport neurorec as nr\npath = {str(path)!r}"
    _, bar, table, *pictures = executed(monkeypatch, start, BAR, "nr.open_run(path)", *PICTURES.values())
    assert the_bar_is_full(bar)
    assert table.outputs[0].data["text/html"].startswith("<table>")
    shown = {
        name: sum("image/png" in output.get("data", {}) for output in cell.outputs) for name, cell in zip(PICTURES, pictures, strict=True)
    }
    assert shown == dict.fromkeys(PICTURES, 1)


def test_with_ipywidgets(monkeypatch):
    pytest.importorskip("ipywidgets", reason="it is not installed: pip install 'neurorec[dev]'")
    *_, bar = executed(monkeypatch, "import ipywidgets", BAR)
    assert the_bar_is_full(bar)
