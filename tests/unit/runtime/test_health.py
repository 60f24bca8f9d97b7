from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
import trio
from trio.testing import MockClock

from korproxy.config.home import Home
from korproxy.config.settings import RootSettings
from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.errors.codes import Registry
from korproxy.gateway.gate import Gate
from korproxy.gateway.redact import Redactor
from korproxy.gateway.routing import Snapshot
from korproxy.gateway.windows import Window, Windows, open_windows
from korproxy.plugins.host import PluginHost
from korproxy.plugins.offers import Offer
from korproxy.plugins.report import PluginState, State
from korproxy.runtime.compose import compose
from korproxy.runtime.generation import Shared
from korproxy.runtime.health import LARGE, PATIENCE, Health, is_large
from korproxy.runtime.health import sections as told
from korproxy.runtime.health_check import HealthCheck
from korproxy.runtime.reload import Reloader
from korproxy.runtime.supervise import ServiceState
from korproxy.server.answering import Answerer
from korproxy.server.entrance import Entrance
from korproxy.server.faults import FaultWriter
from korproxy.server.front import Front, Tally
from korproxy.server.guard import Guard
from korproxy.server.keys import KeyRing
from korproxy.version import VERSION
from tests.fakes.gateway import provider_at

SECRET = "hunter2"


@attrs.frozen
class Hider:
    name: str = "hider"
    order: int = 1
    longest: int = 7
    replacement: str = "***"

    def find(self, text: str) -> Sequence[tuple[int, int]]:
        at = text.find(SECRET)
        return [] if at < 0 else [(at, at + len(SECRET))]


@attrs.frozen
class FakeCollector:
    """Answers with *gives* after *seconds*, or raises it."""

    name: str
    gives: Any
    seconds: float = 0

    async def collect(self) -> Mapping[str, object]:
        await trio.sleep(self.seconds)
        if isinstance(self.gives, BaseException):
            raise self.gives
        given: Mapping[str, object] = self.gives
        return given


def health(
    *collectors: FakeCollector,
    services: Sequence[ServiceState] = (),
    plugins: Sequence[PluginState] = (),
    snapshot: Snapshot | None = None,
    windows: Mapping[str, Window] | None = None,
    down: Mapping[str, str] | None = None,
) -> Health:
    front = Front(
        answerer=Answerer(
            gate=Gate(snapshot or Snapshot(), windows or {}),
            faults=FaultWriter(codes=Registry.of(BUILTIN_CODES)),
            emit=lambda _: None,
        ),
        guard=Guard.build(KeyRing(()), ["127.0.0.1"], allowed=(), origins=(), reads=True),
        tally=Tally(running=2, total=7),
    )
    parts = attrs.evolve(
        compose(Home(path=Path("/home/me")), no_plugins=True, root=RootSettings()),
        host=cast("PluginHost", Plugins(plugins)),
        offered_collectors=[Offer("extra", each) for each in collectors],
    )
    reloader = Reloader(
        parts=parts,
        keys=KeyRing(()),
        shared=Shared(windows=Windows(), emit=lambda _: None),
        entrance=Entrance(front),
    )
    return Health(
        about={"pid": 4711, "urls": ["http://127.0.0.1:1337"]},
        reloader=reloader,
        checks=HealthCheck(reloader),
        services=lambda: services,
        books=lambda: {"kind": "sqlite", "down": down},
        redactor=Redactor.of([Hider()]),
        began=trio.current_time(),
    )


@attrs.frozen
class Plugins:
    """What a host says of its plugins."""

    states: Sequence[PluginState]


async def sections(*collectors: FakeCollector) -> dict[str, Any]:
    report = await health(*collectors).report()
    found: dict[str, Any] = json.loads(json.dumps(report, allow_nan=False))["sections"]
    return found


