"""Links lead somewhere, the README's commands are the ones that run here, and nothing names the place where it was written."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("plugins/*/*.md"), *ROOT.glob("fuzz/**/*.md")])
NOT_OURS = {".git", ".venv", ".tox", ".hypothesis", "dist", "build", "__pycache__"}
NEEDLES = [  # in pieces, so that this file does not find itself
    "/" + "work/",
    "../" + "shared",
    "." + "library",
    "/opt/" + "pypi",
    "/opt/" + "wheels",
    "pypi" + ".org",
    "python" + "hosted",
    "registry." + "npmjs",
    "deb." + "debian",
]

FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
INLINE_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^\s)>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)", re.MULTILINE)
HTML_LINK = re.compile(r"<(?:a|img)\s[^>]*?(?:href|src)=[\"']([^\"']+)")
HTML_ANCHOR = re.compile(r"<\w+\s[^>]*?(?:id|name)=[\"']([^\"']+)")
HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$", re.MULTILINE)
SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def prose(text: str) -> str:
    """Return Markdown without its fenced blocks: nothing in them is a link or a heading."""
    lines, fence = [], ""
    for line in text.splitlines():
        mark = FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and line.strip() == mark[1] and mark[1].startswith(fence):
            fence = ""
        elif not fence:
            lines.append(line)
    return "\n".join(lines)


def links(text: str) -> list[str]:
    """Return where the links and pictures of a Markdown *text* lead, those with a scheme (``https:``) left out."""
    plain = INLINE_CODE.sub("", prose(text))
    found = [target for pattern in (LINK, REFERENCE, HTML_LINK) for target in pattern.findall(plain)]
    return [target for target in found if not SCHEME.match(target)]


def anchors(text: str) -> set[str]:
    """Return what may stand behind ``#``: headings as GitHub writes them, and what HTML names."""
    seen: dict[str, int] = {}
    names = set(HTML_ANCHOR.findall(prose(text)))
    for heading in HEADING.findall(prose(text)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", words.lower()).strip().replace(" ", "-")
        again = seen.get(slug, 0)
        seen[slug] = again + 1
        names.add(f"{slug}-{again}" if again else slug)
    return names


def broken(page: Path, text: str) -> Iterator[str]:
    """Yield the relative links on *page* that lead nowhere."""
    for target in links(text):
        where, _, anchor = unquote(target).partition("#")
        goal = page.parent / where if where else page
        if not goal.exists() or (goal.is_dir() and not any(goal.iterdir())):
            yield f"{target}: no such file"
        elif anchor and goal.is_file() and anchor not in anchors(text if goal == page else goal.read_text(encoding="utf-8")):
            yield f"{target}: no such heading"


def blocks(text: str, heading: str) -> list[str]:
    """Return the ``sh`` blocks of the section *heading*."""
    section = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return re.findall(r"^```sh\n(.*?)\n```$", section[1], re.MULTILINE | re.DOTALL) if section else []


def pip_words(line: str) -> list[str]:
    """Return what *line* gives to ``pip install``."""
    words = shlex.split(line)
    start = words.index("install") + 1
    return [word for word in words[start : words.index("&&", start) if "&&" in words[start:] else None] if word != "-q"]


def readme_command(heading: str) -> str:
    found = blocks(README.read_text(encoding="utf-8"), heading)
    assert found, f"README.md has no sh block under '## {heading}'"
    assert "\n" not in found[0], f"the first block under '## {heading}' is not one line"
    return found[0]


def tox_ini() -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None)
    found.read(ROOT / "tox.ini", encoding="utf-8")
    return found


