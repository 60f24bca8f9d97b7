"""HTTP, as raw as it can be had: bytes as they came, and whether the end came too."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import attrs
import httpx

PATIENCE = 20.0  # seconds without a byte
_CONNECT = 5.0


@attrs.frozen(kw_only=True)
class Got:
    """An answer. ``cut``: the connection ended in the middle of it, which every HTTP client notices."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False

    def header(self, name: str) -> str:
        """Return a header; empty where there is none."""
        return self.headers.get(name, "")

    @property
    def words(self) -> str:
        """Status and the begin of the body, for messages."""
        return f"{self.status} {self.body[:200].decode('utf-8', 'replace')}"


@attrs.frozen(kw_only=True)
class Line:
    """A way to one server. Addresses are taken as they are: no proxy of the environment stands between."""

    url: str
    patience: float = PATIENCE
    _http: httpx.Client

    def send(self, path: str, headers: Mapping[str, str], body: bytes, *, method: str = "POST") -> Got:
        """Send a request and read all of its answer.

        Raises:
            httpx.HTTPError: There is no answer.
        """
        with self.open(path, headers, body, method=method) as response:
            got = bytearray()
            try:
                for chunk in response.iter_raw():
                    got += chunk
            except (httpx.RemoteProtocolError, httpx.ReadError):
                return Got(status=response.status_code, headers=response.headers, body=bytes(got), cut=True)
            return Got(status=response.status_code, headers=response.headers, body=bytes(got))

    @contextmanager
    def open(self, path: str, headers: Mapping[str, str], body: bytes, *, method: str = "POST") -> Iterator[httpx.Response]:
        """Send a request; the block reads what it likes, and at its end the connection is closed if something is left."""
        sent = {"content-type": "application/json", "accept-encoding": "identity", **headers}
        timeout = httpx.Timeout(self.patience, connect=_CONNECT)
        address = f"{self.url}{path}"
        with self._http.stream(method, address, headers=sent, content=body, timeout=timeout) as response:
            yield response

    def json(self, method: str, path: str, said: object = None) -> Any:
        """Ask a page that answers in JSON."""
        body = b"" if said is None else written(said)
        return json.loads(self.send(path, {}, body, method=method).body)

    def to(self, url: str) -> Line:
        """Return a way to another server."""
        return attrs.evolve(self, url=url.rstrip("/"))

    def impatient(self, patience: float) -> Line:
        """Return a way to the same server that waits *patience* seconds for a byte."""
        return attrs.evolve(self, patience=patience)


@contextmanager
def open_line(url: str) -> Iterator[Line]:
    """Return a way to *url* for the block."""
    context = ssl.create_default_context() if url.startswith("https") else False
    with httpx.Client(verify=context, trust_env=False, follow_redirects=False) as http:
        yield Line(url=url.rstrip("/"), http=http)


def written(said: object) -> bytes:
    """Return *said* as the JSON that goes over the wire."""
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
