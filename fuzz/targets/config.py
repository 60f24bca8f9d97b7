"""Any text as korproxy.toml gives settings, or coded problems with their places, which never repeat a key that is in it."""

from __future__ import annotations

from hypothesis import strategies as st

from fuzz.target import Target, words
from korproxy.config.loading import parse
from korproxy.config.settings import RootSettings
from korproxy.errors.exceptions import ConfigError

SECRET = "sk-ant-api03-c4narYc4narYc4narYc4narYc4narY"  # where a user might type one; it must not come back in an error

_headers = st.one_of(
    words("server features log log.levels deadlines providers.a providers.a.deadlines redaction plugin.x nonsense").map(
        "[{}]".format
    ),
    words("[[providers.a.accounts]] [[server]] [ ] [a.]"),
)
_keys = words(
    "version required host port max_body grace allowed_hosts lane level connect first_byte outgoing type base_url models"
    " deadlines accounts name key credential safe_mode max_queue prot '' a.b.c"
)
_values = st.one_of(
    words(
        '1 0 -1 1337 1.5 inf nan true "" "claude" "env:X" "file:x" "client" "debug" "http://127.0.0.1:1" "http://[" 1979-05-27'
        ' [] ["127.0.0.1"] [1] [[]] {} {connect=1} {connect="x"} {name="a"} [{name="a"},{name="a"}] "\\ud800" 0x 1e400'
    ),
    st.sampled_from(
        [f'"{SECRET}"', f'["{SECRET}"]', f'{{key = "{SECRET}"}}', f'[{{name = "a", key = "{SECRET}"}}]', "9" * 5000]
    ),
    st.integers().map(str),
    st.text(max_size=6).map('"{}"'.format),
)
_lines = st.one_of(_headers, st.builds("{} = {}".format, _keys, _values), st.text(max_size=10))
_texts = st.builds(
    "{}{}".format,
    st.sampled_from(["", "version = 1\n", "version = 2\n", "\ufeff"]),
    st.lists(_lines, max_size=8).map("\n".join),
)


def check(text: str) -> None:
    """Parse; look at what a user would be shown."""
    try:
        settings = parse(text, path="korproxy.toml")
    except ConfigError as exc:
        shown = f"{exc} {exc!r} {exc.problems!r}"
        assert exc.problems, "an error without a problem"
        assert all(each.code.startswith("KP-CONF-") and each.path and each.message for each in exc.problems)
        assert exc.code == exc.problems[0].code
        assert SECRET not in shown, "a secret is in the error"
        return
    assert isinstance(settings, RootSettings)
    assert SECRET not in repr(settings), "a secret is in the settings' own words"


CONFIG = Target(name="config", inputs=_texts, read=lambda raw: raw.decode("utf-8", "replace"), check=check)