def files_of_ours() -> Iterator[Path]:
    for folder, inside, files in os.walk(ROOT):
        inside[:] = [each for each in inside if each not in NOT_OURS and not each.endswith(("_cache", ".egg-info"))]
        yield from (Path(folder, each) for each in files)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(broken(page, page.read_text(encoding="utf-8"))) == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    to_visit, reached = [README], {README}
    while to_visit:
        page = to_visit.pop()
        for target in links(page.read_text(encoding="utf-8")):
            goal = (page.parent / unquote(target).partition("#")[0]).resolve()
            found = {*goal.glob("*.md")} if goal.is_dir() else {goal}  # a link to a folder shows all of it
            new = {each for each in found if each.suffix == ".md" and each.is_file()} - reached
            reached |= new
            to_visit.extend(new)
    lonely = [str(page.relative_to(ROOT)) for page in PAGES if "docs" in page.parts and page not in reached]
    assert lonely == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](there.md) and [b](there.md#a-heading)", []),
        ("[a](gone.md)", ["gone.md: no such file"]),
        ("![a](gone.png)", ["gone.png: no such file"]),
        ("[a [b]](gone.md 'no')", []),  # not a link
        ('[a](gone.md "title")', ["gone.md: no such file"]),
        ("[a](there.md#another)", ["there.md#another: no such heading"]),
        ("# Here\n[a](#here) [b](#there)", ["#there: no such heading"]),
        ("## `x` and [y](there.md): z?\n[a](#x-and-y-z)", []),
        ("# Twice\n# Twice\n[a](#twice) [b](#twice-1) [c](#twice-2)", ["#twice-2: no such heading"]),
        ('<a id="spot"></a> [a](#spot)', []),
        ('<img src="gone.svg">', ["gone.svg: no such file"]),
        ("[a]: gone.md", ["gone.md: no such file"]),
        ("[a](empty) [b](full)", ["empty: no such file"]),
        ("`[a](gone.md)` [b](https://example.org/x) [c](mailto:a@b)", []),
        ("```md\n[a](gone.md)\n```\n````\n```\n[a](gone.md)\n````", []),
        ("[a](with%20space.md)", []),
    ],
)
def test_planted_links_are_judged(text: str, expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("## A heading\n")
    (tmp_path / "with space.md").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "page.md").touch()

    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")

    assert list(broken(page, text)) == expected


@pytest.mark.parametrize(("heading", "end"), [("Try it", "korproxy run --demo"), ("Test it", "pytest -n auto")])
def test_the_readme_sets_up_with_one_line(heading: str, end: str) -> None:
    command = readme_command(heading)

    assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert command.endswith(f" && .venv/bin/{end}")
    assert [
        each for each in pip_words(command) if each.startswith("./") and not (ROOT / each / "pyproject.toml").is_file()
    ] == []


def test_the_readme_has_no_third_setup_command() -> None:
    assert README.read_text(encoding="utf-8").count("-m venv") == 2


@pytest.mark.parametrize("heading", ["Try it", "Test it"])
def test_ci_reads_the_command_from_the_readme(heading: str) -> None:
    done = subprocess.run([ROOT / ".ci" / "readme-command", heading], capture_output=True, text=True, check=True)
    assert done.stdout == readme_command(heading) + "\n"


def test_ci_says_so_where_the_readme_has_no_such_command() -> None:
    done = subprocess.run([ROOT / ".ci" / "readme-command", "No such heading"], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")


def test_every_way_to_test_is_the_readme_s() -> None:
    tox = tox_ini()
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")

    assert '.ci/readme-command "Test it"' in run
    assert "bash .ci/run" in workflow
    assert pip_words(tox["testenv"]["commands_pre"]) == pip_words(readme_command("Test it"))
    assert tox["testenv"]["commands"].split() == ["pytest", "-n", "auto", "{posargs}"]


def test_tox_and_ci_cover_every_python_that_we_claim() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    claimed = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    envs = tox_ini()["tox"]["env_list"].split()
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")

    assert [f"py{each.replace('.', '')}" for each in claimed] == [each for each in envs if each.startswith("py3")]
    assert [each for each in claimed if f"Python {each}" not in workflow] == []


def test_every_tox_environment_that_is_named_exists() -> None:
    tox = tox_ini()
    envs = {*tox["tox"]["env_list"].split(), *(each.removeprefix("testenv:") for each in tox.sections())}
    files = [*PAGES, *(ROOT / ".github" / "workflows").iterdir(), ROOT / "pyproject.toml"]
    named = {
        env for path in files for each in re.findall(r"tox -e ([\w,]+)", path.read_text("utf-8")) for env in each.split(",")
    }

    assert named - envs == set()


def needles_in(text: bytes) -> list[str]:
    return [needle for needle in NEEDLES if needle.encode() in text]


def test_no_text_names_the_place_where_it_was_written() -> None:
    ours = sorted(files_of_ours())

    assert {README, Path(__file__), ROOT / ".ci" / "run", ROOT / ".github" / "workflows" / "ci.yml"} <= set(ours)
    assert [f"{path.relative_to(ROOT)}: {needle}" for path in ours for needle in needles_in(path.read_bytes())] == []


@pytest.mark.parametrize("needle", NEEDLES)
def test_a_planted_needle_is_found(needle: str) -> None:
    assert needles_in(f"see {needle}x".encode()) == [needle]
