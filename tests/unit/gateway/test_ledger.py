from __future__ import annotations

import attrs
import pytest

from korproxy.errors.exceptions import NoProvider, ProviderLost, RuleRefused
from korproxy.gateway import ledger as module
from korproxy.gateway.ledger import Ledger
from korproxy.models.calls import Call, Peek
from korproxy.models.decisions import Decision
from korproxy.models.outcome import Finished, Usage

CALL = Call(
    id="id-1",
    correlation_id="cor-1",
    dialect="openai-chat",
    path="/v1/chat/completions",
    peek=Peek(model="one/m", stream=True),
    body=b'{"model":"one/m"}',
    key_name="client",
    began=100.0,
)


DECISION = Decision(type="chat", profile="p", wanted="m", model="m", rule="no")


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "wall_time", lambda: 1_800_000_000.0)


def test_a_good_call_is_put_down_with_all_that_was_learnt_on_the_way() -> None:
    ledger = Ledger(call=CALL)
    ledger.provider, ledger.account, ledger.upstream_model, ledger.attempts = "one", "work", "m", 2
    ledger.status, ledger.outcome, ledger.usage = 200, "ok", Usage(tokens_in=1, tokens_out=2)
    ledger.sent(10, 101.5)
    ledger.sent(5, 103.0)

    assert ledger.close(104.0) == Finished(
        id="id-1",
        correlation_id="cor-1",
        key_name="client",
        dialect="openai-chat",
        model="one/m",
        upstream_model="m",
        provider="one",
        account="work",
        stream=True,
        status=200,
        outcome="ok",
        code=None,
        attempts=2,
        at=1_800_000_000.0,
        seconds=4.0,
        first_byte=1.5,
        bytes_in=17,
        bytes_out=15,
        usage=Usage(tokens_in=1, tokens_out=2),
    )


@pytest.mark.code("KP-NET-311")
def test_a_call_that_nobody_ended_was_left_by_its_client() -> None:
    finished = Ledger(call=CALL).close(100.25)

    assert (finished.outcome, finished.code, finished.status) == ("client left", "KP-NET-311", None)
    assert (finished.seconds, finished.first_byte, finished.bytes_out, finished.attempts) == (0.25, None, 0, 0)


def test_a_client_that_leaves_in_the_middle_of_a_refusal_has_left_all_the_same() -> None:
    ledger = Ledger(call=CALL, status=429, code="KP-RATE-401")

    assert (ledger.close(101.0).outcome, ledger.close(101.0).code) == ("client left", "KP-NET-311")


@pytest.mark.code("KP-NET-312")
def test_a_client_that_was_hung_up_on_did_not_leave_by_itself() -> None:
    ledger, answered = Ledger(call=CALL), Ledger(call=CALL, outcome="ok")
    ledger.hung_up()
    answered.hung_up()

    assert (ledger.close(101.0).outcome, ledger.close(101.0).code) == ("client left", "KP-NET-312")
    assert (answered.close(101.0).outcome, answered.close(101.0).code) == ("ok", None)


def test_an_error_of_ours_leaves_its_code() -> None:
    ledger = Ledger(call=CALL)
    ledger.failed(ProviderLost("KP-NET-309", "one broke off.", provider="one"))

    assert (ledger.close(101.0).outcome, ledger.close(101.0).code) == ("failed", "KP-NET-309")


def test_a_providers_own_error_keeps_its_code_and_is_called_refused() -> None:
    ledger = Ledger(call=CALL, status=429, code="KP-RATE-401", outcome="refused")

    assert (ledger.close(101.0).outcome, ledger.close(101.0).code) == ("refused", "KP-RATE-401")


@pytest.mark.parametrize("known", [None, attrs.evolve(DECISION, rule="earlier")])
def test_an_error_that_knows_what_was_decided_tells_it_where_nobody_else_has(known: Decision | None) -> None:
    ledger = Ledger(CALL, decision=known)
    ledger.failed(NoProvider("KP-PROV-105", "Nobody."))
    assert ledger.decision == known
    ledger.failed(RuleRefused("KP-PROV-124", "No.", rule="no", decision=DECISION))
    assert (ledger.decision, ledger.code) == (known or DECISION, "KP-PROV-124")
