from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.config.home import Home, prepare
from korproxy.config.keys import Keys, ensure_keys, read_key, read_keys
from korproxy.errors.exceptions import CannotStart, ConfigError
from korproxy.models.accounts import Secret

GOOD, OTHER = "kq7Zr2mVx9Lw4TnB8sYd", "Jd83hfPq0zXmCv52LtRw"


@pytest.fixture
def prepared(home: Path) -> Home:
    made = Home(path=home)
    prepare(made)
    return made


def put(path: Path, text: str, mode: int = 0o600) -> None:
    path.write_bytes(text.encode())
    path.chmod(mode)


def test_the_first_start_makes_two_different_keys(prepared: Home) -> None:
    keys = ensure_keys(prepared)

    client, management = keys.client.reveal(), keys.management.reveal()
    assert re.fullmatch(r"kp-client-[A-Za-z0-9_-]{43}", client)
    assert re.fullmatch(r"kp-manage-[A-Za-z0-9_-]{43}", management)
    assert client.removeprefix("kp-client-") != management.removeprefix("kp-manage-")


@pytest.mark.skipif(os.name == "nt", reason="modes say nothing on Windows")
def test_only_the_user_can_read_the_keys(prepared: Home) -> None:
    ensure_keys(prepared)

    assert [each.stat().st_mode & 0o777 for each in (prepared.client_key, prepared.management_key)] == [0o600, 0o600]


def test_every_later_start_has_the_same_keys(prepared: Home) -> None:
    first, second, third = ensure_keys(prepared), ensure_keys(prepared), read_keys(prepared)

    assert third is not None
    assert {(each.client.reveal(), each.management.reveal()) for each in (first, second, third)} == {
        (prepared.client_key.read_text().strip(), prepared.management_key.read_text().strip())
    }


def test_a_key_of_ones_own_is_kept_and_the_missing_one_made(prepared: Home) -> None:
    put(prepared.client_key, GOOD)

    keys = ensure_keys(prepared)

    assert keys.client.reveal() == GOOD
    assert keys.management.reveal().startswith("kp-manage-")
    assert prepared.client_key.read_bytes() == GOOD.encode()


def test_reading_makes_nothing(prepared: Home) -> None:
    put(prepared.client_key, GOOD)

    assert read_keys(prepared) is None
    assert read_key(prepared.management_key) is None
    assert [each.name for each in prepared.secrets.iterdir()] == ["client.key"]


@pytest.mark.code("KP-CONF-206")
@pytest.mark.skipif(os.name == "nt", reason="modes say nothing on Windows")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_that_others_can_read_is_refused(prepared: Home, mode: int) -> None:
    put(prepared.client_key, GOOD, mode)

    with pytest.raises(ConfigError) as caught:
        ensure_keys(prepared)

    assert caught.value.code == "KP-CONF-206"
    assert f"mode {mode:04o}" in caught.value.detail
    assert f"chmod 600 {prepared.client_key}" in caught.value.detail
    assert prepared.client_key.stat().st_mode & 0o777 == mode


@pytest.mark.code("KP-CONF-202")
@pytest.mark.parametrize(
    "weak",
    [
        "",
        "short",
        GOOD[:-1],
        "changeme-changeme-changeme",
        "CHANGE-ME-1-2-3-4-5-6-7-8",
        "my-password-for-korproxy",
        "sk-your-api-key-goes-here",
        "kp-client-example-12-34-56",
        "x" * 40,
        "abababababababababababab",
        "12345678901234567890",
        f"{GOOD} {OTHER}",
        f"{GOOD}\n{OTHER}",
        f"{GOOD}\t",
        f"{GOOD}\n\n",
        f"{GOOD}ü",
        f"{GOOD}\0",
    ],
)
def test_what_is_no_key_is_refused_and_left_alone(prepared: Home, weak: str) -> None:
    put(prepared.management_key, weak)

    with pytest.raises(ConfigError) as caught:
        ensure_keys(prepared)

    assert caught.value.code == "KP-CONF-202"
    assert str(prepared.management_key) in caught.value.detail
    assert not weak or weak not in caught.value.detail
    assert prepared.management_key.read_bytes() == weak.encode()


def test_both_keys_are_checked_at_once(prepared: Home) -> None:
    put(prepared.client_key, "short")
    put(prepared.management_key, "changeme" * 3)

    with pytest.raises(ConfigError) as caught:
        read_keys(prepared)

    assert [each.path for each in caught.value.problems] == [str(prepared.client_key), str(prepared.management_key)]


def test_one_key_for_both_doors_is_refused(prepared: Home) -> None:
    put(prepared.client_key, GOOD)
    put(prepared.management_key, f"{GOOD}\n")

    with pytest.raises(ConfigError) as caught:
        ensure_keys(prepared)

    assert caught.value.code == "KP-CONF-202"
    assert "same key" in caught.value.detail
    assert GOOD not in caught.value.detail


@pytest.mark.code("KP-SYS-504")
def test_a_key_that_cannot_be_read_stops_the_start(prepared: Home) -> None:
    prepared.client_key.mkdir()

    with pytest.raises(CannotStart) as caught:
        ensure_keys(prepared)

    assert caught.value.code == "KP-SYS-504"
    assert caught.value.detail == f"The key {prepared.client_key} is not a regular file."


def test_a_key_that_cannot_be_written_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(CannotStart) as caught:
        ensure_keys(Home(path=tmp_path / "absent"))

    assert caught.value.detail.endswith("client.key cannot be read or written: No such file or directory.")


def test_a_link_to_nowhere_stops_the_start(prepared: Home) -> None:
    prepared.client_key.symlink_to(prepared.path / "nowhere")

    with pytest.raises(CannotStart) as caught:
        ensure_keys(prepared)

    assert "a link to nowhere" in caught.value.detail


def test_keys_do_not_show_in_their_repr(prepared: Home) -> None:
    keys: Keys = ensure_keys(prepared)

    assert keys.client.reveal() not in repr(keys)
    assert keys.management.reveal() not in f"{keys}"


@given(text=st.text(max_size=60))
def test_a_text_is_a_key_or_an_error_that_does_not_repeat_it(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.key"
    put(file, text)

    found: Secret | ConfigError | None
    try:
        found = read_key(file)
    except ConfigError as exc:
        found = exc

    if isinstance(found, ConfigError):
        said = found.detail.replace(str(file), "")
        # Parts of our own words ("KP-C", "a key") can be drawn, too; what matters is what only the file can have said.
        assert not [each for each in text if not each.isascii() and each in said]
        assert len(text) < 12 or text not in said
    else:
        assert found is not None
        assert len(found.reveal()) >= 20
        assert found.reveal() == text.removesuffix("\n").removesuffix("\r")
