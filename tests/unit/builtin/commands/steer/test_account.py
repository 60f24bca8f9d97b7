from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.daemon import answering, answering_each
from tests.fakes.process import environment
from tests.fakes.steered import GOES_BY_IT, NEXT_START, RELOADED, furnished, now, run, said

ONE = {
    "id": "one",
    "accounts": ["work"],
    "health": [{"account": "work", "model": "m", "state": "rate_limited", "code": "KP-RATE-401", "returns_in": 4.2}],
}
PROVIDERS = {"GET /v1/providers": {"providers": [ONE]}}


def test_the_files_say_which_accounts_there_are(home: Path) -> None:
    furnished(home, routing='disabled = ["one/work"]\n')
    done = run("account", "list")

    assert (done.exit_code, done.stderr) == (
        0,
        "No daemon is running with this home, so the accounts' state is not known.\n",
    )
    assert done.stdout.splitlines() == [
        "ACCOUNT   KEY             FILE           STATE",
        "one/work  env:KEY_OF_ONE  korproxy.toml  disabled",
        "two/home  none            korproxy.toml  enabled",
    ]


def test_the_daemon_says_how_they_are(home: Path) -> None:
    furnished(home)
    with answering_each(home, PROVIDERS):
        done = run("account", "list")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == [
        "one/work  env:KEY_OF_ONE  korproxy.toml  rate limited for m [KP-RATE-401], asked again in 5 s",
        "two/home  none            korproxy.toml  not in force",
    ]


def test_an_account_whose_key_the_daemon_does_not_find_has_none(home: Path) -> None:
    furnished(home)
    with answering_each(home, {"GET /v1/providers": {"providers": [{**ONE, "no_key": ["work"]}]}}):
        done = run("account", "list")

    assert done.stdout.splitlines()[1].endswith("no key")


def test_accounts_that_only_the_daemon_has_are_listed_too(home: Path) -> None:
    furnished(home)
    others = {"id": "plugins-own", "type": "p", "accounts": ["a"]}
    with answering_each(home, {"GET /v1/providers": {"providers": [others]}}):
        done = run("account", "list")

    assert done.stdout.splitlines()[-1].split() == ["plugins-own/a", "none", "none", "available"]


def test_programs_get_what_both_say(home: Path) -> None:
    furnished(home)
    with answering_each(home, PROVIDERS):
        code, data = said("account", "list")
    first, second = data["accounts"]

    assert (code, data["daemon"]) == (0, True)
    assert (first["provider"], first["name"], first["key"], first["health"]) == ("one", "work", "env:KEY_OF_ONE", ONE["health"])
    assert (second["file"], second["disabled"], second["forwards"], second["health"]) == ("korproxy.toml", False, False, [])


@pytest.mark.code("KP-CONF-205")
def test_a_key_that_cannot_be_had_is_told_where_no_daemon_could_have_it(home: Path) -> None:
    furnished(home)
    done = run("account", "list", env={"KEY_OF_ONE": ""})

    assert done.stdout.splitlines()[1].endswith("no key")
    assert "warning KP-CONF-205: $.providers.one.accounts[0].key: " in done.stderr


def test_a_demo_knows_no_accounts(home: Path) -> None:
    furnished(home)
    with answering(home, demo=True) as asked:
        done = run("account", "list")

    assert (done.exit_code, asked) == (0, [])
    assert done.stderr.startswith("The running daemon is a demo")


@pytest.mark.code("KP-SYS-520")
def test_a_daemon_that_does_not_answer_hides_no_account(home: Path) -> None:
    furnished(home)
    with answering(home, b"oops", status=500):
        done = run("account", "list")

    assert (done.exit_code, "one/work" in done.stdout) == (0, True)
    assert done.stderr.startswith("The state of the accounts is not known: KP-SYS-520: ")


def test_no_account_at_all_is_told_with_what_to_do() -> None:
    assert run("account", "list").stdout == "No accounts yet: add one with `korproxy account add` or in korproxy.toml.\n"


def test_an_account_is_added_by_reference(home: Path) -> None:
    furnished(home)
    done = run("account", "add", "one/spare", "--key", "env:KEY_OF_ONE")

    assert (done.exit_code, done.stdout, done.stderr) == (0, f"The account one/spare is added.\n{NEXT_START}\n", "")
    assert [(each.name, each.key) for each in now(home).added.providers["one"].accounts] == [("spare", "env:KEY_OF_ONE")]


def test_a_running_daemon_goes_by_it_at_once(home: Path) -> None:
    furnished(home)
    with answering_each(home, RELOADED):
        done = run("account", "add", "one/spare", "--no-key")

    assert done.stdout.splitlines()[1] == GOES_BY_IT


@pytest.mark.code("KP-CONF-205")
def test_a_reference_to_nothing_is_added_with_a_warning(home: Path) -> None:
    furnished(home)
    done = run("account", "add", "one/spare", "--key", "env:NO_SUCH_VARIABLE")

    assert done.exit_code == 0
    assert "warning KP-CONF-205: accounts.toml:$.providers.one.accounts[0].key: " in done.stderr


