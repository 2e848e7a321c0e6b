"""``neurorec bench``: how near this machine's limit the engine comes."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from neurorec.cli.facts import show

SIZES = ((64, 1), (128, 32))  # units, trials side by side: one is bound by latency, the other by products
COLUMNS = f"{'engine':<8}{'units':>6}{'trials':>8}  {'work':<9}{'us/step':>10}{'products':>10}{'of ceiling':>12}   quartiles"


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer repeats of shorter trials: rough numbers.")] = False,
) -> None:
    """Measure forward pass and updates against the matrix products alone, on one thread, and on a GPU where there is one."""
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
