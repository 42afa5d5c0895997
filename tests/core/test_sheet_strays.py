"""Writes of ours that landed on other rows than they were meant for, and what is forgotten once words were redacted."""

from __future__ import annotations

from stream.core.sheet_plan import Plan
from tests.sheet.grids import HEADER, NOW, PLACE, Grid, land, run, settled, tickets, wanted


def stray(grid: Grid, plan: Plan, ticket_id: str, number: int) -> None:
    """Let the write of one ticket land on another row."""
    [write] = [write for write in plan.writes if write.ticket_id == ticket_id]
    for place, text in write.cells.items():
        grid[number - 1][place] = text


def test_a_line_of_theirs_is_not_taken_for_the_ticket_whose_write_landed_on_it() -> None:
    rows = [wanted(1), wanted(2), wanted(3)]
    grid, memory = settled(*rows)
    grid.append([""] * len(HEADER) + ["— a line of our own —"])
    plan = run(grid, tickets(wanted(1, title="new"), *rows[1:]), memory)
    memory |= plan.memories
    stray(grid, plan, rows[0].id, 5)
    del grid[1]  # a person deleted the row in the same moment
    plan = run(grid, tickets(wanted(1, title="new"), *rows[1:]), memory)
    assert plan.deleted == (rows[0].id,)
    after = land(grid, plan)
    assert [text for text in after[3] if text] == ["— a line of our own —"]


def test_what_a_write_left_on_a_wrong_row_is_nobodys_change_even_when_its_mark_is_covered() -> None:
    rows = [wanted(1, note="ours"), wanted(2), wanted(3)]
    grid, memory = settled(*rows)
    first = run(grid, tickets(rows[0], wanted(2, note="not for row 1"), rows[2]), memory)
    memory |= first.memories
    stray(grid, first, rows[1].id, 2)
    second = run(grid, tickets(rows[0], wanted(2, note="not for row 1"), wanted(3, title="nor this")), memory)
    memory |= second.memories
    assert second.commands == ()
    stray(grid, second, rows[2].id, 2)  # and neither the repair nor anything else of it landed
    third = run(grid, tickets(rows[0], wanted(2, note="not for row 1"), wanted(3, title="nor this")), memory)
    assert third.commands == ()
    after = land(grid, third)
    assert (after[1][PLACE["note"]], after[1][PLACE["title"]]) == ("ours", "Title 1")


def test_what_a_person_typed_on_a_row_that_was_hit_is_their_change() -> None:
    rows = [wanted(1, assignee="Ana"), wanted(2)]
    grid, memory = settled(*rows)
    memory |= run(grid, tickets(rows[0], wanted(2, assignee="Beto")), memory).memories  # never lands
    plan = run(grid, tickets(rows[0], wanted(2, assignee="Beto", title="new")), memory)
    memory |= plan.memories
    one = run(grid, tickets(rows[0], wanted(2, title="newer")), memory)
    memory |= one.memories
    grid[1][PLACE["assignee"]] = "Beto"  # a person; the write that landed here did not carry a name
    stray(grid, one, rows[1].id, 2)
    assert [command.kind for command in run(grid, tickets(rows[0], wanted(2, title="newer")), memory).commands] == ["assign"]


def test_once_words_were_redacted_their_old_values_are_forgotten() -> None:
    grid, memory = settled(wanted(1, note="Rosa, 5521990001111"))
    [key] = memory
    memory[key] = memory[key].but(redacted_at=NOW)
    assert memory[key].is_forgetful or "Rosa" in memory[key].to_json().decode()
    for _ in range(2):
        plan = run(grid, tickets(wanted(1, note="erased-1")), memory)
        assert plan.commands == ()
        memory |= plan.memories
        grid = land(grid, plan)
    assert "Rosa" not in memory[key].to_json().decode()
    assert not memory[key].is_forgetful
