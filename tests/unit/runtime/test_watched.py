from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

from korproxy.config.home import Home
from korproxy.config.loading import parse
from korproxy.config.settings import RootSettings
from korproxy.runtime.watched import differing, files_of, seen_now
from tests.fakes.reloading import account


def test_what_is_watched_are_the_files_of_the_configuration_and_those_it_refers_to(tmp_path: Path) -> None:
    home = Home(path=tmp_path)
    text = account("one", key="file:secrets/one") + account("two", key="file:/run/two") + account("three", key="env:THREE")
    own = [home.toml, home.accounts, home.routing, home.pending, home.client_key, home.management_key]

    assert files_of(home, RootSettings()) == own
    assert files_of(home, parse(text, path="x")) == [*own, tmp_path / "secrets" / "one", Path("/run/two")]


def test_a_secret_that_several_accounts_have_is_looked_at_once(tmp_path: Path) -> None:
    text = account("one", key="file:x") + account("two", key="file:x")
    assert files_of(Home(path=tmp_path), parse(text, path="x")).count(tmp_path / "x") == 1


def test_another_content_time_or_file_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "a"
    seen = [seen_now([file])]
    file.write_text("one")
    seen.append(seen_now([file]))
    os.utime(file, ns=(1, 1))
    seen.append(seen_now([file]))
    file.write_text("longer")
    os.utime(file, ns=(1, 1))  # within the grain of the clock
    seen.append(seen_now([file]))
    (tmp_path / "b").write_text("hidden")
    os.utime(tmp_path / "b", ns=(1, 1))
    (tmp_path / "b").replace(file)
    seen.append(seen_now([file]))
    file.unlink()
    seen.append(seen_now([file]))

    assert [differing(before, now) for before, now in pairwise(seen)] == [[file]] * 5
    assert differing(seen[-1], seen_now([file])) == []


def test_a_file_that_is_new_among_the_watched_ones_is_seen(tmp_path: Path) -> None:
    assert differing(seen_now([]), seen_now([tmp_path / "a"])) == [tmp_path / "a"]


def test_what_cannot_be_looked_at_counts_as_absent(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert set(seen_now([tmp_path / "file" / "below", Path("\0")]).values()) == {None}
