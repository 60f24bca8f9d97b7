from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.errors.exceptions import CallerRefused
from korproxy.models.accounts import Secret
from korproxy.models.calls import Headers
from korproxy.server.guard import Caller, Guard
from korproxy.server.keys import CLIENT, MANAGE, READ, Key, KeyRing

CLIENT_KEY, MANAGEMENT_KEY, READING_KEY = "kp-client-1", "kp-manage-1", "kp-read-1"
RING = KeyRing(
    (
        Key.of("client", Secret(CLIENT_KEY), CLIENT),
        Key.of("management", Secret(MANAGEMENT_KEY), READ, MANAGE),
        Key.of("reader", Secret(READING_KEY), READ),
    )
)


def guard(*bound: str, allowed: tuple[str, ...] = (), origins: tuple[str, ...] = (), reads: bool = True) -> Guard:
    return Guard.build(RING, bound or ("127.0.0.1", "::1"), allowed=allowed, origins=origins, reads=reads)


def headers(**fields: str) -> Headers:
    """Return headers; ``_`` stands for ``-``."""
    return Headers(tuple((name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in fields.items()))


def refusal_of_source(door: Guard, host: str, origin: str | None = None) -> str | None:
    """Return the code with which a request is turned away for where it comes from."""
    fields = {"host": host} if origin is None else {"host": host, "origin": origin}
    try:
        door.check_source(headers(**fields))
    except CallerRefused as exc:
        return exc.code
    return None


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:1337", "127.0.0.1", "localhost:1337", "LocalHost", "localhost.:80", "[::1]:1337", "[::1]", "[0:0:0::1]:1337"],
)
def test_a_host_that_means_this_machine_is_right(host: str) -> None:
    assert refusal_of_source(guard(), host) is None


@pytest.mark.code("KP-AUTH-004")
@pytest.mark.parametrize(
    "host",
    [
        "evil.test", "evil.test:1337", "127.0.0.1.evil.test", "localhost.evil.test", "192.168.1.7:1337", "[fe80::1]",
        "", ".", ":1337", "[", "[]", "::1", "[::1", "a b", "user@localhost", "localhost/x", "localhost:80:80", "localhost?x",
        "127.0.0.1\\", "127.0.0.1#", "127.1", "\xe4", "localhost..", "127.0.0.1..",
    ],
)  # fmt: skip
def test_any_other_host_may_be_a_page_that_points_its_name_here(host: str) -> None:
    assert refusal_of_source(guard(), host) == "KP-AUTH-004"


def test_a_wrong_host_is_shown_in_part_and_the_setting_is_named() -> None:
    with pytest.raises(CallerRefused) as caught:
        guard().check_source(headers(host="evil.test" * 100))

    assert "[server] allowed_hosts" in caught.value.detail
    assert len(caught.value.detail) < 300


def test_a_request_without_any_host_is_refused() -> None:
    with pytest.raises(CallerRefused, match="The Host ''"):
        guard().check_source(Headers())


def test_hosts_that_are_allowed_are_right_however_they_are_written() -> None:
    door = guard(allowed=("KorProxy.lan", "FD00::0001"))

    assert [refusal_of_source(door, each) for each in ("korproxy.LAN:80", "[fd00::1]:1337", "lan")] == [
        None,
        None,
        "KP-AUTH-004",
    ]


def test_an_address_that_is_listened_on_is_right() -> None:
    door = guard("192.168.1.7", "FD00::7")

    assert [refusal_of_source(door, each) for each in ("192.168.1.7:1337", "[fd00::7]:1", "192.168.1.8")] == [
        None,
        None,
        "KP-AUTH-004",
    ]


@pytest.mark.parametrize("bound", ["0.0.0.0", "::"])
def test_who_listens_everywhere_takes_every_address_and_still_no_name(bound: str) -> None:
    door = guard(bound)

    assert [refusal_of_source(door, each) for each in ("10.1.2.3:1337", "[fd00::7]", "evil.test", "")] == [
        None,
        None,
        "KP-AUTH-004",
        "KP-AUTH-004",
    ]


def test_no_setting_can_let_in_a_host_that_is_none() -> None:
    door = guard("", allowed=("", "."))

    assert refusal_of_source(door, "") == "KP-AUTH-004"
    assert refusal_of_source(door, "", "null") == "KP-AUTH-004"


