"""Bad input, by threat: bodies that are no good webhook, and requests that are no good HTTP."""

from __future__ import annotations

import gzip
import json
import zlib

from payloads import GROUP, TOKEN, envelope, upsert

GOOD = json.dumps(envelope("messages.upsert", upsert({"conversation": "good"}))).encode()


def _with(text: bytes) -> bytes:
    """Return a good body whose message text is these bytes of JSON."""
    return GOOD.replace(b'"good"', text)


# Bodies of somebody who has the secret: all end as dead letters, never as an error.
QUARANTINED: dict[str, bytes] = {
    # T1 malformed, wrong types, empty, trailing, control characters
    "empty": b"",
    "blank": b" \n ",
    "not json": b"event=messages.upsert&data=1",
    "half": GOOD[: len(GOOD) // 2],
    "trailing comma": GOOD[:-1] + b",}",
    "trailing words": GOOD + b" and more",
    "two bodies": GOOD + GOOD,
    "raw control character": _with(b'"a\x01b"'),
    "raw NUL": _with(b'"a\x00b"'),
    "single quotes": GOOD.replace(b'"', b"'"),
    "a list": b"[" + GOOD + b"]",
    "a number": b"42",
    "a string": b'"messages.upsert"',
    "null": b"null",
    "no event": b'{"instance":"cs-ticket-monitor","data":{}}',
    "event as number": b'{"event":1,"instance":"cs-ticket-monitor","data":{}}',
    "event unknown": GOOD.replace(b"messages.upsert", b"messages.downsert"),
    "event with a line break": GOOD.replace(b"messages.upsert", b"messages\\nupsert"),
    "instance missing": b'{"event":"messages.upsert","data":{}}',
    "instance with a path": GOOD.replace(b'"cs-ticket-monitor"', b'"../../etc/passwd"'),
    "instance with a query": GOOD.replace(b'"cs-ticket-monitor"', b'"a/b?c=%2e"'),
    # T2 numbers that are none
    "NaN": _with(b"NaN"),
    "Infinity": _with(b"-Infinity"),
    "1e999": _with(b"1e999"),
    # T3, T4 encodings
    "lone surrogate": _with(b'"\\ud800"'),
    "utf-16": GOOD.decode().encode("utf-16"),
    "utf-32": GOOD.decode().encode("utf-32-le"),
    "byte order mark": b"\xef\xbb\xbf" + GOOD,
    "latin-1": _with('"não"'.encode("latin-1")),
    "overlong utf-8": _with(b'"\xc0\xaf"'),
    "cut utf-8": _with(b'"\xe2\x82"'),
    # T5, T6 depth and size of values
    "100,000 lists": b"[" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
    "deep in the data": GOOD.replace(b'"good"', b'{"a":' * 400 + b"1" + b"}" * 400),
    "a list of 6,000": b'{"event":"messages.set","instance":"i","data":[' + b"0," * 6_000 + b"0]}",
    # T9 compressed without saying so
    "gzip": gzip.compress(GOOD),
    "deflate": zlib.compress(GOOD),
}

# Bodies that are odd and still say what they mean: accepted.
ACCEPTED: dict[str, bytes] = {
    "good": GOOD,
    "white space around": b" \r\n" + GOOD + b"\n",
    "duplicate keys": GOOD.replace(b'"event"', b'"event":"x","event"', 1),
    "huge integer": GOOD.replace(b'"DELIVERY_ACK"', b"1" * 300),
    "data null": b'{"event":"messages.upsert","instance":"i","data":null}',
    "data a number": b'{"event":"messages.upsert","instance":"i","data":7}',
    "data an empty list": b'{"event":"messages.set","instance":"i","data":[]}',
    "data a list of scalars": b'{"event":"messages.set","instance":"i","data":[1,"x",null,[],{}]}',
    "log injection": _with(b'"\\n2026-01-01 [error] all is lost \\u001b[31m\\u202e"'),
    "formula": _with(b'"=IMPORTXML(1)"'),
    "a NUL escaped": _with(b'"a\\u0000b"'),
    "a path as a chat": GOOD.replace(GROUP.encode(), b"../../../etc/passwd@g.us"),
    "a line break in a chat": GOOD.replace(GROUP.encode(), b"1\\n2\\r@g.us"),
    "an id of a megabyte": GOOD.replace(b"3A00000000000001", b"9" * 900_000),
    "addresses of hosts": GOOD.replace(b"http://evolution.example:8080", b"http://169.254.169.254/latest"),
    "many keys": _with(b"{" + b",".join(b'"k%d":%d' % (i, i) for i in range(50_000)) + b"}"),
}


def request(body: bytes, secret: bytes, *lines: bytes, length: bytes | None = None) -> bytes:
    """Return the bytes of a POST with these extra header lines."""
    told = b"Content-Length: " + (str(len(body)).encode() if length is None else length) + b"\r\n" if length != b"" else b""
    head = b"POST /webhook/cs-tickets HTTP/1.1\r\nHost: desk\r\nX-Webhook-Secret: " + secret + b"\r\n" + told
    return head + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def bad_requests(secret: bytes) -> dict[str, tuple[bytes, set[int]]]:
    """Return requests as bytes, each with the statuses that are a good answer; 0 is a connection closed without one."""
    chunked = b"Transfer-Encoding: chunked"
    bomb = gzip.compress(b"0" * 20_000_000)
    wide = b"x" * 65_536
    chunk = b"10000\r\n" + wide + b"\r\n"
    bare = b" HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
    return {
        # T8 sizes
        "2 MB by length": (request(b"x" * 2_097_152, secret), {413}),
        "2 MB by chunks": (request(chunk * 32 + b"0\r\n\r\n", secret, chunked, length=b""), {413}),
        "1 TB announced": (request(b"x", secret, length=b"1099511627776"), {413}),
        # T9 compression
        "gzip bomb": (request(bomb, secret, b"Content-Encoding: gzip"), {415}),
        "deflate": (request(zlib.compress(GOOD), secret, b"Content-Encoding: deflate"), {415}),
        "brotli": (request(GOOD, secret, b"Content-Encoding: br"), {400, 415}),
        "ten thousand tiny gzip members": (
            request(gzip.compress(b"0") * 10_000, secret, b"Content-Encoding: gzip"), {415}
        ),
        "an encoding that nobody knows": (request(GOOD, secret, b"Content-Encoding: none-such"), {400, 415}),
        "two encodings": (request(bomb, secret, b"Content-Encoding: gzip, gzip"), {400, 415}),
        # T11 smuggling and broken HTTP
        "length and chunks": (request(b"0\r\n\r\n", secret, chunked), {400}),
        "two lengths": (request(GOOD, secret, b"Content-Length: 5"), {400}),
        "negative length": (request(GOOD, secret, length=b"-5"), {400}),
        "length of words": (request(GOOD, secret, length=b"many"), {400}),
        "NUL in a header": (request(GOOD, secret, b"X-Odd: a\x00b"), {400}),
        "line break in a header": (request(GOOD, secret, b"X-Odd: a\nSet-Cookie: b"), {200, 400}),
        "300 headers": (request(GOOD, secret, *(b"X-%d: 1" % i for i in range(300))), {400}),
        "a header of 64 KB": (request(GOOD, secret, b"X-Odd: " + wide), {400}),
        "a path of 64 KB": (b"POST /webhook/cs-tickets/" + wide + b" HTTP/1.1\r\nHost: a\r\n\r\n", {400, 414}),
        "chunks with a trailer": (
            request(b"%x\r\n" % len(GOOD) + GOOD + b"\r\n0\r\nX-Odd: x\r\n\r\n", secret, chunked, length=b""), {200, 400}
        ),
        "chunked twice": (request(b"0\r\n\r\n", secret, chunked, chunked, length=b""), {400}),
        "identity and chunked": (request(b"0\r\n\r\n", secret, b"Transfer-Encoding: identity, chunked", length=b""), {200, 400}),
        "a header folded over two lines": (request(GOOD, secret, b"X-Odd: a\r\n b"), {200, 400}),
        "a space before the colon": (request(GOOD, secret, b"X-Odd : a"), {400}),
        "waits to be told to go on": (request(b"", secret, b"Expect: the-impossible"), {200, 417}),
        "PUT": (b"PUT /webhook/cs-tickets" + bare, {405}),
        "TRACE": (b"TRACE /webhook/cs-tickets" + bare, {405}),
        "a method of words": (b"PLEASE-STORE /webhook/cs-tickets" + bare, {400, 405}),
        "chunk size of words": (request(b"zz\r\nabc\r\n0\r\n\r\n", secret, chunked, length=b""), {400}),
        "not HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {400}),
        "HTTP/9.9": (b"POST /webhook/cs-tickets HTTP/9.9\r\n\r\n", {400, 401}),
        "no path": (b"POST  HTTP/1.1\r\n\r\n", {400}),
        "absolute path": (b"POST http://evil.example/webhook/cs-tickets" + bare, {401, 404}),
        # T12, T13 keys
        "secret of high bytes": (request(GOOD, b"\xff\xfe" + secret), {401}),
        "secret of one byte": (request(GOOD, b"t"), {401}),
        "secret twice": (request(GOOD, b"wrong", b"X-Webhook-Secret: " + secret), {401}),
        "empty secret": (request(GOOD, b""), {401}),
        "secret with a prefix": (request(GOOD, secret + b"x"), {401}),
        "secret of 8,000 bytes": (request(GOOD, b"s" * 8_000), {400, 401}),
        "secret in the query": (b"POST /webhook/cs-tickets?apikey=" + secret + bare, {401}),
        "secret in the body": (b"POST /webhook/cs-tickets HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", {401}),
    }  # fmt: skip


CANARY = TOKEN.encode()
