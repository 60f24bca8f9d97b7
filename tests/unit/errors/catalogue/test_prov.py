from __future__ import annotations

import pytest

from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.errors.catalogue.prov import PROV
from korproxy.errors.codes import Registry
from korproxy.kit.refusals import read_refusal
from korproxy.models.calls import Headers
from tests.unit.errors.catalogue.laws import broken_laws, statuses


def test_every_code_is_well_written_and_names_only_what_exists() -> None:
    assert broken_laws("PROV", PROV) == []


def test_statuses_are_the_ones_that_clients_rely_on() -> None:
    assert statuses(PROV) == {
        400: {"KP-PROV-101", "KP-PROV-113", "KP-PROV-115", "KP-PROV-118", "KP-PROV-119", "KP-PROV-120", "KP-PROV-123"},
        402: {"KP-PROV-110"},
        403: {"KP-PROV-114", "KP-PROV-124"},
        404: {"KP-PROV-104", "KP-PROV-105", "KP-PROV-117", "KP-PROV-121", "KP-PROV-122"},
        410: {"KP-PROV-106"},
        413: {"KP-PROV-112"},
        502: {"KP-PROV-102", "KP-PROV-107", "KP-PROV-108", "KP-PROV-111", "KP-PROV-116"},
        503: {"KP-PROV-103", "KP-PROV-125"},
    }


def test_only_a_provider_in_trouble_is_worth_the_same_request_again() -> None:
    assert {each.code for each in PROV if each.retryable} == {
        "KP-PROV-102",
        "KP-PROV-103",
        "KP-PROV-108",
        "KP-PROV-116",
    }


@pytest.mark.parametrize("status", [400, 402, 403, 404, 413, 429, 503])
def test_a_refusal_keeps_its_status_where_it_crosses_formats(status: int) -> None:
    code = read_refusal(status, Headers(), b"").code
    assert Registry.of(BUILTIN_CODES)[code].status == status
