from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from korproxy.plugins.entry_points import EntryPoint, entry_points

GROUP = "korproxy-test"
METADATA = "Metadata-Version: 2.1\nName: Korproxy-A\nVersion: 1.5\n\nVersion: of nothing\n"


def _write(info: Path, points: str, metadata: str = METADATA, said_in: str = "METADATA") -> None:
    info.mkdir(parents=True)
    (info / said_in).write_text(metadata, encoding="utf-8")
    (info / "entry_points.txt").write_text(points, encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    importlib.invalidate_caches()


@pytest.mark.parametrize("group", ["korproxy", "console_scripts", "pytest11", "nobodys"])
def test_what_is_installed_here_is_what_python_finds(group: str) -> None:
    found = {(each.name, each.value, each.distribution, each.version) for each in entry_points(group)}
    expected = {
        (each.name, each.value, each.dist.name, each.dist.version)
        for each in importlib.metadata.entry_points(group=group)
        if each.dist
    }

    assert found == expected


def test_only_lines_of_the_group_count(site: Path) -> None:
    lines = [
        f"[{GROUP}.more]",
        "zero = nothing",
        f" [{GROUP}] ",
        "",
        "# no = comment",
        "one=a.b : c.d [extra]",
        "odd",
        "[x]",
        "two = x",
    ]
    _write(site / "korproxy_a-1.5.dist-info", "\n".join(lines))

    assert entry_points(GROUP) == [EntryPoint("one", "a.b : c.d [extra]", "Korproxy-A", "1.5")]


def test_an_old_folder_of_a_distribution_counts_as_well(site: Path) -> None:
    _write(site / "korproxy_a.egg-info", f"[{GROUP}]\none = a", said_in="PKG-INFO")

    assert entry_points(GROUP) == [EntryPoint("one", "a", "Korproxy-A", "1.5")]


def test_the_first_copy_on_the_path_hides_the_others_also_where_it_has_no_such_lines(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(site / "old" / "korproxy_a-1.0.dist-info", f"[{GROUP}]\none = a")
    _write(site / "new" / "Korproxy.A-1.5.dist-info", "")
    monkeypatch.syspath_prepend(site / "old")
    monkeypatch.syspath_prepend(site / "new")

    assert entry_points(GROUP) == []


def test_what_does_not_say_its_name_is_there_without_one(site: Path) -> None:
    _write(site / "korproxy_a-1.5.dist-info", f"[{GROUP}]\none = a", metadata="\n\nName: too late")

    assert entry_points(GROUP) == [EntryPoint("one", "a", "?", "?")]


def test_a_path_that_is_not_there_is_passed_over(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(site / "korproxy_a-1.5.dist-info", f"[{GROUP}]\none = a")
    monkeypatch.syspath_prepend(site / "nowhere")

    assert [each.name for each in entry_points(GROUP)] == ["one"]


def test_distributions_in_an_archive_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("korproxy_a-1.5.dist-info/METADATA", METADATA)
        archive.writestr("korproxy_a-1.5.dist-info/entry_points.txt", f"[{GROUP}]\none = a:b\n")
    monkeypatch.syspath_prepend(tmp_path / "all.zip")

    assert entry_points(GROUP) == [EntryPoint("one", "a:b", "Korproxy-A", "1.5")]


def test_distributions_of_somebodys_own_finder_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path / "hidden" / "korproxy_a-1.5.dist-info", f"[{GROUP}]\none = a")

    class Finder(importlib.metadata.DistributionFinder):
        def find_spec(self, *_: object) -> None:
            return None

        def find_distributions(self, _: object = None) -> Iterator[importlib.metadata.Distribution]:
            yield importlib.metadata.PathDistribution(tmp_path / "hidden" / "korproxy_a-1.5.dist-info")

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])

    assert [(each.name, each.version) for each in entry_points(GROUP)] == [("one", "1.5")]


def test_what_a_line_names_is_imported() -> None:
    loaded = [EntryPoint("x", value).load() for value in ("json", "json:loads", "os : path.join [more]")]

    assert loaded == [json, json.loads, __import__("os").path.join]


@pytest.mark.parametrize("value", ["!", "", "json loads", "json:"])
def test_a_line_that_names_nothing_is_said_to(value: str) -> None:
    with pytest.raises(ValueError, match=r"does not match MODULE or MODULE:OBJECT$"):
        EntryPoint("x", value).load()


def test_looking_for_them_imports_no_parser_of_metadata() -> None:
    code = "import sys; from korproxy.plugins.entry_points import entry_points; entry_points('korproxy')"
    code += "; print(sorted({'importlib.metadata', 'email', 'zipfile'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
