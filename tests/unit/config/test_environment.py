from __future__ import annotations

import pytest

from korproxy.config.environment import environment


def test_a_program_gets_what_this_one_has_but_for_proxies_and_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "localhost")
    monkeypatch.setenv("KORPROXY_HOME", "/nowhere")
    monkeypatch.setenv("ONE_OF_MANY", "1")

    found = environment(OWN="2")

    assert {name: found.get(name) for name in ("HTTPS_PROXY", "no_proxy", "KORPROXY_HOME", "ONE_OF_MANY", "OWN")} == {
        "HTTPS_PROXY": None,
        "no_proxy": None,
        "KORPROXY_HOME": None,
        "ONE_OF_MANY": "1",
        "OWN": "2",
    }


def test_what_a_program_is_given_goes_before_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONE_OF_MANY", "1")

    assert environment(ONE_OF_MANY="2")["ONE_OF_MANY"] == "2"
