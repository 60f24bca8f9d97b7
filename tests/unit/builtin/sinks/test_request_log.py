from __future__ import annotations

import io
import json
import logging
import math
import os
import re
import time

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from korproxy.builtin.sinks.request_log import _WORDS, BATCH, LONGEST, _line, korproxy_sinks, line
from korproxy.models.outcome import Finished, Usage
from korproxy.runtime.logs import logging_to
from tests.fakes.events import open_events
from tests.fakes.settings import FakeSettings

OK = Finished(
    id="r-1",
    correlation_id="c-1",
    key_name="client",
    dialect="openai-chat",
    model="gpt-4o",
    upstream_model="gpt-4o",
    provider="codex",
    account="work",
    stream=True,
    status=200,
    outcome="ok",
    attempts=1,
    at=1_790_000_000.0,
    seconds=1.23456,
    first_byte=0.5,
    bytes_in=120,
    bytes_out=3400,
    usage=Usage(tokens_in=10, cache_read=20, cache_write=30, tokens_out=40),
)
BARE = Finished(
    id="r-2", correlation_id="c-2", key_name="", dialect="openai-chat", model="m", outcome="client left", at=0.0, seconds=0.0
)


def test_a_line_says_who_answered_how_it_ended_and_how_long_it_took() -> None:
    assert line(OK) == (
        "model=gpt-4o provider=codex account=work status=200 outcome=ok seconds=1.235 first_byte=0.500 in=120 out=3400"
        " tokens_in=10 cache_read=20 cache_write=30 tokens_out=40 request=r-1"
    )


def test_what_is_not_known_is_left_out_and_zero_is_known() -> None:
    assert line(BARE) == "model=m outcome=client-left seconds=0.000 in=0 out=0 request=r-2"


def test_attempts_are_worth_a_word_only_where_there_were_several() -> None:
    event = structs.replace(OK, outcome="failed", code="KP-NET-301", attempts=3)

    assert " outcome=failed code=KP-NET-301 seconds=" in line(event)
    assert line(event).endswith(" attempts=3 request=r-1")


@pytest.mark.parametrize(
    ("model", "written"),
    [
        ("claude-opus/4.1:x@y[1m]", "claude-opus/4.1:x@y[1m]"),
        ("", '""'),
        ("a b", '"a b"'),
        ("m status=200", '"m status=200"'),
        ('"', r'"\""'),
        ("a=b", '"a=b"'),
        ("m\n2026-01-01T00:00:00.000Z info", r'"m\n2026-01-01T00:00:00.000Z info"'),
        ("\x1b[2J", r'"\u001b[2J"'),
        ("é\u2028\ud800", r'"\u00e9\u2028\ud800"'),
        ("x" * LONGEST, "x" * LONGEST),
        ("x" * 10_000_000, f'"{"x" * (LONGEST - 1)}\\u2026"'),
    ],
)
def test_a_client_cannot_put_pairs_or_lines_of_its_own_into_the_log(model: str, written: str) -> None:
    assert (
        line(structs.replace(BARE, model=model)) == f"model={written} outcome=client-left seconds=0.000 in=0 out=0 request=r-2"
    )


@given(st.text(st.characters(codec=None), max_size=LONGEST), st.text(max_size=LONGEST))
def test_values_can_be_read_back_from_the_line(model: str, account: str) -> None:
    written = line(structs.replace(BARE, model=model, account=account))
    pairs = re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)', written)
    read = {name: json.loads(value) if value.startswith('"') else value for name, value in pairs}

    assert written.isprintable()
    assert (read["model"], read["account"]) == (model, account)
    assert list(read) == ["model", "account", "outcome", "seconds", "in", "out", "request"]


@given(
    st.text(max_size=LONGEST + 9),
    st.text(max_size=9),
    st.sampled_from(["ok", "client left"]),
    st.floats(0, 1e6),
    st.integers(0),
)
def test_all_of_a_line_that_others_have_chosen_is_told_apart(
    model: str, account: str, outcome: str, seconds: float, count: int
) -> None:
    usage = Usage(tokens_in=count, cache_read=count, cache_write=count, tokens_out=count)
    told = structs.replace(OK, model=model, account=account, outcome=outcome, first_byte=seconds, usage=usage, attempts=count)
    text, others = _line(told)
    how, words = others[: -len(_WORDS)], others[-len(_WORDS) :]
    ours = {each.partition("=")[0] for each in words.split()}

    assert text.startswith(f"{how} ")
    assert text.endswith(f" request={OK.id}")
    assert ours >= set(re.fullmatch(r"(?: \w+=[\d.]+)* request=r-1", text[len(how) :])[0].replace("=", " ").split()[::2])  # type: ignore[index]


async def test_each_event_is_logged_under_its_own_correlation_id_until_the_channel_closes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    [sink] = korproxy_sinks(FakeSettings())
    send, receive = open_events(2)
    with caplog.at_level(logging.INFO, "korproxy.requests"), trio.fail_after(5):
        async with receive, trio.open_nursery() as nursery:
            await nursery.start(sink.run, receive)
            async with send:
                await send.send(OK)
                await send.send(BARE)

    assert sink.name == "log"
    assert [(each.levelname, each.getMessage(), getattr(each, "correlation_id", None)) for each in caplog.records] == [
        ("INFO", line(OK), "c-1"),
        ("INFO", line(BARE), "c-2"),
    ]


