from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.config.home import Home
from korproxy.config.loading import load, override, parse
from korproxy.config.settings import AccountSettings, DeadlineOverrides, ProviderTable, RootSettings
from korproxy.config.template import TEMPLATE
from korproxy.errors.exceptions import ConfigError
from korproxy.models.providers import Deadlines

FULL = """\
version = 1
required = ["korproxy-hello"]
[server]
host = ["0.0.0.0"]
port = 0
grace = 3
allowed_hosts = ["proxy.example"]
[features]
safe_mode = false
[log]
level = "warning"
[log.levels]
gateway = "debug"
[deadlines]
idle = 60
[providers.claude]
type = "claude"
base_url = "https://api.example/v1"
deadlines = { total = 600.0 }
models = ["claude-*"]
[[providers.claude.accounts]]
name = "work"
key = "env:ANTHROPIC_API_KEY"
[[providers.claude.accounts]]
name = "mine"
credential = "client"
[redaction]
outgoing = ["keys"]
[plugin.hello]
greeting = "hi"
"""


@pytest.fixture
def place(home: Path) -> Home:
    home.mkdir()
    return Home(path=home)


def outcome(read: Callable[[], RootSettings]) -> RootSettings | ConfigError:
    """Return what *read* returns or refuses with; whatever else it raises fails the test."""
    try:
        return read()
    except ConfigError as exc:
        assert len(exc.problems) > 0  # noqa: PT017 -- of every refusal, whichever test this is
        return exc


def refusal(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse(text, path="k.toml")
    return caught.value


def test_without_a_file_everything_has_its_default(place: Home) -> None:
    assert load(place) == RootSettings()


@pytest.mark.parametrize("text", ["", "# nothing\n", "version = 1\n", "[server]\n[providers]\n[plugin]\n"])
def test_an_empty_file_says_nothing(text: str) -> None:
    assert parse(text, path="k.toml") == RootSettings()


@pytest.mark.parametrize("encoded", [FULL.encode(), b"\xef\xbb\xbf" + FULL.encode(), FULL.replace("\n", "\r\n").encode()])
def test_a_file_is_read_whatever_editor_wrote_it(place: Home, encoded: bytes) -> None:
    place.toml.write_bytes(encoded)

    root = load(place)

    assert root.providers == {
        "claude": ProviderTable(
            type="claude",
            base_url="https://api.example/v1",
            deadlines=DeadlineOverrides(total=600.0),
            models=("claude-*",),
            accounts=(
                AccountSettings(name="work", key="env:ANTHROPIC_API_KEY"),
                AccountSettings(name="mine", credential="client"),
            ),
        )
    }
    assert root.deadlines == Deadlines(idle=60.0)
    assert (root.server.host, root.server.port, root.server.grace) == (("0.0.0.0",), 0, 3.0)
    assert (root.features.safe_mode, root.log.level, root.log.levels) == (False, "warning", {"gateway": "debug"})
    assert (root.required, root.redaction.outgoing) == (("korproxy-hello",), ("keys",))
    assert root.plugin == {"hello": {"greeting": "hi"}}


@pytest.mark.code("KP-CONF-201")
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a =", "1:4"),
        ("version = 1\n[server]\nport = = 1\n", "3:8"),
        ("a = 1\nb = [1,\n", "3:1"),
        ("a = 'x", "1:7"),
        ("key = sk-ant-api03-secret", "1:7"),
        ("a = 1\n\n  b = 2 c = 3", "3:9"),
    ],
)
def test_what_is_no_toml_is_told_with_line_and_column(text: str, place: str) -> None:
    error = refusal(text)

    assert error.code == "KP-CONF-201"
    line, column = place.split(":")
    assert error.problems[0].path == f"k.toml:{place}"
    assert f"(line {line}, column {column})" in error.detail
    assert "sk-ant" not in error.detail


@pytest.mark.parametrize(
    "text",
    ["sk-ant-api03-x = 1\nsk-ant-api03-x = 2", "a = {sk-ant-api03-x=1,sk-ant-api03-x=2}", "[sk-ant-api03-x]\n[sk-ant-api03-x]"],
)
def test_a_key_where_a_name_belongs_is_not_repeated(text: str) -> None:
    error = refusal(text)

    assert error.code == "KP-CONF-201"
    assert "sk-ant" not in error.detail


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = " + "[" * 20000, "is nested too deeply"),
        ("x = " + "1" * 5000, "holds a number with far too many digits"),
    ],
)
def test_what_python_cannot_hold_is_told_too(text: str, said: str) -> None:
    assert refusal(text).detail == f"[KP-CONF-201] k.toml: {said}"