async def test_the_report_says_what_the_daemon_is_and_does(autojump_clock: MockClock) -> None:
    asked = health(FakeCollector("b", {"x": 1}), FakeCollector("a", {}), services=[ServiceState(name="s", state="running")])
    await trio.sleep(12.3456)
    report = await asked.report()

    assert json.loads(json.dumps(report)) == {
        "status": "ok",
        "version": VERSION,
        "pid": 4711,
        "urls": ["http://127.0.0.1:1337"],
        "uptime_seconds": 12.346,
        "home": "/home/me",
        "generation": 0,
        "reload": None,
        "safe_mode": False,
        "notices": [],
        "safe_start": False,
        "left_out": [],
        "requests": {"running": 2, "total": 7},
        "providers": [],
        "services": [{"name": "s", "state": "running", "restarts": 0, "last_error": None}],
        "store": {"kind": "sqlite", "down": None},
        "plugins": {"loaded": 0, "broken": 0},
        "sections": {"a": {}, "b": {"x": 1}},
    }
    assert list(report["sections"]) == ["a", "b"]  # type: ignore[call-overload]


async def test_plugins_are_counted_by_what_became_of_them() -> None:
    states: list[State] = ["loaded", "loaded", "broken", "blocked"]
    plugins = [PluginState(name=str(n), origin="file", version="1", location="x", state=each) for n, each in enumerate(states)]

    assert (await health(plugins=plugins).report())["plugins"] == {"loaded": 2, "broken": 1}


@pytest.mark.parametrize(
    ("state", "status"),
    [("running", "ok"), ("ended", "ok"), ("waiting to restart", "degraded"), ("starting", "degraded")],
)
async def test_the_state_of_its_services_is_the_daemons(state: Any, status: str) -> None:
    services = [ServiceState(name="a", state="running"), ServiceState(name="b", state=state)]

    assert (await health(services=services).report())["status"] == status


@pytest.mark.code("KP-SYS-533")
async def test_a_daemon_whose_books_are_not_kept_is_degraded_and_says_why_without_secrets() -> None:
    report = await health(down={"code": "KP-SYS-533", "message": "hunter2 is wrong"}).report()

    assert (report["status"], report["store"]["down"]["code"]) == ("degraded", "KP-SYS-533")  # type: ignore[index]
    assert "hunter2" not in json.dumps(report)


async def test_providers_are_listed_with_what_they_do_now() -> None:
    providers = (provider_at("http://127.0.0.1:1"), provider_at(f"http://127.0.0.1:1/{SECRET}", id="two", accounts=()))
    async with open_windows(providers) as opened:
        windows = opened.now
        asked = health(snapshot=Snapshot(providers=providers), windows=windows)
        await windows["one"].slots.enter("a request", 1)
        one, two = asked.providers()
        windows["one"].slots.leave("a request")

    pool = {"idle": 0, "busy": 0, "opened": 0, "reused": 0, "repeated": 0, "closed": {}}
    idle = {
        "no_key": [],
        "disabled": [],
        "health": [],
        "checks": [],
        "running": 0,
        "waiting": 0,
        "retries_left": 128.0,
        "connections": 0,
        "pool": pool,
    }
    busy = {**idle, "running": 1}
    assert one == {"id": "one", "type": "compatible", "base_url": "http://127.0.0.1:1", "accounts": ["work"], **busy}
    assert two == {"id": "two", "type": "compatible", "base_url": "http://127.0.0.1:1/***", "accounts": [], **idle}


async def test_a_collector_that_hangs_gets_five_seconds_and_costs_only_its_own_section(autojump_clock: MockClock) -> None:
    began = trio.current_time()
    found = await sections(
        FakeCollector("slow", {"x": 1}, math.inf), FakeCollector("other", {"x": 2}, 4.9), FakeCollector("third", {}, 6)
    )

    assert trio.current_time() - began == PATIENCE == 5
    late = {"error": "no answer within 5 s"}
    assert found == {"slow": late, "other": {"x": 2}, "third": late}


