from __future__ import annotations

import json
from pathlib import Path

import pytest

from korproxy.api import Rule, When
from tests.fakes.daemon import answering_each
from tests.fakes.steered import NEXT_START, furnished, now, run, said

GROUP = '[groups.g]\nmembers = [{ provider = "one" }]\n'
RULES = GROUP + '[[rules]]\nname = "a"\ngroup = "g"\n[[rules]]\nname = "b"\nrefuse = "KP-PROV-124"\nwhen = { model = "x*" }\n'
CHAT = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]})
EVERY_CONDITION = (
    *("--if-model", "m*", "--if-type", "chat", "--if-type", "other", "--if-key", "k*", "--if-header", "X-A: b*"),
    *("--if-min-body", "1", "--if-max-body", "2", "--if-tools", "--if-no-images", "--if-reasoning"),
    *("--if-profile", "default", "--if-hours", "22:00-06:00", "--if-day", "mon", "--if-day", "sun"),
)


def test_rules_are_listed_in_their_order(home: Path) -> None:
    furnished(home, routing=RULES)

    assert run("route", "list").stdout.splitlines() == [
        "1.  a  always: to group g",
        "2.  b  if model x*: refuse with KP-PROV-124",
    ]
    assert [each["name"] for each in said("route", "list")[1]["rules"]] == ["a", "b"]


def test_no_rule_is_told() -> None:
    assert run("route", "list").stdout == "There are no rules: every request goes where its profile says.\n"


def test_a_rule_with_every_condition_is_kept_as_it_was_said(home: Path) -> None:
    furnished(home, routing=GROUP)
    done = run("route", "add", "r", *EVERY_CONDITION, "--group", "g", "--model", "n", "--disabled")
    when = When(
        model="m*",
        types=("chat", "other"),
        key="k*",
        headers={"x-a": "b*"},
        min_body=1,
        max_body=2,
        tools=True,
        images=False,
        reasoning=True,
        profile="default",
        hours="22:00-06:00",
        days=("mon", "sun"),
    )

    assert (done.exit_code, done.stderr) == (0, "")
    assert now(home).routing.rules == (Rule(name="r", when=when, group="g", model="n", enabled=False),)


def test_a_rule_is_told_in_words(home: Path) -> None:
    furnished(home, routing=RULES)
    done = run("route", "add", "c", "--safe-mode", "--position", "1")

    assert done.stdout == f"The rule c is added: always: in safe mode.\n{NEXT_START}\n"
    assert [each.name for each in now(home).routing.rules] == ["c", "a", "b"]


REFUSED = [
    pytest.param(("a", "--group", "g"), "KP-CONF-227", marks=pytest.mark.code("KP-CONF-227")),
    pytest.param(("c", "--group", "no"), "KP-CONF-226", marks=pytest.mark.code("KP-CONF-226")),
    pytest.param(("c", "--group", "g", "--if-profile", "no"), "KP-CONF-226", marks=pytest.mark.code("KP-CONF-226")),
    pytest.param(("c", "--refuse", "KP-RATE-999"), "KP-CONF-202", marks=pytest.mark.code("KP-CONF-202")),
    pytest.param(("c", "--refuse", "KP-PROV-124", "--group", "g"), "KP-CONF-202", marks=pytest.mark.code("KP-CONF-202")),
    pytest.param(("c", "--group", "g", "--if-hours", "25:00-26:00"), "KP-CONF-202", marks=pytest.mark.code("KP-CONF-202")),
    pytest.param((" c", "--group", "g"), "KP-CONF-202", marks=pytest.mark.code("KP-CONF-202")),
]


@pytest.mark.parametrize(("args", "code"), REFUSED)
def test_a_rule_that_cannot_be_is_refused_and_nothing_is_written(home: Path, args: tuple[str, ...], code: str) -> None:
    furnished(home, routing=RULES)
    before = (home / "routing.toml").read_text()
    exit_code, data = said("route", "add", *args)

    assert (exit_code, data["error"]["code"]) == (1, code)
    assert (home / "routing.toml").read_text() == before


