from __future__ import annotations

from korproxy.errors.catalogue.auth import AUTH
from tests.unit.errors.catalogue.laws import broken_laws, statuses


def test_every_code_is_well_written_and_names_only_what_exists() -> None:
    assert broken_laws("AUTH", AUTH) == []


def test_statuses_are_the_ones_that_clients_rely_on() -> None:
    assert statuses(AUTH) == {
        401: {"KP-AUTH-001", "KP-AUTH-002", "KP-AUTH-006", "KP-AUTH-008", "KP-AUTH-009"},
        403: {"KP-AUTH-003", "KP-AUTH-004", "KP-AUTH-005"},
        502: {"KP-AUTH-007"},  # a 401 would make the tool ask its user to sign in, which cannot help
    }


def test_a_refused_credential_is_never_worth_the_same_request_again() -> None:
    assert [each.code for each in AUTH if each.retryable] == []


def test_whoever_needs_a_key_of_korproxys_is_told_how_to_print_it() -> None:
    asking = {each.code for each in AUTH if "korproxy key show" in " ".join(each.steps)}
    assert asking == {"KP-AUTH-001", "KP-AUTH-002", "KP-AUTH-003", "KP-AUTH-006"}
