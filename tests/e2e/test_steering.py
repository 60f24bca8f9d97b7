"""The commands that steer a running KorProxy, as a user types them: a daemon, two providers, real sockets."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from korproxy.config.home import Home
from korproxy.config.last_good import newest
from tests.e2e.stage import mock_process
from tests.fakes.process import DaemonProcess, daemon, environment, korproxy

SETTINGS = """
[providers.one]
type = "compatible"
base_url = "ONE/v1"
models = ["gpt-*"]
[[providers.one.accounts]]
name = "work"
key = "env:MOCK_KEY"
[providers.two]
type = "compatible"
base_url = "TWO/v1"
models = ["gpt-*", "safe-*"]
"""


@attrs.frozen
class Steered:
    """A daemon, and a user beside it."""

    daemon: DaemonProcess

    @property
    def home(self) -> Path:
        return self.daemon.home

    def type(self, *args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command; what it does not say is in its output."""
        command = [sys.executable, "-m", "korproxy", "--no-plugins", *args]
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=60, env=environment(self.home), check=False
        )

    def say(self, *args: str, stdin: str = "", code: int = 0) -> str:
        """Run one command that ends with *code*; return what it prints."""
        done = self.type(*args, stdin=stdin)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def told(self, *args: str) -> Any:
        return json.loads(self.say(*args, "--json"))

    def ask(self, content: str = "Hello", *, model: str = "gpt-4o", **headers: str) -> tuple[int, Mapping[str, str]]:
        """Send a chat; return status and headers of the answer, names in lower case."""
        body = json.dumps({"model": model, "messages": [{"role": "user", "content": content}]}).encode()
        known = {"Authorization": f"Bearer {self.daemon.key}", "Content-Type": "application/json"}
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"{self.daemon.url}/v1/chat/completions", body, {**known, **more})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                answer.read()
                return answer.status, {name.lower(): value for name, value in answer.headers.items()}
        except urllib.error.HTTPError as exc:
            exc.close()
            return exc.code, {name.lower(): value for name, value in exc.headers.items()}

    def served_by(self, **said: str) -> str:
        status, headers = self.ask(**said)
        assert status == 200
        return f"{headers['x-korproxy-provider']}/{headers['x-korproxy-account']}"


@pytest.fixture
def steered(home: Path) -> Iterator[Steered]:
    with mock_process() as one, mock_process() as two:
        settings = SETTINGS.replace("ONE", one.url).replace("TWO", two.url)
        with daemon(home, settings=settings) as running:
            yield Steered(running)


def test_an_account_is_added_rested_and_removed_without_a_restart(steered: Steered) -> None:
    before = steered.served_by()
    added = steered.say("account", "add", "two/home", stdin="sk-of-this-test\n")
    steered.say("account", "disable", "one/work")
    instead = steered.served_by()
    states = {f"{each['provider']}/{each['name']}": each["disabled"] for each in steered.told("account", "list")["accounts"]}
    steered.say("account", "enable", "one/work")
    steered.say("account", "remove", "two/home")
    after = steered.served_by()

    assert (before, instead, after) == ("one/work", "two/home", "one/work")
    assert added.splitlines()[1] == "The running daemon uses it now."
    assert states == {"one/work": True, "two/home": False}
    assert not (steered.home / "secrets" / "two-home").exists()
    assert "of-this-test" not in "".join(steered.daemon.log)


def test_a_limited_account_is_seen_explained_and_woken(steered: Steered) -> None:
    steered.say("account", "add", "two/home", stdin="sk-other\n")
    steered.say("account", "disable", "two/home")
    status, headers = steered.ask("{{mock: status=429 retry-after=60}}", X_Correlation_ID="limited-one")
    story = steered.say("why", "limited-one")
    state = steered.say("account", "list")
    steered.say("account", "enable", "two/home")
    meanwhile = steered.served_by()
    test = steered.told("why", "limited-one")["requests"][0]
    woken = steered.say("account", "wake", "one/work")

    assert (status, headers["x-korproxy-request"], meanwhile) == (429, test["id"], "two/home")
    assert "one/work with gpt-4o: rate limited [KP-RATE-401], retry after 60 s (status 429, " in story
    assert "rate limited for gpt-4o [KP-RATE-401], asked again in " in state
    assert woken == "one/work may be asked again at once.\n"
    assert "rate limited" not in steered.say("account", "list")


