from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from korproxy.plugins.finding import ORDER, find_all, find_builtin, find_files, find_installed
from korproxy.version import VERSION

BOMB = 'raise SystemExit("imported")\n'


def _install(site: Path, distribution: str, entry_points: str, version: str = "1.0") -> None:
    info = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[korproxy-test]\n{entry_points}\n")


def test_builtins_are_the_modules_of_the_package_named_by_folder_and_file(tmp_path: Path) -> None:
    for name in ("sinks/log.py", "providers/qwen.py", "providers/claude.py", "providers/_shared.py", "top.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(BOMB)
    (tmp_path / "providers" / "__init__.py").write_text("")

    found = find_builtin(tmp_path, "korproxy.builtin")

    assert [each.name for each in found] == ["providers.claude", "providers.qwen", "sinks.log"]
    assert {(each.origin, each.version) for each in found} == {("builtin", VERSION)}
    assert found[0].location == "korproxy.builtin.providers.claude"


def test_real_builtins_are_found_without_importing_one() -> None:
    """In a process of its own: here others have imported them long ago."""
    code = (
        "import sys; from korproxy.plugins.finding import find_all; found = find_all();"
        "print([each.name for each in found if each.origin == 'builtin']);"
        "print([name for name in sys.modules if name.startswith('korproxy.builtin')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names, imported = done.stdout.splitlines()
    assert names == str([each.name for each in find_builtin()])
    assert imported == "[]"


def test_installed_plugins_are_found_by_entry_point_sorted_and_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bomb.py").write_text(BOMB)
    _install(tmp_path, "korproxy-z", "zebra = bomb\nadder = bomb:thing", "2.5")
    _install(tmp_path, "korproxy-a", "middle = bomb", "0.1")
    monkeypatch.syspath_prepend(tmp_path)

    found = find_installed("korproxy-test")

    assert [(each.name, each.origin, each.version, each.location) for each in found] == [
        ("adder", "installed", "2.5", "korproxy-z"),
        ("middle", "installed", "0.1", "korproxy-a"),
        ("zebra", "installed", "2.5", "korproxy-z"),
    ]
    with pytest.raises(SystemExit, match="imported"):
        found[1].load()


def test_a_distribution_that_is_on_the_path_twice_counts_once_and_the_first_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path / "old", "korproxy-a", "one = nothing", "1.0")
    _install(tmp_path / "new", "korproxy_a", "one = nothing", "2.0")
    monkeypatch.syspath_prepend(tmp_path / "old")
    monkeypatch.syspath_prepend(tmp_path / "new")
    assert [(each.name, each.version) for each in find_installed("korproxy-test")] == [("one", "2.0")]


def test_two_distributions_with_one_name_are_both_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path, "korproxy-b", "one = nothing")
    _install(tmp_path, "korproxy-a", "one = nothing")
    monkeypatch.syspath_prepend(tmp_path)
    assert [(each.name, each.location) for each in find_installed("korproxy-test")] == [
        ("one", "korproxy-a"),
        ("one", "korproxy-b"),
    ]


def test_metadata_without_a_version_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path, "korproxy-a", "one = nothing")
    _install(tmp_path, "korproxy-b", "two = nothing")
    (tmp_path / "korproxy_a-1.0.dist-info" / "METADATA").unlink()
    monkeypatch.syspath_prepend(tmp_path)
    assert [(each.name, each.version) for each in find_installed("korproxy-test")] == [("one", "?"), ("two", "1.0")]


def test_an_entry_point_that_names_no_module_is_found_and_cannot_be_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path, "korproxy-a", "one = !\ntwo = nothing")
    monkeypatch.syspath_prepend(tmp_path)
    found = find_installed("korproxy-test")
    assert [each.name for each in found] == ["one", "two"]
    assert not found[0].mentions("redaction")
    with pytest.raises(Exception, match=r"group|match|!"):  # Python's own words, which differ by version
        found[0].load()


def test_files_are_found_sorted_and_not_imported(tmp_path: Path) -> None:
    for name in ("b.py", "a.py", "_helper.py", "notes.txt"):
        (tmp_path / name).write_text(BOMB)
    assert [(each.name, each.origin, each.location) for each in find_files(tmp_path)] == [
        ("a", "file", str(tmp_path / "a.py")),
        ("b", "file", str(tmp_path / "b.py")),
    ]


def test_a_file_is_imported_as_a_module_whose_classes_know_it(tmp_path: Path) -> None:
    (tmp_path / "odd-name.py").write_text(
        "from __future__ import annotations\nimport attrs\n@attrs.define\nclass T:\n    x: int\nattrs.resolve_types(T)\n"
    )
    [found] = find_files(tmp_path)
    module = found.load()
    assert sys.modules[vars(module)["T"].__module__] is module


def test_a_file_that_fails_leaves_no_half_module(tmp_path: Path) -> None:
    (tmp_path / "halfway.py").write_text("x = 1\n1 / 0\n")
    [found] = find_files(tmp_path)
    with pytest.raises(ZeroDivisionError):
        found.load()
    assert "korproxy_plugins_dir_halfway" not in sys.modules


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert find_files(tmp_path / "none") == []


def test_everything_comes_in_the_order_in_which_it_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BOMB)
    ranks = [ORDER.index(each.origin) for each in find_all([tmp_path])]
    assert ranks == sorted(ranks)
    assert ranks[-1] == ORDER.index("file")


def test_without_plugins_only_builtins_are_left() -> None:
    assert find_all(installed=False) == find_builtin()


def test_source_text_tells_of_a_plugin_that_cannot_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "single.py").write_text("1 / 0  # Redaction\n")
    package = tmp_path / "packed"
    package.mkdir()
    (package / "__init__.py").write_text("1 / 0\n")
    (package / "deep.py").write_text("from korproxy.api import RegexRedaction\n")
    _install(tmp_path, "korproxy-a", "one = single\ntwo = packed.mod:thing\nthree = absent.mod")
    monkeypatch.syspath_prepend(tmp_path)

    found = find_installed("korproxy-test")

    assert {each.name: each.mentions("redaction") for each in found} == {"one": True, "two": True, "three": False}
    assert not any(each.mentions("unicorn") for each in found)
    assert {each.name: each.never_mentions("redaction") for each in found} == {"one": False, "two": False, "three": False}
    assert {each.name: each.never_mentions("unicorn") for each in found} == {"one": True, "two": True, "three": False}
    assert "packed" not in sys.modules


def test_source_text_of_files_and_builtins_is_known(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.py").write_text("REDACTION = 1\n")
    assert [each.mentions("redaction") for each in (*find_builtin(tmp_path), *find_files(tmp_path / "x"))] == [True, True]


def test_source_text_that_cannot_be_read_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("REDACTION = 1\n")
    [found] = find_files(tmp_path)
    (tmp_path / "a.py").unlink()
    assert not found.mentions("redaction")
    assert not found.never_mentions("unicorn")
