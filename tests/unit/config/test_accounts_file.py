from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.config.accounts_file import AddedAccount, AddedAccounts, AddedTable, dump, merged, parse, strangers
from korproxy.config.settings import AccountSettings, ProviderTable, RootSettings
from korproxy.errors.exceptions import ConfigError

ADDED = AddedAccounts(
    providers={
        "claude": AddedTable(
            accounts=(AccountSettings(name="home", key="env:HOME_KEY"), AccountSettings(name="mine", credential="client"))
        ),
        "qwen": AddedTable(type="qwen", accounts=(AccountSettings(name="q", key="file:secrets/q"),)),
    }
)
ROOT = RootSettings(providers={"claude": ProviderTable(type="claude", accounts=(AccountSettings(name="work"),))})

_names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8)
_keys = st.one_of(st.none(), st.text(st.characters(exclude_categories=["C"]), max_size=8))
_tables = st.builds(
    AddedTable,
    type=st.sampled_from(["", "claude"]),
    accounts=st.lists(st.builds(AccountSettings, name=_names, key=_keys), unique_by=lambda each: each.name, max_size=3).map(
        tuple
    ),
)


@given(st.dictionaries(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,5}", fullmatch=True), _tables, max_size=3))
def test_what_is_written_is_read_as_it_was(tables: dict[str, AddedTable]) -> None:
    added = AddedAccounts(providers=tables)

    assert parse(dump(added)) == added


@pytest.mark.code("KP-CONF-201")
def test_a_file_that_was_cut_off_anywhere_is_told_from_a_whole_one() -> None:
    whole = dump(ADDED)
    for length in range(len(whole.rstrip())):
        with pytest.raises(ConfigError) as caught:
            parse(whole[:length])
        assert caught.value.code == "KP-CONF-201"

    assert parse(whole) == ADDED


@pytest.mark.code("KP-CONF-212")
@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        ("[[providers.a.accounts]]\nkey = 'env:X'\n", "KP-CONF-212", "accounts.toml:$.providers.a.accounts[0].name"),
        ("[[providers.a.accounts]]\nname = 5\n", "KP-CONF-212", "accounts.toml:$.providers.a.accounts[0].name"),
        ("[providers.A]\n", "KP-CONF-202", "accounts.toml:$.providers.A"),
        ("[providers.a]\nbase_url = 'http://x'\n", "KP-CONF-202", "accounts.toml:$.providers.a.base_url"),
        ("version = 2\n", "KP-CONF-211", "accounts.toml:$.version"),
    ],
)
def test_every_mistake_is_told_with_file_and_place(text: str, code: str, path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)

    assert [(each.code, each.path) for each in caught.value.problems] == [(code, path)]


def test_added_accounts_come_after_those_of_the_settings() -> None:
    root, problems = merged(ROOT, ADDED)

    assert problems == []
    assert root.providers["claude"].accounts == (
        AccountSettings(name="work"),
        AddedAccount(name="home", key="env:HOME_KEY", index=0),
        AddedAccount(name="mine", credential="client", index=1),
    )


def test_a_provider_with_a_type_needs_no_table_in_the_settings() -> None:
    root, _ = merged(ROOT, ADDED)

    assert (root.providers["qwen"].type, [each.name for each in root.providers["qwen"].accounts]) == ("qwen", ["q"])


def test_the_settings_say_what_a_provider_is() -> None:
    root, _ = merged(ROOT, AddedAccounts(providers={"claude": AddedTable(type="codex")}))

    assert root == ROOT


@pytest.mark.code("KP-CONF-212")
def test_of_an_account_in_both_files_the_users_counts() -> None:
    both = AccountSettings(name="work", key="env:OTHER")
    root, problems = merged(ROOT, AddedAccounts(providers={"claude": AddedTable(accounts=(both,))}))

    assert root == ROOT
    assert [(each.code, each.path) for each in problems] == [
        ("KP-CONF-212", "accounts.toml:$.providers.claude.accounts[0].name")
    ]


@pytest.mark.code("KP-CONF-222")
def test_accounts_of_a_provider_that_nobody_configured_wait_and_that_is_told() -> None:
    lost = AddedAccounts(providers={"gone": AddedTable(accounts=(AccountSettings(name="a"),)), "empty": AddedTable()})

    assert merged(ROOT, lost) == (ROOT, [])
    assert [(each.code, each.path) for each in strangers(ROOT, lost)] == [("KP-CONF-222", "accounts.toml:$.providers.gone")]


def test_a_key_typed_into_the_file_does_not_show() -> None:
    typed = parse("[[providers.claude.accounts]]\nname = 'a'\nkey = 'sk-typed-in'\n")
    root, _ = merged(ROOT, typed)

    assert "sk-" not in f"{typed!r} {root!r}"
