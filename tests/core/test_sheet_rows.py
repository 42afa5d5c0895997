from __future__ import annotations

from datetime import timedelta

from stream.core.commands import Assign, SetCategory, SetNote, SetPriority, SetState
from stream.core.sheet_plan import Wanted
from stream.core.ticket import TicketState
from tests.sheet.grids import NOW, PLACE, land, run, settled, tickets, wanted


def test_a_new_sheet_gets_header_and_rows_and_then_peace() -> None:
    grid, memory = settled(wanted(1), wanted(2))
    assert [line[0] for line in grid] == ["ID", "T-0000-0001", "T-0000-0002"]
    plan = run(grid, tickets(wanted(1), wanted(2)), memory)
    assert not plan.changes_sheet
    assert plan.commands == ()
    assert plan.memories == {}


def test_each_shared_column_becomes_its_command() -> None:
    for column, text, kind in (
        ("status", "resolved", SetState),
        ("priority", "HIGH", SetPriority),
        ("assignee", "ana", Assign),
        ("category", "Late delivery", SetCategory),
        ("note", "call\nback", SetNote),
    ):
        grid, memory = settled(wanted(1))
        grid[1][PLACE[column]] = text
        plan = run(grid, tickets(wanted(1)), memory)
        [command] = plan.commands
        assert isinstance(command, kind)
        assert command.actor.kind == "sheet"
        assert not plan.changes_sheet
        assert run(grid, tickets(wanted(1)), memory).commands[0].id == command.id
        memory |= plan.memories
        assert run(grid, tickets(wanted(1)), memory).commands == ()


def test_what_a_person_types_is_read_as_people_write_it() -> None:
    grid, memory = settled(wanted(1))
    grid[1][PLACE["assignee"]] = " +55 11 90000-0001".replace("+", "").replace(" ", "").replace("-", "")
    grid[1][PLACE["status"]] = " WAITING_customer "
    plan = run(grid, tickets(wanted(1)), memory)
    state, assign = plan.commands
    assert isinstance(state, SetState)
    assert isinstance(assign, Assign)
    assert state.state is TicketState.WAITING_CUSTOMER
    assert assign.assignee == "Ana"


def test_an_impossible_value_is_put_back_with_its_reason() -> None:
    grid, memory = settled(wanted(1))
    grid[1][PLACE["status"]] = "Solvedd"
    plan = run(grid, tickets(wanted(1)), memory)
    assert plan.commands == ()
    grid = land(grid, plan)
    assert grid[1][PLACE["status"]] == "New"
    assert "“Solvedd” is no status" in grid[1][PLACE["notice"]]
    memory |= plan.memories
    assert not run(grid, tickets(wanted(1)), memory).changes_sheet
    later = run(grid, tickets(wanted(1)), memory, now=NOW + timedelta(days=2))
    assert land(grid, later)[1][PLACE["notice"]] == ""


def test_a_change_that_waits_for_its_answer_is_left_as_typed() -> None:
    grid, memory = settled(wanted(1))
    grid[1][PLACE["status"]] = "Resolved"
    memory |= run(grid, tickets(wanted(1)), memory).memories
    moved = wanted(1, title="Changed meanwhile", status="Waiting for us")
    plan = run(grid, tickets(moved), memory)
    grid = land(grid, plan)
    assert grid[1][PLACE["status"]] == "Resolved"
    assert grid[1][PLACE["title"]] == "Changed meanwhile"
    memory |= plan.memories
    answered = wanted(1, status="Resolved", title="Changed meanwhile")
    plan = run(grid, tickets(answered), memory)
    assert plan.commands == ()
    assert not plan.changes_sheet
    assert plan.memories[answered.id].asked == {}


def test_the_same_change_made_twice_is_two_commands() -> None:
    grid, memory = settled(wanted(1))
    ids = set()
    for _ in range(2):
        grid[1][PLACE["status"]] = "Closed"
        plan = run(grid, tickets(wanted(1)), memory)
        ids.add(plan.commands[0].id)
        memory |= plan.memories
        memory["T-0000-0001"] = memory["T-0000-0001"].but(asked={})  # refused
        plan = run(grid, tickets(wanted(1)), memory)
        memory |= plan.memories
        grid = land(grid, plan)
        assert grid[1][PLACE["status"]] == "New"
    assert len(ids) == 2


def test_a_write_that_was_lost_is_no_change_of_a_person() -> None:
    grid, memory = settled(wanted(1))
    for status in ("Waiting for us", "On hold", "Resolved", "New", "Waiting for us"):
        plan = run(grid, tickets(wanted(1, status=status)), memory)
        memory |= plan.memories  # and the write never lands
        assert plan.commands == ()
    plan = run(grid, tickets(wanted(1, status="Waiting for us")), memory)
    assert land(grid, plan)[1][PLACE["status"]] == "Waiting for us"


def test_an_old_copy_saved_over_ours_keeps_only_what_was_changed_in_it() -> None:
    grid, memory = settled(wanted(1))
    old = [list(line) for line in grid]
    plan = run(grid, tickets(wanted(1, status="Waiting for us", note="ours")), memory)
    memory |= plan.memories
    grid = land(grid, plan)
    memory |= run(grid, tickets(wanted(1, status="Waiting for us", note="ours")), memory).memories
    old[1][PLACE["assignee"]] = "Ana"
    plan = run(old, tickets(wanted(1, status="Waiting for us", note="ours")), memory)
    assert [type(command) for command in plan.commands] == [Assign]
    after = land(old, plan)
    assert (after[1][PLACE["status"]], after[1][PLACE["note"]], after[1][PLACE["assignee"]]) == ("Waiting for us", "ours", "Ana")


