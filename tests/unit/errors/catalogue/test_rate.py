from __future__ import annotations

from korproxy.config.settings import ServerSettings
from korproxy.errors.catalogue.rate import RATE
from korproxy.errors.codes import Severity
from korproxy.models.providers import Limits
from tests.unit.errors.catalogue.laws import broken_laws, statuses, text


def test_every_code_is_well_written_and_names_only_what_exists() -> None:
    assert broken_laws("RATE", RATE) == []


def test_only_limits_of_providers_are_429() -> None:
    """KP-RATE-405: of all who could answer, those that failed among them."""
    assert statuses(RATE) == {429: {"KP-RATE-401", "KP-RATE-405"}, 503: {"KP-RATE-402", "KP-RATE-403", "KP-RATE-404"}}


def test_every_limit_passes_by_itself() -> None:
    assert {(each.retryable, each.severity) for each in RATE} == {(True, Severity.WARNING)}


def test_a_full_queue_names_its_limits_as_they_are() -> None:
    words = text(next(each for each in RATE if each.code == "KP-RATE-402"))
    limits = Limits()
    stated = (f"({limits.max_concurrency} unless configured)", f"({limits.max_queue} unless configured)")
    assert [each for each in stated if each not in words] == []


def test_a_full_korproxy_names_its_limit_as_it_is() -> None:
    words = text(next(each for each in RATE if each.code == "KP-RATE-403"))
    assert f"`[server] max_running` allows ({ServerSettings().max_running} unless configured)" in words