@pytest.mark.parametrize(
    "args",
    [
        ("add", "c"),
        ("add", "c", "--if-model", "x"),
        ("add", "c", "--group", "g", "--if-type", "nonsense"),
        ("add", "c", "--group", "g", "--if-header", "x"),
        ("add", "c", "--group", "g", "--if-min-body", "-1"),
        ("add", "c", "--group", "g", "--position", "0"),
        ("move", "a", "first"),
        ("move", "a"),
        ("test", "no-such-file.json"),
        ("test",),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(home: Path, args: tuple[str, ...]) -> None:
    furnished(home, routing=RULES)

    assert run("route", *args).exit_code == 2


def test_rules_are_moved_switched_and_deleted(home: Path) -> None:
    furnished(home, routing=RULES)
    steps = [("move", "b", "1"), ("move", "b", "1"), ("disable", "b"), ("disable", "b"), ("enable", "b"), ("delete", "a")]
    texts = [run("route", *each).stdout.splitlines()[0] for each in steps]

    assert texts == [
        "The rule b is moved.",
        "The rule b was there already.",
        "The rule b is off.",
        "The rule b was off already.",
        "The rule b is on.",
        "The rule a is deleted.",
    ]
    assert [each.name for each in now(home).routing.rules] == ["b"]


@pytest.mark.code("KP-CONF-226")
@pytest.mark.parametrize("args", [("move", "no", "1"), ("delete", "no"), ("enable", "no"), ("disable", "no")])
def test_a_rule_that_is_not_there_is_exit_code_1(home: Path, args: tuple[str, ...]) -> None:
    furnished(home, routing=RULES)
    done = run("route", *args)

    assert (done.exit_code, done.stderr.split(":")[0]) == (1, "error KP-CONF-226")


def test_without_a_daemon_the_files_say_where_a_request_would_go(home: Path) -> None:
    furnished(home)
    done = run("route", "test", "-", stdin=CHAT)

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "A request in the format openai-chat. No daemon is running: this assumes that all accounts are well.",
        "model    gpt-4o",
        "type     chat",
        "profile  default",
        "rules    none",
        "group    none: whoever offers the model",
        "session  a new one",
        "asked, in this order",
        "  1. one/work with gpt-4o",
        "  2. two/home with gpt-4o",
    ]


def test_the_daemon_is_asked_with_all_that_was_said_of_the_request(home: Path) -> None:
    answer = {"format": "openai-chat", "decision": {"order": [{"provider": "one"}]}, "error": None}
    with answering_each(home, {"POST /v1/routing/test": answer}) as asked:
        done = run(
            *("route", "test", "-", "--without", "one/work", "--without", "two", "--header", "X-A: b", "--key", "k"),
            *("--from", "openai-chat", "--path", "/v1/chat/completions", "--model", "m"),
            stdin=b"\xef\xbb\xbf" + CHAT.encode(),
        )

    assert done.exit_code == 0
    assert asked[0].json == {
        "body": CHAT,
        "format": "openai-chat",
        "path": "/v1/chat/completions",
        "headers": {"x-a": "b"},
        "key": "k",
        "model": "m",
        "without": ["one/work", "two"],
    }


def test_nobody_left_is_exit_code_1(home: Path) -> None:
    furnished(home)
    done = run("route", "test", "-", "--without", "one", "--without", "two", stdin=CHAT)

    assert done.exit_code == 1
    assert done.stdout.splitlines()[-1] == "It would be refused, or wait: no account can be asked now."


@pytest.mark.code("KP-PROV-124")
@pytest.mark.code("KP-PROV-105")
@pytest.mark.parametrize(("model", "code"), [("xyz", "KP-PROV-124"), ("nobody-has-it", "KP-PROV-105")])
def test_a_refusal_is_told_with_its_code(home: Path, model: str, code: str) -> None:
    furnished(home, routing=RULES.replace('name = "a"\n', 'name = "a"\nenabled = false\n'))
    body = CHAT.replace("gpt-4o", model)
    done = run("route", "test", "-", stdin=body)
    exit_code, data = said("route", "test", "-", stdin=body)

    assert done.exit_code == exit_code == 1
    assert f"It would be refused: {code}: " in done.stdout
    assert (data["asked"], data["error"]["code"]) == ("files", code)


@pytest.mark.code("KP-SYS-509")
@pytest.mark.parametrize("sent", [b"", b"{", b"[]", b"\xff"])
def test_what_is_no_request_is_an_error_with_a_code(home: Path, sent: bytes) -> None:
    furnished(home)
    done = run("route", "test", "-", stdin=sent)

    assert (done.exit_code, done.stdout, done.stderr.split(":")[0]) == (1, "", "error KP-SYS-509")


def test_leaving_out_who_is_no_candidate_is_remarked(home: Path) -> None:
    furnished(home)
    done = run("route", "test", "-", "--without", "one/wrok", "--without", "two", "--without", "one/work", stdin=CHAT)

    assert (done.exit_code, done.stderr) == (1, "one/wrok could not have been asked anyway.\n")
