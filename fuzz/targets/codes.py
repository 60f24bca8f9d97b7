"""A text is a KP code if and only if it is written as one and its number is in its category's range."""

from __future__ import annotations

from hypothesis import strategies as st

from fuzz.target import Target
from korproxy.errors.codes import BadCode, ErrorCode, Registry, check_code

FIRST_AND_LAST = {
    "AUTH": (1, 99),
    "PROV": (100, 199),
    "CONF": (200, 299),
    "NET": (300, 399),
    "RATE": (400, 499),
    "SYS": (500, 599),
}
OF_PLUGINS = 20

_numbers = st.one_of(st.integers(0, 650).map("{:03}".format), st.from_regex(r"\d{1,4}", fullmatch=True))
_texts = st.one_of(
    st.builds(
        "KP-{}-{}{}".format,
        st.sampled_from([*FIRST_AND_LAST, "", "net", "DISK"]),
        _numbers,
        st.sampled_from(["", "", "\n", " "]),
    ),
    st.from_regex(r"KP-[A-Z]+-\d{3}"),
    st.text(max_size=20),
)


def _is_code(text: str, *, plugin: bool) -> bool:
    parts = text.split("-")
    if len(parts) != 3 or parts[0] != "KP" or parts[1] not in FIRST_AND_LAST:
        return False
    if len(parts[2]) != 3 or set(parts[2]) - set("0123456789"):
        return False
    first, last = FIRST_AND_LAST[parts[1]]
    return (last - OF_PLUGINS + 1 if plugin else first) <= int(parts[2]) <= last


def _accepted(text: str, *, plugin: bool) -> bool:
    try:
        check_code(text, plugin=plugin)
    except BadCode as exc:
        assert text in str(exc) or repr(text) in str(exc), "the error does not name the code"
        return False
    return True


def check(text: str) -> None:
    """Compare ``check_code`` with the rule written down a second time; then use the code once, and twice."""
    for plugin in (False, True):
        assert _accepted(text, plugin=plugin) == _is_code(text, plugin=plugin), f"plugin={plugin}"
    if _is_code(text, plugin=False):
        code = ErrorCode(code=text, message="m", description="d", steps=("s",), status=500)
        registry = Registry.of([code])
        assert registry[text] is code
        try:
            registry.add(code)
        except BadCode:
            return
        raise AssertionError("a code was added twice")


CODES = Target(name="codes", inputs=_texts, read=bytes.decode, check=check)
