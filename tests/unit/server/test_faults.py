"""Errors on the wire: the status and the words of the registry, and headers that stop SDKs from retrying in vain."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.errors.codes import ErrorCode, Registry
from korproxy.errors.exceptions import AccountRefused, BadRequest, Busy, CallerRefused, KorproxyError, ProviderRefused
from korproxy.models.outcome import Fault
from korproxy.server.faults import FaultWriter, plain_error

CODES = Registry.of(BUILTIN_CODES)
WRITER = FaultWriter(codes=CODES)
SILENT = FaultWriter(codes=CODES, show_codes=False)
ORIGIN = "http://127.0.0.1:1337"
EVERY_CODE = st.sampled_from(BUILTIN_CODES)


def headers(exc: KorproxyError, writer: FaultWriter = WRITER) -> dict[bytes, bytes]:
    found = writer.headers(exc, writer.fault(exc))
    assert len(dict(found)) == len(found)
    return dict(found)


@given(EVERY_CODE)
def test_a_fault_has_the_status_of_its_code_and_a_link_to_its_page(code: ErrorCode) -> None:
    fault = WRITER.fault(BadRequest(code.code, "This is wrong."), ORIGIN)

    page = f"{ORIGIN}/errors/{code.code}"
    message = f"This is wrong. [{code.code}: {page}]"
    assert fault == Fault(code=code.code, status=code.status, message=message, docs=page, cause=code.code)


def test_without_an_address_of_ours_the_page_is_a_command() -> None:
    fault = WRITER.fault(CallerRefused("KP-AUTH-004", "No."))

    assert (fault.message, fault.docs) == ("No. [KP-AUTH-004: korproxy errors KP-AUTH-004]", "korproxy errors KP-AUTH-004")


@pytest.mark.parametrize("code", ["KP-SYS-599", "KP-XXX-001", "", "nonsense"])
def test_a_code_that_nobody_knows_is_a_fault_of_our_own(code: str) -> None:
    exc = BadRequest(code, "Odd.")

    fault = WRITER.fault(exc, ORIGIN)

    assert (fault.code, fault.status, fault.docs) == ("KP-SYS-501", 500, f"{ORIGIN}/errors/KP-SYS-501")
    assert headers(exc)[b"x-should-retry"] == b"false"
    assert headers(exc)[b"x-korproxy-error"] == b"KP-SYS-501"


@given(EVERY_CODE)
def test_where_codes_are_off_only_the_plain_text_is_left(code: ErrorCode) -> None:
    exc = BadRequest(code.code, "This is wrong.")

    assert SILENT.fault(exc, ORIGIN) == Fault(code="", status=code.status, message="This is wrong.", cause=code.code)
    assert headers(exc, SILENT) == {name: value for name, value in headers(exc).items() if name != b"x-korproxy-error"}


@given(EVERY_CODE)
def test_every_error_names_its_type_and_its_code(code: ErrorCode) -> None:
    found = headers(BadRequest(code.code, "No."))

    assert (found[b"content-type"], found[b"x-korproxy-error"]) == (b"application/json", code.code.encode())


@given(EVERY_CODE)
def test_only_a_401_says_how_to_prove_oneself(code: ErrorCode) -> None:
    challenge = headers(CallerRefused(code.code, "No.")).get(b"www-authenticate")

    assert challenge == (b'Bearer realm="korproxy"' if code.status == 401 else None)


@given(EVERY_CODE)
def test_what_sdks_would_retry_says_if_that_can_help(code: ErrorCode) -> None:
    advice = headers(BadRequest(code.code, "No.")).get(b"x-should-retry")

    tempting = code.status in (408, 409, 429) or code.status >= 500
    assert advice == ((b"true" if code.retryable else b"false") if tempting else None)


def test_the_registry_has_both_kinds_of_tempting_errors() -> None:
    assert {headers(BadRequest(code.code, "No.")).get(b"x-should-retry") for code in CODES} == {b"true", b"false", None}


def test_a_credential_of_ours_that_was_refused_is_never_retried() -> None:
    retryable = next(code.code for code in CODES if code.retryable and code.status >= 500)
    exc = AccountRefused(retryable, "Refused.", provider="one", account="work", upstream_status=401)

    assert headers(exc)[b"x-should-retry"] == b"false"


@pytest.mark.parametrize(
    ("seconds", "sent"),
    [(0.0, b"1"), (0.001, b"1"), (1.0, b"1"), (1.001, b"2"), (29.5, b"30"), (1800.0, b"1800"), (-3.0, b"1")],
)
def test_the_wait_is_whole_seconds_and_never_too_short(seconds: float, sent: bytes) -> None:
    assert headers(Busy("KP-RATE-403", "Full.", retry_after=seconds))[b"retry-after"] == sent


@given(EVERY_CODE)
def test_only_who_is_busy_says_when_to_come_again(code: ErrorCode) -> None:
    found = [b"retry-after" in headers(exc) for exc in (BadRequest(code.code, "No."), Busy(code.code, "Full."))]

    assert found == [False, True]


def test_a_plain_error_is_one_object() -> None:
    fault = Fault(code="KP-SYS-506", status=404, message='Nothing is "here".', docs="http://x/errors/KP-SYS-506")

    assert json.loads(plain_error(fault)) == {
        "error": {"code": "KP-SYS-506", "message": 'Nothing is "here".', "docs": "http://x/errors/KP-SYS-506"}
    }


def test_a_plain_error_without_a_code_does_not_mention_one() -> None:
    assert json.loads(plain_error(Fault(code="", status=404, message="Nothing."))) == {"error": {"message": "Nothing."}}


def test_a_refusal_without_words_keeps_the_provider_s_status_and_its_wish() -> None:
    exc = ProviderRefused("KP-RATE-401", "one answered 429.", provider="one", upstream_status=429, retry_after=6.2)
    fault = WRITER.fault(exc)

    assert (fault.status, dict(WRITER.headers(exc, fault))[b"retry-after"]) == (429, b"7")