@pytest.mark.parametrize("sent", ["sk-of-this-test", "sk-of-this-test\n", "  sk-of-this-test\r\n"])
def test_a_key_from_stdin_is_kept_where_only_the_user_reads_it(home: Path, sent: str) -> None:
    furnished(home)
    done = run("account", "add", "one/spare", stdin=sent)
    path = home / "secrets" / "one-spare"

    assert (done.exit_code, path.read_text(), path.stat().st_mode & 0o777) == (0, "sk-of-this-test\n", 0o600)
    assert done.stdout.startswith(f"The account one/spare is added. Its key is in {home}/secrets.\n")
    assert "of-this-test" not in done.output + (home / "accounts.toml").read_text()


@pytest.mark.code("KP-CONF-205")
@pytest.mark.parametrize("sent", [b"", b"two words", b"two\nlines", b"\xff\xfe\x00"])
def test_what_is_no_key_is_not_kept(home: Path, sent: bytes) -> None:
    furnished(home)
    done = run("account", "add", "one/spare", stdin=sent)

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error KP-CONF-205: ")
    assert not (home / "accounts.toml").exists()


@pytest.mark.code("KP-CONF-204")
def test_a_key_on_the_command_line_is_refused_and_not_repeated(home: Path) -> None:
    furnished(home)
    done = run("account", "add", "one/spare", "--key", "sk-ant-of-this-test")

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error KP-CONF-204: ")
    assert "of-this-test" not in done.stderr


def test_the_callers_credential_can_be_meant(home: Path) -> None:
    furnished(home)
    run("account", "add", "one/callers", "--client-credential")

    assert now(home).added.providers["one"].accounts[0].credential == "client"


@pytest.mark.parametrize(
    "args",
    [
        ("add", "one"),
        ("add", "one/x", "--key", "env:A", "--no-key"),
        ("remove",),
        ("wake", "one"),
        ("add", "one/x", "--nonsense"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(home: Path, args: tuple[str, ...]) -> None:
    furnished(home)

    assert run("account", *args).exit_code == 2
    assert not (home / "accounts.toml").exists()


def test_what_was_added_is_removed_with_its_key(home: Path) -> None:
    furnished(home)
    run("account", "add", "one/spare", stdin="sk-of-this-test")
    done = run("account", "remove", "one/spare")

    assert done.stdout.splitlines() == [
        "The account one/spare is removed.",
        NEXT_START,
        f"Removed: {home}/secrets/one-spare",
    ]
    assert list((home / "secrets").iterdir()) == []


def test_an_account_is_disabled_and_enabled(home: Path) -> None:
    furnished(home)
    texts = [run("account", how, "one/work").stdout.splitlines()[0] for how in ("disable", "disable", "enable", "enable")]

    assert texts == [
        "The account one/work is disabled.",
        "The account one/work was disabled already.",
        "The account one/work is enabled.",
        "The account one/work was enabled already.",
    ]


@pytest.mark.code("KP-CONF-226")
def test_an_account_that_is_not_there_is_exit_code_1(home: Path) -> None:
    furnished(home)
    code, data = said("account", "disable", "one/gone")

    assert (code, data["error"]["code"]) == (1, "KP-CONF-226")


@pytest.mark.parametrize(("woken", "words"), [(True, "may be asked again at once"), (False, "was not waiting")])
def test_a_wait_is_ended_by_the_daemon(home: Path, woken: bool, words: str) -> None:
    with answering_each(home, {"POST /v1/accounts/wake": {"woken": woken}}) as asked:
        done = run("account", "wake", "one/work")

    assert (done.exit_code, done.stdout) == (0, f"one/work {words}.\n")
    assert asked[0].json == {"provider": "one", "account": "work"}


@pytest.mark.code("KP-CONF-242")
def test_an_account_that_the_daemon_does_not_have_is_told_with_its_words(home: Path) -> None:
    with answering(home, b'{"error": {"code": "KP-CONF-242", "message": "No account."}}', status=404):
        done = run("account", "wake", "one/gone")

    assert (done.exit_code, done.stderr.splitlines()[0]) == (1, "error KP-CONF-242: No account.")


def test_a_key_is_asked_for_on_a_terminal_and_not_shown_there(home: Path) -> None:
    furnished(home)
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "korproxy", "--no-plugins", "account", "add", "one/typed"]
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=environment(home), start_new_session=True)
    os.close(its)
    written = b""
    try:
        while chunk := os.read(ours, 4096):
            written += chunk
            if written.endswith(b"Key of one/typed: "):
                os.write(ours, b"sk-of-this-test\n")
    except OSError:  # how Linux says that nobody holds the other end any more
        pass
    os.close(ours)

    assert process.wait(30) == 0
    assert b"The account one/typed is added." in written
    assert b"of-this-test" not in written
    assert (home / "secrets" / "one-typed").read_text() == "sk-of-this-test\n"


def test_what_is_no_key_by_its_size_is_a_wrong_command_line(home: Path) -> None:
    furnished(home)

    assert run("account", "add", "one/spare", stdin="x" * (64 * 1024 + 1)).exit_code == 2
