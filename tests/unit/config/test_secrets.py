from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.config.home import Home, prepare
from korproxy.config.secrets import file_of, resolve
from korproxy.errors.exceptions import ConfigError
from korproxy.models.accounts import Secret

KEY = "sk-ant-api03-R2D2c3po"


@pytest.fixture
def prepared(home: Path) -> Home:
    made = Home(path=home)
    prepare(made)
    return made


def put(path: Path, content: bytes, mode: int = 0o600) -> None:
    path.write_bytes(content)
    path.chmod(mode)


def refusal(reference: str, prepared: Home, environ: dict[str, str] | None = None) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        resolve(reference, prepared, environ or {})
    return caught.value


def test_a_variable_is_looked_up_in_the_given_environment(prepared: Home) -> None:
    assert resolve("env:ANTHROPIC_API_KEY", prepared, {"ANTHROPIC_API_KEY": KEY}).reveal() == KEY
    assert resolve("env:my_key", prepared, {"my_key": f" {KEY}\n"}).reveal() == KEY


@pytest.mark.parametrize("content", [KEY, f"{KEY}\n", f"{KEY}\r\n"])
def test_a_file_is_looked_up_in_the_home(prepared: Home, content: str) -> None:
    put(prepared.secrets / "claude", content.encode())

    assert resolve("file:secrets/claude", prepared, {}).reveal() == KEY
    assert resolve(f"file:{prepared.secrets / 'claude'}", prepared, {}).reveal() == KEY


def test_a_file_may_be_in_the_users_own_directory(prepared: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(prepared.path))
    put(prepared.path / "key", KEY.encode())

    assert resolve("file:~/key", prepared, {}).reveal() == KEY
    assert refusal("file:~nobody-of-this-name/key", prepared).code == "KP-CONF-205"


@pytest.mark.code("KP-CONF-205")
@pytest.mark.parametrize("value", [None, "", "  ", "\n"])
def test_a_variable_without_a_value_is_named(prepared: Home, value: str | None) -> None:
    error = refusal("env:ANTHROPIC_API_KEY", prepared, {} if value is None else {"ANTHROPIC_API_KEY": value})

    assert error.code == "KP-CONF-205"
    assert "variable ANTHROPIC_API_KEY is not set" in error.detail


@pytest.mark.code("KP-CONF-205")
def test_a_file_without_a_key_is_named(prepared: Home) -> None:
    put(prepared.secrets / "empty", b"")
    put(prepared.secrets / "blank", b" \n")
    put(prepared.secrets / "two", f"{KEY}\n{KEY}\n".encode())
    put(prepared.secrets / "umlaut", "schlüssel".encode())
    (prepared.secrets / "dir").mkdir()

    said = {
        name: (error.code, error.detail)
        for name in ("absent", "empty", "blank", "two", "umlaut", "dir")
        for error in [refusal(f"file:secrets/{name}", prepared)]
    }

    shape = "does not hold one key: it has line breaks, spaces or characters that no key has."
    assert said == {
        "absent": ("KP-CONF-205", f"The file 'secrets/absent' does not exist (paths start at {prepared.path})."),
        "empty": ("KP-CONF-205", "The file 'secrets/empty' is empty: it holds the key, and nothing else."),
        "blank": ("KP-CONF-205", "The file 'secrets/blank' is empty: it holds the key, and nothing else."),
        "two": ("KP-CONF-205", f"The file 'secrets/two' {shape}"),
        "umlaut": ("KP-CONF-205", f"The file 'secrets/umlaut' {shape}"),
        "dir": ("KP-CONF-205", f"The file 'secrets/dir' is not a regular file (paths start at {prepared.path})."),
    }


@pytest.mark.code("KP-CONF-206")
@pytest.mark.skipif(os.name == "nt", reason="modes say nothing on Windows")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_file_that_others_may_read_is_refused(prepared: Home, mode: int) -> None:
    put(prepared.secrets / "claude", KEY.encode(), mode)

    error = refusal("file:secrets/claude", prepared)

    assert error.code == "KP-CONF-206"
    assert f"'secrets/claude' (mode {mode:04o})" in error.detail


@pytest.mark.code("KP-CONF-204")
@pytest.mark.parametrize(
    "reference",
    [
        KEY,
        "",
        ":",
        "env:",
        "file:",
        "file:  ",
        "env",
        f"key:{KEY}",
        f"ENV:{KEY}",
        f"env:{KEY}",
        f"env: {KEY}",
        "$NAME",
        "env:A-B",
    ],
)
def test_what_is_no_reference_is_refused_without_repeating_it(prepared: Home, reference: str) -> None:
    error = refusal(reference, prepared, {"NAME": KEY, "A-B": KEY})

    assert error.code == "KP-CONF-204"
    assert '"env:NAME"' in error.detail
    assert KEY not in error.detail


@pytest.mark.parametrize(
    "mistyped",
    [
        "env:gsk_a1B2c3D4e5F6g7H8i9J0",
        "env:hf_abcdefghijklm",
        "env:AIzaSyA1B2C3D4E5F6G7H8I9J0K1L2M3N4O5P6Q",
        "env:supersecretvalue",
        "env:A1B2C3D4E5F6A7B8C9D0",
        f"file:{KEY}",
        "file:keys/0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    ],
)
def test_a_key_in_the_place_of_a_name_is_not_repeated(prepared: Home, mistyped: str) -> None:
    error = refusal(mistyped, prepared)

    assert error.code == "KP-CONF-205"
    assert mistyped.partition(":")[2] not in f"{error} {error!r}"


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a b", "schlüssel", "a\0b", "a\x7f"])
def test_what_no_header_can_carry_is_no_key(prepared: Home, value: str) -> None:
    error = refusal("env:KEY", prepared, {"KEY": value})

    assert error.code == "KP-CONF-205"
    assert value not in error.detail


def test_odd_file_names_are_errors_like_any_other(prepared: Home) -> None:
    assert refusal("file:a\0b", prepared).code == "KP-CONF-205"
    assert refusal(f"file:{'x' * 300}", prepared).code == "KP-CONF-205"


@given(reference=st.text() | st.text().map("env:".__add__) | st.text().map("file:".__add__), value=st.text())
def test_nothing_but_a_secret_or_a_configuration_error_comes_out(
    tmp_path_factory: pytest.TempPathFactory, reference: str, value: str
) -> None:
    nowhere = Home(path=tmp_path_factory.getbasetemp() / "no-home")
    marked = f"Q{value}Q-canary"
    found: Secret | ConfigError
    try:
        found = resolve(reference, nowhere, {reference.partition(":")[2]: marked})
    except ConfigError as exc:
        found = exc

    assert marked not in f"{found} {found!r}"
    assert isinstance(found, ConfigError) or found.reveal() == marked.strip()


def test_the_file_that_a_reference_means_can_be_told_without_reading_it(tmp_path: Path) -> None:
    home = Home(path=tmp_path)
    found = [
        file_of(each, home) for each in ("file:secrets/a", "file:/run/b", "file:~nobody-of-this-name/c", "file:", "env:A", "x")
    ]

    assert found == [tmp_path / "secrets" / "a", Path("/run/b"), tmp_path / "~nobody-of-this-name/c", None, None, None]
