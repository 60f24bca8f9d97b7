from __future__ import annotations

import pytest

from korproxy.config.settings import ServerSettings
from korproxy.errors.catalogue.net import NET
from korproxy.models.providers import Deadlines
from tests.unit.errors.catalogue.laws import broken_laws, statuses, text

BY_CODE = {each.code: each for each in NET}
DEADLINES = {"KP-NET-303": "connect", "KP-NET-305": "first_byte", "KP-NET-306": "idle", "KP-NET-307": "total"}


def test_every_code_is_well_written_and_names_only_what_exists() -> None:
    assert broken_laws("NET", NET) == []


def test_statuses_are_the_ones_that_clients_rely_on() -> None:
    assert statuses(NET) == {
        400: {"KP-NET-313"},
        499: {"KP-NET-311", "KP-NET-312"},
        502: {"KP-NET-301", "KP-NET-302", "KP-NET-304", "KP-NET-308", "KP-NET-309", "KP-NET-310"},
        504: set(DEADLINES),
    }


@pytest.mark.parametrize(("code", "name"), DEADLINES.items())
def test_a_missed_deadline_names_its_setting_and_its_default(code: str, name: str) -> None:
    seconds = getattr(Deadlines(), name)
    words = text(BY_CODE[code])
    assert (f"`[deadlines] {name}`" in words, f"({seconds:g} seconds unless configured)" in words) == (True, True)


def test_a_client_that_does_not_read_is_told_the_deadline_as_it_is() -> None:
    words = text(BY_CODE["KP-NET-312"])
    assert f"`[server] write_deadline` ({ServerSettings().write_deadline:g} seconds unless configured)" in words


def test_what_nobody_is_left_to_read_is_not_retryable() -> None:
    assert [each.code for each in NET if each.status == 499 and each.retryable] == []


def test_a_retry_is_promised_only_where_the_network_can_heal() -> None:
    assert {each.code for each in NET if not each.retryable and each.status != 499} == {
        "KP-NET-304",  # the certificate stays wrong
        "KP-NET-307",  # it would take as long again
        "KP-NET-310",  # the server stays what it is
        "KP-NET-313",  # the link stays what it is
    }
