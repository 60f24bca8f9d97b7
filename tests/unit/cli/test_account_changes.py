from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from korproxy.cli.account_changes import added, removed, switched
from korproxy.config.changing import Editable
from korproxy.config.settings import AccountSettings
from korproxy.errors.exceptions import CommandFailed, ConfigError, KorproxyError
from tests.fakes.steered import cli, furnished, now


def editable(home: Path) -> Editable:
    loaded = now(furnished(home))
    return Editable(root=loaded.root, added=loaded.added, routing=loaded.routing)


def add(home: Path, provider: str = "one", name: str = "new", **said: Any) -> Editable:
    how = {"key": None, "secret": None, "forwards": False, "type": "", **said}
    return added(cli(home), provider, name, editable(home), **how)


def test_an_account_is_added_with_a_reference(home: Path) -> None:
    new = add(home, key="env:NEW")

    assert new.added.providers["one"].accounts == (AccountSettings(name="new", key="env:NEW"),)


def test_a_secret_becomes_a_file_and_a_reference_to_it(home: Path) -> None:
    new = add(home, secret="sk-of-this-test")
    path = home / "secrets" / "one-new"

    assert new.added.providers["one"].accounts == (AccountSettings(name="new", key="file:secrets/one-new"),)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("sk-of-this-test\n", 0o600)


def test_an_account_of_a_new_provider_needs_only_its_type(home: Path) -> None:
    new = add(home, "gem", type="gemini")

    assert (new.added.providers["gem"].type, len(new.added.providers["gem"].accounts)) == ("gemini", 1)


WRONG = [
    pytest.param({"key": "sk-ant-of-this-test"}, "KP-CONF-204", marks=pytest.mark.code("KP-CONF-204")),
    pytest.param({"key": "env:sk-ant-of-this-test"}, "KP-CONF-204", marks=pytest.mark.code("KP-CONF-204")),
    pytest.param({"name": " of-this-test "}, "KP-CONF-212", marks=pytest.mark.code("KP-CONF-212")),
    pytest.param({"provider": "no"}, "KP-CONF-226", marks=pytest.mark.code("KP-CONF-226")),
    pytest.param({"provider": "no", "type": "clod"}, "KP-CONF-203", marks=pytest.mark.code("KP-CONF-203")),
    pytest.param({"provider": "no", "type": "compatible"}, "KP-CONF-213", marks=pytest.mark.code("KP-CONF-213")),
    pytest.param({"provider": "NO", "type": "gemini"}, "KP-CONF-202", marks=pytest.mark.code("KP-CONF-202")),
    pytest.param({"provider": "one", "type": "gemini"}, "KP-CONF-202", marks=pytest.mark.code("KP-CONF-202")),
    pytest.param({"name": "work"}, "KP-CONF-227", marks=pytest.mark.code("KP-CONF-227")),
    pytest.param({"secret": "of this test"}, "KP-CONF-205", marks=pytest.mark.code("KP-CONF-205")),
    pytest.param({"secret": ""}, "KP-CONF-205", marks=pytest.mark.code("KP-CONF-205")),
]


@pytest.mark.parametrize(("said", "code"), WRONG)
def test_what_cannot_be_is_refused_before_anything_is_written(home: Path, said: dict[str, Any], code: str) -> None:
    with pytest.raises(KorproxyError) as caught:
        add(home, **said)

    assert caught.value.code == code
    assert "of-this-test" not in str(caught.value)
    assert [each.name for each in (home / "secrets").iterdir()] == []


def test_who_was_removed_is_told(home: Path) -> None:
    now_there = add(home, key="env:NEW")
    gone: list[AccountSettings] = []
    left = removed("one", "new", gone, now_there)

    assert (gone, dict(left.added.providers)) == ([AccountSettings(name="new", key="env:NEW")], {})


def test_an_account_is_disabled_and_enabled(home: Path) -> None:
    off = switched("one", "work", editable(home), on=False)
    on = switched("one", "work", off, on=True)

    assert (off.routing.disabled, on.routing.disabled) == (frozenset({"one/work"}), frozenset())


def test_one_that_is_gone_can_be_enabled_but_not_disabled(home: Path) -> None:
    there = editable(home)
    there = attrs.evolve(there, routing=attrs.evolve(there.routing, disabled=frozenset({"one/gone"})))

    assert switched("one", "gone", there, on=True).routing.disabled == frozenset()


@pytest.mark.code("KP-CONF-226")
def test_an_account_that_is_not_there_is_told_with_those_that_are(home: Path) -> None:
    with pytest.raises(CommandFailed) as caught:
        switched("one", "home", editable(home), on=False)

    assert caught.value.code == "KP-CONF-226"
    assert str(caught.value) == 'There is no account "one/home". There are: "one/work", "two/home".'


def test_mistakes_are_config_errors_with_their_place(home: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        add(home, "no", type="clod")

    assert [each.path for each in caught.value.problems] == ["$.providers.no.type"]
