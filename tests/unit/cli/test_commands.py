from __future__ import annotations

import sys
from pathlib import Path

import click
import pytest

from korproxy.cli.commands import PluginCommands, broken_commands
from korproxy.cli.options import Chosen
from korproxy.errors.exceptions import CommandFailed
from korproxy.plugins.finding import find_files
from korproxy.plugins.host import PluginHost
from tests.fakes.plugin_files import plugin_text, write_plugins

COMMAND = """
import click

from korproxy.api import Command, hookimpl


def load():
    {body}


@hookimpl
def korproxy_commands():
    yield Command("{name}", "Do {name}.", load)
"""


def command_text(name: str, body: str = "return click.Command('x')") -> str:
    return COMMAND.format(name=name, body=body)


def commands_of(*folders: Path, no_plugins: bool = False, core: tuple[str, ...] = ()) -> PluginCommands:
    chosen = Chosen()
    chosen.plugin_dirs, chosen.no_plugins = folders, no_plugins
    return PluginCommands(chosen, core)


def loaded(commands: PluginCommands) -> set[str]:
    return {each.name for each in commands.host.states if each.state == "loaded"}


def test_a_command_of_ours_loads_no_other_plugins(tmp_path: Path) -> None:
    commands = commands_of(write_plugins(tmp_path, {"alpha": plugin_text("alpha")}))
    found = commands.load("status")

    assert found is not None
    assert found.name == "status"
    assert {name.partition(".")[0] for name in loaded(commands)} == {"commands"}


def test_a_command_of_a_plugin_is_found_after_ours(tmp_path: Path) -> None:
    commands = commands_of(write_plugins(tmp_path, {"alpha": plugin_text("alpha")}))
    found = commands.load("alpha")

    assert found is not None
    assert found.name == "alpha"
    assert "alpha" in loaded(commands)


def test_a_command_that_nobody_has_is_none() -> None:
    assert commands_of(no_plugins=True).load("nonsense") is None


def test_commands_are_listed_and_not_imported(tmp_path: Path) -> None:
    folder = write_plugins(tmp_path, {"alpha": command_text("alpha", "raise AssertionError('imported')")})
    offers = commands_of(folder).offers()

    assert offers["alpha"].item.help == "Do alpha."
    assert {"init", "key", "status", "stop"} < offers.keys()


def test_what_has_no_command_is_not_loaded_to_list_them(tmp_path: Path) -> None:
    folder = write_plugins(tmp_path, {"alpha": command_text("alpha"), "beta": "raise AssertionError('imported')"})
    commands = commands_of(folder)
    commands.offers()
    names = {each.name for each in commands.host.states}

    assert "alpha" in names
    assert {name for name in names if name.partition(".")[0] not in ("commands", "conformance", "mock")} == {"alpha"}


def test_a_command_whose_hook_is_named_nowhere_is_found_when_it_is_meant(tmp_path: Path) -> None:
    text = command_text("alpha").replace("def korproxy_commands", "def hidden")
    text += "globals()['korproxy_' 'commands'] = globals().pop('hidden')"
    commands = commands_of(write_plugins(tmp_path, {"alpha": text}))
    listed = "alpha" in commands.offers()
    found = commands.load("alpha")

    assert (listed, found is not None) == (False, True)


def test_without_plugins_ours_are_left(tmp_path: Path) -> None:
    folder = write_plugins(tmp_path, {"alpha": plugin_text("alpha")})
    commands = commands_of(folder, no_plugins=True)

    assert "alpha" not in commands.offers()
    assert {each.origin for each in commands.host.states} == {"builtin"}


def test_plugins_are_loaded_once_however_often_they_are_asked_for(tmp_path: Path) -> None:
    commands = commands_of(write_plugins(tmp_path, {"alpha": plugin_text("alpha")}), tmp_path)
    commands.load("status")
    commands.offers()
    commands.offers()
    names = [each.name for each in commands.host.states]

    assert names.count("alpha") == names.count("commands.status") == 1


def test_a_name_of_the_core_stays_with_the_core(tmp_path: Path) -> None:
    commands = commands_of(write_plugins(tmp_path, {"run": command_text("run")}), core=("run",))
    found = commands.load("run")
    state = next(each for each in commands.host.states if each.name == "run")

    assert found is None
    assert (state.state, state.code) == ("loaded", "KP-CONF-208")
    assert state.reason == 'its command "run" is left out: KorProxy has one of that name'


def test_a_name_of_an_earlier_plugin_stays_with_it(tmp_path: Path) -> None:
    folder = write_plugins(tmp_path, {"alpha": command_text("status")})
    commands = commands_of(folder)
    offers = commands.offers()
    state = next(each for each in commands.host.states if each.name == "alpha")

    assert offers["status"].plugin == "commands.status"
    assert (state.state, state.code) == ("broken", "KP-CONF-208")


@pytest.mark.code("KP-CONF-209")
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import no_such_module_anywhere", "ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("return 'alpha'", "load() returned 'alpha', which is no click command"),
    ],
)
def test_a_command_that_cannot_be_imported_is_a_coded_error(tmp_path: Path, body: str, reason: str) -> None:
    commands = commands_of(write_plugins(tmp_path, {"alpha": command_text("alpha", body)}))
    with pytest.raises(CommandFailed) as caught:
        commands.load("alpha")
    state = next(each for each in commands.host.states if each.name == "alpha")

    assert caught.value.code == state.code == "KP-CONF-209"
    assert str(caught.value) == state.reason == f'The command "alpha" of plugin alpha cannot be loaded: {reason}'


def test_ctrl_c_while_a_command_is_imported_is_no_fault_of_it(tmp_path: Path) -> None:
    commands = commands_of(write_plugins(tmp_path, {"alpha": command_text("alpha", "raise KeyboardInterrupt")}))
    with pytest.raises(KeyboardInterrupt):
        commands.load("alpha")

    assert "alpha" in loaded(commands)


def test_all_broken_commands_are_found_at_once(tmp_path: Path) -> None:
    texts = {name: command_text(name, f"raise ValueError('{name}')") for name in ("alpha", "beta")}
    host = PluginHost()
    host.load(find_files(write_plugins(tmp_path, {**texts, "gamma": command_text("gamma")})))

    assert [each.path for each in broken_commands(host, ())] == ["plugin alpha", "plugin beta"]
    assert [each.code for each in host.states] == ["KP-CONF-209", "KP-CONF-209", None]


def test_a_broken_redaction_does_not_keep_anybody_from_a_command(tmp_path: Path) -> None:
    folder = write_plugins(tmp_path, {"alpha": plugin_text("alpha", raises_in="korproxy_redactions") + "\nraise ValueError"})

    assert "status" in commands_of(folder).offers()


def test_the_codes_of_plugins_are_codes(tmp_path: Path) -> None:
    codes = commands_of(write_plugins(tmp_path, {"alpha": plugin_text("alpha", number=585)})).codes()

    assert codes["KP-SYS-585"].steps == ("Read alpha.",)
    assert "KP-SYS-505" in codes


def test_click_is_all_that_a_command_of_ours_needs_at_first() -> None:
    commands = commands_of(no_plugins=True)
    found = commands.load("key")

    assert isinstance(found, click.Group)
    assert "korproxy.builtin.commands.key" in sys.modules
