from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from korproxy.api import ErrorCode
from korproxy.errors.codes import Registry
from korproxy.errors.exceptions import ConfigError, Problem
from korproxy.kit.regex_redaction import RegexRedaction
from korproxy.plugins.finding import Found, Origin, find_builtin, find_files
from korproxy.plugins.host import PluginHost
from tests.fakes.plugin_files import HOOKS, ITEMS, FakeSettings, plugin_text, write_plugins

HARMLESS = tuple(hook for hook in HOOKS if hook != "korproxy_redactions")
SINK = "from korproxy.api import hookimpl\n@hookimpl\ndef korproxy_sinks(settings):\n    "


def _host(folder: Path, texts: dict[str, str], *, tolerant: bool = False) -> PluginHost:
    host = PluginHost(tolerant=tolerant)
    host.load(find_files(write_plugins(folder, texts)))
    return host


def _ask(host: PluginHost, hook: str) -> list[str]:
    """Return the names of the plugins whose things come back, one for each thing."""
    return [plugin for plugin, _ in host.each(hook, settings=FakeSettings())]


def _reasons(host: PluginHost) -> dict[str, str]:
    return {each.plugin: f"[{each.code}] {each.detail}" for each in host.taken_out}


@pytest.mark.code("KP-CONF-209")
@pytest.mark.parametrize("hook", HARMLESS)
def test_a_plugin_that_raises_in_one_hook_costs_only_itself(tmp_path: Path, hook: str) -> None:
    host = _host(tmp_path, {"a": plugin_text("a"), "b": plugin_text("b", HARMLESS, raises_in=hook), "c": plugin_text("c")})

    asked = {each: _ask(host, each) for each in HARMLESS}

    before = HARMLESS[: HARMLESS.index(hook)]
    assert asked == {each: ["a", "b", "c"] if each in before else ["a", "c"] for each in HARMLESS}
    assert _reasons(host) == {"b": f"[KP-CONF-209] {hook}: RuntimeError: no b today"}
    assert [(each.name, each.state) for each in host.states] == [("a", "loaded"), ("b", "broken"), ("c", "loaded")]
    assert [host.is_in(each) for each in ("a", "b", "c")] == [True, False, True]


@pytest.mark.code("KP-CONF-210")
@pytest.mark.parametrize("hook", HOOKS)
def test_a_plugin_that_hides_secrets_and_raises_anywhere_stops_the_start(tmp_path: Path, hook: str) -> None:
    host = _host(tmp_path, {"a": plugin_text("a"), "b": plugin_text("b", raises_in=hook)})
    with pytest.raises(ConfigError) as caught:
        _ask(host, hook)
    assert caught.value.problems == (
        Problem(
            code="KP-CONF-210",
            path="plugin b",
            message=(
                "it is broken, and hides secrets in what KorProxy writes down, so it has to be repaired, removed or blocked:"
                f" [KP-CONF-209] {hook}: RuntimeError: no b today"
            ),
        ),
    )
    with pytest.raises(ConfigError):
        _ask(host, "korproxy_commands")


