from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from shutil import copyfile
from types import ModuleType

import pytest
import trio
import trio.testing

from korproxy.api import Fault
from korproxy.runtime.canary import planted
from tests.fakes.plugin_files import FakeSettings

TEXTS = {
    "log line of a plugin": ["one 100%", "two"],
    "arguments of a log line": ["three"],
    "traceback": ["four"],
    "crash of a service": ["five"],
    "section of a collector": ["six"],
    "failure of a collector": ["seven"],
    "failure of a provider's plugin": ["8 eight and more"],
    "crash of a service, cut off": ["nine"],
    "fault in a format": ["10 ten"],
    "log line while plugins are loaded": ["eleven"],
}


@pytest.fixture
def plugin(tmp_path: Path) -> ModuleType:
    """A copy of it with texts beside it, as it is in the canary's home."""
    path = tmp_path / "planted.py"
    copyfile(planted.__file__, path)
    path.with_suffix(".json").write_text(json.dumps(TEXTS))
    spec = spec_from_file_location("planted_here", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def names(items: Sequence[object]) -> list[str]:
    return [getattr(each, "name", getattr(each, "id", "")) for each in items]


async def test_it_logs_everything_it_knows(plugin: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    talker, *_ = plugin.korproxy_services(FakeSettings())
    async with trio.open_nursery() as nursery:
        await nursery.start(talker.run)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    said = [(each.levelno, each.getMessage(), str(each.exc_info[1]) if each.exc_info else "") for each in caplog.records]
    caplog.clear()
    assert said == [
        (logging.WARNING, "one 100%", ""),
        (logging.WARNING, "two", ""),
        (logging.WARNING, "got {'note': 'three'} and ['three']", ""),
        (logging.ERROR, "it failed", "four"),
    ]


async def test_its_service_crashes_once_with_its_text(plugin: ModuleType) -> None:
    _, crasher, other = plugin.korproxy_services(FakeSettings())
    with pytest.RaisesGroup(pytest.RaisesExc(plugin.Leak, match="five")):
        async with trio.open_nursery() as nursery:
            await nursery.start(crasher.run)
    async with trio.open_nursery() as nursery:
        await nursery.start(crasher.run)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert other.text == "nine"


async def test_its_collectors_say_too_much_or_fail(plugin: ModuleType) -> None:
    teller, failer = plugin.korproxy_collectors(FakeSettings())

    assert await teller.collect() == {"texts": ["six"], "keys": {"six": 1}, "nested": [{"deep": {"text": "six"}}]}
    with pytest.raises(plugin.Leak, match="seven"):
        await failer.collect()


def test_its_provider_fails_with_the_text_of_the_model(plugin: ModuleType) -> None:
    (provider,) = plugin.korproxy_providers(FakeSettings())
    outgoing = plugin.Outgoing(dialect="openai-chat", model="say-8", stream=False, body=b"{}")

    assert provider.offers("say-8")
    with pytest.raises(plugin.Leak, match="eight and more"):
        provider.prepare(outgoing, provider.accounts[0])


def test_its_format_fails_at_whatever_it_reads(plugin: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    (dialect,) = plugin.korproxy_dialects(FakeSettings())
    said = [each.getMessage() for each in caplog.records]
    caplog.clear()

    assert said == ["eleven"]
    assert (dialect.wants_array(b""), dialect.lists_models("/v1/models", b"", None)) == (False, False)
    assert dialect.error(Fault(code="", status=500, message="no")) == b"no"
    with pytest.raises(plugin.Leak, match="ten"):
        dialect.peek("/planted", b"10")
    with pytest.raises(NotImplementedError):
        dialect.reader(stream=True)


def test_where_nobody_has_written_anything_down_it_says_nothing() -> None:
    assert names(list(planted.korproxy_services(FakeSettings()))) == ["planted-talker"]
    assert names(list(planted.korproxy_collectors(FakeSettings()))) == ["planted-teller"]
