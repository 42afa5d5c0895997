"""Why a broker does not let us in, as one sentence. Kafka's clients only tell that no broker answered in time.

It is asked once a connection has failed: it knocks at each broker as a client would, TLS first, then the user and the password,
and stops at what is refused. It speaks the two requests of Kafka's protocol that come before all others.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import socket
import ssl
import struct
from contextlib import closing

from stream.settings import Settings

_TIMEOUT_S = 2.0
_HANDSHAKE, _AUTHENTICATE = 17, 36  # keys of the requests SaslHandshake and SaslAuthenticate
_UNSUPPORTED, _NO_SASL_HERE = 33, 34  # Kafka's error codes
_LARGEST = 65_536
_ALERT = b"\x15\x03"  # how TLS answers who does not speak it


class _Refused(Exception):
    """What the broker did not like; the text is the end of the sentence."""


def why_refused(settings: Settings, servers: list[str]) -> str | None:
    """Return the sentence, None when nothing speaks against us (or nobody is there, which says nothing about the settings)."""
    for server in servers:
        host, _, port = server.rpartition(":")
        try:
            with closing(_connect(settings, host.strip("[]"), int(port))) as connection:
                _introduce(settings, connection)
        except _Refused as refused:
            return f"Kafka at {server} {refused}"
        except (OSError, ValueError, struct.error):
            continue  # not there, or not Kafka: the client's own words are the better ones
    return None


def _connect(settings: Settings, host: str, port: int) -> socket.socket:
    connection = socket.create_connection((host, port), timeout=_TIMEOUT_S)
    protocol = settings.kafka_security_protocol
    if not protocol.endswith("SSL"):
        return connection
    try:
        context = ssl.create_default_context(cafile=settings.kafka_security_cafile)
        return context.wrap_socket(connection, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        connection.close()
        if "mismatch" in error.verify_message or "not valid for" in error.verify_message:
            raise _Refused(f"shows a certificate for another name ({error.verify_message}); use the name it is for.") from error
        to_do = "set KAFKA_SECURITY_CAFILE to the file of the authority that signed it."
        raise _Refused(f"shows a certificate that is not trusted ({error.verify_message}); {to_do}") from error
    except ssl.SSLError as error:
        connection.close()
        without = "SASL_PLAINTEXT" if protocol.startswith("SASL") else "PLAINTEXT"
        raise _Refused(f"does not speak TLS there; take its other port, or KAFKA_SECURITY_PROTOCOL={without}.") from error


def _introduce(settings: Settings, connection: socket.socket) -> None:
    wanted = settings.kafka_security_protocol
    mechanism = settings.kafka_security_mechanism
    try:
        answer = _ask(connection, _HANDSHAKE, 1, _text(mechanism))
    except (ConnectionError, TimeoutError) as error:
        if wanted.endswith("SSL"):
            raise
        with_tls = "SASL_SSL" if wanted.startswith("SASL") else "SSL"
        raise _Refused(f"hangs up on us; if it expects TLS, set KAFKA_SECURITY_PROTOCOL={with_tls}.") from error
    (code,) = struct.unpack_from(">h", answer)
    if not wanted.startswith("SASL"):
        if code != _NO_SASL_HERE:
            raise _Refused(f"asks for a user and a password; set KAFKA_SECURITY_PROTOCOL=SASL_{wanted} and both.")
        return
    if code == _NO_SASL_HERE:
        raise _Refused(f"asks for no password there; set KAFKA_SECURITY_PROTOCOL={wanted.removeprefix('SASL_')}.")
    if code == _UNSUPPORTED:
        offered = ", ".join(sorted(_texts(answer[2:])))
        raise _Refused(f"does not take {mechanism}; set KAFKA_SECURITY_MECHANISM to one of: {offered}.")
    _log_in(settings, connection)


def _log_in(settings: Settings, connection: socket.socket) -> None:
    user, password = settings.kafka_security_username, settings.kafka_security_password.get_secret_value()
    if settings.kafka_security_mechanism == "PLAIN":
        _authenticate(connection, f"\0{user}\0{password}".encode(), user)
        return
    # SCRAM, RFC 5802: the password itself is never sent.
    digest = settings.kafka_security_mechanism.removeprefix("SCRAM-").replace("-", "").lower()
    first = f"n={user.replace('=', '=3D').replace(',', '=2C')},r={secrets.token_urlsafe(24)}"
    challenge = _authenticate(connection, f"n,,{first}".encode(), user).decode()
    told = dict(part.split("=", 1) for part in challenge.split(","))
    last = f"c=biws,r={told['r']}"
    salted = hashlib.pbkdf2_hmac(digest, password.encode(), base64.b64decode(told["s"]), int(told["i"]))
    key = hmac.digest(salted, b"Client Key", digest)
    signature = hmac.digest(hashlib.new(digest, key).digest(), f"{first},{challenge},{last}".encode(), digest)
    proof = base64.b64encode(bytes(one ^ other for one, other in zip(key, signature, strict=True))).decode()
    _authenticate(connection, f"{last},p={proof}".encode(), user)


def _authenticate(connection: socket.socket, token: bytes, user: str) -> bytes:
    """Send one step of the log-in and return the broker's answer to it."""
    answer = _ask(connection, _AUTHENTICATE, 0, struct.pack(">i", len(token)) + token)
    code, length = struct.unpack_from(">hh", answer)
    if code:
        raise _Refused(f"refuses the user {user!r}; check KAFKA_SECURITY_USERNAME and KAFKA_SECURITY_PASSWORD.")
    start = 4 + max(length, 0)
    (size,) = struct.unpack_from(">i", answer, start)
    return answer[start + 4 : start + 4 + size]


def _ask(connection: socket.socket, key: int, version: int, body: bytes) -> bytes:
    """Send a request and return the body of its answer."""
    request = struct.pack(">hhi", key, version, 1) + _text("groupdesk") + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    start = _read(connection, 4)
    if start.startswith(_ALERT):
        raise ConnectionError("the broker speaks TLS")
    (size,) = struct.unpack(">i", start)
    if not 4 <= size <= _LARGEST:
        raise ValueError(size)
    return _read(connection, size)[4:]


def _read(connection: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size:
        more = connection.recv(size - len(read))
        if not more:
            raise ConnectionError("the broker hung up")
        read += more
    return read


def _text(text: str) -> bytes:
    return struct.pack(">h", len(text.encode())) + text.encode()


def _texts(raw: bytes) -> list[str]:
    (count,) = struct.unpack_from(">i", raw)
    found, at = [], 4
    for _ in range(count):
        (length,) = struct.unpack_from(">h", raw, at)
        found.append(raw[at + 2 : at + 2 + length].decode("utf-8", "replace"))
        at += 2 + length
    return found
