from __future__ import annotations

import gc
import json
import os
import pty
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from korproxy.cli.context import Context
from korproxy.cli.main import CORE, korproxy, main
from korproxy.cli.options import global_options
from tests.fakes.plugin_files import plugin_text, write_plugins
from tests.fakes.process import environment
from tests.fakes.process import korproxy as korproxy_process

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "commands.md"
HEAVY = ("trio", "httpx", "quart", "hypercorn", "attrs", "attr", "cattrs", "rich", "pluggy", "msgspec", "platformdirs")
NOT_FOR_HELP = (
    "msgspec",
    "trio",
    "httpx",
    "hypercorn",
    "cattrs",
    "rich",
    "importlib.metadata",
    "email",
    "zipfile",
    "ssl",
    *("logging", "json", "socket", "difflib"),
)
PLUGIN = """
import click

from korproxy.api import Command, CommandFailed, hookimpl


@click.command()
@click.pass_context
def alpha(ctx):
    {body}


@hookimpl
def korproxy_commands():
    yield Command("alpha", "Do alpha.", lambda: alpha)
"""


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(korproxy, [str(each) for each in args])


def run_alpha(folder: Path, body: str, *args: str) -> Result:
    write_plugins(folder, {"alpha": PLUGIN.replace("{body}", body)})
    return run("--plugins-dir", folder, "alpha", *args)


# What it costs


def test_the_version_costs_click_and_nothing_else(home: Path) -> None:
    source = (
        "import sys\nfrom korproxy.cli.main import korproxy\n"
        "try:\n    korproxy.main(['--version'])\nexcept SystemExit as exc:\n    print(exc.code, *sorted(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True, env=environment(home), timeout=30
    )
    version, modules = done.stdout.splitlines()
    code, *names = modules.split()

    assert (version, code) == ("korproxy 0.1.0", "0")
    assert [name for name in HEAVY if name in names] == []
    assert {name for name in names if name.startswith("korproxy")} == {
        "korproxy",
        "korproxy.cli",
        "korproxy.cli.context",
        "korproxy.cli.main",
        "korproxy.cli.options",
        "korproxy.version",
    }


def test_the_help_costs_the_plugins_with_commands_and_nothing_that_is_for_serving(home: Path) -> None:
    source = (
        "import sys\nfrom korproxy.cli.main import main\nsys.argv = ['korproxy', '--help']\n"
        "try:\n    main()\nexcept SystemExit as exc:\n    print(exc.code, *sorted(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True, env=environment(home), timeout=30
    )
    code, *names = done.stderr.split()
    builtin = {name for name in names if name.startswith("korproxy.builtin.")}

    assert (code, "Commands:" in done.stdout) == ("0", True)
    assert {"korproxy.builtin.commands.status", "korproxy.cli.commands"} <= set(names)
    assert [name for name in builtin if not name.startswith("korproxy.builtin.commands")] == []
    assert [name for name in NOT_FOR_HELP if name in names] == []


def test_a_process_that_ends_does_not_look_through_all_that_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[str] = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append("frozen"))
    monkeypatch.setattr(sys, "argv", ["korproxy", "--version"])
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        gc.enable()

    assert (ended.value.code, frozen) == (0, ["frozen"])


def test_garbage_is_looked_for_while_a_command_runs_and_not_before(home: Path, tmp_path: Path) -> None:
    text = "import gc\nwhile_importing = gc.isenabled()\n" + PLUGIN
    write_plugins(tmp_path, {"alpha": text.replace("{body}", "click.echo((while_importing, gc.isenabled()))")})
    done = korproxy_process("--plugins-dir", str(tmp_path), "alpha", home=home)

    assert (done.returncode, done.stdout, done.stderr) == (0, "(False, True)\n", "")


def test_the_version_is_printed_by_the_program(home: Path) -> None:
    done = korproxy_process("--version", home=home)

    assert (done.returncode, done.stdout, done.stderr) == (0, "korproxy 0.1.0\n", "")


def test_listing_commands_imports_none_of_them(tmp_path: Path) -> None:
    text = plugin_text("alpha", ["korproxy_commands"]).replace('lambda: click.Command("alpha")', "exit")
    done = run("--plugins-dir", write_plugins(tmp_path, {"alpha": text}), "--help")

    assert done.exit_code == 0
    assert re.search(r"^  alpha +Do alpha\.$", done.stdout, re.MULTILINE)
    assert re.search(r"^  run +Run the daemon", done.stdout, re.MULTILINE)
    assert re.search(r"^  status +Say whether", done.stdout, re.MULTILINE)