def test_a_tolerant_host_lists_it_and_goes_on(tmp_path: Path) -> None:
    texts = {"a": plugin_text("a"), "b": plugin_text("b", raises_in="korproxy_redactions")}
    host = _host(tmp_path, texts, tolerant=True)
    assert _ask(host, "korproxy_redactions") == ["a"]
    assert _reasons(host) == {"b": "[KP-CONF-209] korproxy_redactions: RuntimeError: no b today"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("raise RuntimeError('no\\n  more')", "RuntimeError: no more"),
        ("import sys\nsys.exit(3)", "SystemExit: 3"),
        ("raise BaseException", "BaseException"),
        ("import korproxy_absent", "ModuleNotFoundError: No module named 'korproxy_absent'"),
        ("def", "SyntaxError: invalid syntax (b.py, line 1)"),
        (
            "class E(Exception):\n    def __str__(self): return 1 / 0\nraise E",
            "E: (and its text cannot be had: ZeroDivisionError)",
        ),
        (
            SINK.replace("sinks", "snks") + "return []",
            "TypeError: there is no hook korproxy_snks; did you mean korproxy_sinks?",
        ),
        (
            "from korproxy.api import KorproxyError\nraise KorproxyError('KP-AUTH-090', 'Ask your admin.')",
            "[KP-AUTH-090] Ask your admin.",
        ),
    ],
)
@pytest.mark.code("KP-CONF-209")
def test_a_plugin_that_cannot_be_loaded_costs_only_itself(tmp_path: Path, text: str, reason: str) -> None:
    host = _host(tmp_path, {"a": plugin_text("a"), "b": text, "c": plugin_text("c")})
    assert _ask(host, "korproxy_sinks") == ["a", "c"]
    assert _reasons(host) == {"b": f"[KP-CONF-209] cannot be loaded: {reason}"}


def test_wrong_arguments_are_named(tmp_path: Path) -> None:
    host = _host(tmp_path, {"b": SINK.replace("settings", "settings, nonsense") + "return []"})
    assert "Argument(s) {'nonsense'} are declared in the hookimpl" in _reasons(host)["b"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return 7", "WrongItem: returned one int where sinks are expected: yield each, or return a list"),
        ("return [7]", "WrongItem: returned a bad sink: int has no 'name'"),
        ("yield 1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(2)", "SystemExit: 2"),
        ("raise KeyError('settings')", "KeyError: 'settings'"),
    ],
)
def test_a_hook_that_returns_rubbish_costs_only_its_plugin(tmp_path: Path, body: str, reason: str) -> None:
    host = _host(tmp_path, {"a": plugin_text("a"), "b": SINK + body, "c": plugin_text("c")})
    assert _ask(host, "korproxy_sinks") == ["a", "c"]
    assert _reasons(host) == {"b": f"[KP-CONF-209] korproxy_sinks: {reason}"}


def test_a_long_reason_is_cut(tmp_path: Path) -> None:
    host = _host(tmp_path, {"b": "raise RuntimeError('x' * 5000)"})
    [broken] = host.taken_out
    assert len(broken.detail) < 350
    assert broken.detail.endswith("x…")


@pytest.mark.parametrize("where", ["import", "hook"])
def test_ctrl_c_is_never_a_broken_plugin(tmp_path: Path, where: str) -> None:
    text = "raise KeyboardInterrupt" if where == "import" else SINK + "raise KeyboardInterrupt"
    with pytest.raises(KeyboardInterrupt):
        _ask(_host(tmp_path, {"b": text}), "korproxy_sinks")


@pytest.mark.parametrize(
    "text",
    [
        "from korproxy.api import RegexRedaction\n1 / 0",
        "from korproxy.api import hookimpl, Redaction\n@hookimpl\ndef korproxy_redctions(settings): return []",
    ],
)
def test_a_plugin_that_cannot_be_loaded_and_may_hide_secrets_stops_the_start(tmp_path: Path, text: str) -> None:
    folder = write_plugins(tmp_path, {"a": plugin_text("a"), "b": text, "c": plugin_text("c")})
    host = PluginHost()
    with pytest.raises(ConfigError) as caught:
        host.load(find_files(folder))
    assert [(each.code, each.path) for each in caught.value.problems] == [("KP-CONF-210", "plugin b")]
    assert [each.state for each in host.states] == ["loaded", "broken", "loaded"]


def test_a_blocked_plugin_is_listed_but_never_imported(tmp_path: Path) -> None:
    touch = f"from pathlib import Path\nPath({str(tmp_path / 'imported')!r}).touch()\n"
    text = touch + "from korproxy.api import RegexRedaction\n1 / 0"
    host = PluginHost()
    host.load(find_files(write_plugins(tmp_path, {"b": text})), blocked=frozenset({"b"}))
    assert not (tmp_path / "imported").exists()
    assert [(each.name, each.state, each.hooks, each.reason) for each in host.states] == [
        ("b", "blocked", (), "blocked by name")
    ]
    assert (host.taken_out, host.is_in("b")) == ((), False)


