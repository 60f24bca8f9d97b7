"""Routings for tests: one that has everything, and any that routing.toml can say."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from korproxy.models.routing import DEFAULT, Group, Member, Profile, RequestType, Routing, Rule, SafeMode, When

FULL = Routing(
    profile="work",
    profiles={"work": Profile(name="work", chat="fast", default="all"), "night": Profile(name="night", embedding="all")},
    groups={
        "fast": Group(
            name="fast",
            strategy="weighted",
            members=(Member(provider="claude", account="work", weight=3), Member(provider="codex")),
        ),
        "all": Group(name="all"),
    },
    rules=(
        Rule(name="no images", when=When(images=True, profile="night"), refuse="KP-RATE-403", message="not at night"),
        Rule(
            name="all of it",
            when=When(
                model="claude-*",
                types=("chat", "other"),
                key="ci-*",
                headers={"x-team": "*"},
                min_body=0,
                max_body=1000,
                tools=True,
                images=False,
                reasoning=False,
                hours="22:00-06:00",
                days=("sat", "sun"),
            ),
            group="fast",
            model="codex/gpt-5.4-mini",
        ),
        Rule(name="off", safe_mode=True, enabled=False),
    ),
    aliases={"fast-*": "gemini/flash", "x": "y"},
    safe_mode=SafeMode(on=True, model="claude/claude-haiku-4-5", since="2026-01-02T03:04:05Z"),
    disabled=frozenset({"claude/old", "codex/a/b"}),
)

_names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8)
_words = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8)
_ids = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,5}", fullmatch=True)
_models = _words.filter(lambda name: "*" not in name and name.strip("/") == name)
_times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
_days = st.lists(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), unique=True).map(tuple)
_types: st.SearchStrategy[tuple[RequestType, ...]] = st.lists(st.sampled_from(get_args(RequestType)), unique=True).map(tuple)
_maybe = st.sampled_from([None, True, False])
_headers = st.dictionaries(st.from_regex(r"[a-z0-9-]{1,8}", fullmatch=True), _words, max_size=2)


@st.composite
def routings(draw: st.DrawFn) -> Routing:
    """Draw any routing that is right."""
    groups = draw(st.dictionaries(_names, st.lists(_members(), max_size=3, unique_by=_who), max_size=3))
    named = st.sampled_from(["", *groups])
    profiles = draw(st.lists(_names, unique=True, max_size=3))
    made = {
        name: Profile(name=name, default=draw(named), chat=draw(named), completion=draw(named), other=draw(named))
        for name in profiles
    }
    rules = draw(st.lists(_names, unique=True, max_size=3))
    aliases = draw(st.dictionaries(_words, _models, max_size=3))
    return Routing(
        profile=draw(st.sampled_from([DEFAULT, *profiles])),
        profiles=made,
        groups={name: Group(name=name, members=tuple(members), strategy=draw(_names)) for name, members in groups.items()},
        rules=tuple(draw(_rules(name, [*groups], profiles)) for name in rules),
        aliases={name: leads for name, leads in aliases.items() if leads not in aliases},
        safe_mode=draw(st.builds(SafeMode, on=st.booleans(), model=_models, since=st.one_of(st.just(""), _words))),
        disabled=frozenset(draw(st.lists(st.builds("{}/{}".format, _ids, _names), max_size=2))),
    )


def _members() -> st.SearchStrategy[Member]:
    accounts = st.one_of(st.just(""), _names)
    return st.builds(Member, provider=_ids, account=accounts, weight=st.integers(1, 1_000_000))


def _who(member: Member) -> tuple[str, str]:
    return member.provider, member.account


@st.composite
def _rules(draw: st.DrawFn, name: str, groups: list[str], profiles: list[str]) -> Rule:
    low, high = sorted(draw(st.tuples(st.integers(0, 10**12), st.integers(0, 10**12))))
    begin, end = draw(st.tuples(_times, st.one_of(_times, st.just("24:00"))).filter(lambda both: both[0] != both[1]))
    when = When(
        model=draw(st.one_of(st.just(""), _words)),
        types=draw(_types),
        key=draw(st.one_of(st.just(""), _words)),
        headers=draw(_headers),
        min_body=draw(st.sampled_from([None, low])),
        max_body=draw(st.sampled_from([None, high])),
        tools=draw(_maybe),
        images=draw(_maybe),
        reasoning=draw(_maybe),
        profile=draw(st.sampled_from(["", DEFAULT, *profiles])),
        hours=draw(st.sampled_from(["", f"{begin}-{end}"])),
        days=draw(_days),
    )
    if draw(st.booleans()):
        return Rule(name=name, when=when, refuse="KP-AUTH-098", message=draw(st.sampled_from(["", "no"])))
    return Rule(
        name=name,
        when=when,
        group=draw(st.sampled_from(["", *groups])),
        model=draw(_models),
        safe_mode=draw(st.booleans()),
        enabled=draw(st.booleans()),
    )
