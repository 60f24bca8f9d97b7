from __future__ import annotations

import logging
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio
from korproxy_mock.plugin import plugin as mock_plugin
from korproxy_mock.server import open_mock

from korproxy.config.home import Home, prepare
from korproxy.config.keys import ensure_keys
from korproxy.errors.exceptions import CannotStart, ConfigError
from korproxy.gateway.hiding import Hiding
from korproxy.gateway.redact import Redactor
from korproxy.kit.translation import LazyTranslator
from korproxy.models.outcome import Finished
from korproxy.plugins.offers import Offer
from korproxy.runtime import main
from korproxy.runtime.compose import compose
from korproxy.runtime.main import Plan, _Abandon, live
from korproxy.runtime.sockets import listen, url_of
from korproxy.server.grace import Grace
from korproxy.server.keys import CLIENT, MANAGE, READ, Key, KeyRing
from korproxy.server.serving import Server
from tests.fakes.plugin_files import plugin_text
from tests.fakes.raw_client import chat_request, connect, read_all, read_until
from tests.fakes.waiting import until

Logs = list[logging.LogRecord]
HEALTH = "/v1/diagnostics/health"


@attrs.define
class Task:
    """A sink and a service in one, which notes what happens to it."""

    name: str
    notes: list[str] = attrs.field(factory=list)
    start: Callable[[], None] | None = lambda: None
    events: trio.MemoryReceiveChannel[Finished] | None = None

    async def run(
        self, events: trio.MemoryReceiveChannel[Finished] | None = None, *, task_status: trio.TaskStatus[None]
    ) -> None:
        if self.start is None:
            await trio.sleep_forever()
        else:
            self.start()
        self.notes.append(f"{self.name} started")
        task_status.started()
        try:
            if events is None:
                await trio.sleep_forever()
            else:
                async for each in events:
                    self.notes.append(f"{self.name} got {each.outcome}")
        finally:
            self.notes.append(f"{self.name} ended")


def fail() -> None:
    raise PermissionError("no right, hunter2")


@pytest.fixture(autouse=True)
def _close_the_demo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MOCK_KEY", "sk-mock")
    yield
    mock_plugin.close()


@contextmanager
def planned(
    home: Path,
    settings: str = "",
    *,
    sinks: Sequence[Task] = (),
    services: Sequence[Task] = (),
    plugin: str = "",
    demo: bool = False,
) -> Iterator[Plan]:
    """Plan a daemon with *sinks* and *services* of a plugin called ``extra``, whose text is *plugin*."""
    files = Home(path=home)
    prepare(files)
    files.toml.write_text(settings)
    folder = home / "plugins"
    folder.mkdir()
    (folder / "extra.py").write_text(plugin)
    parts = compose(files, demo=demo, plugin_dirs=[folder])
    assert parts.problems == ()
    parts = attrs.evolve(
        parts,
        offered_sinks=[*parts.offered_sinks, *(Offer[Any]("extra", each) for each in sinks)],
        offered_services=[*parts.offered_services, *(Offer[Any]("extra", each) for each in services)],
    )
    keys = ensure_keys(files)
    sockets = listen(["127.0.0.1"], 0)
    try:
        yield Plan(
            parts=parts,
            keys=KeyRing((Key.of("client", keys.client, CLIENT), Key.of("management", keys.management, READ, MANAGE))),
            sockets=sockets,
            about={"pid": 4711, "urls": [url_of(each) for each in sockets]},
            hiding=Hiding((), redactor=Redactor.of([_Hider()])),
        )
    finally:
        for each in sockets:
            each.close()


@attrs.frozen
class _Hider:
    name: str = "hider"
    order: int = 1
    longest: int = 7
    replacement: str = "***"

    def find(self, text: str) -> Sequence[tuple[int, int]]:
        at = text.find("hunter2")
        return [] if at < 0 else [(at, at + 7)]


