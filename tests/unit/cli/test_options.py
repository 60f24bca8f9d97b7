from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from korproxy.cli.options import Chosen, global_options, with_global_options


class Holder:
    def __init__(self) -> None:
        self.chosen = Chosen()


@click.command()
@click.option("--size", type=int)
def leaf(size: int | None) -> None:
    click.secho(f"size {size}", fg="red")


def tree() -> click.Group:
    """A group inside a group, each as the program makes them: the options at the root, and below it by copy."""
    middle = click.Group("middle", commands={"leaf": leaf})
    return click.Group("root", params=[*global_options()], commands={"middle": with_global_options(middle)})


def run(*args: str | Path, env: dict[str, str] | None = None) -> Chosen:
    holder = Holder()
    done = CliRunner().invoke(tree(), [str(each) for each in args], obj=holder, env=env)
    assert done.exit_code == 0, done.output
    return holder.chosen


def said(chosen: Chosen) -> dict[str, object]:
    return dict(vars(chosen))


POSITIONS: Sequence[tuple[int, int, int]] = [(1, 0, 0), (0, 1, 0), (0, 0, 1)]


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--home", "/somewhere"], {"home": Path("/somewhere")}),
        (["--verbose"], {"verbose": True}),
        (["-v"], {"verbose": True}),
        (["--json"], {"as_json": True}),
        (["--no-plugins"], {"no_plugins": True}),
        (["--no-color"], {"no_color": True}),
        (["--plugins-dir", "/"], {"plugin_dirs": (Path("/"),)}),
    ],
)
def test_a_global_option_may_stand_anywhere(
    position: tuple[int, int, int], given: list[str], expected: dict[str, object]
) -> None:
    root, middle, end = (given * times for times in position)

    assert said(run(*root, "middle", *middle, "leaf", *end)) == expected


def test_nothing_given_is_nothing_chosen() -> None:
    chosen = run("middle", "leaf", "--size", "3")

    assert said(chosen) == {}
    assert (chosen.home, chosen.verbose, chosen.as_json, chosen.plugin_dirs, chosen.no_plugins) == (
        None,
        False,
        False,
        (),
        False,
    )


def test_the_last_home_counts() -> None:
    assert run("--home", "/a", "middle", "leaf", "--home", "/b").home == Path("/b")


def test_plugin_folders_add_up(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    chosen = run("--plugins-dir", "/", "--plugins-dir", tmp_path / "a", "middle", "leaf", "--plugins-dir", tmp_path / "b")

    assert chosen.plugin_dirs == (Path("/"), tmp_path / "a", tmp_path / "b")


def test_a_plugin_folder_has_to_exist(tmp_path: Path) -> None:
    done = CliRunner().invoke(tree(), ["--plugins-dir", str(tmp_path / "gone"), "middle", "leaf"], obj=Holder())

    assert done.exit_code == 2
    assert "does not exist" in done.stderr


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("no", True), ("0", True), ("", False)])
def test_any_text_in_no_color_takes_the_colours_away(value: str, expected: bool) -> None:
    assert run("middle", "leaf", env={"NO_COLOR": value}).no_color is expected


@pytest.mark.parametrize(("args", "output"), [((), "\x1b[31msize None\x1b[0m\n"), (("--no-color",), "size None\n")])
def test_without_colours_click_s_own_output_has_none_either(args: tuple[str, ...], output: str) -> None:
    done = CliRunner().invoke(tree(), ["middle", "leaf", *args], obj=Holder(), color=True)

    assert done.stdout == output


def test_the_command_of_a_plugin_is_not_changed() -> None:
    before = list(leaf.params)
    with_global_options(leaf)
    wider = with_global_options(leaf)

    assert leaf.params == before
    assert len(wider.params) == len(before) + len(global_options())


def test_a_name_that_a_command_uses_itself_stays_its_own() -> None:
    seen = []

    @click.command()
    @click.option("-v", "--version", "wanted")
    def install(wanted: str) -> None:
        seen.append(wanted)

    holder = Holder()
    done = CliRunner().invoke(with_global_options(install), ["-v", "2", "--json"], obj=holder)

    assert (done.exit_code, seen, said(holder.chosen)) == (0, ["2"], {"as_json": True})


def test_commands_can_be_looked_at_without_a_context() -> None:
    done = CliRunner().invoke(tree(), ["--json", "middle", "leaf"])

    assert (done.exit_code, done.stdout) == (0, "size None\n")
