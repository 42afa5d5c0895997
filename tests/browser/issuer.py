"""A small OpenID Connect issuer on loopback: whoever comes is signed in as the person that the test chose."""

from __future__ import annotations

import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, CLIENT_SECRET = "groupdesk", "the-secret-of-the-issuer-of-the-tests"


class Issuer:
    """Signs in `person` (name and email) without asking. Use it as a context."""

    def __init__(self) -> None:
        self.person = {"name": "Ana Lima", "email": "ana@northwind.example", "email_verified": True}
        self._key = RSAKey.generate_key(2048, {"kid": "test"})
        self._codes: dict[str, str] = {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer._get(self)

            def do_POST(self) -> None:
                issuer._post(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def secrets_toml(self, app_url: str) -> str:
        """Return what a team writes into Streamlit's secrets."""
        return (
            f'[auth]\nredirect_uri = "{app_url}/oauth2callback"\ncookie_secret = "{secrets.token_hex(24)}"\n'
            f'client_id = "{CLIENT}"\nclient_secret = "{CLIENT_SECRET}"\n'
            f'server_metadata_url = "{self.url}/.well-known/openid-configuration"\n'
        )

    def _get(self, request: BaseHTTPRequestHandler) -> None:
        where = urlsplit(request.path)
        asked = {name: values[0] for name, values in parse_qs(where.query).items()}
        if where.path == "/.well-known/openid-configuration":
            _answer(
                request,
                {
                    "issuer": self.url,
                    "authorization_endpoint": f"{self.url}/authorize",
                    "token_endpoint": f"{self.url}/token",
                    "jwks_uri": f"{self.url}/jwks",
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                },
            )
        elif where.path == "/jwks":
            _answer(request, {"keys": [self._key.as_dict(private=False) | {"use": "sig", "alg": "RS256"}]})
        else:
            code = secrets.token_hex(8)
            self._codes[code] = asked.get("nonce", "")
            request.send_response(302)
            request.send_header("Location", f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")
            request.end_headers()

    def _post(self, request: BaseHTTPRequestHandler) -> None:
        body = parse_qs(request.rfile.read(int(request.headers["Content-Length"])).decode())
        now = int(time.time())
        claims = {"iss": self.url, "sub": "1", "aud": CLIENT, "iat": now, "exp": now + 600, **self.person}
        claims["nonce"] = self._codes.pop(body["code"][0])
        token = jwt.encode({"alg": "RS256", "kid": "test"}, claims, self._key)
        _answer(request, {"access_token": "x", "token_type": "Bearer", "expires_in": 600, "id_token": token})


def _answer(request: BaseHTTPRequestHandler, told: dict[str, Any]) -> None:
    raw = json.dumps(told).encode()
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(raw)))
    request.end_headers()
    request.wfile.write(raw)
