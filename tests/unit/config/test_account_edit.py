from __future__ import annotations

import os
import stat
from pathlib import Path

import attrs
import pytest

from korproxy.config.account_edit import add_account, discard_secret, keep_secret, remove_account
from korproxy.config.accounts_file import AddedAccounts, AddedTable, merged
from korproxy.config.changing import Editable
from korproxy.config.home import Home
from korproxy.config.secrets import resolve
from korproxy.config.settings import AccountSettings, ProviderTable, RootSettings
from korproxy.errors.exceptions import CommandFailed, ConfigError
from korproxy.models.routing import Group, Member, Routing

WORK = AccountSettings(name="work", key="env:WORK")
NEW = AccountSettings(name="new", key="env:NEW")
ROOT = RootSettings(providers={"claude": ProviderTable(type="claude", accounts=(WORK,))})
ROUTING = Routing(
    groups={"g": Group(name="g", members=(Member(provider="claude", account="new"), Member(provider="claude")))},
    disabled=frozenset({"claude/new"}),
)


def editable(**providers: AddedTable) -> Editable:
    added = AddedAccounts(providers=providers)
    return Editable(root=merged(ROOT, added)[0], added=added, routing=ROUTING)


def test_an_account_is_added_to_a_provider_of_the_settings() -> None:
    assert add_account(editable(), "claude", NEW).added.providers == {"claude": AddedTable(accounts=(NEW,))}
    assert add_account(editable(), "claude", NEW, type="codex").added.providers["claude"].type == ""


def test_the_first_account_of_a_new_provider_says_its_type_and_the_second_need_not() -> None:
    first = add_account(editable(), "qwen", NEW, type="qwen")
    second = add_account(editable(**first.added.providers), "qwen", attrs.evolve(NEW, name="other"))

    assert second.added.providers["qwen"] == AddedTable(type="qwen", accounts=(NEW, attrs.evolve(NEW, name="other")))


@pytest.mark.code("KP-CONF-227")
@pytest.mark.parametrize("name", ["work", "new"])
def test_an_account_of_a_name_that_is_taken_in_either_file_is_refused(name: str) -> None:
    with pytest.raises(CommandFailed, match="already") as caught:
        add_account(editable(claude=AddedTable(accounts=(NEW,))), "claude", AccountSettings(name=name))

    assert caught.value.code == "KP-CONF-227"


@pytest.mark.code("KP-CONF-226")
def test_an_account_of_nobody_is_refused() -> None:
    with pytest.raises(CommandFailed, match=r"no provider qwen, so its type is needed. There are: claude") as caught:
        add_account(editable(), "qwen", NEW)

    assert caught.value.code == "KP-CONF-226"


def test_a_removed_account_is_gone_from_everywhere() -> None:
    removed = remove_account(editable(claude=AddedTable(accounts=(NEW,))), "claude", "new")

    assert removed.added == AddedAccounts()
    assert removed.routing == Routing(groups={"g": Group(name="g", members=(Member(provider="claude"),))})


@pytest.mark.code("KP-CONF-228")
def test_an_account_of_the_users_own_file_is_not_removed() -> None:
    with pytest.raises(CommandFailed, match=r"is in korproxy.toml, which KorProxy does not change") as caught:
        remove_account(editable(), "claude", "work")

    assert caught.value.code == "KP-CONF-228"


@pytest.mark.code("KP-CONF-226")
@pytest.mark.parametrize(("provider", "there"), [("claude", "work"), ("qwen", "none")])
def test_an_account_that_is_not_there_cannot_be_removed(provider: str, there: str) -> None:
    with pytest.raises(CommandFailed, match=f"{provider} has no account new. There are: {there}") as caught:
        remove_account(editable(), provider, "new")

    assert caught.value.code == "KP-CONF-226"


def test_a_secret_gets_a_file_of_its_own_that_only_the_user_can_read(home: Path) -> None:
    place = Home(path=home)

    reference = keep_secret(place, "claude", "at home/2", "sk-ant-1")

    assert reference == "file:secrets/claude-at-home-2"
    assert resolve(reference, place, {}).reveal() == "sk-ant-1"
    if os.name != "nt":
        assert stat.S_IMODE((place.secrets / "claude-at-home-2").stat().st_mode) == 0o600


@pytest.mark.code("KP-CONF-227")
def test_no_secret_is_written_over(home: Path) -> None:
    keep_secret(Home(path=home), "claude", "a b", "one")
    with pytest.raises(CommandFailed) as caught:
        keep_secret(Home(path=home), "claude", "a/b", "two")

    assert caught.value.code == "KP-CONF-227"
    assert (home / "secrets" / "claude-a-b").read_text() == "one\n"


@pytest.mark.code("KP-CONF-205")
@pytest.mark.parametrize("secret", ["", "two words", "line\n", "ü"])
def test_what_can_be_no_key_is_not_kept(home: Path, secret: str) -> None:
    with pytest.raises(ConfigError) as caught:
        keep_secret(Home(path=home), "claude", "a", secret)

    assert caught.value.code == "KP-CONF-205"
    assert not (home / "secrets" / "claude-a").exists()


def test_a_secret_is_discarded_only_where_the_account_refers_to_it(home: Path) -> None:
    place = Home(path=home)
    reference = keep_secret(place, "claude", "a", "sk")

    assert discard_secret(place, "claude", AccountSettings(name="a", key="file:secrets/mine")) is None
    assert discard_secret(place, "claude", AccountSettings(name="a")) is None
    assert discard_secret(place, "claude", AccountSettings(name="a", key=reference)) == home / "secrets" / "claude-a"
    assert discard_secret(place, "claude", AccountSettings(name="a", key=reference)) is None
