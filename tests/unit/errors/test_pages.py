from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.errors.codes import RANGES, ErrorCode, Severity
from korproxy.errors.pages import CATEGORIES, SEVERITIES, html, index, main, markdown, write

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "errors"
CODE = next(each for each in BUILTIN_CODES if each.code == "KP-RATE-401")
EVERY = pytest.mark.parametrize("code", BUILTIN_CODES, ids=lambda each: each.code)
TEXT = st.text().filter(lambda text: "`" not in text)


class Page(HTMLParser):
    """Takes an HTML page apart."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_reference_is_what_the_catalogue_gives() -> None:
    wanted = {f"{each.code}.md": markdown(each).encode() for each in BUILTIN_CODES} | {
        "index.md": index(BUILTIN_CODES).encode()
    }
    there = {each.name: each.read_bytes() for each in REFERENCE.iterdir()}
    assert there == wanted, "run: python -m korproxy.errors.pages docs/reference/errors"


@EVERY
def test_a_reference_page_has_all_that_the_registry_knows(code: ErrorCode) -> None:
    page = markdown(code)
    wanted = [code.code, code.message, code.description, code.severity.value, str(code.status), *code.steps]
    assert [each for each in wanted if each not in page] == []


def test_steps_are_numbered_in_their_order() -> None:
    assert re.findall(r"^(\d+)\. (.*)$", markdown(CODE), re.MULTILINE) == [
        (str(n), step) for n, step in enumerate(CODE.steps, 1)
    ]


@pytest.mark.parametrize(("retryable", "word"), [(True, "yes"), (False, "no")])
def test_a_page_says_whether_the_same_request_can_succeed_later(retryable: bool, word: str) -> None:
    assert f"| Retryable | {word}: " in markdown(attrs.evolve(CODE, retryable=retryable))


def test_the_status_of_a_client_that_left_has_words_too() -> None:
    assert "| HTTP status | 499 Client Closed Request |" in markdown(attrs.evolve(CODE, status=499))


def test_the_index_links_every_code_once_to_a_page_that_exists() -> None:
    links = re.findall(r"\]\((KP-[^)]*)\)", index(BUILTIN_CODES))
    assert (links, [each for each in links if not (REFERENCE / each).is_file()]) == (
        [f"{each.code}.md" for each in BUILTIN_CODES],
        [],
    )


def test_the_index_leaves_out_categories_without_codes() -> None:
    assert re.findall(r"^## (\w+)", index([CODE]), re.MULTILINE) == ["RATE"]


def test_every_category_and_severity_has_words() -> None:
    assert (set(CATEGORIES), set(SEVERITIES)) == (set(RANGES), set(Severity))


@EVERY
def test_an_html_page_has_all_that_the_registry_knows(code: ErrorCode) -> None:
    shown = "".join(Page(html(code)).texts)
    wanted = [code.code, code.message, code.description, code.severity.value, str(code.status), *code.steps]
    assert [each for each in wanted if each.replace("`", "") not in shown] == []


@EVERY
def test_an_html_page_loads_and_runs_nothing(code: ErrorCode) -> None:
    page = Page(html(code))
    assert (page.attributes, {"script", "img", "link", "iframe"} & set(page.tags), "url(" in html(code)) == (
        {"lang", "charset", "name", "content"},
        set(),
        False,
    )


@given(TEXT, TEXT, st.lists(TEXT, min_size=1, max_size=3))
def test_no_text_of_a_plugin_becomes_markup(message: str, description: str, steps: list[str]) -> None:
    texts = attrs.evolve(CODE, message=message, description=description, steps=tuple(steps))
    plain = attrs.evolve(CODE, message="x", description="x", steps=("x",) * len(steps))
    page = Page(html(texts))
    assert page.tags == Page(html(plain)).tags
    assert [each for each in (message, description, *steps) if each not in "".join(page.texts)] == []


def test_what_stands_between_backticks_becomes_code_and_stays_escaped() -> None:
    page = html(attrs.evolve(CODE, description="Try `a < b`, not `c` or a lone ` here."))
    assert "<p>Try <code>a &lt; b</code>, not <code>c</code> or a lone ` here.</p>" in page


def test_writing_removes_pages_of_codes_that_are_gone_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "KP-SYS-599.md").write_text("gone")
    (tmp_path / "notes.txt").write_text("mine")
    count = write(tmp_path, [CODE])
    assert (count, sorted(each.name for each in tmp_path.iterdir())) == (2, ["KP-RATE-401.md", "index.md", "notes.txt"])


def test_the_module_writes_the_reference_where_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "new" / "errors"
    code = main([str(target)])
    count = len(list(target.iterdir()))
    assert (code, count, capsys.readouterr().out) == (0, len(BUILTIN_CODES) + 1, f"{count} pages in {target}\n")


def test_the_module_without_a_directory_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert (main([]), capsys.readouterr().err) == (2, "usage: python -m korproxy.errors.pages DIR\n")
