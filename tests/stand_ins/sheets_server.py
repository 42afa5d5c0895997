"""A Google Sheets API over HTTP, for the real gspread: its rules, its quotas, its errors, and its bad days."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.stand_ins import sheets_ranges as a1
from tests.stand_ins.sheets_batch import Book
from tests.stand_ins.sheets_faults import AFTER, Faults
from tests.stand_ins.sheets_grid import Refused

_PATH = re.compile(r"^/v4/spreadsheets/([^/:]+)(?:/values(?:/(.+?))?)?(?::([A-Za-z]+))?$")
_HTML = b"<!DOCTYPE html><html><title>Error 502 (Server Error)!!1</title></html>"


class SheetsServer:
    """Serves until `stop`. `books` are the spreadsheets; take `lock` before changing one as a person would."""

    def __init__(self, faults: Faults | None = None, clock: Callable[[], float] = time.monotonic, quota: int = 60) -> None:
        self.faults = faults or Faults()
        self.clock = clock
        self.quota = quota
        self.books: dict[str, Book] = {"sheet": Book("sheet")}
        self.read_only: set[str] = set()
        self.forbidden: dict[str, str] = {}
        self.refuse_cells_with: str | None = None
        self.lock = threading.RLock()
        self.log: list[str] = []
        self.overdrawn = 0
        self.admitted: list[tuple[float, str]] = []  # when, and whether it read or wrote
        self.before_write: Callable[[], None] | None = None  # what a person does between our read and our write
        self.hang_s = 0.05
        self._taken: dict[tuple[str, str], list[float]] = {}
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"server_of": self}))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def book(self) -> Book:
        return self.books["sheet"]

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def take_quota(self, token: str, kind: str) -> None:
        """Count a request of the last minute, as Google does per account; raises when there were too many."""
        now = self.clock()
        taken = [at for at in self._taken.get((token, kind), []) if at > now - 60]
        if len(taken) >= self.quota:
            self.overdrawn += 1
            raise Refused(429, "Quota exceeded", "RESOURCE_EXHAUSTED")
        self._taken[token, kind] = [*taken, now]
        self.admitted.append((now, kind))

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> dict[str, Any]:
        found = _PATH.match(path)
        if not found:
            raise Refused(404, "Requested entity was not found.", "NOT_FOUND")
        sheet_id, text, verb = found[1], found[2], found[3]
        self._admit(sheet_id, method)
        book = self.books[sheet_id]
        if "/values" not in path:
            if method == "GET":
                return {
                    "spreadsheetId": sheet_id,
                    "properties": {"title": "T"},
                    "sheets": [tab.description() for tab in book.tabs],
                }
            return {"spreadsheetId": sheet_id, "replies": book.update(body["requests"])}
        if text is None:
            return _batch(self, book, verb, body, query)
        area = _area(book, text)
        tab = book.titled(area.tab)
        if method == "GET":
            where, values = tab.values(area)
            return {"range": where, "majorDimension": "ROWS"} | ({"values": values} if values else {})
        option = query.get("valueInputOption", ["RAW"])[0]
        self._check_poison(body["values"])
        if verb == "append":
            insert = query.get("insertDataOption", ["OVERWRITE"])[0]
            answer = tab.append(area, body["values"], option, insert)
            answer["updates"]["spreadsheetId"] = sheet_id
            return {"spreadsheetId": sheet_id, **answer}
        tab.check(area, body["values"])
        return {"spreadsheetId": sheet_id, **tab.write(area, body["values"], option)}

    def _admit(self, sheet_id: str, method: str) -> None:
        if sheet_id in self.forbidden:
            raise Refused(403, self.forbidden[sheet_id], "PERMISSION_DENIED")
        if sheet_id not in self.books:
            raise Refused(404, "Requested entity was not found.", "NOT_FOUND")
        if method != "GET" and sheet_id in self.read_only:
            raise Refused(403, "The caller does not have permission", "PERMISSION_DENIED")

    def _check_poison(self, values: list[list[Any]]) -> None:
        poison = self.refuse_cells_with
        if poison and any(isinstance(cell, str) and poison in cell for line in values for cell in line):
            raise Refused(400, "Invalid value")


def _area(book: Book, text: str) -> a1.Area:
    try:
        return a1.parse(unquote(text), book.titles())
    except a1.BadRange as error:
        raise Refused(400, f"Unable to parse range: {error}") from error


def _batch(server: SheetsServer, book: Book, verb: str, body: dict[str, Any], query: dict[str, list[str]]) -> dict[str, Any]:
    if verb == "batchGet":
        areas = [_area(book, text) for text in query.get("ranges", [])]
        found = [book.titled(area.tab).values(area) for area in areas]
        return {"spreadsheetId": book.id, "valueRanges": [{"range": where, "values": values} for where, values in found]}
    wanted = [(_area(book, item["range"]), item["values"]) for item in body["data"]]
    for number, (area, values) in enumerate(wanted):
        try:
            server._check_poison(values)
            book.titled(area.tab).check(area, values)
        except Refused as error:
            raise Refused(400, f"Invalid data[{number}]: {error.message}") from error
    done = [book.titled(area.tab).write(area, values, body["valueInputOption"]) for area, values in wanted]
    return {"spreadsheetId": book.id, "totalUpdatedCells": sum(item["updatedCells"] for item in done), "responses": done}


class _Handler(BaseHTTPRequestHandler):
    server_of: SheetsServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # an answer in one packet

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def log_message(self, *_args: object) -> None:
        """Say nothing: the test looks at `log`."""

    def _serve(self, method: str) -> None:
        server = self.server_of
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        if parts.path == "/token":
            self._send(200, json.dumps({"access_token": "made", "expires_in": 3600, "token_type": "Bearer"}).encode())
            return
        server.log.append(f"{method} {unquote(self.path)}")
        fault = server.faults.choose(f"{method} {unquote(self.path)}")
        if fault == "reset":
            self._reset()
            return
        try:
            status, body = 200, self._answer(method, parts.path, parse_qs(parts.query), raw, fault)
        except Refused as error:
            status, body = error.status, _error(error)
        if status == 200 and fault in AFTER:
            self._spoil(fault, json.dumps(body).encode())
        elif status == 502:
            self._send(502, _HTML, "text/html")
        else:
            self._send(status, json.dumps(body).encode())

    def _answer(self, method: str, path: str, query: dict[str, list[str]], raw: bytes, fault: str | None) -> dict[str, Any]:
        server = self.server_of
        token = self.headers.get("Authorization", "")
        if not token.startswith("Bearer "):
            raise Refused(401, "Request is missing required authentication credential.", "UNAUTHENTICATED")
        with server.lock:
            server.take_quota(token, "read" if method == "GET" else "write")
            if fault == "429":
                raise Refused(429, "Quota exceeded", "RESOURCE_EXHAUSTED")
            if fault in ("500", "503"):
                raise Refused(int(fault), "Internal error encountered.", "INTERNAL")
            if fault == "html502":
                raise Refused(502, "")
            if method != "GET" and server.before_write is not None:
                act, server.before_write = server.before_write, None
                act()
            return server.answer(method, path, query, json.loads(raw) if raw else {})

    def _spoil(self, fault: str, body: bytes) -> None:
        if fault == "late503":
            self._send(503, json.dumps(_error(Refused(503, "The service is currently unavailable.", "UNAVAILABLE"))).encode())
            return
        if fault == "hang":
            time.sleep(self.server_of.hang_s)
        if fault == "cut":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
        self._reset()

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.connection.close()

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            return  # we closed the connection ourselves

    def _send(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def _error(error: Refused) -> dict[str, Any]:
    found: dict[str, Any] = {"code": error.status, "message": error.message, "status": error.kind}
    if error.status == 429:
        found["message"] = "Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per user'."
        found["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"}]
    return {"error": found}