@pytest.mark.code("KP-CONF-208")
def test_the_later_of_two_plugins_with_one_name_is_out_and_not_imported(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    write_plugins(one, {"same": plugin_text("same")})
    write_plugins(two, {"same": "raise SystemExit('imported')"})
    host = PluginHost()
    host.load([*find_files(one), *find_files(two)])
    assert _ask(host, "korproxy_sinks") == ["same"]
    assert [each.state for each in host.states] == ["loaded", "broken"]
    assert _reasons(host) == {
        "same": f'[KP-CONF-208] two plugins named "same": file ({one}/same.py) and file ({two}/same.py); the first one is used'
    }


def test_one_module_under_two_names_is_one_too_many(tmp_path: Path) -> None:
    [found] = find_files(write_plugins(tmp_path, {"a": plugin_text("a", HARMLESS)}))
    module = found.load()
    host = PluginHost(tolerant=True)
    host.load([attrs.evolve(found, name=name, load=lambda: module) for name in ("a", "b")])
    assert _ask(host, "korproxy_sinks") == ["a"]
    assert _reasons(host) == {"b": "[KP-CONF-209] cannot be loaded: TypeError: it is the same module or object as plugin a"}


def test_an_entry_point_that_is_none_is_no_plugin() -> None:
    host = PluginHost()
    host.load([Found(name="x", origin="installed", version="1", location="x", load=lambda: None)])
    assert _reasons(host) == {
        "x": "[KP-CONF-209] cannot be loaded: TypeError: there is None, where a module or an object with hooks should be"
    }


def test_plugins_are_asked_by_origin_and_name_however_they_were_loaded(tmp_path: Path) -> None:
    origins: dict[str, Origin] = {"a": "file", "b": "installed", "c": "builtin", "d": "file", "e": "installed", "f": "builtin"}
    found = find_files(write_plugins(tmp_path, {name: plugin_text(name) for name in origins}))
    host = PluginHost()
    host.load(attrs.evolve(each, origin=origins[each.name]) for each in reversed(found))
    assert _ask(host, "korproxy_sinks") == ["c", "f", "b", "e", "a", "d"]
    assert [each.name for each in host.states] == ["c", "f", "b", "e", "a", "d"]


def test_a_state_tells_which_hooks_a_plugin_implements(tmp_path: Path) -> None:
    host = _host(tmp_path, {"a": plugin_text("a", ("korproxy_sinks", "korproxy_errors"))})
    [state] = host.states
    assert (state.name, state.origin, state.version, state.location) == ("a", "file", "?", str(tmp_path / "a.py"))
    assert (state.state, state.hooks, state.code, state.reason) == ("loaded", ("korproxy_errors", "korproxy_sinks"), None, "")


def test_a_traceback_goes_to_the_debug_log_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "korproxy.plugins")
    host = _host(tmp_path, {"b": plugin_text("b", HARMLESS, raises_in="korproxy_sinks")})
    _ask(host, "korproxy_sinks")
    [record] = [each for each in caplog.records if each.name == "korproxy.plugins"]
    assert record.levelno == logging.DEBUG
    assert record.getMessage() == "plugin b is out: korproxy_sinks: RuntimeError: no b today"
    assert record.exc_info is not None
    assert record.exc_info[0] is RuntimeError
    assert "Traceback" not in str(host.taken_out)


def test_a_remark_stays_with_a_plugin_that_stays_in(tmp_path: Path) -> None:
    host = _host(tmp_path, {"a": plugin_text("a")})
    host.remark("a", "KP-CONF-208", "half of it")
    host.remark("nobody", "KP-CONF-208", "nothing")
    [state] = host.states
    assert (state.state, state.code, state.reason, host.taken_out) == ("loaded", "KP-CONF-208", "half of it", ())