def test_without_plugins_their_commands_are_not_listed(tmp_path: Path) -> None:
    folder = write_plugins(tmp_path, {"alpha": plugin_text("alpha", ["korproxy_commands"])})

    assert "Do alpha." not in run("--plugins-dir", folder, "--no-plugins", "--help").stdout


# How it ends


def test_an_unknown_command_gets_a_suggestion() -> None:
    done = run("--no-plugins", "statsu")

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.endswith("Error: No such command 'statsu'. Did you mean 'status'?\n")


def test_a_command_unlike_any_gets_the_way_to_the_list() -> None:
    done = run("--no-plugins", "xyzzy")

    assert done.exit_code == 2
    assert done.stderr.endswith("Error: No such command 'xyzzy'. `korproxy --help` lists all.\n")


@pytest.mark.parametrize("args", [("--nonsense",), ("status", "--nonsense"), ("key", "show", "other"), ("key", "nonsense")])
def test_a_wrong_command_line_is_exit_code_2(args: tuple[str, ...]) -> None:
    done = run("--no-plugins", *args)

    assert (done.exit_code, done.stdout) == (2, "")
    assert "Usage: korproxy" in done.stderr


@pytest.mark.code("KP-SYS-505")
def test_an_expected_error_is_two_lines_and_exit_code_1() -> None:
    done = run("status", "--no-plugins")

    assert (done.exit_code, done.stdout) == (1, "")
    assert re.fullmatch(r"error KP-SYS-505: .+\n  help: korproxy errors KP-SYS-505\n", done.stderr)


@pytest.mark.code("KP-SYS-505")
@pytest.mark.parametrize("args", [("--json", "status"), ("status", "--json")])
def test_an_error_is_json_where_json_was_asked_for(args: tuple[str, str]) -> None:
    done = run(*args)

    assert (done.exit_code, done.stderr) == (1, "")
    assert json.loads(done.stdout)["error"]["code"] == "KP-SYS-505"


@pytest.mark.code("KP-CONF-209")
def test_a_command_that_cannot_be_imported_is_a_coded_error(tmp_path: Path) -> None:
    text = plugin_text("alpha", ["korproxy_commands"]).replace('click.Command("alpha")', "no_such_name")
    folder = write_plugins(tmp_path, {"alpha": text})
    for args in (["alpha"], ["alpha", "--help"]):
        done = run("--plugins-dir", folder, *args)

        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.splitlines() == [
            'error KP-CONF-209: The command "alpha" of plugin alpha cannot be loaded: '
            "NameError: name 'no_such_name' is not defined",
            "  help: korproxy errors KP-CONF-209",
        ]


@pytest.mark.code("KP-SYS-501")
def test_an_unexpected_error_is_a_coded_one(tmp_path: Path) -> None:
    done = run_alpha(tmp_path, "raise ZeroDivisionError")

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error KP-SYS-501: ZeroDivisionError was raised where nothing expected it")
    assert "Traceback" not in done.stderr


@pytest.mark.code("KP-SYS-501")
def test_verbose_shows_where_an_unexpected_error_comes_from(tmp_path: Path) -> None:
    done = run_alpha(tmp_path, "raise ZeroDivisionError", "--verbose")

    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert "error KP-SYS-501: " in done.stderr


@pytest.mark.parametrize("body", ["raise KeyboardInterrupt", "raise click.Abort"])
def test_ctrl_c_is_quiet(tmp_path: Path, body: str) -> None:
    done = run_alpha(tmp_path, body)

    assert (done.exit_code, done.stdout, done.stderr.strip()) == (130, "", "")


@pytest.mark.parametrize(
    ("body", "code"), [("return 5", 0), ("raise SystemExit(3)", 3), ("ctx.exit(4)", 4), ("raise SystemExit('no')", 1)]
)
def test_a_command_says_its_exit_code_by_exiting(tmp_path: Path, body: str, code: int) -> None:
    assert run_alpha(tmp_path, body).exit_code == code


# Where it writes