@pytest.mark.code("KP-CONF-201")
def test_what_is_not_utf_8_is_told_with_its_place(place: Home) -> None:
    place.toml.write_bytes('version = 1\n# grün\nname = "'.encode() + b"\xff")

    with pytest.raises(ConfigError) as caught:
        load(place)

    assert caught.value.code == "KP-CONF-201"
    assert caught.value.problems[0].path == f"{place.toml}:3:9"


def test_a_file_that_cannot_be_read_is_named(place: Home) -> None:
    place.toml.mkdir()

    with pytest.raises(ConfigError) as caught:
        load(place)

    assert caught.value.detail == f"[KP-CONF-201] {place.toml}: cannot be read: Is a directory"


@pytest.mark.code("KP-CONF-211")
@pytest.mark.parametrize("version", [2, 10**12, 16**300])
def test_a_file_for_a_newer_korproxy_is_refused_for_that_alone(version: int) -> None:
    error = refusal(f"version = {hex(version)}\nsomething_new = true\n")

    assert error.code == "KP-CONF-211"
    assert [each.path for each in error.problems] == ["$.version"]


@pytest.mark.code("KP-CONF-202")
@pytest.mark.parametrize("version", ["0", "-1", '"1"', "true", "1.0", "[1]"])
def test_a_version_that_never_was_is_a_mistake(version: str) -> None:
    error = refusal(f"version = {version}")

    assert (error.code, [each.path for each in error.problems]) == ("KP-CONF-202", ["$.version"])


@pytest.mark.code("KP-CONF-202")
@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('[server]\nport = "8080"', "$.server.port"),
        ("[server]\nport = 65536", "$.server.port"),
        ("[server]\nhost = []", "$.server.host"),
        ('[server]\nhost = "127.0.0.1"', "$.server.host"),
        ('[server]\nhost = ["::1", "::1"]', "$.server.host[1]"),
        ("[server]\nmax_body = 0", "$.server.max_body"),
        ("[server]\ngrace = inf", "$.server.grace"),
        ("[server]\nread_deadline = nan", "$.server.read_deadline"),
        ("[server]\nallowed_origins = ['*']", "$.server.allowed_origins[0]"),
        ("[features]\nsafe_mod = true", "$.features.safe_mod"),
        ("[log]\nlevel = 'loud'", "$.log.level"),
        ("[log.levels]\ngateway = 'loud'", "$.log.levels.gateway"),
        ("[deadlines]\nidle = 0", "$.deadlines.idle"),
        ("[providers.Claude]\ntype = 'claude'", "$.providers.Claude"),
        ("[providers.a]\n", "$.providers.a.type"),
        ("[providers.a]\ntype='x'\nmax_queue = -1", "$.providers.a.max_queue"),
        (
            "[providers.a]\ntype='x'\n[[providers.a.accounts]]\nname='n'\ncredential='mine'",
            "$.providers.a.accounts[0].credential",
        ),
        ("[plugin]\nx = 1", "$.plugin.x"),
        ("providers = []", "$.providers"),
        ("[sever]\n", "$.sever"),
    ],
)
def test_one_wrong_setting_is_told_with_its_place(text: str, path: str) -> None:
    error = refusal(text)

    assert (error.code, [each.path for each in error.problems]) == ("KP-CONF-202", [path])


@pytest.mark.code("KP-CONF-212")
@pytest.mark.parametrize(
    ("accounts", "path"),
    [
        ("[{name = 'a'}, {name = 'b'}, {name = 'a'}]", "[2].name"),
        ("[{name = ''}]", "[0].name"),
        ("[{name = ' a'}]", "[0].name"),
        ("[{}]", "[0].name"),
        ("[{name = 5}]", "[0].name"),
        ("[{name = 'a', key = 'env:A', credential = 'client'}]", "[0]"),
    ],
)
def test_accounts_that_cannot_be_told_apart_have_a_code_of_their_own(accounts: str, path: str) -> None:
    error = refusal(f"[providers.a]\ntype = 'x'\naccounts = {accounts}")

    assert (error.code, [each.path for each in error.problems]) == ("KP-CONF-212", [f"$.providers.a.accounts{path}"])


@pytest.mark.code("KP-CONF-213")
@pytest.mark.parametrize("url", ["ftp://h", "https://", "https://me:hunter22@h", "https://h?x=1", "https://h#x", "h/v1"])
def test_an_address_that_cannot_be_used_has_a_code_of_its_own(url: str) -> None:
    error = refusal(f"[providers.a]\ntype = 'x'\nbase_url = '{url}'")

    assert (error.code, [each.path for each in error.problems]) == ("KP-CONF-213", ["$.providers.a.base_url"])
    assert "hunter22" not in f"{error} {error!r}"


