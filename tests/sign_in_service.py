"""A small sign-in service on this machine, for the tests: it describes itself, publishes a key and signs tokens.

What it says of whom, and how it lies, is set before it is asked.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "lending", "a secret of the service"


@cache
def key_named(name: str) -> RSAKey:
    """A pair of keys, made once in a run."""
    return RSAKey.generate_key(2048, {"kid": name})


@dataclass
class Service:
    """The service: what it answers, and what it was asked."""

    issuer: str = ""
    says: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "published"})
    key: Any = None
    describes: dict[str, Any] = field(default_factory=dict)
    is_down: bool = False
    sends_on: bool = False
    asked_elsewhere: int = 0
    asked: dict[str, str] = field(default_factory=dict)
    token_asked: dict[str, str] = field(default_factory=dict)

    def description(self) -> dict[str, Any]:
        """What it says of itself."""
        names = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return {"issuer": self.issuer, **{name: self.issuer + path for name, path in names.items()}, **self.describes}

    def token(self) -> str:
        """The token that says who it is, if nothing else is asked for."""
        key = self.key or key_named("published")
        return jwt.encode(self.header, self.says, key, algorithms=[self.header["alg"]])

    def approve(self, url: str, subject: str, *, at: int, **lies: Any) -> str:
        """Somebody signs in there: the query with which their browser comes back."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        true = {"iss": self.issuer, "aud": CLIENT, "sub": subject, "nonce": self.asked["nonce"]}
        self.says = {**true, "iat": at, "exp": at + 300, **lies}
        self.says = {name: value for name, value in self.says.items() if value is not None}
        return f"?code=once&state={self.asked['state']}"

    def proves(self, verifier: str) -> bool:
        """Whether this is what the question promised (PKCE)."""
        digest = hashlib.sha256(verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=") == self.asked["code_challenge"]


def shared_secret_key() -> OctKey:
    """A key that the program knows too, with which anybody there could sign."""
    return OctKey.import_key(SECRET)


@contextmanager
def running() -> Iterator[Service]:
    """A service that answers until the block ends."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys = {"keys": [key_named("published").as_dict(private=False)]}
            known = {"/.well-known/openid-configuration": service.description(), "/keys": keys}
            self.answer(known.get(self.path))

        def do_POST(self) -> None:
            if service.sends_on and self.path == "/token":
                self.send_response(307)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            service.asked_elsewhere += self.path == "/elsewhere"
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            given = {name: values[0] for name, values in parse_qs(body).items()}
            service.token_asked = {**given, "authorization": self.headers.get("Authorization", "")}
            right = given.get("code") == "once" and service.proves(given.get("code_verifier", ""))
            self.answer({"access_token": "x", "token_type": "Bearer", "id_token": service.token()} if right else None)

        def answer(self, told: Any) -> None:
            status = 503 if service.is_down else 200 if told is not None else 400
            content = json.dumps(told or {"error": "invalid_grant"}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *_arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    service.issuer = f"http://127.0.0.1:{server.server_port}"
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