def test_a_reader_that_leaves_is_no_error(home: Path, tmp_path: Path) -> None:
    body = "[print('x' * 1000) for _ in range(1000)]"
    write_plugins(tmp_path, {"alpha": PLUGIN.replace("{body}", body)})
    command = [sys.executable, "-m", "korproxy", "--plugins-dir", str(tmp_path), "alpha"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(home)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        errors = process.stderr.read()
        code = process.wait(30)

    assert (code, errors) == (1, "")


@pytest.mark.parametrize("writes", ["print('a → b')", "click.echo('a → b')"])
def test_what_a_terminal_cannot_show_is_escaped(home: Path, tmp_path: Path, writes: str) -> None:
    write_plugins(tmp_path, {"alpha": PLUGIN.replace("{body}", writes)})
    done = korproxy_process("--plugins-dir", str(tmp_path), "alpha", home=home, PYTHONIOENCODING="latin-1")

    assert (done.returncode, done.stdout, done.stderr) == (0, "a \\u2192 b\n", "")


@pytest.mark.parametrize("closed", ["1", "2"])
def test_where_a_stream_is_closed_what_would_go_there_goes_nowhere(home: Path, closed: str) -> None:
    command = f'exec "{sys.executable}" -m korproxy requests {closed}>&-'
    done = subprocess.run(["sh", "-c", command], check=False, capture_output=True, text=True, env=environment(home), timeout=30)

    assert (done.returncode, done.stderr) == (0, "")


def on_a_terminal(home: Path, *args: str, **env: str) -> str:
    """Return what the program writes where both its outputs are a terminal."""
    ours, its = pty.openpty()
    variables = {**environment(home), "TERM": "xterm", **env}
    process = subprocess.Popen([sys.executable, "-m", "korproxy", *args], stdout=its, stderr=its, env=variables)
    os.close(its)
    written = b""
    try:
        while chunk := os.read(ours, 4096):
            written += chunk
    except OSError:  # how Linux says that nobody holds the other end any more
        pass
    os.close(ours)
    process.wait(30)
    return written.decode()


@pytest.mark.parametrize(
    ("args", "no_color", "coloured"),
    [((), "", True), ((), "1", False), ((), "no", False), (("--no-color",), "", False)],
)
def test_colours_are_for_terminals_that_want_them(home: Path, args: tuple[str, ...], no_color: str, coloured: bool) -> None:
    written = on_a_terminal(home, "status", *args, NO_COLOR=no_color)

    assert "KP-SYS-505" in written
    assert ("\x1b[31m" in written) is coloured


# What is written about it


def commands() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Yield every command that is part of KorProxy, subcommands included, with its full name."""
    cli = Context(core=CORE)
    cli.chosen.no_plugins = True
    root = korproxy.make_context("korproxy", [], obj=cli, resilient_parsing=True)
    yield from _below("korproxy", korproxy, root)


def _below(path: str, command: click.Command, ctx: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    yield path, command, ctx
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            inner = command.get_command(ctx, name)
            assert inner is not None
            yield from _below(f"{path} {name}", inner, click.Context(inner, info_name=name, parent=ctx))


TREE = list(commands())
NAMES = [path for path, _, _ in TREE]
COMMANDS = {path: command for path, command, _ in TREE}
OF_EVERY_COMMAND = {name for each in global_options() for name in each.opts}


def section(heading: str) -> str:
    """Return what stands under *heading* in the reference, up to the next one."""
    found = re.search(
        rf"^##+ {re.escape(heading)}\n(.*?)(?=^##+ |\Z)", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert found is not None, f"{DOCS.name} has no heading {heading!r}"
    return found[1]


def words_of(argument: click.Argument) -> list[str]:
    """Return how *argument* is spoken of: its choices, else its name."""
    if isinstance(argument.type, click.Choice):
        return [f"`{each}`" for each in argument.type.choices]
    return [argument.human_readable_name]


def test_the_tree_has_the_commands_it_should_have() -> None:
    assert NAMES == [
        "korproxy",
        "korproxy account",
        "korproxy account add",
        "korproxy account disable",
        "korproxy account enable",
        "korproxy account list",
        "korproxy account remove",
        "korproxy account wake",
        "korproxy check",
        "korproxy config",
        "korproxy config export",
        "korproxy config import",
        "korproxy config migrate",
        "korproxy config validate",
        "korproxy debug-bundle",
        "korproxy errors",
        "korproxy explain",
        "korproxy group",
        "korproxy group delete",
        "korproxy group list",
        "korproxy group set",
        "korproxy init",
        "korproxy key",
        "korproxy key show",
        "korproxy log-level",
        "korproxy logs",
        "korproxy metrics",
        "korproxy plugins",
        "korproxy profile",
        "korproxy profile create",
        "korproxy profile delete",
        "korproxy profile list",
        "korproxy profile set",
        "korproxy profile show",
        "korproxy profile switch",
        "korproxy reload",
        "korproxy requests",
        "korproxy route",
        "korproxy route add",
        "korproxy route delete",
        "korproxy route disable",
        "korproxy route enable",
        "korproxy route list",
        "korproxy route move",
        "korproxy route test",
        "korproxy run",
        "korproxy safe-mode",
        "korproxy safe-mode off",
        "korproxy safe-mode on",
        "korproxy safe-mode status",
        "korproxy self-test",
        "korproxy status",
        "korproxy stop",
        "korproxy why",
    ]


@pytest.mark.parametrize(("path", "command"), COMMANDS.items(), ids=NAMES)
def test_every_command_takes_the_global_options(path: str, command: click.Command) -> None:
    names = {name for each in command.params for name in each.opts}

    assert names >= OF_EVERY_COMMAND, path


@pytest.mark.parametrize(("path", "command", "ctx"), TREE, ids=NAMES)
def test_every_help_has_examples_that_keep_their_lines(path: str, command: click.Command, ctx: click.Context) -> None:
    text = command.get_help(ctx)
    start = text.index("\n  Examples:\n") + len("\n  Examples:\n")
    examples = text[start:].split("\n\n")[0].splitlines()

    assert examples != []
    assert [line for line in examples if path not in line and "korproxy COMMAND" not in line and path != "korproxy"] == []


@pytest.mark.parametrize(("path", "command"), COMMANDS.items(), ids=NAMES)
def test_every_option_has_a_help(path: str, command: click.Command) -> None:
    without = [each.opts for each in command.params if isinstance(each, click.Option) and not each.help]

    assert without == [], path


@pytest.mark.parametrize("path", NAMES[1:])
def test_every_command_and_option_is_in_the_reference(path: str) -> None:
    command, text = COMMANDS[path], section(f"`{path}`")
    options = {each.opts[0] for each in command.params if isinstance(each, click.Option)} - OF_EVERY_COMMAND  # `-f`, `--follow`
    words = [word for each in command.params if isinstance(each, click.Argument) for word in words_of(each)]
    documented = set(re.findall(r"^\| `(-[\w-]+)", text, re.MULTILINE))

    assert documented == options
    assert f"```sh\n{path}" in text
    assert [word for word in words if word not in text] == []


def test_the_global_options_are_in_the_reference() -> None:
    documented = re.findall(r"`(--?[\w-]+)", section("Options of every command").split("\n\n`korproxy --version`")[0])

    assert set(documented) == OF_EVERY_COMMAND | {"-h", "--help"}


def test_the_reference_has_no_command_too_many() -> None:
    headings = re.findall(r"^##+ `(korproxy [^`]*)`$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(headings) == NAMES[1:]


def test_a_list_says_of_a_command_what_its_own_help_says() -> None:
    cli = Context(core=CORE)
    cli.chosen.no_plugins = True
    listed = {name: text for name, (_, text) in CORE.items()}
    listed |= {name: offer.item.help for name, offer in cli.plugins.offers().items()}
    own = {path.removeprefix("korproxy "): (command.help or "").split("\n\n")[0] for path, command in COMMANDS.items()}

    assert {name: text.lower() for name, text in listed.items()} == {name: own[name].lower() for name in listed}


def lines_of(page: Path) -> list[str]:
    """Return the ``korproxy`` command lines in the shell blocks of *page*, and what was typed in its console blocks."""
    text = page.read_text(encoding="utf-8")
    typed = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    shown = "\n".join(re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    return re.findall(r"^korproxy .*$", typed, re.MULTILINE) + re.findall(r"^\$ (korproxy .*)$", shown, re.MULTILINE)


def parse(command: click.Command, name: str, args: list[str], **how: Any) -> None:
    """Take *args* apart as *command* would, down to the subcommand that is meant; ``click.UsageError`` if they are wrong."""
    with command.make_context(name, args, **how) as ctx:
        if isinstance(command, click.Group):
            found, inner, rest = command.resolve_command(ctx, [*ctx._protected_args, *ctx.args])
            assert inner is not None
            parse(inner, found or "", rest, parent=ctx)


PAGES = [each for each in sorted(DOCS.parents[1].rglob("*.md")) if lines_of(each)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_command_lines_in_the_docs_are_right(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = lines_of(page)
    for word in shlex.split(" ".join(lines)):  # what is there for whoever types it
        if word.endswith((".json", ".toml")):
            Path(word).touch()
        elif word.startswith("./"):
            Path(word).mkdir(exist_ok=True)
    for line in lines:
        words = shlex.split(line, comments=True)
        end = next((at for at, word in enumerate(words) if word in {"|", "<", ">", "&&"}), len(words))
        if words[1] in {"mock", "conformance", "hello"}:
            continue  # of plugins that are not part of KorProxy
        cli = Context(core=CORE)
        cli.chosen.no_plugins = True
        parse(korproxy, "korproxy", words[1:end], obj=cli)


@pytest.mark.parametrize(
    "line", ["profile swich x", "profile switch", "route add x --if-modell y", "route test no.json", "nothing"]
)
def test_a_planted_wrong_command_line_is_noticed(line: str) -> None:
    cli = Context(core=CORE)
    cli.chosen.no_plugins = True
    with pytest.raises(click.UsageError):
        parse(korproxy, "korproxy", shlex.split(line), obj=cli)
