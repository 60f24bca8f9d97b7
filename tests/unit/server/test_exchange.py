"""What the front knows of a request is what stands between it and the socket really has."""

from __future__ import annotations

import inspect

import pytest

from korproxy.errors.exceptions import KorproxyError
from korproxy.server.asgi import AsgiExchange
from korproxy.server.exchange import ClientLeft, Exchange

PROMISED = sorted(name for name in vars(Exchange) if not name.startswith("_"))
METHODS = [name for name in PROMISED if inspect.isfunction(vars(Exchange)[name])]


def test_an_exchange_over_asgi_is_an_exchange() -> None:
    kept: type[Exchange] = AsgiExchange  # checked by mypy

    assert [name for name in PROMISED if not hasattr(kept, name)] == []


@pytest.mark.parametrize("name", METHODS)
def test_a_method_takes_what_is_promised_and_waits_where_that_is_promised(name: str) -> None:
    promised, there = (getattr(each, name) for each in (Exchange, AsgiExchange))

    assert inspect.signature(there) == inspect.signature(promised)
    assert inspect.iscoroutinefunction(there) == inspect.iscoroutinefunction(promised)


def test_the_promise_is_the_one_that_the_front_is_written_for() -> None:
    assert METHODS == ["body", "break_off", "drain", "finish", "start", "write"]
    assert sorted(set(PROMISED) - set(METHODS)) == ["complete", "headers", "method", "path", "query", "stalled", "started"]


def test_a_client_that_left_is_no_error_that_could_be_answered() -> None:
    assert not issubclass(ClientLeft, KorproxyError)
    assert issubclass(ClientLeft, Exception)
