"""Scripts out of prompts."""

import json
import shlex
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from korproxy_mock.directives import DirectiveError, parse, parse_script
from korproxy_mock.script import Aim, RetryAfter, Script, ToolCall, Usage

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
JSON = st.recursive(st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.dictionaries(TEXT, inner), max_leaves=3)
NAMES = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=20)


def quoted(value: str) -> str:
    return shlex.quote(value)


@given(TEXT)
def test_a_prompt_without_blocks_is_left_alone(prompt: str) -> None:
    directions = parse(prompt.replace("{{", ""))
    assert directions.text == prompt.replace("{{", "").strip()
    assert directions.steps == ()


@given(TEXT, TEXT, TEXT)
def test_any_quoted_text_comes_out_as_it_went_in(before: str, said: str, after: str) -> None:
    before, after = before.replace("{{", ""), after.replace("{{", "")
    directions = parse(f"{before} {{{{mock: text={quoted(said)}}}}} {after}")
    assert directions.steps == (Script(text=said),)
    assert directions.text == f"{before}  {after}".strip()


@given(st.lists(st.tuples(NAMES, st.dictionaries(TEXT, JSON, max_size=3)), min_size=1, max_size=3))
def test_tool_arguments_may_hold_any_json(calls: list[tuple[str, dict[str, object]]]) -> None:
    written = [(name, json.dumps(arguments)) for name, arguments in calls]
    words = " ".join(f"tool={name} args={quoted(arguments)}" for name, arguments in written)
    script = parse(f"{{{{mock: {words} }}}}").steps[0]
    assert script.tools == tuple(ToolCall(name=name, arguments=arguments) for name, arguments in written)


@given(TEXT)
def test_nothing_but_a_directive_error_comes_of_nonsense(inside: str) -> None:
    try:
        parse("{{mock: " + inside)
        parse_script(inside)
    except DirectiveError as exc:
        assert str(exc).startswith("mock:")  # noqa: PT017 -- most examples raise, some do not


def test_blocks_make_one_script_and_then_blocks_make_the_next_turns() -> None:
    directions = parse("{{mock: tool=ls}} list it {{then: text=one}} {{mock: gap=0.5}} please {{then: text=two}}")
    assert directions.text == "list it   please"
    assert directions.steps == (Script(tools=(ToolCall(name="ls"),), gap=0.5), Script(text="one"), Script(text="two"))


@pytest.mark.parametrize(
    ("written", "script"),
    [
        ("usage=10/20", Script(usage=Usage(input=10, output=20))),
        ("usage=10/20/3/4", Script(usage=Usage(input=10, output=20, cache_read=3, cache_write=4))),
        ("status=429 retry-after=7", Script(status=429, retry_after=RetryAfter(amount="7"))),
        ("retry-after=date:30", Script(retry_after=RetryAfter(form="date", amount="30"))),
        ("retry-after=ms:1500", Script(retry_after=RetryAfter(form="ms", amount="1500"))),
        ("retry-after=raw:soon", Script(retry_after=RetryAfter(form="raw", amount="soon"))),
        ("ratelimit-headers gzip", Script(ratelimit_headers="plain", gzip="accepted")),
        ("gzip=always split=every-byte", Script(gzip="always", split="every-byte")),
        ("split=7 join=3 cut-after=2 cut-inside cut=rst", Script(split=7, join=3, cut_after=2, cut_inside=True, cut="rst")),
        ("tool=a args='' tool=a", Script(tools=(ToolCall(name="a", arguments=""), ToolCall(name="a")))),
        ("text='a }} b'", Script(text="a }} b")),
        ("quirk=repeat-ids quirk=reasoning", Script(quirks=("repeat-ids", "reasoning"))),
        (
            "on=models key=k provider=p model=m times=forever",
            Script(aim=Aim(action="models", provider="p", key="k", model="m", times=None)),
        ),
        ("", Script()),
    ],
)
def test_a_directive_says_what_the_table_in_the_readme_says(written: str, script: Script) -> None:
    assert parse_script(written) == script


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("txt=a", "unknown directive 'txt'; known: "),
        ("text", "mock: text=None: it needs a value"),
        ("text=a text=b", "'text' is said twice"),
        ("status=200", "must be 400 to 599"),
        ("status=4oo", "mock: status=4oo: invalid literal"),
        ("gap=-1", "must be 0 to 86400 seconds"),
        ("gap=nan", "must be 0 to 86400 seconds"),
        ("words=-1", "must not be negative"),
        ("split=0", "must be at least 1"),
        ("cut=soft", "must be one of fin, rst"),
        ("html=maybe", "must be one of yes, no"),
        ("usage=1", "must be IN/OUT"),
        ("retry-after=soon", "could not convert"),
        ("retry-after=nan", "must be 0 to 1e+09"),
        ("retry-after=date:1e12", "must be 0 to 1e+09"),
        ("retry-after='raw:a\nb'", "must be what a header can hold"),
        ("redirect=http://größer/", "must be what a header can hold"),
        ("words=100001", "must be at most 100000"),
        ("args={}", "say tool=NAME, then at most one args=JSON"),
        ("tool=a args=1 args=2", "say tool=NAME, then at most one args=JSON"),
        ("text='open", "No closing quotation"),
    ],
)
def test_a_misspelt_directive_is_refused_with_the_reason(written: str, why: str) -> None:
    with pytest.raises(DirectiveError) as caught:
        parse_script(written)
    assert why in str(caught.value)


def test_a_block_without_an_end_is_refused() -> None:
    with pytest.raises(DirectiveError, match="no closing"):
        parse("{{mock: text='}}'")
