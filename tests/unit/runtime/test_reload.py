from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from korproxy.config.keys import read_keys
from korproxy.gateway.routing import Candidate
from korproxy.runtime import compose
from korproxy.runtime import reload as module
from korproxy.runtime.reload import Reloader
from tests.fakes.plugin_files import plugin_text, write_plugins
from tests.fakes.reloading import account, open_reloader, written

Logs = list[logging.LogRecord]
ROUTING = 'version = 1\nprofile = "night"\n\n[profiles.night]\n'


def in_force(reloader: Reloader) -> list[str]:
    """Return the accounts that requests meet now."""
    return [f"{each.id}/{one.name}" for each in reloader.entrance.front.snapshot.providers for one in each.accounts]


def a_secret(home: Path, name: str, text: str) -> None:
    home.mkdir(exist_ok=True)
    (home / name).write_text(text)
    (home / name).chmod(0o600)


async def test_a_reload_puts_the_files_in_force_whole(home: Path) -> None:
    async with open_reloader(home, account()) as reloader:
        before = reloader.entrance.front
        written(home, account("two", "home") + "[server]\nmax_running = 7\n[features]\nsafe_mode = false\n")
        done = await reloader.reload("a test")
        after = reloader.entrance.front

        assert (done.ok, done.generation, done.reason, done.problems, done.restart) == (True, 1, "a test", (), ())
        assert in_force(reloader) == ["two/home"]
        assert (after.bounds.max_running, after.snapshot.safe_mode, after.snapshot.generation) == (7, False, 1)
        assert (before.bounds.max_running, before.snapshot.safe_mode, before.snapshot.generation) == (1000, True, 0)
        assert list(before.answerer.gate.windows) == ["one"]
        assert before.answerer.gate.lasting is after.answerer.gate.lasting
        assert (before.tally is after.tally, before.answerer.grace is after.answerer.grace) == (True, True)
        assert reloader.last is done


@pytest.mark.code("KP-CONF-240")
@pytest.mark.parametrize(
    ("settings", "code", "place"),
    [
        ("[server\n", "KP-CONF-201", "korproxy.toml:1:"),
        ("[server]\nport = 'x'\n", "KP-CONF-202", "$.server.port"),
        ('[providers.x]\ntype = "nobodys"\n', "KP-CONF-203", "$.providers.x.type"),
    ],
)
async def test_a_configuration_that_cannot_be_used_leaves_everything_as_it_was(
    home: Path, settings: str, code: str, place: str, expected_logs: Logs
) -> None:
    async with open_reloader(home, account()) as reloader:
        front, windows, parts = reloader.entrance.front, reloader.shared.windows.now, reloader.parts
        written(home, settings)
        done = await reloader.reload("a test")

        assert (done.ok, done.generation) == (False, 0)
        assert [each.code for each in done.problems] == [code]
        assert place in done.problems[0].path
        assert (reloader.entrance.front, reloader.shared.windows.now, reloader.parts) == (front, windows, parts)
        [line] = [each.getMessage() for each in expected_logs]
        assert line.startswith("KP-CONF-240: the configuration stays as it was (a test)")
        assert (code in line, place in line) == (True, True)

        written(home, account("two"))
        assert (await reloader.reload("another")).ok
        assert in_force(reloader) == ["two/work"]


async def test_a_fault_of_our_own_while_reading_costs_the_reload_and_nothing_else(
    home: Path, monkeypatch: pytest.MonkeyPatch, expected_logs: Logs
) -> None:
    def broken(*_: Any) -> None:
        raise LookupError("sk-secret")

    async with open_reloader(home, account()) as reloader:
        monkeypatch.setattr(module, "recompose", broken)
        done = await reloader.reload("a test")

        assert [(each.code, each.message) for each in done.problems] == [("KP-SYS-501", "KorProxy failed: LookupError.")]
        assert in_force(reloader) == ["one/work"]
        assert len(expected_logs) == 2


async def test_routing_is_read_again_too(home: Path) -> None:
    async with open_reloader(home, account()) as reloader:
        before = reloader.entrance.front.snapshot.routing.profile
        written(home, account(), ROUTING)
        assert (await reloader.reload("a test")).problems == ()
        assert (before, reloader.entrance.front.snapshot.routing.profile) == ("default", "night")


