from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stream.core.commands import Assign, SetCategory, SetNote, SetPriority, SetState
from stream.core.sheet_columns import COLUMNS, SHARED
from stream.core.sheet_edits import same_value, team_of
from stream.core.sheet_memory import RowMemory
from stream.core.sheet_plan import Options, Plan, Wanted
from stream.core.sheet_rows import reconcile
from stream.core.ticket import TicketState

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PEOPLE = team_of({"Ana": ["5511900000001"]})
HEADER = [column.header for column in COLUMNS]
PLACE = {column.name: place for place, column in enumerate(COLUMNS)}
Grid = list[list[str]]
Memory = dict[str, RowMemory]


def wanted(number: int, **cells: str) -> Wanted:
    base = {"status": "New", "priority": "Normal", "assignee": "", "category": "general", "title": f"Title {number}", "note": ""}
    rest = {"customer": "Rosa", "group": "Acme", "opened": "2026-11-22 10:00", "age": "2", "due": "", "last_message": ""}
    return Wanted(id=f"T-0000-{number:04d}", group="g@g.us", cells={**base, **rest, **cells}, updated_at=NOW)


def tickets(*rows: Wanted) -> dict[str, Wanted]:
    return {row.id: row for row in rows}


def run(grid: Grid, rows: Mapping[str, Wanted], memory: Memory, now: datetime = NOW, **options: Any) -> Plan:
    return reconcile(grid, rows, memory, PEOPLE, now, Options(**options))


def land(grid: Grid, plan: Plan) -> Grid:
    """Return the sheet after a plan was carried out."""
    width = max([len(HEADER), *(place + 1 for place in plan.headers), *(len(line) for line in grid)])
    lines = [line + [""] * (width - len(line)) for line in (grid or [[]])]
    for place, text in plan.headers.items():
        lines[plan.header_row - 1][place] = text
    for write in plan.writes:
        for place, text in write.cells.items():
            lines[write.number - 1][place] = text
    return lines + [[row.cells.get(place, "") for place in range(width)] for row in plan.appends]


def settled(*rows: Wanted) -> tuple[Grid, Memory]:
    memory: Memory = {}
    grid: Grid = []
    for _ in range(2):
        plan = run(grid, tickets(*rows), memory)
        memory |= plan.memories
        grid = land(grid, plan)
    return grid, memory


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


# -- at random ---------------------------------------------------------------------------------------------------------

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
