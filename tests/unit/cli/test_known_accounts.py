from __future__ import annotations

from pathlib import Path

import pytest

from korproxy.cli.known_accounts import known_accounts
from korproxy.config.home import Home
from korproxy.contracts import KnownAccount
from tests.fakes.steered import SETTINGS, furnished, now

ADDED = """
version = 1
[[providers.one.accounts]]
name = "spare"
credential = "client"
[[providers.one.accounts]]
name = "third"
key = "file:secrets/third"
"""


def known(home: Path, **environ: str) -> list[KnownAccount]:
    return known_accounts(now(home), Home(path=home), environ)


@pytest.mark.code("KP-CONF-205")
def test_accounts_of_both_files_are_listed_with_where_their_keys_are(home: Path) -> None:
    furnished(home, routing='disabled = ["two/home"]\n')
    (home / "accounts.toml").write_text(ADDED)
    work, spare, third, at_home = known(home, KEY_OF_ONE="sk-1")

    assert work == KnownAccount(provider="one", type="compatible", name="work", key="env:KEY_OF_ONE", file="korproxy.toml")
    assert spare == KnownAccount(provider="one", type="compatible", name="spare", forwards=True, file="accounts.toml")
    assert (third.key, third.file) == ("file:secrets/third", "accounts.toml")
    assert third.problem is not None
    assert (third.problem.code, third.problem.path) == ("KP-CONF-205", "accounts.toml:$.providers.one.accounts[1].key")
    assert (at_home.disabled, at_home.key, at_home.problem) == (True, None, None)


@pytest.mark.parametrize("typed", ["sk-ant-of-this-test", "env:sk-ant-of-this-test", "of-this-test"])
def test_a_key_that_was_typed_in_the_place_of_a_reference_is_not_shown(home: Path, typed: str) -> None:
    furnished(home, SETTINGS.replace("env:KEY_OF_ONE", typed))
    work = known(home)[0]

    assert work.key == "***REDACTED***"
    assert work.problem is not None
    assert "of-this-test" not in str(work)