@pytest.mark.code("KP-CONF-241")
async def test_what_only_a_restart_changes_is_told_each_time_until_then(home: Path, expected_logs: Logs) -> None:
    async with open_reloader(home, account()) as reloader:
        for _ in range(2):
            written(home, account() + '[server]\nport = 4711\nhost = ["::1"]\nmax_body = 5\n')
            done = await reloader.reload("a test")
            assert (done.ok, done.restart) == (True, ("$.server.host", "$.server.port"))
        server = reloader.parts.settings.server
        assert (server.port, server.host, server.max_body) == (1337, ("127.0.0.1", "::1"), 5)
        assert [each.getMessage() for each in expected_logs] == [
            "KP-CONF-241: a restart is needed before these take effect: $.server.host, $.server.port"
        ] * 2
        written(home, account())
        assert (await reloader.reload("a test")).restart == ()


async def test_a_new_secret_is_used_and_what_was_held_against_the_old_one_is_forgotten(home: Path) -> None:
    for name in ("a", "b"):
        a_secret(home, name, f"sk-first-{name}")
    settings = account("one", key=f"file:{home}/a") + account("two", key=f"file:{home}/b")
    async with open_reloader(home, settings) as reloader:
        board = reloader.shared.lasting.board
        for name in ("one", "two", "three"):
            board.refused(name, "work", code="KP-AUTH-007")
        a_secret(home, "a", "sk-second")
        await reloader.reload("a test")
        secrets = [each.accounts[0].secret for each in reloader.parts.providers]

        assert [each and each.reveal() for each in secrets] == ["sk-second", "sk-first-b"]
        assert [each["provider"] for each in board.to_dict()] == ["two"]


async def test_what_a_provider_asked_for_is_forgotten_with_it_and_else_kept(home: Path) -> None:
    async with open_reloader(home, account()) as reloader:
        learnt = reloader.shared.lasting.learnt
        [one] = reloader.parts.providers
        refused = Candidate(provider=one, account=one.accounts[0], model="m", dialect="openai-chat")
        learnt.note(refused, attrs.evolve(refused, dialect="openai-responses"))
        written(home, account() + "[server]\nmax_running = 7\n")
        await reloader.reload("a test")
        kept = learnt.anything
        written(home, account(url="http://127.0.0.1:8"))
        await reloader.reload("a test")

        assert (kept, learnt.anything) == (True, False)


async def test_a_new_client_key_opens_after_a_reload(home: Path) -> None:
    async with open_reloader(home) as reloader:
        key = reloader.home.client_key
        key.unlink()
        key.write_text(fresh := "kp-client-" + "".join(map(chr, range(97, 123))))
        key.chmod(0o600)
        before = reloader.entrance.front.guard.keys.find(fresh)
        await reloader.reload("a test")
        after = reloader.entrance.front.guard.keys.find(fresh)
        assert before is None
        assert after is not None
        key.unlink()
        assert (await reloader.reload("a test")).ok
        assert reloader.entrance.front.guard.keys.find(fresh) is not None  # without a key nobody could get in
        assert read_keys(reloader.home) is None


async def test_plugins_are_asked_again_and_not_imported_again(home: Path) -> None:
    folder = home / "plugins"
    folder.mkdir(parents=True)
    write_plugins(folder, {"alpha": plugin_text("alpha", ["korproxy_providers", "korproxy_sinks"]) + "\nMARK = object()\n"})
    async with open_reloader(home, account(), plugin_dirs=[folder]) as reloader:
        dialects, providers, sinks = reloader.parts.dialects, reloader.parts.providers, reloader.parts.offered_sinks
        (folder / "beta.py").write_text(plugin_text("beta"))
        (folder / "alpha.py").write_text("raise SystemExit\n")
        assert (await reloader.reload("a test")).problems == ()

        assert [type(each) for each in reloader.parts.providers] == [type(each) for each in providers]
        assert reloader.parts.providers[0] is not providers[0]
        assert reloader.parts.dialects.keys() == dialects.keys()
        assert reloader.parts.offered_sinks == sinks  # those run


@pytest.mark.code("KP-CONF-240")
async def test_settings_with_which_a_plugin_breaks_are_not_put_in_force(home: Path, expected_logs: Logs) -> None:
    folder = home / "plugins"
    folder.mkdir(parents=True)
    text = plugin_text("alpha", ["korproxy_providers"])
    asks = "def korproxy_providers(settings):"
    text = text.replace(asks, f"{asks}\n    settings.providers('x') and 1 / 0")
    write_plugins(folder, {"alpha": text})
    async with open_reloader(home, account(), plugin_dirs=[folder]) as reloader:
        written(home, account() + '[providers.y]\ntype = "x"\n')
        done = await reloader.reload("a test")

        assert not done.ok
        assert "plugin alpha" in {each.path for each in done.problems}
        assert reloader.parts.host.is_in("alpha")
        written(home, account("two"))
        assert (await reloader.reload("a test")).ok
        assert reloader.parts.host.is_in("alpha")
        assert [each.getMessage().partition(":")[0] for each in expected_logs] == ["KP-CONF-240"]