def test_taking_out_is_for_once_and_for_plugins_that_are_in(tmp_path: Path) -> None:
    host = _host(tmp_path, {"a": plugin_text("a", HARMLESS)})
    host.take_out("nobody", "KP-CONF-209", "why")
    host.take_out("a", "KP-CONF-208", "first")
    host.take_out("a", "KP-CONF-209", "second")
    assert _reasons(host) == {"a": "[KP-CONF-208] first"}
    assert _ask(host, "korproxy_sinks") == []


def test_problems_are_told_by_origin(tmp_path: Path) -> None:
    [found] = find_files(write_plugins(tmp_path, {"b": "1 / 0"}))
    host = PluginHost()
    host.load([attrs.evolve(found, origin="builtin"), attrs.evolve(found, name="c")])
    reason = "cannot be loaded: ZeroDivisionError: division by zero"
    assert host.problems("builtin") == (Problem(code="KP-CONF-209", path="plugin b", message=reason),)
    assert [each.path for each in host.problems()] == ["plugin b", "plugin c"]


def test_mistakes_in_its_settings_are_the_problems_of_a_plugin_that_stumbled_over_them(tmp_path: Path) -> None:
    body = "raise ConfigError.of([Problem(code='KP-CONF-202', path='$.plugin.b.size', message='expected a whole number')])"
    host = _host(tmp_path, {"b": "from korproxy.api import ConfigError, Problem\n" + SINK + body})
    _ask(host, "korproxy_sinks")
    assert host.problems() == (Problem(code="KP-CONF-202", path="$.plugin.b.size", message="expected a whole number"),)
    assert _reasons(host) == {"b": "[KP-CONF-209] korproxy_sinks: [KP-CONF-202] $.plugin.b.size: expected a whole number"}


@pytest.mark.code("KP-CONF-210")
def test_required_plugins_that_are_not_in_stop_the_start_all_named(tmp_path: Path) -> None:
    folder = write_plugins(tmp_path, {"a": plugin_text("a"), "b": "1 / 0", "c": plugin_text("c")})
    host = PluginHost()
    host.load(find_files(folder), blocked=frozenset({"c"}))
    host.require(["a"])
    with pytest.raises(ConfigError) as caught:
        host.require(["a", "b", "c", "d"])
    assert [(each.code, each.path, each.message) for each in caught.value.problems] == [
        (
            "KP-CONF-210",
            "plugin b",
            'required plugin "b" is broken: [KP-CONF-209] cannot be loaded: ZeroDivisionError: division by zero',
        ),
        ("KP-CONF-210", "plugin c", 'required plugin "c" is blocked: blocked by name'),
        ("KP-CONF-210", "plugin d", 'required plugin "d" is not installed, and no file of --plugins-dir'),
    ]


def _codes(tmp_path: Path, *numbers: int, change: Callable[[Found], Found] = lambda each: each) -> tuple[PluginHost, Registry]:
    """Load a plugin ``p`` with one code for each of *numbers*, and register."""
    codes = ", ".join(ITEMS["korproxy_errors"].replace("{name}", "p").replace("{number}", str(each)) for each in numbers)
    text = f"from korproxy.api import ErrorCode, hookimpl\n@hookimpl\ndef korproxy_errors():\n    return [{codes}]\n"
    host = PluginHost()
    host.load(map(change, find_files(write_plugins(tmp_path, {"p": text}))))
    taken = ErrorCode(code="KP-SYS-599", message="taken", description="d", steps=("s",), status=500)
    registry = Registry.of([taken])
    host.register_errors(registry)
    return host, registry


def test_a_plugins_codes_join_the_registry(tmp_path: Path) -> None:
    host, registry = _codes(tmp_path, 580, 598)
    assert [each.code for each in registry] == ["KP-SYS-580", "KP-SYS-598", "KP-SYS-599"]
    assert host.taken_out == ()


