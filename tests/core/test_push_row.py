"""A row is written as its ticket is, because somebody asked for it: what people changed there is not taken."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from test_sheet_rows import PLACE, land, run, settled, tickets, wanted

TICKET = "T-0000-0001"


def test_a_cell_that_a_person_changed_is_set_back_and_never_asked_for() -> None:
    grid, memory = settled(wanted(1), wanted(2))
    grid[1][PLACE["priority"]] = "Urgent"
    grid[2][PLACE["priority"]] = "Urgent"
    plan = run(grid, tickets(wanted(1), wanted(2)), memory, push={TICKET})
    assert [command.ticket_id for command in plan.commands if hasattr(command, "ticket_id")] == ["T-0000-0002"]
    grid = land(grid, plan)
    assert [line[PLACE["priority"]] for line in grid[1:]] == ["Normal", "Urgent"]
    after = run(grid, tickets(wanted(1), wanted(2)), memory | plan.memories)
    assert not after.commands
    assert not after.changes_sheet


def test_a_change_that_waits_for_the_worker_is_forgotten() -> None:
    grid, memory = settled(wanted(1))
    grid[1][PLACE["assignee"]] = "Ana"
    plan = run(grid, tickets(wanted(1)), memory)
    memory |= plan.memories
    assert not run(grid, tickets(wanted(1)), memory).changes_sheet, "it stays as the person left it"
    pushed = run(grid, tickets(wanted(1)), memory, push={TICKET})
    assert land(grid, pushed)[1][PLACE["assignee"]] == ""
    assert pushed.memories[TICKET].asked == {}


def test_a_row_that_a_person_deleted_comes_back_alone() -> None:
    grid, memory = settled(*(wanted(number) for number in range(1, 7)))
    rows = tickets(*(wanted(number) for number in range(1, 7)))
    left = [line for line in grid if line[0] not in (TICKET, "T-0000-0002")]
    memory |= run(left, rows, memory).memories
    assert not run(left, rows, memory).appends
    plan = run(left, rows, memory, push={TICKET})
    assert [row.ticket_id for row in plan.appends] == [TICKET]
    again = run(land(left, plan), rows, memory | plan.memories)
    assert not again.appends
    assert not again.changes_sheet