def test_setting_a_cell_back_after_our_write_is_a_change() -> None:
    grid, memory = settled(wanted(1))
    plan = run(grid, tickets(wanted(1, status="On hold")), memory)
    memory |= plan.memories
    grid = land(grid, plan)
    grid[1][PLACE["status"]] = "New"
    plan = run(grid, tickets(wanted(1, status="On hold")), memory)
    assert [command.kind for command in plan.commands] == ["set_state"]


def test_a_deleted_row_stays_deleted_and_comes_back_when_it_is_put_back() -> None:
    grid, memory = settled(wanted(1), wanted(2), wanted(3))
    line = grid.pop(2)
    rows = tickets(wanted(1), wanted(2, title="new"), wanted(3))
    plan = run(grid, rows, memory)
    assert plan.deleted == ("T-0000-0002",)
    assert plan.appends == ()
    memory |= plan.memories
    assert run(grid, rows, memory).deleted == ()
    grid.append(line)
    plan = run(grid, rows, memory)
    assert plan.returned == ("T-0000-0002",)
    assert land(grid, plan)[3][PLACE["title"]] == "new"


def test_rebuilding_writes_deleted_rows_again_with_peoples_cells() -> None:
    grid, memory = settled(wanted(1), wanted(2))
    grid[0].append("Mine")
    grid[2].append("precious")
    memory |= run(grid, tickets(wanted(1), wanted(2)), memory).memories
    grid.pop(2)
    memory |= run(grid, tickets(wanted(1), wanted(2)), memory).memories
    plan = run(grid, tickets(wanted(1), wanted(2)), memory, restore=True)
    assert land(grid, plan)[2][-1] == "precious"


def test_many_missing_rows_stop_the_pass() -> None:
    rows = [wanted(number) for number in range(40)]
    grid, memory = settled(*rows)
    for broken in ([], [grid[0]], grid[:20], [["something", "else"]], [line[1:] for line in grid]):
        plan = run(broken, tickets(*rows, wanted(99)), memory)
        assert plan.stop
        assert (plan.changes_sheet, plan.memories, plan.commands) == (False, {}, ())
    assert run(grid[:20], tickets(*rows), memory, accept_missing=True).stop is None
    few = [line for number, line in enumerate(grid) if number not in (3, 4, 5)]
    assert len(run(few, tickets(*rows), memory).deleted) == 3


def test_an_emptied_column_stops_the_pass() -> None:
    rows = [wanted(number) for number in range(40)]
    grid, memory = settled(*rows)
    for line in grid[1:]:
        line[PLACE["status"]] = ""
    assert "emptied" in (run(grid, tickets(*rows), memory).stop or "")


def test_a_tab_with_something_else_is_left_alone() -> None:
    plan = run([["Name", "Price"], ["Tea", "3"]], tickets(wanted(1)), {})
    assert plan.stop
    assert not plan.changes_sheet


def test_a_renamed_header_becomes_theirs_and_ours_is_added_at_the_right() -> None:
    grid, memory = settled(wanted(1), wanted(2))
    grid[0][PLACE["status"]] = "Estado"
    plan = run(grid, tickets(wanted(1), wanted(2)), memory)
    assert list(plan.headers.values()) == ["Status"]
    assert plan.commands == ()
    grid = land(grid, plan)
    memory |= plan.memories
    assert grid[1][-1] == "New"
    plan = run(grid, tickets(wanted(1), wanted(2)), memory)
    assert plan.commands == ()
    assert not plan.changes_sheet


def test_a_title_above_the_table_and_moved_columns_do_not_matter() -> None:
    grid, memory = settled(wanted(1))
    moved = [["Our tickets"], [], *([line[3:] + line[:3] for line in grid])]
    plan = run(moved, tickets(wanted(1, title="new")), memory)
    after = land(moved, plan)
    assert after[3][after[2].index("Title")] == "new"
    assert plan.headers == {}


def test_a_copied_row_is_kept_equal_and_reported() -> None:
    grid, memory = settled(wanted(1), wanted(2))
    grid.append(list(grid[1]))
    grid[3][PLACE["status"]] = "Resolved"
    plan = run(grid, tickets(wanted(1), wanted(2)), memory)
    assert plan.duplicates == ("T-0000-0001",)
    assert len(plan.commands) == 1
    after = land(grid, plan)
    assert after[1][PLACE["status"]] == after[3][PLACE["status"]] == "Resolved"


def test_an_erased_ticket_leaves_nothing_but_its_id() -> None:
    grid, memory = settled(wanted(1), wanted(2))
    gone = Wanted(id="T-0000-0001", group="", cells=dict.fromkeys(wanted(1).cells, ""), updated_at=NOW, is_erased=True)
    plan = run(grid, tickets(gone, wanted(2)), memory)
    after = land(grid, plan)
    assert [text for text in after[1] if text] == ["T-0000-0001", "Erased on request", "T-0000-0001 2.2"]
    memory |= plan.memories
    assert not run(after, tickets(gone, wanted(2)), memory).changes_sheet
    assert "Title" not in memory["T-0000-0001"].to_json().decode()


def test_rows_of_which_only_the_age_moved_may_wait() -> None:
    grid, memory = settled(wanted(1))
    older = tickets(wanted(1, age="3"))
    assert not run(grid, older, memory, write_slow=False).changes_sheet
    assert run(grid, older, memory).changes_sheet