@pytest.mark.code("KP-CONF-214")
@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ((581, 579), "KP-SYS-579: a plugin's codes of SYS are 580 to 599"),
        ((581, 599), "KP-SYS-599 is used twice: 'taken' and 'm'"),
        ((581, 581), "KP-SYS-581 is used twice: 'm' and 'm'"),
        ((581, 1000), "'KP-SYS-1000' is not of the form KP-{AUTH,PROV,CONF,NET,RATE,SYS}-NNN"),
    ],
)
def test_a_plugin_with_one_bad_code_is_out_with_all_of_its_codes(tmp_path: Path, numbers: tuple[int, int], reason: str) -> None:
    host, registry = _codes(tmp_path, *numbers)
    assert [each.code for each in registry] == ["KP-SYS-599"]
    assert _reasons(host) == {"p": f"[KP-CONF-214] korproxy_errors: {reason}"}


def test_a_builtin_may_use_the_numbers_below_the_plugins(tmp_path: Path) -> None:
    host, registry = _codes(tmp_path, 501, change=lambda each: attrs.evolve(each, origin="builtin"))
    assert "KP-SYS-501" in registry
    assert host.taken_out == ()


def test_the_room_for_plugins_does_not_drag_in_the_daemon() -> None:
    """``korproxy --help`` loads plugins, and people wait for it."""
    heavy = {"trio", "httpx", "quart", "hypercorn", "rich", "click", "cattrs", "msgspec"}
    code = f"import sys; import korproxy.plugins.asking; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_plugins_are_asked_again_without_being_imported_again(tmp_path: Path) -> None:
    host = _host(tmp_path, {"a": plugin_text("a", HARMLESS), "b": "raise RuntimeError('at import')\n"})
    (tmp_path / "a.py").write_text("raise SystemExit\n")
    again = host.again()

    assert _ask(again, "korproxy_sinks") == ["a"]
    assert again.states == host.states


def test_what_broke_when_it_was_asked_gets_another_chance_and_the_first_host_stays_as_it_was(tmp_path: Path) -> None:
    host = _host(tmp_path, {"a": plugin_text("a", HARMLESS, raises_in="korproxy_providers"), "b": plugin_text("b", HARMLESS)})
    _ask(host, "korproxy_providers")
    again = host.again()
    before = [each.is_in("a") for each in (host, again)]
    _ask(again, "korproxy_providers")
    again.take_out("b", "KP-SYS-513", "it ended")

    assert before == [False, True]
    assert [(host.is_in(each), again.is_in(each)) for each in ("a", "b")] == [(False, False), (True, False)]


def test_what_would_have_to_be_started_stays_out(tmp_path: Path) -> None:
    host = _host(tmp_path, {"a": plugin_text("a", ["korproxy_services"]), "b": plugin_text("b", ["korproxy_providers"])})
    for each in ("a", "b"):
        host.take_out(each, "KP-SYS-513", "its service did not start")
    again = host.again(started={"korproxy_services"})

    assert [again.is_in(each) for each in ("a", "b")] == [False, True]


def test_what_a_broken_plugin_says_is_told_without_secrets(tmp_path: Path) -> None:
    key = "sk-ant-api03-AbCdEf0123456789AbCdEf"
    texts = {
        "loads": f'raise RuntimeError("bad key {key}, open sesame, {key.encode().hex()}")',
        "asked": f'from korproxy.api import hookimpl\n@hookimpl\ndef korproxy_dialects():\n    raise ValueError("{key}")\n',
    }
    known = RegexRedaction(name="known", pattern=re.compile("open sesame"))
    host = PluginHost(known=lambda: [known])
    host.load([*find_builtin(), *find_files(write_plugins(tmp_path, texts))])
    host.each("korproxy_dialects", settings=FakeSettings())

    assert _reasons(host) == {
        "loads": "[KP-CONF-209] cannot be loaded: RuntimeError: bad key ***REDACTED***, ***REDACTED***, ***REDACTED***",
        "asked": "[KP-CONF-209] korproxy_dialects: ValueError: ***REDACTED***",
    }