@pytest.mark.parametrize("origin", ["http://127.0.0.1:1337", "HTTP://127.0.0.1:1337", "https://tools.test:8443"])
def test_the_own_pages_and_the_listed_origins_may_call(origin: str) -> None:
    assert refusal_of_source(guard(origins=("https://tools.test:8443",)), "127.0.0.1:1337", origin) is None


@pytest.mark.code("KP-AUTH-005")
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.test", "null", "http://127.0.0.1:8080", "http://localhost:1337", "http://127.0.0.1", "https://tools.test",
        "http://tools.test:8443", "https://tools.test:8443.evil.test", "http://[", "http://[::1", "*", "://", "127.0.0.1:1337",
    ],
)  # fmt: skip
def test_any_other_origin_is_turned_away(origin: str) -> None:
    assert refusal_of_source(guard(origins=("https://tools.test:8443",)), "127.0.0.1:1337", origin) == "KP-AUTH-005"


def test_programs_send_no_origin_and_need_none() -> None:
    assert refusal_of_source(guard(), "127.0.0.1:1337", "") is None


@given(st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255)))
def test_nothing_in_the_two_headers_makes_the_door_fall_over(host: str, origin: str) -> None:
    assert refusal_of_source(guard(), host, origin) in {None, "KP-AUTH-004", "KP-AUTH-005"}


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        ({"authorization": f"Bearer {CLIENT_KEY}"}, b""),
        ({"authorization": f"bearer   {CLIENT_KEY} "}, b""),
        ({"x_api_key": CLIENT_KEY}, b""),
        ({"x_goog_api_key": CLIENT_KEY}, b""),
        ({}, b"alt=sse&key=kp-client-1"),
        ({"authorization": "Bearer other", "x_api_key": CLIENT_KEY}, b""),
        ({"x_korproxy_key": CLIENT_KEY}, b""),
    ],
)
def test_a_client_key_is_found_wherever_an_sdk_puts_it(fields: dict[str, str], query: bytes) -> None:
    assert guard().admit_client(headers(**fields), query) == Caller(key_name="client")


def refusal_of_client(fields: dict[str, str], query: bytes = b"") -> str:
    with pytest.raises(CallerRefused) as caught:
        guard().admit_client(headers(**fields), query)
    return caught.value.code


@pytest.mark.code("KP-AUTH-001")
@pytest.mark.parametrize("fields", [{}, {"authorization": "Basic abc"}, {"authorization": "Bearer"}, {"x_api_key": ""}])
def test_a_client_without_a_key_is_told_where_to_find_one(fields: dict[str, str]) -> None:
    assert refusal_of_client(fields) == "KP-AUTH-001"
    assert refusal_of_client(fields, b"key=") == "KP-AUTH-001"


@pytest.mark.code("KP-AUTH-002")
@pytest.mark.parametrize(
    "fields",
    [
        {"authorization": "Bearer sk-wrong"},
        {"x_korproxy_key": "wrong", "authorization": f"Bearer {CLIENT_KEY}"},
        {"x_api_key": CLIENT_KEY + "x"},
    ],
)
def test_a_wrong_key_is_refused(fields: dict[str, str]) -> None:
    assert refusal_of_client(fields) == "KP-AUTH-002"


def test_who_was_let_in_with_some_headers_is_not_let_in_by_another_guard_or_with_another_query() -> None:
    fields = headers(x_api_key=CLIENT_KEY)
    ours, other = guard(), Guard(keys=KeyRing((Key.of("client", Secret("kp-client-2"), CLIENT),)))
    first, again = ours.admit_client(fields, b""), ours.admit_client(fields, b"")
    with pytest.raises(CallerRefused) as refused:
        other.admit_client(fields, b"")
    by_query = headers(host="x")
    ours.admit_client(by_query, b"key=" + CLIENT_KEY.encode())
    with pytest.raises(CallerRefused) as without:
        ours.admit_client(by_query, b"")

    assert (first, again) == (Caller(key_name="client"), Caller(key_name="client"))
    assert (refused.value.code, without.value.code) == ("KP-AUTH-002", "KP-AUTH-001")


@pytest.mark.code("KP-AUTH-003")
@pytest.mark.parametrize("key", [MANAGEMENT_KEY, READING_KEY])
def test_a_key_for_something_else_is_refused(key: str) -> None:
    assert refusal_of_client({"authorization": f"Bearer {key}"}) == "KP-AUTH-003"


