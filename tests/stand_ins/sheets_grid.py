"""A spreadsheet as Google keeps it: tabs of cells, tables found as Google finds them, and what people do to them."""

from __future__ import annotations

from typing import Any

from tests.stand_ins import sheets_ranges as a1

LONGEST = 50_000


class Refused(Exception):
    """What the API answers with an error status."""

    def __init__(self, status: int, message: str, kind: str = "INVALID_ARGUMENT") -> None:
        super().__init__(message)
        self.status, self.message, self.kind = status, message, kind


class Tab:
    def __init__(self, sheet_id: int, title: str, rows: int = 1000, columns: int = 26) -> None:
        self.id, self.title, self.row_count, self.column_count = sheet_id, title, rows, columns
        self.frozen = 0
        self.cells: list[list[str]] = []
        self.formulas: list[str] = []  # what USER_ENTERED would have run
        self.validations: list[dict[str, Any]] = []
        self.colours: list[dict[str, Any]] = []
        self.protected: list[dict[str, Any]] = []
        self.filter: dict[str, Any] | None = None
        self.hidden: set[int] = set()

    def get(self, row: int, column: int) -> str:
        return self.cells[row][column] if row < len(self.cells) and column < len(self.cells[row]) else ""

    def put(self, row: int, column: int, text: str) -> None:
        while len(self.cells) <= row:
            self.cells.append([])
        line = self.cells[row]
        line.extend([""] * (column + 1 - len(line)))
        line[column] = text

    def insert_rows(self, at: int, number: int) -> None:
        while len(self.cells) < at:
            self.cells.append([])
        self.cells[at:at] = [[] for _ in range(number)]
        self.row_count += number

    def delete_rows(self, start: int, end: int) -> None:
        del self.cells[start:end]
        self.row_count -= end - start

    def insert_columns(self, at: int, number: int) -> None:
        for line in self.cells:
            if len(line) > at:
                line[at:at] = [""] * number
        self.column_count += number

    def move_column(self, source: int, target: int) -> None:
        for line in self.cells:
            line.extend([""] * (max(source, target) + 1 - len(line)))
            line.insert(target, line.pop(source))

    def sort(self, first_row: int, column: int, *, descending: bool = False) -> None:
        self.cells[first_row:] = sorted(
            self.cells[first_row:], key=lambda line: line[column] if column < len(line) else "", reverse=descending
        )

    def values(self, area: a1.Area) -> tuple[str, list[list[str]]]:
        if area.top >= self.row_count or area.left >= self.column_count:
            self._too_far(area, area.top + 1, area.left + 1)
        bottom = min(area.bottom or self.row_count, self.row_count)
        right = min(area.right or self.column_count, self.column_count)
        found = [_trim(line[area.left : right]) for line in self.cells[area.top : bottom]]
        while found and not found[-1]:
            found.pop()
        return a1.show(self.title, area.top, area.left, bottom, right), found

    def check(self, area: a1.Area, values: list[list[Any]]) -> None:
        bottom, right = area.top + len(values), area.left + max((len(line) for line in values), default=0)
        if bottom > self.row_count or right > self.column_count:
            self._too_far(area, bottom, right)
        check_cells(values)

    def _too_far(self, area: a1.Area, bottom: int, right: int) -> None:
        where = a1.show(self.title, area.top, area.left, bottom, right)
        raise Refused(400, f"Range ({where}) exceeds grid limits. Max rows: {self.row_count}, max columns: {self.column_count}")

    def write(self, area: a1.Area, values: list[list[Any]], option: str) -> dict[str, Any]:
        rows, columns, cells = set(), set(), 0
        for down, line in enumerate(values):
            for across, value in enumerate(line):
                if value is None:
                    continue
                text = _as_text(value)
                if option == "USER_ENTERED" and text.startswith(("=", "+", "-")):
                    self.formulas.append(text)
                self.put(area.top + down, area.left + across, text)
                rows.add(down)
                columns.add(across)
                cells += 1
        bottom, right = area.top + len(values), area.left + max((len(line) for line in values), default=1)
        where = a1.show(self.title, area.top, area.left, max(bottom, area.top + 1), max(right, area.left + 1))
        return {"updatedRange": where, "updatedRows": len(rows), "updatedColumns": len(columns), "updatedCells": cells}

    def table_at(self, row: int, column: int) -> tuple[int, int, int, int] | None:
        """Return the block of cells around a cell that no blank row or column parts: first row, first column, ends excluded."""
        if not self.get(row, column):
            return None
        top, bottom, left, right = row, row + 1, column, column + 1
        while True:
            before = (top, bottom, left, right)
            while bottom < len(self.cells) and self._any(bottom, max(left - 1, 0), right + 1):
                bottom += 1
            while top and self._any(top - 1, max(left - 1, 0), right + 1):
                top -= 1
            while any(self.get(line, right) for line in range(max(top - 1, 0), min(bottom + 1, len(self.cells)))):
                right += 1
            while left and any(self.get(line, left - 1) for line in range(max(top - 1, 0), min(bottom + 1, len(self.cells)))):
                left -= 1
            if before == (top, bottom, left, right):
                return before

    def _any(self, row: int, left: int, right: int) -> bool:
        return any(self.cells[row][left:right])

    def append(self, area: a1.Area, values: list[list[Any]], option: str, insert: str) -> dict[str, Any]:
        check_cells(values)
        table = self.table_at(area.top, area.left)
        top, left = (table[1], table[2]) if table else (area.top, area.left)
        if insert == "INSERT_ROWS":
            self.insert_rows(top, len(values))
        self.row_count = max(self.row_count, top + len(values))
        self.column_count = max(self.column_count, left + max(len(line) for line in values))
        updates = self.write(a1.Area(self.title, top, left, None, None), values, option)
        answer: dict[str, Any] = {"updates": updates}
        if table:
            answer["tableRange"] = a1.show(self.title, table[0], table[2], table[1], table[3])
        return answer

    def properties(self) -> dict[str, Any]:
        grid = {"rowCount": self.row_count, "columnCount": self.column_count}
        if self.frozen:
            grid["frozenRowCount"] = self.frozen
        return {"sheetId": self.id, "title": self.title, "index": 0, "sheetType": "GRID", "gridProperties": grid}

    def description(self) -> dict[str, Any]:
        found: dict[str, Any] = {"properties": self.properties()}
        if self.colours:
            found["conditionalFormats"] = self.colours
        if self.protected:
            found["protectedRanges"] = self.protected
        if self.filter:
            found["basicFilter"] = self.filter
        return found


def check_cells(values: list[list[Any]]) -> None:
    for line in values:
        for value in line:
            if isinstance(value, str) and len(value.encode("utf-16-le", "surrogatepass")) // 2 > LONGEST:
                raise Refused(400, f"Your input contains more than the maximum of {LONGEST} characters in a single cell.")


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value)


def _trim(line: list[str]) -> list[str]:
    end = len(line)
    while end and not line[end - 1]:
        end -= 1
    return list(line[:end])