@asynccontextmanager
async def alive(plan: Plan, stop: trio.Event | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Let the daemon of *plan* live for the block; gives a client that needs no key for what it reads."""
    stop = trio.Event() if stop is None else stop
    is_ready = trio.Event()
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_live, plan, is_ready.set, stop)
            await is_ready.wait()
            async with httpx.AsyncClient(base_url=url_of(plan.sockets[0]), trust_env=False, timeout=10) as client:
                yield client
            stop.set()


async def _live(plan: Plan, ready: Callable[[], None], stop: trio.Event) -> None:
    await live(plan, ready=ready, on_stop=lambda: None, stop=stop)


async def failed(plan: Plan) -> BaseException:
    """Let the daemon of *plan* fail; return the one thing that was wrong."""
    ready: list[int] = []
    with trio.fail_after(20):
        try:
            await live(plan, ready=lambda: ready.append(1), on_stop=lambda: None)
        except BaseExceptionGroup as group:
            assert ready == []
            return _leaf(group)
    raise AssertionError("it did not fail")


def _leaf(exc: BaseException) -> BaseException:
    while isinstance(exc, BaseExceptionGroup):
        [exc] = exc.exceptions
    return exc


async def test_ready_means_that_a_request_is_answered(home: Path) -> None:
    with planned(home) as plan:
        async with alive(plan) as client:
            answer = await client.get("/healthz")

    assert answer.status_code == 200
    assert [each.fileno() for each in plan.sockets] == [-1]  # nobody can connect any more


async def test_the_state_of_the_daemon_is_told(home: Path) -> None:
    with planned(home, sinks=[Task("one")], services=[Task("two")]) as plan:
        async with alive(plan) as client:
            report = (await client.get(HEALTH)).json()
            providers = (await client.get("/v1/providers")).json()

    assert (report["status"], report["pid"], report["home"]) == ("ok", 4711, str(home))
    names = ["sink store", "sink log", "sink one", "idle-connection check", "reasoning table", "repro shapes"]
    names += ["metrics flush", "purge", "two", "configuration watch", "health check", "last good configuration", "crash guard"]
    assert [each["name"] for each in report["services"]] == names
    assert {each["state"] for each in report["services"]} == {"running"}
    assert (report["store"]["kind"], report["store"]["down"], report["store"]["dropped"]) == ("sqlite", None, [])
    assert list(report["sections"])[-1] == "system"
    assert providers == {"providers": []}


MOCKED = """
[providers.mock]
type = "compatible"
base_url = "{url}/v1"
[[providers.mock.accounts]]
name = "work"
key = "env:MOCK_KEY"
"""


async def test_what_is_further_in_ends_sooner(home: Path) -> None:
    notes: list[str] = []
    sink, service = Task("sink", notes), Task("service", notes)
    stop = trio.Event()
    async with open_mock() as mock:
        with planned(home, MOCKED.replace("{url}", mock.url), sinks=[sink], services=[service]) as plan:
            key = Home(path=home).client_key.read_text().strip()
            async with alive(plan, stop):
                notes.append("ready")
                async with await connect(url_of(plan.sockets[0])) as stream:
                    await stream.send_all(chat_request("{{mock: words=10 gap=0.02}}", key))
                    await read_until(stream, b"data:")
                    notes.append("stop")
                    stop.set()
                    answer = await read_all(stream)
                    notes.append("answered")

    assert b"data: [DONE]" in answer
    assert notes.index("answered") < notes.index("service ended")
    assert [each for each in notes if each != "answered"] == [
        "sink started",
        "service started",
        "ready",
        "stop",
        "sink got ok",
        "service ended",
        "sink ended",
    ]


async def test_a_signal_is_told_at_once_and_then_stops_the_daemon(home: Path) -> None:
    told: list[str] = []

    def ready() -> None:
        told.append("ready")
        signal.raise_signal(signal.SIGTERM)
        told.append("still in the same task")

    with planned(home) as plan, trio.fail_after(20):
        await live(plan, ready=ready, on_stop=lambda: told.append("stop"))

    assert told[:3] == ["ready", "stop", "still in the same task"]
    assert set(told[3:]) == {"stop"}


async def test_a_second_signal_ends_it_at_once_even_if_no_task_ran_since_the_first(home: Path, expected_logs: Logs) -> None:
    told: list[str] = []

    def ready() -> None:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)

    with planned(home) as plan, trio.fail_after(20):
        await live(plan, ready=ready, on_stop=lambda: told.append("stop"))

    assert len(told) >= 2
    assert len(expected_logs) == 1


@pytest.mark.parametrize("serving", [True, False])
async def test_the_second_signal_ends_the_grace_and_whatever_comes_then_cancels_all(serving: bool) -> None:
    asked, root = list[str](), trio.CancelScope()

    class Told(Server):
        def abandon(self) -> None:
            asked.append("server")

    abandon = _Abandon(root, Told(app=_no_app, grace=Grace()) if serving else None)
    abandon()
    after_one = (list(asked), root.cancel_called)
    abandon()

    assert after_one == ((["server"], False) if serving else ([], True))
    assert (len(asked), root.cancel_called) == (int(serving), True)


async def _no_app(scope: object, receive: object, send: object) -> None: ...


async def test_a_failure_begins_the_end_as_well(home: Path) -> None:
    told: list[str] = []

    def ready() -> None:
        raise KeyError("k")

    with planned(home) as plan, pytest.RaisesGroup(KeyError, flatten_subgroups=True):
        await live(plan, ready=ready, on_stop=lambda: told.append("stop"))

    assert told == ["stop"]


@pytest.mark.parametrize("kind", ["sinks", "services"])
async def test_a_stop_while_something_starts_ends_the_start(home: Path, kind: str) -> None:
    notes: list[str] = []
    tasks: Any = {kind: [Task("never", notes, start=None), Task("later", notes, start=None)]}
    with planned(home, **tasks) as plan, trio.fail_after(5):  # each of them would get 10 s
        async with trio.open_nursery() as nursery:
            stop = trio.Event()
            nursery.start_soon(_live, plan, lambda: notes.append("ready"), stop)
            await trio.testing.wait_all_tasks_blocked(0.05)
            stop.set()

    assert "ready" not in notes
    assert plan.parts.host.is_in("extra")  # it was not given the time


@pytest.mark.code("KP-SYS-513")
@pytest.mark.parametrize("kind", ["sink", "service"])
async def test_what_does_not_start_costs_its_plugin_and_nothing_else(home: Path, kind: str, expected_logs: Logs) -> None:
    tasks: Any = {f"{kind}s": [Task("sick", start=fail)], "services" if kind == "sink" else "sinks": [Task("healthy")]}
    with planned(home, plugin=plugin_text("extra", ["korproxy_providers"]), **tasks) as plan:
        before = [each.id for each in plan.parts.providers]
        async with alive(plan) as client:
            report = (await client.get(HEALTH)).json()

    [state] = [each for each in plan.parts.host.states if each.name == "extra"]
    assert (state.state, state.code) == ("broken", "KP-SYS-513")
    assert state.reason == f"its {kind} 'sick' did not start: PermissionError: no right, ***"
    assert (before, report["providers"], report["plugins"]["broken"]) == (["extra"], [], 1)
    assert [each.getMessage() for each in expected_logs] == [
        f"KP-SYS-513: the {kind} 'sick' of plugin extra did not start: PermissionError: no right, ***"
    ]


async def test_no_service_of_a_plugin_is_started_that_is_out_already(home: Path, expected_logs: Logs) -> None:
    service = Task("healthy")
    with planned(home, sinks=[Task("sick", start=fail)], services=[service]) as plan:
        async with alive(plan):
            pass

    assert (service.notes, len(expected_logs)) == ([], 1)


@pytest.mark.code("KP-SYS-513")
@pytest.mark.parametrize("kind", ["sink", "service"])
async def test_what_does_not_start_of_a_required_plugin_ends_the_start(home: Path, kind: str) -> None:
    tasks: Any = {f"{kind}s": [Task("sick", start=fail)]}
    with planned(home, 'required = ["extra"]\n', **tasks) as plan:
        error = await failed(plan)

    assert isinstance(error, CannotStart)
    assert (error.code, error.detail) == (
        "KP-SYS-513",
        f"The {kind} 'sick' did not start: PermissionError: no right, ***.",
    )


@pytest.mark.code("KP-SYS-513")
async def test_a_service_that_is_not_ready_in_time_ends_the_start_where_it_is_needed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "SERVICE_START", 0.1)
    with planned(home, 'required = ["extra"]\n', services=[Task("slow", start=None)]) as plan:
        error = await failed(plan)

    assert isinstance(error, CannotStart)
    assert (error.code, error.detail) == (
        "KP-SYS-513",
        "The service 'slow' did not start: it was not ready within 0.1 s.",
    )


@pytest.mark.code("KP-SYS-513")
async def test_what_is_built_in_has_to_start(home: Path) -> None:
    with planned(home) as plan:
        builtin = Offer[Any]("sinks.request_log", Task("sick", start=fail))
        error = await failed(attrs.evolve(plan, parts=attrs.evolve(plan.parts, offered_sinks=[builtin])))

    assert isinstance(error, CannotStart)
    assert error.code == "KP-SYS-513"


@pytest.mark.code("KP-SYS-513")
@pytest.mark.parametrize(("plugin", "starts"), [("mock", False), ("extra", True)])
async def test_the_demo_needs_its_mock_and_no_other_plugin(home: Path, plugin: str, starts: bool, expected_logs: Logs) -> None:
    with planned(home, demo=True) as plan:
        services = [*plan.parts.offered_services, Offer[Any](plugin, Task("sick", start=fail))]
        sick = attrs.evolve(plan, parts=attrs.evolve(plan.parts, offered_services=services))
        if starts:
            async with alive(sick) as client:
                assert (await client.get("/healthz")).headers["x-korproxy-demo"] == "1"
        else:
            error = await failed(sick)
            assert isinstance(error, CannotStart)
            assert error.code == "KP-SYS-513"

    assert len(expected_logs) == starts


@pytest.mark.code("KP-CONF-210")
async def test_a_plugin_that_hides_secrets_cannot_be_done_without(home: Path, expected_logs: Logs) -> None:
    text = plugin_text("extra", ["korproxy_redactions"])
    with planned(home, plugin=text, services=[Task("sick", start=fail)]) as plan:
        error = await failed(plan)

    assert isinstance(error, ConfigError)
    assert error.code == "KP-CONF-210"
    assert len(expected_logs) == 1


async def test_what_will_be_translated_is_imported_once_it_is_ready(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(LazyTranslator, "load", lambda self: loaded.append(type(self).__name__))
    with planned(home, '[providers.claude]\ntype = "claude"\n') as plan, trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(live, plan, ready=lambda: None, on_stop=lambda: None))
            await until(lambda: len(loaded) >= 8)
            signal.raise_signal(signal.SIGTERM)

    formats = ("AnthropicCount", "Chat", "Completions", "GeminiCount", "Gemini", "Messages", "ResponsesCount", "Responses")
    assert sorted(loaded) == sorted(f"{each}Translator" for each in formats)


async def test_that_it_is_asked_to_stop_shows_that_the_start_was_no_crash(home: Path) -> None:
    told: list[str] = []
    with planned(home) as plan:
        async with alive(attrs.evolve(plan, proven=lambda: told.append("proven"))):
            before = list(told)

    assert (before, told) == ([], ["proven"])
