from __future__ import annotations

from pathlib import Path

import pytest

from korproxy.config.held_secrets import familiar_words, held_secrets
from korproxy.config.home import Home, prepare
from korproxy.config.loading import load
from korproxy.config.settings import RootSettings

SETTINGS = """
[store]
url = "env:DATABASE"
[providers.one]
type = "compatible"
base_url = "https://host.test/v1"
[[providers.one.accounts]]
name = "work"
key = "env:ONE"
[[providers.one.accounts]]
name = "absent"
key = "env:ABSENT"
[providers.two]
type = "compatible"
base_url = "https://host.test/v1"
[[providers.two.accounts]]
name = "home"
key = "file:secrets/two"
[plugin.deep]
list = [{ url = "https://host.test", key = "env:DEEP" }, "amqp://me:queue-word@host", 5]
"""


@pytest.fixture
def files(home: Path) -> Home:
    files = Home(path=home)
    prepare(files)
    files.toml.write_text(SETTINGS)
    for name, value in (("client.key", "the-client-key-0123456789\n"), ("two", "key-of-two\n")):
        path = files.secrets / name
        path.write_text(value)
        path.chmod(0o600)
    return files


def test_every_secret_is_held_that_the_settings_lead_to(files: Home) -> None:
    environ = {"ONE": "key-of-one", "DEEP": "key-of-deep", "DATABASE": "postgresql://me:db-word@host/x"}

    assert held_secrets(load(files), files, environ) == {
        "the-client-key-0123456789",
        "key-of-one",
        "key-of-two",
        "postgresql://me:db-word@host/x",
        "db-word",
        "key-of-deep",
        "queue-word",
    }


def test_variables_that_are_for_secrets_are_held_too(home: Path) -> None:
    environ = {
        "OTHER_API_KEY": "its-key",
        "github_token": "its-token ",
        "PATH": "/bin",
        "SSH_KEY": "/home/me/.ssh/key",
        "MONKEY": "banana",
        "EMPTY_TOKEN": "",
    }

    assert held_secrets(RootSettings(), Home(path=home), environ) == {"its-key", "its-token"}


def test_a_key_typed_in_the_place_of_a_reference_is_held_where_settings_were_made_without_a_check(home: Path) -> None:
    settings = RootSettings(plugin={"p": {"address": "https://me:typed-word@host"}})

    assert held_secrets(settings, Home(path=home), {}) == {"typed-word"}


def test_names_of_providers_types_and_accounts_are_familiar(files: Home) -> None:
    assert familiar_words(load(files)) == {"one", "two", "compatible", "work", "absent", "home"}
