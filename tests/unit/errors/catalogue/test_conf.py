from __future__ import annotations

from korproxy.errors.catalogue.conf import CONF
from korproxy.errors.codes import Severity
from tests.unit.errors.catalogue.laws import broken_laws, text

CHECKS = ("korproxy check", "korproxy plugins", "korproxy --version")


def test_every_code_is_well_written_and_names_only_what_exists() -> None:
    assert broken_laws("CONF", CONF) == []


def test_only_what_a_client_can_meet_has_a_status_of_its_own() -> None:
    met = {each.code: each.status for each in CONF if each.status != 500}
    assert met == {
        "KP-CONF-204": 503,
        "KP-CONF-205": 503,
        "KP-CONF-206": 503,
        "KP-CONF-207": 503,
        "KP-CONF-223": 503,
        "KP-CONF-224": 400,
        "KP-CONF-225": 400,
        "KP-CONF-226": 404,
        "KP-CONF-227": 409,
        "KP-CONF-228": 409,
        "KP-CONF-231": 400,
        "KP-CONF-240": 409,
        "KP-CONF-242": 404,
    }


def test_a_configuration_does_not_become_right_by_waiting() -> None:
    lock = "KP-CONF-223"  # of whoever writes it
    assert [each.code for each in CONF if each.retryable] == [lock]


def test_whatever_keeps_korproxy_from_starting_can_be_checked_before_the_next_start() -> None:
    critical = [each for each in CONF if each.severity is Severity.CRITICAL]
    assert [each.code for each in critical if not any(check in text(each) for check in CHECKS)] == []


def test_a_missing_account_names_the_next_step_and_the_demo() -> None:
    steps = " ".join(next(each.steps for each in CONF if each.code == "KP-CONF-207"))
    assert [each for each in ("korproxy init", "korproxy check", "korproxy run --demo") if each not in steps] == []