def test_profiles_groups_and_rules_count_for_the_next_request(steered: Steered, tmp_path: Path) -> None:
    request = tmp_path / "request.json"
    request.write_text('{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}')
    steered.say("account", "add", "two/home", "--key", "env:MOCK_KEY")
    steered.say("group", "set", "second", "--member", "two")
    steered.say("profile", "create", "night", "--default", "second")
    foreseen = steered.say("route", "test", str(request), "--header", "X-KorProxy-Profile: night")
    before, once = steered.served_by(), steered.served_by(X_KorProxy_Profile="night")
    steered.say("profile", "switch", "night")
    switched = steered.served_by()
    steered.say("route", "add", "no-minis", "--if-model", "*mini*", "--refuse", "KP-PROV-124", "--message", "Too small.")
    status, headers = steered.ask(model="gpt-mini")

    assert "  1. two/home with gpt-4o" in foreseen.splitlines()
    assert (before, once, switched) == ("one/work", "two/home", "two/home")
    assert (status, headers["x-korproxy-error"]) == (403, "KP-PROV-124")


def test_safe_mode_sends_conversations_to_the_safe_model_until_it_is_off(steered: Steered) -> None:
    steered.say("account", "add", "two/home", "--key", "env:MOCK_KEY")
    steered.say("safe-mode", "on", "--model", "safe-and-cheap")
    _, on = steered.ask()
    status = steered.say("status")
    steered.say("safe-mode", "off")
    _, off = steered.ask()

    assert (on["x-korproxy-model"], on["x-korproxy-safe-mode"]) == ("safe-and-cheap", "1")
    assert "safe mode    on" in status
    assert (off["x-korproxy-model"], off.get("x-korproxy-safe-mode")) == ("gpt-4o", None)


@pytest.mark.code("KP-CONF-202")
def test_a_mistake_in_the_settings_costs_a_change_its_effect_and_no_request(steered: Steered) -> None:
    toml = steered.home / "korproxy.toml"
    right = toml.read_text()
    until = time.monotonic() + 20
    while newest(Home(path=steered.home)) is None:  # soon after the start what works is kept; a command goes on from that
        assert time.monotonic() < until, "nothing was kept"
        time.sleep(0.01)
    toml.write_text(right + "\n[sever]\nport = 1\n")
    refused = steered.type("account", "disable", "one/work")
    meanwhile = steered.served_by()
    toml.write_text(right)
    reloaded = steered.say("reload")
    status, _ = steered.ask()

    assert (refused.returncode, meanwhile) == (1, "one/work")
    assert refused.stdout.splitlines()[1].startswith("Saved, but not in force: ")
    assert "error KP-CONF-202: $.sever" in refused.stderr
    assert reloaded.startswith("Reloaded: the running daemon uses the current files (configuration ")
    assert status != 200  # the account is disabled now, and there is no other


def test_commands_at_the_same_time_do_not_undo_each_other(steered: Steered) -> None:
    command = [sys.executable, "-m", "korproxy", "--no-plugins", "account", "add"]
    names = [f"two/home-{number}" for number in range(4)]
    env = environment(steered.home)
    running = [subprocess.Popen([*command, each, "--no-key"], stdout=subprocess.DEVNULL, env=env) for each in names]
    codes = [each.wait(60) for each in running]
    known = [f"{each['provider']}/{each['name']}" for each in steered.told("account", "list")["accounts"]]

    assert (codes, sorted(known)) == ([0] * 4, ["one/work", *names])


def test_a_configuration_goes_to_another_home(steered: Steered, tmp_path: Path) -> None:
    exported, other = tmp_path / "mine.json", tmp_path / "other"
    steered.say("group", "set", "second", "--member", "two")
    steered.say("config", "export", "--output", str(exported))
    done = korproxy("config", "import", str(exported), home=other)
    groups = korproxy("group", "list", home=other)

    assert done.stdout.splitlines()[1] == "No daemon is running with this home; it takes effect at the next start."
    assert groups.stdout.splitlines()[1:] == ["second  priority  two"]


def test_a_demo_says_that_it_goes_by_none_of_it(home: Path) -> None:
    with daemon(home, "--demo") as running:
        steered = Steered(running)
        done = steered.say("profile", "create", "night")
        _, headers = steered.ask(X_Correlation_ID="of-the-demo")
        story = steered.say("why", "of-the-demo")

    assert done.splitlines()[1].startswith("The running daemon is a demo, ")
    assert headers["x-korproxy-demo"] == "1"
    assert "  1. mock/demo with gpt-4o" in story.splitlines()
