from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stream.core.commands import Assign, SetCategory, SetPriority, SetState
from stream.core.sheet_columns import SHARED
from stream.core.sheet_edits import same_value
from stream.core.sheet_plan import Wanted
from tests.sheet.grids import PLACE, Memory, land, run, settled, tickets, wanted

_VALUES = {
    "status": ["New", "Waiting for us", "Resolved", "on hold", "nonsense", ""],
    "priority": ["Low", "high", "x"],
    "assignee": ["", "Ana", "Beto"],
    "category": ["general", "billing"],
    "note": ["", "a", "b\nc", "=1+1"],
}
_ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.integers(0, 5), st.sampled_from(SHARED), st.integers(0, 9)),
        st.tuples(st.just("ticket"), st.integers(0, 5), st.sampled_from(("status", "title", "note")), st.integers(0, 9)),
        st.tuples(st.just("shuffle"), st.integers(0, 5), st.just(""), st.integers(0, 9)),
        st.tuples(st.just("lose"), st.just(0), st.just(""), st.just(0)),
        st.tuples(st.just("answer"), st.just(0), st.just(""), st.just(0)),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(_ACTS)
def test_whatever_happens_it_ends_equal_without_an_echo(acts: list[tuple[str, int, str, int]]) -> None:
    rows = tickets(*(wanted(number) for number in range(6)))
    ids = list(rows)
    grid, memory = settled(*rows.values())
    waiting: list[Any] = []
    lose = False
    for act, which, column, choice in [*acts, ("answer", 0, "", 0)]:
        line = next(line for line in grid[1:] if line[0] == ids[which])
        if act == "edit":
            line[PLACE[column]] = _VALUES[column][choice % len(_VALUES[column])]
        elif act == "ticket":
            value = "Waiting for us" if column == "status" else f"{column} {choice}"
            rows[ids[which]] = rows[ids[which]].but(cells={**rows[ids[which]].cells, column: value})
        elif act == "shuffle":
            grid[1:] = grid[1 + which :] + grid[1 : 1 + which]
        elif act == "lose":
            lose = True
        else:
            waiting = _answer(waiting, rows, memory)
        plan = run(grid, rows, memory)
        assert plan.stop is None
        memory |= plan.memories
        waiting += plan.commands
        grid = grid if lose else land(grid, plan)
        lose = False
    for _ in range(4):
        waiting = _answer(waiting, rows, memory)
        plan = run(grid, rows, memory)
        memory |= plan.memories
        waiting += plan.commands
        grid = land(grid, plan)
    assert waiting == []
    assert not run(grid, rows, memory).changes_sheet
    for line in grid[1:]:
        for name, value in rows[line[0]].cells.items():
            assert line[PLACE[name]] == value or (name in SHARED and same_value(name, line[PLACE[name]], value))


def _answer(commands: list[Any], rows: dict[str, Wanted], memory: Memory) -> list[Any]:
    """Do what was asked, in order, as the worker does."""
    labels = {state: label for label, state in (("New", "new"), ("Waiting for us", "waiting_us"), ("Resolved", "resolved"))}
    for command in commands:
        match command:
            case SetState():
                change = {"status": labels.get(command.state.value, "On hold")}
            case SetPriority():
                change = {"priority": command.priority.value.capitalize()}
            case Assign():
                change = {"assignee": command.assignee or ""}
            case SetCategory():
                change = {"category": command.category}
            case _:
                change = {"note": command.note}
        row = rows[command.ticket_id]
        rows[row.id] = row.but(cells={**row.cells, **change}, updated_at=row.updated_at + timedelta(seconds=1))
        known = memory[row.id]
        for name, asked in known.asked.items():
            if asked.command_id == command.id:
                accepted = asked.but(accepted_at=rows[row.id].updated_at)
                memory[row.id] = known.but(asked={**known.asked, name: accepted})
    return []
