from __future__ import annotations

from korproxy.config.settings import ServerSettings
from korproxy.errors.catalogue.system import SYS
from tests.unit.errors.catalogue.laws import broken_laws, text

BY_CODE = {each.code: each for each in SYS}


def test_every_code_is_well_written_and_names_only_what_exists() -> None:
    assert broken_laws("SYS", SYS) == []


def test_statuses_are_the_ones_that_clients_rely_on() -> None:
    assert {each.code: each.status for each in SYS if each.status != 500} == {
        "KP-SYS-506": 404,
        "KP-SYS-507": 405,
        "KP-SYS-508": 413,
        "KP-SYS-509": 400,
        "KP-SYS-510": 408,
        "KP-SYS-511": 503,
        "KP-SYS-518": 400,
        "KP-SYS-519": 400,
        "KP-SYS-521": 404,
        "KP-SYS-522": 400,
        "KP-SYS-523": 426,
        "KP-SYS-524": 400,
        "KP-SYS-526": 404,
        "KP-SYS-532": 503,
        "KP-SYS-533": 503,
        "KP-SYS-536": 404,
        "KP-SYS-537": 400,
        "KP-SYS-539": 404,
        "KP-SYS-543": 400,
        "KP-SYS-544": 404,
    }


def test_only_a_cut_upload_and_a_shutdown_are_worth_the_same_request_again() -> None:
    assert {each.code for each in SYS if each.retryable} == {"KP-SYS-510", "KP-SYS-511"}


def test_a_wrong_address_names_the_base_url_of_both_kinds_of_tools() -> None:
    words = text(BY_CODE["KP-SYS-506"])
    wanted = ("Claude Code, Gemini CLI", "`http://127.0.0.1:1337`", "OpenAI", "`http://127.0.0.1:1337/v1`")
    assert [each for each in wanted if each not in words] == []


def test_limits_of_an_upload_are_named_as_they_are() -> None:
    server = ServerSettings()
    assert f"`[server] max_body` allows ({server.max_body // 1024**2} MiB unless configured)" in text(BY_CODE["KP-SYS-508"])
    assert f"`[server] read_deadline` ({server.read_deadline:g} seconds unless configured)" in text(BY_CODE["KP-SYS-510"])