async def test_a_line_that_nobody_writes_is_not_made(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    made: list[Finished] = []

    def make(event: Finished) -> str:
        made.append(event)
        return "made"

    monkeypatch.setattr("korproxy.builtin.sinks.request_log.line", make)
    [sink] = korproxy_sinks(FakeSettings())
    for level in (logging.WARNING, logging.INFO):
        caplog.set_level(level, "korproxy.requests")
        send, receive = open_events(1)
        async with send:
            send.send_nowait(structs.replace(OK, id=str(level)))
        await sink.run(receive, task_status=trio.TASK_STATUS_IGNORED)

    assert [each.id for each in made] == [str(logging.INFO)]
    assert [each.getMessage() for each in caplog.records] == ["made"]


async def test_events_of_many_batches_are_logged_in_their_order(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    [sink] = korproxy_sinks(FakeSettings())
    send, receive = open_events(math.inf)
    count = 3 * BATCH + 1
    with caplog.at_level(logging.INFO, "korproxy.requests"), trio.fail_after(5):
        async with receive, trio.open_nursery() as nursery:
            await nursery.start(sink.run, receive)
            async with send:
                for number in range(count):
                    await send.send(structs.replace(BARE, id=f"r-{number}"))

    assert [each.getMessage().rpartition("=")[2] for each in caplog.records] == [f"r-{number}" for number in range(count)]


class Counting(logging.Filter):
    """Lets every record through, and counts them."""

    count = 0

    def filter(self, record: logging.LogRecord) -> bool:
        del record
        self.count += 1
        return True


async def logged(*events: Finished, among: logging.Handler | None = None, by: logging.Filter | None = None) -> list[str]:
    """Return the lines that KorProxy's own log has for *events*, without time; another handler gets them, too, or a filter."""
    [sink] = korproxy_sinks(FakeSettings())
    send, receive = open_events(len(events))
    async with send:
        for event in events:
            send.send_nowait(event)
    ours, requests, stream = logging.getLogger("korproxy"), logging.getLogger("korproxy.requests"), io.StringIO()
    with logging_to(stream, level="info", levels={}, redact=str):
        if among is not None:
            ours.addHandler(among)
        if by is not None:
            requests.addFilter(by)
        try:
            await sink.run(receive, task_status=trio.TASK_STATUS_IGNORED)
        finally:
            if among is not None:
                ours.removeHandler(among)
            if by is not None:
                requests.removeFilter(by)
    return [each.partition(" ")[2] for each in stream.getvalue().splitlines()]


async def test_korproxys_own_log_takes_lines_without_records(monkeypatch: pytest.MonkeyPatch) -> None:
    handled: list[logging.LogRecord] = []
    with monkeypatch.context() as patched:
        patched.setattr(logging.Logger, "handle", lambda _, record: handled.append(record))
        lines = await logged(OK, BARE)

    assert lines == [f"info     requests  [c-1] {line(OK)}", f"info     requests  [c-2] {line(BARE)}"]
    assert handled == []


async def test_another_handler_or_a_filter_gets_a_record_of_each_event(caplog: pytest.LogCaptureFixture) -> None:
    alone = await logged(OK, BARE)
    counting, on_handler = Counting(), Counting()
    caplog.handler.addFilter(on_handler)
    try:
        beside = await logged(OK, BARE, among=caplog.handler)
        filtered = await logged(OK, BARE, by=counting)
    finally:
        caplog.handler.removeFilter(on_handler)

    assert beside == filtered == alone
    assert [each.getMessage() for each in caplog.records] == [line(OK), line(BARE)]
    assert (counting.count, on_handler.count) == (2, 2)


class Hiding(logging.LogRecord):
    """A record that says less than it was told."""

    def getMessage(self) -> str:  # noqa: N802 -- the name in logging
        return super().getMessage().replace("provider=codex", "provider=***")


async def test_who_makes_records_of_another_kind_makes_those_of_requests_too() -> None:
    logging.setLogRecordFactory(Hiding)
    try:
        [written] = await logged(OK)
    finally:
        logging.setLogRecordFactory(logging.LogRecord)

    assert written == f"info     requests  [c-1] {line(OK).replace('provider=codex', 'provider=***')}" != (await logged(OK))[0]


async def test_a_record_is_whole_and_made_when_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    [sink] = korproxy_sinks(FakeSettings())
    send, receive = open_events(2)
    before = time.time()
    with caplog.at_level(logging.INFO, "korproxy.requests"), trio.fail_after(5):
        async with receive, trio.open_nursery() as nursery:
            await nursery.start(sink.run, receive)
            async with send:
                await send.send(OK)

    [record] = caplog.records
    made = logging.getLogger("korproxy.requests").makeRecord("korproxy.requests", logging.INFO, "", 0, "", (), None)
    assert vars(record).keys() >= vars(made).keys()
    assert before <= record.created <= time.time()
    assert (record.name, record.module, record.process) == ("korproxy.requests", "request_log", os.getpid())
