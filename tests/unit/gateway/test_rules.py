from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from korproxy.gateway.facts import Facts
from korproxy.gateway.rules import REMEMBERED, fitting, ready
from korproxy.kit.patterns import fits
from korproxy.models.decisions import RuleTried
from korproxy.models.routing import Profile, RequestType, Rule, When
from tests.fakes.routed import a_request

MONDAY_NINE = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
IMAGE = b'{"messages":[{"role":"user","content":[{"type":"image_url"}]}],"reasoning_effort":"low"}'


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this machine stand in Berlin."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def facts(
    type: RequestType = "chat",  # noqa: A002 -- as it is called everywhere
    profile: str = "work",
    wall: float = MONDAY_NINE,
    **request: Any,
) -> Facts:
    return Facts(a_request(**request), type, Profile(name=profile), wall)


def why(known: Facts, **when: Any) -> str:
    """Return what did not hold of a rule; empty: all did."""
    rule, tried = ready([Rule(name="r", when=When(**when), group="g")]).first_that_holds(known)
    assert (rule is None) == bool(tried[0].why)
    return tried[0].why


def test_a_rule_that_asks_nothing_holds_always() -> None:
    assert why(facts()) == ""


@pytest.mark.parametrize(
    ("when", "known", "reason"),
    [
        ({"model": "claude-*"}, {"model": "gpt-6"}, "model is not claude-*"),
        ({"types": ("embedding", "other")}, {"type": "chat"}, "type is not embedding or other"),
        ({"key": "laptop*"}, {"key_name": "desk"}, "key is not laptop*"),
        ({"profile": "work"}, {"profile": "home"}, "profile is not work"),
        ({"min_body": 10}, {"body": b"123456789"}, "body is smaller than 10"),
        ({"max_body": 8}, {"body": b"123456789"}, "body is larger than 8"),
        ({"tools": True}, {"tools": False}, "no tools"),
        ({"tools": False}, {"tools": True}, "has tools"),
        ({"images": True}, {"body": b"{}"}, "no images"),
        ({"images": False}, {"body": IMAGE}, "has images"),
        ({"reasoning": True}, {"body": b"{}"}, "no reasoning"),
        ({"reasoning": False}, {"body": IMAGE}, "asks for reasoning"),
        ({"headers": {"user-agent": "codex*"}}, {"headers": {"User-Agent": "curl"}}, "header user-agent is not codex*"),
        ({"headers": {"x-team": "*"}}, {}, "header x-team is not *"),
    ],
)
def test_what_does_not_hold_is_named_as_the_user_has_written_it(
    when: dict[str, Any], known: dict[str, Any], reason: str
) -> None:
    assert why(facts(**known), **when) == reason


@pytest.mark.parametrize(
    ("when", "known"),
    [
        ({"model": "claude-*"}, {"model": "claude-opus-5"}),
        ({"model": "*"}, {"model": "anything"}),
        ({"types": ("embedding", "chat")}, {}),
        ({"key": "laptop*"}, {"key_name": "laptop"}),
        ({"profile": "work"}, {}),
        ({"min_body": 9, "max_body": 9}, {"body": b"123456789"}),
        ({"tools": True}, {"tools": True}),
        ({"images": True, "reasoning": True}, {"body": IMAGE}),
        ({"headers": {"user-agent": "codex*", "x-team": "*"}}, {"headers": {"User-Agent": "codex/1", "X-Team": ""}}),
    ],
)
def test_what_holds_holds(when: dict[str, Any], known: dict[str, Any]) -> None:
    assert why(facts(**known), **when) == ""


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("day", "clock", "hours", "days", "expected"),
    [
        (2, "09:00", "09:00-17:30", (), True),
        (2, "08:59", "09:00-17:30", (), False),
        (2, "17:29", "09:00-17:30", ("mon",), True),
        (2, "17:30", "09:00-17:30", (), False),
        (3, "10:00", "09:00-17:30", ("mon", "wed"), False),
        (3, "10:00", "", ("tue",), True),
        (2, "23:59", "20:00-24:00", (), True),
        (2, "22:00", "22:00-06:00", ("mon",), True),
        (3, "05:59", "22:00-06:00", ("mon",), True),
        (3, "05:59", "22:00-06:00", ("tue",), False),
        (2, "05:59", "22:00-06:00", ("sun",), True),
        (2, "06:00", "22:00-06:00", (), False),
        (3, "23:00", "22:00-06:00", ("mon",), False),
    ],
)
def test_times_are_those_of_the_place_and_a_night_belongs_to_the_day_on_which_it_begins(
    day: int, clock: str, hours: str, days: tuple[str, ...], expected: bool
) -> None:
    hour, minute = map(int, clock.split(":"))
    wall = datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()  # the 2nd is a Monday

    said = " ".join(filter(None, [hours, ",".join(days)]))
    assert why(facts(wall=wall), hours=hours, days=days) == ("" if expected else f"time is not {said}")


def test_the_first_that_holds_decides_and_nothing_behind_it_is_looked_at() -> None:
    rules = [
        Rule(name="off", group="g", enabled=False),
        Rule(name="one", when=When(model="x"), group="g"),
        Rule(name="two", when=When(model="m*", types=("chat",)), group="h"),
        Rule(name="three", group="g"),
    ]

    assert ready(rules).first_that_holds(facts()) == (rules[2], (RuleTried("one", "model is not x"), RuleTried("two")))
    assert ready(rules[:2]).first_that_holds(facts()) == (None, (RuleTried("one", "model is not x"),))
    assert ready([]).first_that_holds(facts()) == (None, ())