@pytest.mark.parametrize(
    ("exc", "said"),
    [
        (ValueError(f"no, {SECRET}"), "ValueError: no, ***"),
        (ExceptionGroup("g", [KeyError("k")]), "KeyError: 'k'"),
        (trio.TooSlowError(), "TooSlowError"),  # a deadline of its own
        (SystemExit(1), "SystemExit: 1"),
    ],
)
async def test_a_collector_that_fails_says_so_in_its_own_section(exc: BaseException, said: str) -> None:
    found = await sections(FakeCollector("bad", exc), FakeCollector("good", {"x": 1}))

    assert found == {"bad": {"error": said}, "good": {"x": 1}}


async def test_a_collector_that_fails_while_its_time_is_up_costs_only_its_own_section(autojump_clock: MockClock) -> None:
    class SoreLoser:
        name = "bad"

        async def collect(self) -> Mapping[str, object]:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._fail)
                await trio.sleep_forever()
            return {}

        async def _fail(self) -> None:
            try:
                await trio.sleep_forever()
            finally:
                raise ValueError("goodbye")

    found = await sections(SoreLoser())  # type: ignore[arg-type]

    assert found == {"bad": {"error": "ValueError: goodbye"}}


async def test_a_collector_that_is_no_coroutine_costs_only_its_own_section() -> None:
    class Wrong:
        name = "bad"

        def collect(self) -> Mapping[str, object]:
            return {}

    found = await sections(Wrong())  # type: ignore[arg-type]

    assert list(found) == ["bad"]
    assert found["bad"]["error"].startswith("TypeError: ")


async def test_whoever_stops_asking_is_not_kept(autojump_clock: MockClock) -> None:
    began = trio.current_time()
    with trio.move_on_after(1) as scope:
        await health(FakeCollector("slow", {}, math.inf)).report()

    assert (scope.cancelled_caught, trio.current_time() - began) == (True, 1)


async def test_whatever_a_collector_gives_is_redacted_json() -> None:
    given = {
        "text": f"a {SECRET} b",
        f"key {SECRET}": {"nested": [SECRET, (SECRET, None, True, 1, 1.5)]},
        "others": {
            frozenset({SECRET}),
        },
        "bytes": SECRET.encode(),
        "not json": [math.nan, math.inf, 10**30],
        7: ValueError(SECRET),
    }

    assert await sections(FakeCollector("x", given)) == {
        "x": {
            "text": "a *** b",
            "key ***": {"nested": ["***", ["***", None, True, 1, 1.5]]},
            "others": [["***"]],
            "bytes": "b'***'",
            "not json": ["nan", "inf", 10**30],
            "7": "***",
        }
    }


async def test_what_is_large_is_redacted_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    where: dict[str, int] = {}

    class Watched(Hider):
        def find(self, text: str) -> Sequence[tuple[int, int]]:
            where[text[:5]] = threading.get_ident()
            return super().find(text)

    collectors = [FakeCollector("small", {"a": "small"}), FakeCollector("large", {"a": ["large" * LARGE, SECRET]})]
    found: Any = await told(collectors, Redactor.of([Watched()]))

    assert (where["small"] == threading.get_ident(), where["large"] == threading.get_ident()) == (True, False)
    assert found["large"]["a"][1] == "***"


@pytest.mark.parametrize(
    ("value", "large"),
    [
        ("x" * LARGE, True),
        (b"x" * LARGE, True),
        ([0] * LARGE, True),
        (dict.fromkeys(range(LARGE)), True),
        ({"a": ["x" * (LARGE // 2)] * 2}, True),
        ({"a": ["x" * (LARGE // 2)]}, False),
        (None, False),
    ],
)
def test_it_is_known_what_is_large(value: object, large: bool) -> None:
    assert is_large(value) == large


async def test_a_collector_whose_answer_contains_itself_costs_only_its_own_section() -> None:
    endless: dict[str, object] = {}
    endless["again"] = endless
    found = await sections(FakeCollector("x", endless))

    assert found["x"]["error"].startswith("RecursionError: ")


async def test_the_last_error_of_a_service_is_redacted() -> None:
    services = [ServiceState(name="s", last_error=f"ValueError: {SECRET}")]
    report: Any = await health(services=services).report()

    assert report["services"][0]["last_error"] == "ValueError: ***"
