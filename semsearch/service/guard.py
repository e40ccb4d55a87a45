"""Who is let in: the host asked for, the page that asks, the key, and how much may be sent. Plain ASGI middleware."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semsearch import settings

OPEN: Final = ("/healthz", "/readyz", "/openapi.json")
"""Paths that no key is needed for, besides the page and its files."""
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


_RAW: Final = [(name.encode(), value.encode()) for name, value in HEADERS.items()]


class Refusal(HTTPException):
    """A request that is not let in; `status` and `code` tell why.

    FastAPI makes a 400 of every other exception that reading a body raises.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, slots=True)
class Door:
    """Who is let in: host names (without port), origins of other sites, and the digest of the key, empty for none."""

    hosts: frozenset[str]
    origins: frozenset[str] = frozenset()
    key_digest: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, host: str, hosts: Iterable[str] = (), origins: Iterable[str] = (), key: str | None = None) -> Door:
        """A door of a service that listens on `host` and is also called by the names `hosts`."""
        names = {"localhost", "127.0.0.1", "::1", *(name.lower() for name in hosts)}
        if not is_wildcard(host):
            names.add(host.lower())
        return cls(frozenset(names), frozenset(origins), _digest(key.encode()) if key else b"")

    def check(self, scope: Scope) -> None:
        """Raise Refusal unless the request may come in."""
        headers, path = Headers(scope=scope), scope["path"]
        host = self._check_host(headers)
        self._check_origin(headers, host, path, scope["method"])
        if self.key_digest and not is_open(path):
            self._check_key(headers)

    def _check_host(self, headers: Headers) -> str:
        """A page elsewhere may let a name of its own point here (DNS rebinding): only known names are answered."""
        given = headers.getlist("host")
        host = given[0].lower() if len(given) == 1 else ""
        if _name_of(host) not in self.hosts:
            raise Refusal(421, "host", "this service does not go by that name: start it with --allow-host NAME")
        return host

    def _check_origin(self, headers: Headers, host: str, path: str, method: str) -> None:
        """What a browser says of the page that asks. Opening the search page itself from a link is no such call."""
        opened = method == "GET" and path == "/" and headers.get("sec-fetch-mode") == "navigate"
        origin = headers.get("origin")
        if origin in self.origins:
            return
        if not _is_own(origin, host) or (
            headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not opened
        ):
            raise Refusal(403, "origin", "pages of other sites may not ask here: start with --allow-origin ORIGIN")

    def _check_key(self, headers: Headers) -> None:
        """Digests are compared in constant time, whatever bytes the header holds."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        shown = given.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
        if not hmac.compare_digest(_digest(shown.encode("latin-1")), self.key_digest):
            raise Refusal(401, "key", "an API key is needed: send the header Authorization: Bearer KEY")


class Safe:
    """Sets the headers that browsers go by, whoever answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in _RAW if pair[0] not in given)]
            await send(message)

        await self._app(scope, receive, send_safely)


class Guard:
    """Lets requests in by a `Door`, and counts what they send."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app, self._door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._door.check(scope)
            body = _Counted(receive, Headers(scope=scope).get("content-length", "0"))
        except Refusal as refusal:
            await refuse(refusal, send)
            return
        await self._app(scope, body, send)


class _Counted:
    """A request's body, refused as soon as it is longer than admitted, whatever length it announced."""

    def __init__(self, receive: Receive, announced: str) -> None:
        self._receive, self._seen = receive, 0
        self._check(int(announced) if announced.isascii() and announced.isdigit() else 0)

    async def __call__(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        self._check(self._seen)
        return message

    def _check(self, length: int) -> None:
        if length > (most := settings.MAX_BODY_BYTES.default):
            raise Refusal(413, "too-large", f"the request is larger than {most} bytes")


def is_open(path: str) -> bool:
    """Whether a path is shown without a key: it tells nothing of the archive."""
    return path == "/" or path in OPEN or path.startswith("/page/")


def error_json(code: str, message: str) -> bytes:
    """The one shape of errors."""
    return json.dumps({"error": {"code": code, "message": message}}, ensure_ascii=False).encode()


async def refuse(refusal: Refusal, send: Send) -> None:
    """Answer with the refusal, and close the connection: what was not read would follow."""
    body = error_json(refusal.code, refusal.message)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers.append((b"connection", b"close"))
    if refusal.status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="semsearch"'))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_wildcard(host: str) -> bool:
    """Whether `host` stands for every address of the machine."""
    return host in ("", "0.0.0.0", "::", "[::]")


def _is_own(origin: str | None, host: str) -> bool:
    """Whether an Origin header, if there is one, is that of a page of `host`."""
    try:
        return origin is None or (urlsplit(origin).scheme in ("http", "https") and urlsplit(origin).netloc == host)
    except ValueError:  # no address at all
        return False


def _name_of(host: str) -> str:
    """The name in a Host header, without port and brackets."""
    if host.startswith("["):
        name, _, port = host[1:].partition("]")
        return name if not port or (port[0] == ":" and port[1:].isdigit()) else host
    return host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and ":" in host else host


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
