"""Which code the working tree is held against: that of the merge base, taken from git."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path
from shutil import copytree, ignore_patterns

import attrs

CODE = "korproxy"
MAIN = ("origin/main", "main")


class NotJudged(Exception):
    """There is nothing to compare with; says why."""


@attrs.frozen(kw_only=True)
class Base:
    """A commit, and why it is this one."""

    commit: str
    why: str

    def __str__(self) -> str:
        return f"{self.commit[:10]} ({self.why})"


def base_of(root: Path, wanted: str = "") -> Base:
    """Return what the working tree at *root* is judged against.

    That is *wanted*, where it is given; else the merge base with main; else, on main itself, HEAD where the code was changed
    since, or what main was before the last commit that changed the code: one that only touches tests is no way round the gate.

    Raises:
        NotJudged: The commit is not there, as in a shallow clone.
    """
    if wanted:
        return Base(commit=_commit(root, wanted), why=f"named: {wanted}")
    head = _commit(root, "HEAD")
    main = next((each for each in MAIN if _try(root, "rev-parse", "--verify", "--quiet", f"{each}^{{commit}}")), None)
    if main and (merged := _try(root, "merge-base", "HEAD", main)) and merged != head:
        return Base(commit=merged, why=f"where this branch leaves {main}")
    if _try(root, "status", "--porcelain", "--", CODE):
        return Base(commit=head, why="HEAD, with changes that are not committed")
    last = _git(root, "log", "-1", "--first-parent", "--format=%H", "--", CODE) or head
    return Base(commit=_commit(root, f"{last}^1"), why=f"before {last[:10]}, the last commit that changed {CODE}/")


def export_commit(root: Path, commit: str, into: Path) -> None:
    """Write the code of *commit* to *into*."""
    done = subprocess.run(["git", "-C", str(root), "archive", commit, CODE], capture_output=True, check=False)
    if done.returncode:
        raise NotJudged(f"git archive {commit}: {done.stderr.decode(errors='replace').strip()}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        # Newer Pythons want to be told what to trust; Python 3.11.2 does not know that one can be.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(into)


def export_tree(root: Path, into: Path) -> None:
    """Copy the code at *root* to *into*: both sides start from a fresh folder, and no edit reaches a running measurement."""
    copytree(root / CODE, into / CODE, ignore=ignore_patterns("__pycache__"))


def _commit(root: Path, name: str) -> str:
    found = _try(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if not found:
        _git(root, "rev-parse", "--git-dir")  # no repository, or none that git trusts: in git's own words
        cut = _try(root, "rev-parse", "--is-shallow-repository") == "true"
        raise NotJudged(f"there is no commit {name} here{': this clone is shallow, fetch more of it' if cut else ''}")
    return found


def _git(root: Path, *args: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *args], capture_output=True, text=True, check=False)
    except OSError as exc:
        raise NotJudged(f"git cannot be run: {exc}") from None
    if done.returncode:
        raise NotJudged(f"git {_shown(args)}: {done.stderr.strip() or f'ended with {done.returncode}'}")
    return done.stdout.strip()


def _try(root: Path, *args: str) -> str:
    """Return what git says, or nothing where it fails."""
    try:
        return _git(root, *args)
    except NotJudged:
        return ""


def _shown(args: Sequence[str]) -> str:
    return " ".join(args)
