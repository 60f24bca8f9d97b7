from __future__ import annotations

import attrs
import pytest
import trio

from korproxy.builtin.dialects.openai_responses import OpenAIResponses
from korproxy.errors.exceptions import (
    Busy,
    NoProvider,
    ProviderLost,
)
from korproxy.gateway.ledger import Ledger
from korproxy.models.providers import Deadlines, Limits
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.gate import BODY, a_call, ask, failure, open_gate, said
from tests.fakes.gateway import provider_at
from tests.fakes.raw_upstream import answering, raw_upstream

NOWHERE = "http://127.0.0.1:1"  # nobody listens there


async def test_what_was_learnt_on_the_way_is_put_down() -> None:
    async with open_echo() as echo, open_gate(provider_at(echo.url, id="two")) as gate:
        told = await ask(gate, a_call(b'{"model":"two/m"}'))

    finished = told.finished
    assert (finished.provider, finished.account, finished.upstream_model) == ("two", "work", "m")
    assert (finished.attempts, finished.status, finished.outcome, finished.code) == (1, 200, "ok", None)


async def test_where_nobody_can_be_reached_the_next_one_is_asked() -> None:
    async with open_echo() as echo, open_gate(provider_at(NOWHERE, id="one"), provider_at(echo.url, id="two")) as gate:
        told = await ask(gate)

    assert (told.finished.provider, told.finished.attempts, told.finished.outcome) == ("two", 2, "ok")


async def test_where_nobody_at_all_can_be_reached_the_last_one_is_named() -> None:
    async with open_gate(provider_at(NOWHERE, id="one"), provider_at(NOWHERE, id="two")) as gate:
        error, ledger = await failure(gate)

    assert (error.code, ledger.provider, ledger.attempts) == ("KP-NET-302", "two", 2)
    assert error.detail.startswith("two cannot be reached")


async def test_a_request_that_somebody_may_have_begun_to_work_on_is_repeated_elsewhere_while_nothing_was_said() -> None:
    async with raw_upstream(answering()) as port, open_echo() as echo:
        first = provider_at(f"http://127.0.0.1:{port}", id="one")
        async with open_gate(first, provider_at(echo.url, id="two")) as gate:
            told = await ask(gate)

    assert (told.finished.provider, told.finished.attempts, told.finished.outcome) == ("two", 2, "ok")
    assert echo.only.body == BODY


async def test_without_a_provider_nothing_is_tried() -> None:
    async with open_gate() as gate:
        error, ledger = await failure(gate)

    assert (type(error), error.code, ledger.attempts, ledger.provider) == (NoProvider, "KP-CONF-207", 0, None)


async def test_waiting_for_a_place_counts_against_the_total_deadline() -> None:
    async with open_echo(Scripted(pieces=[b"{", b"}"], framing="chunked")) as echo:
        one = provider_at(echo.url, limits=Limits(max_concurrency=1), deadlines=Deadlines(first_byte=60, total=0.3))
        async with open_gate(one) as gate:
            holder = await gate.open(a_call(), Ledger(call=a_call()), said)
            began = trio.current_time()
            with pytest.raises(Busy, match="became free within 0"):
                await gate.open(a_call(), Ledger(call=a_call()), said)
            took = trio.current_time() - began
            with pytest.raises(Busy, match="became free within 0 s"):
                await gate.open(a_call(began=began - 100), Ledger(call=a_call()), said)
            await holder.aclose()

    assert took < 5


@pytest.mark.code("KP-NET-307")
async def test_a_call_whose_upload_took_all_its_time_is_not_sent() -> None:
    async with open_echo() as echo, open_gate(provider_at(echo.url, deadlines=Deadlines(total=10))) as gate:
        error, _ = await failure(gate, a_call(began=trio.current_time() - 11))

    assert (type(error), error.code, echo.arrived) == (ProviderLost, "KP-NET-307", [])


async def test_what_a_provider_has_asked_for_is_in_the_plan_so_that_a_client_that_has_to_wait_gets_signs_of_life() -> None:
    body = b'{"model": "m", "stream": true, "tools": [{"type": "function", "function": {"name": "read"}}]}'
    async with open_gate(provider_at(NOWHERE), openai_responses=OpenAIResponses()) as gate:
        (before,) = gate.route(a_call(body)).order
        gate.learnt.note(before, attrs.evolve(before, dialect="openai-responses"))
        (after,) = gate.route(a_call(body)).order

    assert (before.dialect, after.dialect) == ("openai-chat", "openai-responses")
