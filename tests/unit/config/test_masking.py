from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.config.masking import MASK, masked, unmasked

TYPED = "sk-ant-api03-c4narYc4narYc4narY"


def account(**said: str) -> dict[str, Any]:
    return {"providers": {"claude": {"type": "claude", "accounts": [{"name": "work", **said}]}}}


@pytest.mark.parametrize("reference", ["env:ANTHROPIC_API_KEY", "file:secrets/claude-work", "env:x"])
def test_references_stay_as_they_are(reference: str) -> None:
    assert masked(account(key=reference)) == account(key=reference)


@pytest.mark.parametrize("typed", [TYPED, "hunter2", "env:", "env:two words", f"env:{TYPED}", f"file:{TYPED}", ""])
def test_a_key_typed_in_the_place_of_a_reference_is_masked(typed: str) -> None:
    assert masked(account(key=typed)) == account(key=MASK)


def test_what_only_sounds_like_a_secret_stays() -> None:
    document = {"rules": [{"name": "a", "when": {"key": "ci-*"}}], **account(credential="client")}

    assert masked(document) == document


@pytest.mark.parametrize(
    "name",
    [
        "key",
        "api_key",
        "apikey",
        "apiKey",
        "API-KEY",
        "auth_token",
        "password",
        "client-secret",
        "clientSecret",
        "authorization",
    ],
)
def test_a_plugins_secrets_are_masked_by_their_names_however_deep(name: str) -> None:
    document = {"plugin": {"p": {name: "hunter2", "deep": [{name: {"inner": "hunter2"}}]}}}

    assert "hunter2" not in repr(masked(document))


def test_a_plugins_other_settings_stay() -> None:
    document = {"plugin": {"p": {"author": "me", "max_tokens": 5, "token": 7, "monkey": "x", "key": "env:X"}}}

    assert masked(document) == document


def test_what_looks_like_a_secret_is_masked_wherever_it_is() -> None:
    document = {"aliases": {"a": TYPED}, "log": {"levels": {TYPED: "info"}}, "required": ["a", TYPED]}

    assert masked(document) == {"aliases": {"a": MASK}, "log": {"levels": {MASK: "info"}}, "required": ["a", MASK]}


def test_a_mask_means_what_is_there_now() -> None:
    given_, present = account(key=MASK), account(key="sk-real")

    assert unmasked(given_, present) == (present, [])


def test_tables_in_arrays_are_found_by_their_names() -> None:
    present = {"accounts": [{"name": "a", "key": "A"}, {"name": "b", "key": "B"}], "list": ["x", "y"]}
    given_ = {"accounts": [{"name": "b", "key": MASK}, {"name": "a", "key": MASK}], "list": [MASK, "z"]}

    assert unmasked(given_, present) == (
        {"accounts": [{"name": "b", "key": "B"}, {"name": "a", "key": "A"}], "list": ["x", "z"]},
        [],
    )


@pytest.mark.code("KP-CONF-224")
@pytest.mark.parametrize(
    ("given_", "present", "path"),
    [
        (account(key=MASK), {}, "$.providers.claude.accounts[0].key"),
        (account(key=MASK), account(), "$.providers.claude.accounts[0].key"),
        (account(key=f"Bearer {MASK}"), account(key="sk-real"), "$.providers.claude.accounts[0].key"),
        (account(key=MASK), account(key=MASK), "$.providers.claude.accounts[0].key"),
        ({"a": [{"name": "x", "key": MASK}]}, {"a": [{"name": "y", "key": "Y"}]}, "$.a[0].key"),
        ({"a": [MASK]}, {"a": [{"name": "y"}]}, "$.a[0]"),
        ({"a": MASK}, {"a": 5}, "$.a"),
        ({MASK: 1}, {"sk-real": 1}, f'$["{MASK}"]'),
    ],
)
def test_a_mask_with_nothing_behind_it_is_refused_with_its_place(given_: Any, present: Any, path: str) -> None:
    _, problems = unmasked(given_, present)

    assert [(each.code, each.path) for each in problems] == [("KP-CONF-224", path)]


_values = st.recursive(
    st.one_of(st.integers(), st.text(max_size=5), st.sampled_from([TYPED, "env:X"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["key", "name", "a", "providers", "plugin", "accounts"]), inner, max_size=3),
    ),
    max_leaves=10,
)


def named_twice(value: Any) -> bool:
    if isinstance(value, list):
        names = [str(each["name"]) for each in value if isinstance(each, dict) and isinstance(each.get("name"), str)]
        return len(names) != len({*names}) or any(map(named_twice, value)) or any(TYPED in name for name in names)
    return isinstance(value, dict) and any(map(named_twice, value.values()))


@given(st.dictionaries(st.sampled_from(["key", "providers", "plugin", "a"]), _values, max_size=3))
def test_what_is_masked_and_comes_back_is_what_it_was(document: dict[str, Any]) -> None:
    hidden = masked(document)

    assert TYPED not in repr(hidden)
    if not named_twice(document):
        assert unmasked(hidden, document) == (document, [])