def test_mistakes_of_all_kinds_come_in_one_error() -> None:
    text = (
        "port = 1\n[server]\nport = '1'\n[providers.a]\ntype = 'x'\nbase_url = 'h'\naccounts = [{}]\n[providers.B]\ntype = 'x'"
    )

    assert {each.path: each.code for each in refusal(text).problems} == {
        "$.port": "KP-CONF-202",
        "$.server.port": "KP-CONF-202",
        "$.providers.a.base_url": "KP-CONF-213",
        "$.providers.a.accounts[0].name": "KP-CONF-212",
        "$.providers.B": "KP-CONF-202",
    }


def test_the_command_line_changes_only_what_it_says() -> None:
    root = parse("[server]\nport = 1\ngrace = 2.0", path="k.toml")

    changed = override(root, host=["::1"], port=0)

    assert (changed.server.host, changed.server.port, changed.server.grace) == (("::1",), 0, 2.0)
    assert override(root) == root
    assert override(root, host=()) == root


def test_the_command_line_is_checked_like_the_file() -> None:
    with pytest.raises(ConfigError) as caught:
        override(RootSettings(), host=["http://x", "a b"], port=70000)

    assert [(each.code, each.path) for each in caught.value.problems] == [
        ("KP-CONF-202", "--host"),
        ("KP-CONF-202", "--host"),
        ("KP-CONF-202", "--port"),
    ]


LINES = [
    *FULL.splitlines(),
    *re.sub(r"(?m)^#(?=\S)", "", TEMPLATE).splitlines(),
    'x = "',
    "[[a]]",
    "a.b = 0xff",
    "]",
    "'''",
    "\0",
    "\r",
]


@given(lines=st.lists(st.sampled_from(LINES) | st.text(max_size=30), max_size=30))
def test_a_broken_file_is_a_configuration_error_and_nothing_else(lines: list[str]) -> None:
    assert isinstance(outcome(partial(parse, "\n".join(lines), path="k.toml")), RootSettings | ConfigError)


values = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@given(
    given=st.dictionaries(st.sampled_from(re.findall(r"(?m)^#([a-z_]+) = ", TEMPLATE)), values),
    table=st.sampled_from(
        [
            "",
            "[server]",
            "[features]",
            "[log]",
            "[log.levels]",
            "[deadlines]",
            "[redaction]",
            "[providers.a]",
            "[[providers.a.accounts]]",
        ]
    ),
)
def test_any_value_anywhere_is_right_or_a_configuration_error(given: dict[str, object], table: str) -> None:
    text = "\n".join([table, *(f"{key} = {json.dumps(value)}" for key, value in given.items())])

    found = outcome(partial(parse, text.replace("Infinity", "inf").replace("NaN", "nan"), path="k.toml"))

    assert isinstance(found, RootSettings) or found.code != "KP-CONF-201"


def load_bytes(raw: bytes, place: Home) -> RootSettings | ConfigError:
    place.toml.write_bytes(raw)
    try:
        return outcome(partial(load, place))
    finally:
        place.toml.unlink()


@given(cut=st.integers(0, len(FULL.encode())))
def test_a_file_cut_off_anywhere_is_an_error_or_valid(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    found = load_bytes(FULL.encode()[:cut], Home(path=tmp_path_factory.getbasetemp()))

    assert isinstance(found, RootSettings | ConfigError)


@given(raw=st.binary(max_size=200))
def test_arbitrary_bytes_are_an_error_or_valid(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    found = load_bytes(raw, Home(path=tmp_path_factory.getbasetemp()))

    assert isinstance(found, RootSettings | ConfigError)


SECRETS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=12, max_size=40).map(
    "sk-ant-".__add__
)
PLACES = [
    "[providers.a]\ntype = 'x'\n[[providers.a.accounts]]\nname = 'n'\nkey = @\nnope = 1",
    "[providers.a]\ntype = 'x'\n[[providers.a.accounts]]\nname = 'n'\nkey = [@]",
    "[providers.a]\ntype = 'x'\n[[providers.a.accounts]]\nname = 'n'\napi_key = @",
    "[providers.a]\ntype = 'x'\naccounts = @",
    "[providers.a]\ntype = 'x'\nkey = @",
    "[providers.a]\ntype = 'x'\nbase_url = @",
    "[providers.a]\ntype = 'x'\ndeadlines = @",
    "[providers]\na = @",
    "[server]\nport = @",
    "[server]\nhost = [@, '*']",
    "[server]\nlane = @",
    "[log]\nlevel = @",
    "[log.levels]\ngateway = @",
    "[plugin]\nx = @",
    "version = @",
    "@ = 1",
    "[@]",
    "[providers.@]",
    "[server]\n@ = @",
    "x = @ y",
    "x = @\nx = @",
]


@given(secret=SECRETS, place=st.sampled_from(PLACES))
def test_a_secret_is_in_no_error_wherever_it_was_typed(secret: str, place: str) -> None:
    error = refusal(place.replace("@", f'"{secret}"'))

    assert secret not in f"{error} {error!r} {error.problems!r}"
