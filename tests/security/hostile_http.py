"""What scanners and attackers send to any web port, raw, and how a port must answer: a plain status, nothing of ours in it."""

from __future__ import annotations

import contextlib
import re
import socket

_UP = "../" * 9
_ESCAPED_UP = "%2e%2e%2f" * 9
_HEAD = "Host: 127.0.0.1\r\nConnection: close\r\n"


def _get(path: str, more: str = "", method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\n{_HEAD}{more}\r\n".encode("latin-1")


REQUESTS: dict[str, bytes] = {
    **{
        f"out of the folder: {path}": _get(path)
        for path in (
            f"/{_UP}etc/passwd",
            f"/{_ESCAPED_UP}etc/passwd",
            f"/static/{_UP}etc/passwd",
            f"/static/{_ESCAPED_UP}etc/passwd",
            f"/app/static/{_UP}etc/passwd",
            f"/media/{_ESCAPED_UP}etc/passwd",
            f"/component/x/{_UP}etc/passwd",
            "/%252e%252e%252f%252e%252e%252fetc/passwd",
            "/..%5c..%5c..%5cetc%5cpasswd",
            "//etc/passwd",
            "/.env",
            "/.streamlit/secrets.toml",
            "/data/webhook-secret",
        )
    },
    "a header in the path": _get("/%0d%0aX-Injected:%20yes"),
    "a header in a header": _get("/", "X-Forwarded-Host: a%0d%0aX-Injected: yes\r\n"),
    "another host": _get("/", "X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\n"),
    **{f"method {name}": _get("/", "X-Canary: echoed\r\n", name) for name in ("TRACE", "DELETE", "PUT", "PATCH", "NONSENSE")},
    "method CONNECT": b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n",
    "another address": _get("http://127.0.0.1:1/"),
    "a long path": _get("/" + "a" * 20_000),
    "a long header": _get("/", f"X-Long: {'a' * 70_000}\r\n"),
    "many headers": _get("/", "".join(f"X-{number}: a\r\n" for number in range(2_000))),
    "two lengths": _get("/", "Content-Length: 1\r\nContent-Length: 2\r\n", "POST"),
    "a length below nothing": _get("/", "Content-Length: -1\r\n", "POST"),
    "length and chunks": _get("/", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "POST") + b"0\r\n\r\n",
    "a body without end": _get("/", "Transfer-Encoding: chunked\r\n", "POST") + b"fffffff\r\nabc",
    "bytes that are no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "an older HTTP": b"GET /\r\n\r\n",
    "HTTP of tomorrow": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "nothing in a path": _get("/\x00"),
}


def talk(port: int, raw: bytes, seconds: float = 3.0) -> bytes:
    """Send and return what comes back until the other side is done, or has said nothing more for some seconds."""
    found = b""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        while len(found) < 200_000 and (piece := connection.recv(65_536)):
            found += piece
    return found


def wrong_answers(port: int) -> dict[str, bytes]:
    """Return how a port answers wrongly: with files, with our words as its headers, or as if it had broken."""
    answers = {name: talk(port, raw) for name, raw in REQUESTS.items()}
    return {name: answer[:300] for name, answer in answers.items() if _is_wrong(answer)}


def _is_wrong(answer: bytes) -> bool:
    head = answer.partition(b"\r\n\r\n")[0].lower()
    status = re.match(rb"http/1\.[01] (\d+)", head)
    is_broken = status is not None and int(status[1]) >= 500 and int(status[1]) not in (501, 505)
    gives_away = b"root:x:" in answer or b"echoed" in answer or b"Traceback" in answer or b"evil.example" in answer
    return is_broken or gives_away or b"\nx-injected" in head
