"""Which commit the working tree is held against, in repositories made for it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.bench.gate.base import Base, NotJudged, base_of, export_commit, export_tree

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed; the gate then says NOT JUDGED")
WHO = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")


def git(root: Path, *args: str) -> str:
    return subprocess.run(["git", "-C", str(root), *WHO, *args], capture_output=True, text=True, check=True).stdout.strip()


def commit(root: Path, name: str, text: str) -> str:
    """Commit the file *name* with this *text*; return the commit."""
    path = root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    git(root, "add", name)
    git(root, "commit", "-q", "-m", f"{name}: {text}")
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository on main with one commit."""
    found = tmp_path / "repository"
    found.mkdir()
    git(found, "init", "-q", "-b", "main")
    commit(found, "korproxy/code.py", "first")
    return found


def test_a_branch_is_held_against_the_commit_where_it_leaves_main(root: Path) -> None:
    left = git(root, "rev-parse", "HEAD")
    git(root, "switch", "-q", "-c", "work")
    commit(root, "korproxy/code.py", "mine")
    git(root, "switch", "-q", "main")
    commit(root, "korproxy/more.py", "theirs")  # not this branch's doing
    git(root, "switch", "-q", "work")

    assert base_of(root) == Base(commit=left, why="where this branch leaves main")


def test_main_is_held_against_what_it_was_before_its_code_was_last_changed(root: Path) -> None:
    before = git(root, "rev-parse", "HEAD")
    changed = commit(root, "korproxy/code.py", "second")
    commit(root, "tests/test_code.py", "a test")  # is no way round the gate

    assert base_of(root) == Base(commit=before, why=f"before {changed[:10]}, the last commit that changed korproxy/")


def test_a_merge_into_main_is_held_against_what_main_was(root: Path) -> None:
    git(root, "switch", "-q", "-c", "work")
    commit(root, "korproxy/mine.py", "mine")
    git(root, "switch", "-q", "main")
    before = commit(root, "korproxy/more.py", "theirs")
    git(root, "merge", "-q", "--no-ff", "-m", "merged", "work")

    assert base_of(root).commit == before


def test_what_is_not_committed_on_main_is_held_against_head(root: Path) -> None:
    commit(root, "korproxy/code.py", "second")
    head = git(root, "rev-parse", "HEAD")
    (root / "korproxy" / "new.py").write_text("not added either")

    assert base_of(root) == Base(commit=head, why="HEAD, with changes that are not committed")


def test_a_named_commit_is_taken(root: Path) -> None:
    first = git(root, "rev-parse", "HEAD")
    commit(root, "korproxy/code.py", "second")
    commit(root, "korproxy/code.py", "third")

    assert base_of(root, "HEAD~2") == Base(commit=first, why="named: HEAD~2")


def test_the_first_commit_of_all_has_nothing_to_be_compared_with(root: Path) -> None:
    with pytest.raises(NotJudged, match=r"there is no commit [0-9a-f]{40}\^1 here$"):
        base_of(root)


def test_a_shallow_clone_says_so(root: Path, tmp_path: Path) -> None:
    commit(root, "korproxy/code.py", "second")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", root.as_uri(), str(shallow))

    with pytest.raises(NotJudged, match="this clone is shallow, fetch more of it"):
        base_of(shallow)
    with pytest.raises(NotJudged, match="there is no commit HEAD~1 here: this clone is shallow"):
        base_of(shallow, "HEAD~1")


def test_without_a_repository_there_is_no_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(NotJudged, match="not a git repository"):
        base_of(tmp_path)


def test_without_git_there_is_no_base(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotJudged, match="git cannot be run"):
        base_of(root)


def test_both_sides_are_written_to_folders_of_their_own(root: Path, tmp_path: Path) -> None:
    commit(root, "korproxy/code.py", "second")
    (root / "korproxy" / "code.py").write_text("not committed")
    old, new = tmp_path / "old", tmp_path / "new"

    export_commit(root, "HEAD~1", old)
    export_tree(root, new)

    assert [(each / "korproxy" / "code.py").read_text() for each in (old, new)] == ["first", "not committed"]
