"""``neurorec bench``: how near this machine's limit the engine comes."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from neurorec.cli.facts import show

BATCH = 16  # trials for each rank, of batches that can be divided by rows or by trials
ENGINES = {"trial": "ranks", "shared": "trials"}  # what divides them
OVER_RANKS = f"{'units':>5}{'ranks':>6}  {'work':<6}{'ms/step':>9}{'compute':>9}{'gather':>9}{'wait':>9}{'model':>9}{'speed-up':>9}"
SIZES = ((64, 1), (128, 32))  # units, trials side by side: one is bound by latency, the other by products
COLUMNS = f"{'engine':<8}{'units':>6}{'trials':>8}  {'work':<9}{'us/step':>10}{'products':>10}{'of ceiling':>12}   quartiles"


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer repeats of shorter trials: rough numbers.")] = False,
    ranks: Annotated[
        int | None,
        typer.Option(help="Measure instead one network over so many processes, beside a model of compute and gather.", min=2, max=64),
    ] = None,
) -> None:
    """Measure forward pass and updates against the matrix products alone, on one thread, and on a GPU where there is one."""
    if ranks is not None:
        _over_ranks(ranks, quick, as_json)
        return
    from threadpoolctl import threadpool_limits

    from neurorec.timing.platforms import machine

    with threadpool_limits(1):  # two threads on a busy machine wait for each other, which says nothing about the engine
        facts = {"machine": machine(), "rows": _rows(quick)}
    if as_json:
        show(facts, as_json)
    else:
        _print_table(facts)


def _rows(quick: bool) -> list[dict[str, Any]]:
    from neurorec.timing.platforms import Device, Processor
    from neurorec.timing.updates import STEPS, against_the_floor

    steps, repeats, window = (STEPS // 4, 3, 0.001) if quick else (STEPS, 15, 0.01)
    present = [each for each in (Processor(), Device()) if not each.missing()]
    return [row for each in present for size in SIZES for row in against_the_floor(*size, steps, repeats, window, each)]


def _over_ranks(ranks: int, quick: bool, as_json: bool) -> None:
    """A step of a trial whose weights change at its end, or at every step, on one rank and on all; and of a batch, divided by rows or by trials."""
    from neurorec.timing.platforms import machine
    from neurorec.timing.ranks import Case, measured, predicted

    sizes = [each * ranks for each in ((64, 128) if quick else (512, 1024))]
    steps, rounds, batch = (10, 2, 4 * ranks) if quick else (50, 5, BATCH * ranks)
    cases = [Case(units, count, 1, work) for units in sizes for work in ("trial", "step") for count in (1, ranks)]
    batches = [
        Case(units, *each, work) for units in sizes for work in ENGINES for each in ((1, batch), (1, batch // ranks), (ranks, batch))
    ]
    rows = measured([*cases, *batches], steps, rounds)
    one = {(row["units"], row["trials"], row["work"]): row["ms"] for row in rows if row["ranks"] == 1}
    for row in rows:
        alone, part = (one[row["units"], trials, row["work"]] for trials in (row["trials"], max(1, row["trials"] // row["ranks"])))
        row |= {"model": predicted(row, part if row["work"] == "shared" else alone), "speed_up": alone / row["ms"]}
    facts = {"machine": machine(), "rows": rows[: len(cases)], "batches": [row for row in rows[len(cases) :] if row["ranks"] > 1]}
    if as_json:
        show(facts, as_json)
    else:
        _print_ranks(facts)


def _print_ranks(facts: dict[str, Any]) -> None:
    about = facts["machine"]
    print(f"{about['cores_allowed']} of {about['cores']} cores, {about['architecture']}, load {about['load'][0]}")
    print(OVER_RANKS)
    for row in facts["rows"]:
        parts = "".join(f"{row[name]:9.3f}" for name in ("ms", "compute", "gather", "wait", "model"))
        print(f"{row['units']:5}{row['ranks']:6}  {row['work']:<6}{parts}{row['speed_up']:9.2f}")
    print("milliseconds a time step; model: one rank's step divided by the ranks, and one gather by itself")
    for units in dict.fromkeys(row["units"] for row in facts["batches"]):
        each = [row for row in facts["batches"] if row["units"] == units]
        said = "; ".join(f"engine='{ENGINES[row['work']]}' {row['model']:.3g} by the model, {row['ms']:.3g} measured" for row in each)
        better = ENGINES[min(each, key=lambda row: row["model"])["work"]]
        print(f"{units} units, batches of {each[0]['trials']} trials, ms a step: {said}; take engine='{better}'")


def _print_table(facts: dict[str, Any]) -> None:
    about = facts["machine"]
    print(
        f"{about['cores_allowed']} of {about['cores']} cores, {about['architecture']}, {about['threads']} thread in use, load {about['load'][0]}"
    )
    print(COLUMNS)
    for row in facts["rows"]:
        time = f"{row['us_per_step']:10.2f}{row['floor_us_per_step']:10.2f}"
        print(
            f"{row['engine']:<8}{row['units']:6}{row['trials']:8}  {row['work']:<9}{time}{row['fraction']:12.0%}   {row['low']:.0%} to {row['high']:.0%}"
        )
    print("ceiling: the recurrent matrix products alone, side by side in this process; us/step is for all trials together")