@pytest.mark.parametrize(
    ("fields", "credential"),
    [
        ({"authorization": "Bearer sk-mine"}, "sk-mine"),
        ({"x_api_key": "sk-mine"}, "sk-mine"),
        ({"authorization": f"Bearer {CLIENT_KEY}", "x_api_key": "sk-mine"}, "sk-mine"),
        ({"authorization": f"Bearer {CLIENT_KEY}"}, None),
        ({"authorization": f"Bearer {MANAGEMENT_KEY}"}, None),
        ({}, None),
    ],
)
def test_with_our_key_in_its_own_header_the_other_places_are_free_for_the_callers_credential(
    fields: dict[str, str], credential: str | None
) -> None:
    caller = guard().admit_client(headers(x_korproxy_key=CLIENT_KEY, **fields), b"")

    assert caller.key_name == "client"
    assert (caller.credential.reveal() if caller.credential else None) == credential
    assert "sk-mine" not in repr(caller)


def manager(door: Guard, scope: str = READ, *, needed: bool = False, **fields: str) -> str:
    """Return the name of the key that let the caller in, or the code of the refusal."""
    try:
        return door.admit_manager(headers(**fields), scope, needed=needed).key_name
    except CallerRefused as exc:
        return exc.code


def test_reading_is_open_on_loopback() -> None:
    assert manager(guard()) == ""
    assert manager(guard("localhost")) == ""


@pytest.mark.parametrize(("key", "name"), [(MANAGEMENT_KEY, "management"), (READING_KEY, "reader"), (CLIENT_KEY, "client")])
def test_a_key_never_opens_less_than_none(key: str, name: str) -> None:
    assert manager(guard(), authorization=f"Bearer {key}") == name


@pytest.mark.code("KP-AUTH-006")
@pytest.mark.parametrize("name", ["forwarded", "x_forwarded_for", "x_forwarded_host", "x_forwarded_anything"])
def test_behind_a_proxy_nothing_is_open(name: str) -> None:
    forwarded: dict[str, Any] = {name: "10.0.0.1"}

    assert manager(guard(), **forwarded) == "KP-AUTH-006"
    assert manager(guard(), **forwarded, x_management_key=MANAGEMENT_KEY) == "management"


@pytest.mark.parametrize("door", [guard(reads=False), guard("0.0.0.0"), guard("127.0.0.1", "192.168.1.7"), guard("host.lan")])
def test_elsewhere_and_with_reads_closed_a_key_is_needed(door: Guard) -> None:
    assert manager(door) == "KP-AUTH-006"
    assert manager(door, x_management_key=READING_KEY) == "reader"


def test_what_needs_a_key_needs_it_on_loopback_too() -> None:
    assert manager(guard(), MANAGE, needed=True) == "KP-AUTH-006"
    assert manager(guard(), MANAGE, needed=True, authorization=f"Bearer {MANAGEMENT_KEY}") == "management"
    assert manager(guard(), MANAGE, needed=True, x_management_key=MANAGEMENT_KEY) == "management"


@pytest.mark.code("KP-AUTH-003")
@pytest.mark.parametrize("key", [CLIENT_KEY, READING_KEY])
def test_a_key_without_the_scope_is_refused(key: str) -> None:
    assert manager(guard(), MANAGE, needed=True, x_management_key=key) == "KP-AUTH-003"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("wrong", "That is not a key of this KorProxy: `korproxy key show management` prints the right one."),
        (
            CLIENT_KEY,
            "The key 'client' does not allow this: it lacks the scope 'manage';"
            " `korproxy key show management` prints one that has it.",
        ),
    ],
)
def test_who_comes_to_manage_with_the_wrong_key_is_told_of_the_right_one(key: str, said: str) -> None:
    with pytest.raises(CallerRefused) as caught:
        guard().admit_manager(headers(x_management_key=key), MANAGE, needed=True)

    assert str(caught.value) == said


@pytest.mark.code("KP-AUTH-002")
@pytest.mark.parametrize("needed", [True, False])
def test_a_wrong_key_is_never_passed_over_in_silence(needed: bool) -> None:
    assert manager(guard(), needed=needed, x_management_key="wrong") == "KP-AUTH-002"


def test_keys_for_clients_sdks_do_not_count_here() -> None:
    assert manager(guard(), MANAGE, needed=True, x_api_key=MANAGEMENT_KEY) == "KP-AUTH-006"