async def test_reading_and_composing_is_done_beside_the_loop(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    recompose = compose.recompose

    def noting(*given: Any) -> Any:
        threads.append(threading.current_thread())
        return recompose(*given)

    async with open_reloader(home, account()) as reloader:
        monkeypatch.setattr(module, "recompose", noting)
        await reloader.reload("a test")

    assert [each is threading.current_thread() for each in threads] == [False]


@pytest.mark.code("KP-CONF-222")
async def test_what_the_user_should_know_is_told_loudly_once(home: Path, expected_logs: Logs) -> None:
    async with open_reloader(home, account()) as reloader:
        written(home, account(), 'version = 1\ndisabled = ["gone/work"]\n')
        first, second = await reloader.reload("a test"), await reloader.reload("a test")

    assert [[each.code for each in done.warnings] for done in (first, second)] == [["KP-CONF-222"]] * 2
    assert [each.getMessage()[:13] for each in expected_logs] == ["[KP-CONF-222]"]


async def test_reloads_that_are_asked_for_at_once_come_one_after_the_other(home: Path) -> None:
    async with open_reloader(home, account()) as reloader, trio.open_nursery() as nursery:
        for number in range(5):
            nursery.start_soon(reloader.reload, str(number))

    assert (reloader.parts.generation, reloader.entrance.front.snapshot.generation) == (5, 5)


async def test_a_caller_who_leaves_leaves_no_half_done_reload(home: Path) -> None:
    async with open_reloader(home, account()) as reloader:
        written(home, account("two"))
        with trio.CancelScope() as scope:
            scope.cancel()
            await reloader.reload("nobody waits for it")
        front = reloader.entrance.front
        assert [each.id for each in front.snapshot.providers] == [each.id for each in reloader.parts.providers]
        assert list(front.answerer.gate.windows) == [each.id for each in reloader.parts.providers]
        assert (await reloader.reload("again")).ok


async def test_the_rest_of_the_daemon_is_told_what_is_in_force(home: Path) -> None:
    told: list[object] = []
    async with open_reloader(home, account()) as reloader:
        reloader.applied = told.append
        await reloader.reload("a test")

    assert told == [reloader.parts]


async def test_what_came_of_it_can_be_written_as_json(home: Path, expected_logs: Logs) -> None:
    async with open_reloader(home) as reloader:
        written(home, "x = 1\n")
        done = attrs.evolve(await reloader.reload("a test"), seconds=0.5, at="2026-11-29T00:00:00Z").to_dict()

    problem = {"code": "KP-CONF-202", "path": "$.x", "message": done["problems"][0]["message"]}
    assert done == {
        "ok": False,
        "generation": 0,
        "reason": "a test",
        "at": "2026-11-29T00:00:00Z",
        "seconds": 0.5,
        "problems": (problem,),
        "warnings": (),
        "restart": (),
    }
    assert len(expected_logs) == 1


async def test_the_keys_of_the_new_configuration_are_hidden_from_now_on_and_the_old_ones_still(home: Path) -> None:
    async with open_reloader(home, account()) as reloader:
        for key in ("open-sesame", "shut-sesame"):
            a_secret(home, "work", key)
            written(home, account(key="file:work"))
            assert (await reloader.reload("test")).ok
        redactor = reloader.hiding.redactor

        assert redactor.redact("open-sesame, shut-sesame") == "***REDACTED***, ***REDACTED***"
        assert redactor.redact("b3Blbi1zZXNhbWUsIGFuZA==") == "***REDACTED***"


async def test_what_is_hidden_and_what_is_taken_out_of_requests_follows_a_reload(home: Path, expected_logs: Logs) -> None:
    async with open_reloader(home, account()) as reloader:
        assert reloader.entrance.front.outgoing is None

        written(home, account() + '[redaction]\nemails = true\noutgoing = ["known-secret"]\n')
        assert (await reloader.reload("test")).ok

        assert reloader.entrance.front.outgoing is not None
        written(home, account() + '[redaction]\noutgoing = ["nobodys"]\n')
        refused = await reloader.reload("test")
        assert [each.code for each in refused.problems] == ["KP-CONF-246"]
        assert len(expected_logs) == 1
