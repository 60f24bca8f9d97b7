from __future__ import annotations

import sys

import pytest

from korproxy.store.connection import StoreDown
from korproxy.store.postgres import connect
from tests.fakes.stores import schema


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///x", "What [store] url leads to does not begin with postgresql://."),
        ("hunter2", "What [store] url leads to does not begin with postgresql://."),
        ("postgresql://u:hunter2@h/d?nothing=1", "What [store] url leads to is no address that psycopg understands."),
        ("postgresql://u:hunter2@[h/d", "What [store] url leads to is no address that psycopg understands."),
    ],
)
def test_an_address_that_is_none_is_never_repeated(url: str, said: str) -> None:
    with pytest.raises(StoreDown) as caught:
        connect(url, "r1")
    assert (caught.value.code, caught.value.detail) == ("KP-SYS-533", said)


def test_nobody_at_that_address_is_told_in_words_without_the_password() -> None:
    with pytest.raises(StoreDown, match=r"^PostgreSQL cannot be reached: .*Connection refused.*\.$") as caught:
        connect("postgresql://u:hunter2@127.0.0.1:1/d", "r1")
    assert "hunter2" not in caught.value.detail


def test_without_the_driver_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreDown, match=r"psycopg, is not installed: `pip install 'korproxy\[postgres\]'` adds it\."):
        connect("postgresql://u:p@h/d", "r1")


def test_what_takes_too_long_is_ended_by_the_server() -> None:
    with schema() as url:
        connection = connect(url, "r1")
        connection.execute("SET statement_timeout = '10ms'")
        with pytest.raises(StoreDown, match="statement timeout"):
            connection.execute("SELECT pg_sleep(5)")
        connection.close()


def test_a_connection_that_the_server_has_ended_is_down() -> None:
    with schema() as url:
        one, other = connect(url, "r1"), connect(url, "r2")
        (pid,) = one.execute("SELECT pg_backend_pid()")[0]
        other.execute("SELECT pg_terminate_backend(?)", (pid,))
        with pytest.raises(StoreDown, match=r"PostgreSQL says of the database [a-z]+ on .+:[0-9]+: "):
            one.execute("SELECT 1")
        one.close()
        other.close()
