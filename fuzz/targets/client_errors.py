"""Whatever goes wrong: in every client's format the error is JSON in a line, with code and message where SDKs look."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeAlias

import attrs
from hypothesis import strategies as st

import korproxy.builtin.dialects
from fuzz.target import Target
from fuzz.targets import refusal_waits
from korproxy.api import Fault, Headers
from korproxy.contracts import Dialect
from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.kit.retry_after import LONGEST
from korproxy.server.faults import plain_error

Said: TypeAlias = "tuple[str, str | None]"  # message and code of an error


@attrs.frozen
class Ours:
    """An error of ours, and what a stream had in it before."""

    fault: Fault
    behind: bytes = b""


Case: TypeAlias = "Ours | refusal_waits.Case"


def _dialects() -> dict[str, Dialect]:
    path = korproxy.builtin.dialects.__path__
    modules = [import_module(f"korproxy.builtin.dialects.{each.name}") for each in pkgutil.iter_modules(path) if not each.ispkg]
    return {dialect.name: dialect for module in modules for dialect in module.korproxy_dialects(None)}


def _openai(said: Any) -> Said:
    assert set(said["error"]) >= {"message", "type", "param", "code"}
    return said["error"]["message"], said["error"]["code"]


def _anthropic(said: Any) -> Said:
    assert said["type"] == "error"
    assert isinstance(said["error"]["type"], str)
    return said["error"]["message"], said["error"].get("details", {}).get("error_code")


def _gemini(said: Any) -> Said:
    error = said["error"]
    assert isinstance(error["code"], int)
    assert isinstance(error["status"], str)
    reasons = [each["reason"] for each in error.get("details", []) if each["@type"].endswith("google.rpc.ErrorInfo")]
    return error["message"], reasons[0] if reasons else None


DIALECTS = _dialects()
READ: Mapping[str, Callable[[Any], Said]] = {
    "openai": _openai,
    "responses": _openai,
    "anthropic": _anthropic,
    "gemini": _gemini,
}
OWN_WORDS = {"KP-PROV-118", "KP-PROV-119"}  # SDKs look for words of the vendor in the place of these codes
TRANSLATORS = {name: each.translator for name, each in DIALECTS.items() if each.translator is not None}

_texts = (
    st.text(max_size=30) | st.text(st.characters(), max_size=5) | st.sampled_from(['"\n\r\n', "\u2028 data: x", "\ud83d", "\0"])
)
_codes = st.sampled_from(["", "KP-SYS-599", *(each.code for each in BUILTIN_CODES)])
_behind = st.binary(max_size=30) | st.builds(
    '"response": {{"id": "{}", "created_at": {}, "model": "{}"}}, "sequence_number": {}'.format,
    _texts,
    st.integers(),
    _texts,
    st.integers(0),
).map(lambda text: text.encode("utf-8", "surrogatepass"))


@st.composite
def _faults(draw: st.DrawFn) -> Ours:
    code, message = draw(_codes), draw(_texts)
    docs = draw(st.sampled_from(["", f"http://127.0.0.1:1337/errors/{code}", f"korproxy errors {code}"])) if code else ""
    if draw(st.booleans()):
        message = f"{message} [{code}: {docs}]"
    status = draw(st.integers(400, 599) | st.sampled_from([0, 200, 999]))
    return Ours(Fault(code=code, status=status, message=message, docs=docs, cause=code or draw(_codes)), draw(_behind))


def check(case: Case) -> None:
    """Write it in every format; read it as the vendor's SDK does."""
    if isinstance(case, Ours):
        for name, dialect in DIALECTS.items():
            _holds(name, case.fault, dialect.error(case.fault))
            for event in _events(dialect.late_error(case.fault, case.behind)):
                _holds(name, case.fault, event)
        said = _json(plain_error(case.fault))["error"]
        assert said.get("message", "") == _same(case.fault.message)
        assert said.get("code", "") == case.fault.code
    else:
        _check_carried(*case)


def _check_carried(status: int, fields: refusal_waits.Fields, body: bytes) -> None:
    """Carry a provider's error of each format into each other one."""
    headers = Headers([(name, text.encode("latin-1", "replace")) for name, text in fields])
    for source, reader in TRANSLATORS.items():
        error = reader.read_error(status, headers, body)
        assert error.message, f"{source}: an error without words"
        assert error.retry_after is None or 0 <= error.retry_after <= LONGEST, f"{source}: {error.retry_after}"
        for client, writer in TRANSLATORS.items():
            told, written = writer.write_error(error)
            assert 400 <= told <= 599
            message, code = _said(client, _json(written))
            assert _same(error.message) in message, f"{source} to {client}: the message is lost"
            assert not error.code or code == _same(error.code), f"{source} to {client}: the code is lost"


def _holds(name: str, fault: Fault, body: bytes) -> None:
    assert b"\n" not in body, f"{name}: more than a line"
    message, code = _said(name, _json(body))
    assert _same(fault.message) in message, f"{name}: the message is lost"
    assert fault.code in message, f"{name}: the code is not in the message"
    assert not fault.code or code == fault.code or fault.cause in OWN_WORDS, f"{name}: the code is lost"


def _said(name: str, said: Any) -> Said:
    """Return message and code of *said*; ``response.failed`` has them inside of its response."""
    if said.get("type") == "response.failed":
        return said["response"]["error"]["message"], said["response"]["error"]["code"]
    return READ[name.partition("-")[0]](said)


def _events(stream: bytes) -> list[bytes]:
    """Return the data of each event, of which each is whole and has one line of it."""
    assert stream.endswith((b"\n\n", b"\r\n\r\n"))
    blocks = stream.replace(b"\r\n", b"\n").split(b"\n\n")[:-1]
    found = [[line[6:] for line in block.split(b"\n") if line.startswith(b"data: ")] for block in blocks]
    assert found
    assert all(len(each) == 1 for each in found)
    return [each[0] for each in found]


def _json(text: bytes) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    return json.loads(text.decode(), parse_constant=refuse)


def _same(text: str) -> str:
    """Return *text* as it is behind JSON: two halves of a character that stand side by side are one."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def read(text: bytes) -> Case:
    """Read code, status and message of ours, then what was before it; or, with a number first, a refusal."""
    head, _, rest = text.partition(b"\n")
    words = head.decode().split(" ", 2)
    if words[0].isdecimal():
        return refusal_waits.read(text)
    code = words[0].strip("-")
    return Ours(Fault(code=code, status=int(words[1]), message=words[2], cause=code), rest)


CLIENT_ERRORS = Target(name="client_errors", inputs=_faults() | refusal_waits.CASES, read=read, check=check)