def test_the_body_is_read_only_where_all_else_holds() -> None:
    whens = [
        When(images=True, model="other"),
        When(reasoning=True, tools=True),
        When(images=True, headers={"x-a": "*"}),
        When(images=True, hours="10:00-11:00", days=("sun",)),
        When(images=False, min_body=10**6),
        When(model="other", tools=True, max_body=1, key="k", profile="p", types=("other",)),
    ]
    known = facts(body=IMAGE)
    ready([Rule(name=str(number), when=when, group="g") for number, when in enumerate(whens)]).first_that_holds(known)
    assert known._content is None

    rule, _ = ready([Rule(name="r", when=When(images=True, model="m"), group="g")]).first_that_holds(known)
    assert rule is not None
    assert known._content is not None


def test_only_images_and_reasoning_need_the_body() -> None:
    assert [each.needs_body for each in (When(), When(tools=True), When(images=False), When(reasoning=True))] == [
        False,
        False,
        True,
        True,
    ]


LETTERS = st.text("ab*[", max_size=4)
PATTERNS = LETTERS.flatmap(lambda some: st.sampled_from([some, f"{some}*", f"*{some}", f"a*{some}", f"{some}*b", f"*{some}*"]))


@given(LETTERS, PATTERNS)
@example("bb", "a*b")
@example("ab", "b*b")
def test_a_pattern_made_ready_says_what_the_pattern_says(name: str, pattern: str) -> None:
    assert bool(fitting(pattern)(name)) == fits(name, pattern)


def test_what_hardly_changes_is_looked_at_once() -> None:
    """A rule behind 199 that do not hold is found at once the second time; what changes is looked at each time."""
    rules = [Rule(name=str(number), when=When(model="x", headers={"a": "*"}), group="g") for number in range(199)]
    book = ready([*rules, Rule(name="last", when=When(headers={"x-a": "1*"}, key="k"), group="g")])
    found = [book.first_that_holds(facts(key_name="k", headers={"X-A": each})) for each in ("1", "2", "12")]

    assert [None if rule is None else rule.name for rule, _ in found] == ["last", None, "last"]
    assert [tried[-1].why for _, tried in found] == ["", "header x-a is not 1*", ""]
    assert [len(tried) for _, tried in found] == [200, 200, 200]
    seen = [("m", "chat", "k", "work", False, None)]
    assert (list(book._plans), [len(book.plan(each).steps) for each in seen]) == (seen, [1])


def test_of_what_was_looked_at_only_so_much_is_remembered() -> None:
    book = ready([Rule(name="r", when=When(model="m7*"), group="g")])
    for number in range(REMEMBERED + 5):
        rule, _ = book.first_that_holds(facts(model=f"m{number}"))
        assert (rule is not None) == str(number).startswith("7")

    assert len(book._plans) == REMEMBERED


@pytest.mark.usefixtures("berlin")
def test_the_minute_counts_only_where_a_rule_asks_for_it() -> None:
    timed = ready([Rule(name="r", when=When(hours="09:00-09:01"), group="g")])
    found = [timed.first_that_holds(facts(wall=MONDAY_NINE + seconds))[0] for seconds in (-1, 0, 59, 60)]

    assert [each is not None for each in found] == [False, True, True, False]
    assert (timed.timed, ready([Rule(name="r", when=When(model="m"))]).timed) == (True, False)


RULES = st.builds(
    When,
    model=st.sampled_from(["", "m*", "*n", "a*b"]),
    types=st.sampled_from([(), ("chat",), ("other", "chat")]),
    key=st.sampled_from(["", "k", "*"]),
    headers=st.dictionaries(st.sampled_from(["x-a", "x-b"]), st.sampled_from(["*", "1", "*2"]), max_size=2),
    min_body=st.none() | st.integers(0, 9),
    max_body=st.none() | st.integers(0, 9),
    tools=st.none() | st.booleans(),
    images=st.none() | st.booleans(),
    profile=st.sampled_from(["", "work"]),
)


@given(
    st.lists(RULES, max_size=6),
    st.lists(
        st.tuples(
            st.sampled_from(["m", "mn", "ab", "acb"]),
            st.sampled_from(["", "k"]),
            st.dictionaries(st.sampled_from(["X-A", "X-B"]), st.sampled_from(["1", "12", ""])),
            st.sampled_from([b"", b"{}", IMAGE]),
            st.booleans(),
        ),
        max_size=4,
    ),
)
def test_rules_made_ready_say_what_the_rules_say(whens: list[When], requests: list[Any]) -> None:
    rules = [Rule(name=str(number), when=when, group="g") for number, when in enumerate(whens)]
    book = ready(rules)
    for model, key, headers, body, tools in requests:
        known = facts(model=model, key_name=key, headers=headers, body=body, tools=tools)
        rule, tried = book.first_that_holds(known)
        holding = [each for each in rules if holds(each.when, known)]

        assert rule == (holding[0] if holding else None)
        assert [each.name for each in tried] == [str(number) for number in range(len(tried))]
        assert len(tried) == (rules.index(holding[0]) + 1 if holding else len(rules))
        assert [each.why == "" for each in tried] == [False] * (len(tried) - 1) + [bool(holding)] * bool(tried)


def holds(when: When, known: Facts) -> bool:
    """Say it as the page about rules does, one condition after the other."""
    call, size = known.call, len(known.call.body)
    return all(
        [
            not when.model or fits(call.peek.model, when.model),
            not when.types or known.type in when.types,
            not when.key or fits(call.key_name, when.key),
            not when.profile or known.profile.name == when.profile,
            when.min_body is None or size >= when.min_body,
            when.max_body is None or size <= when.max_body,
            when.tools is None or call.peek.tools == when.tools,
            when.images is None or (b"image_url" in call.body) == when.images,
            *[
                name.encode() in call.headers.first and fits(call.headers.text(name.encode()), pattern)
                for name, pattern in when.headers.items()
            ],
        ]
    )
