"""The plots are XML, and as long as the numbers say."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from tests.bench.figures import Round
from tests.bench.plots import BAR, bars, write

SVG = "{http://www.w3.org/2000/svg}"


def test_bars_are_as_long_as_their_numbers_and_a_tiny_one_can_be_seen() -> None:
    plot = ElementTree.fromstring(bars("a < b", [("one", 8000.0), ("korproxy", 4000.0), ("none", 0.2)]))
    _, *found = plot.iter(f"{SVG}rect")
    assert [float(each.attrib["width"]) for each in found] == [BAR, BAR / 2, 1.0]
    assert [each.text for each in plot.iter(f"{SVG}text")] == ["a < b", "one", "8,000", "korproxy", "4,000", "none", "0.2"]
    assert len({each.attrib["fill"] for each in found}) == 2  # KorProxy's own is marked


def test_a_gateway_without_a_value_is_not_in_the_plot(tmp_path: Path) -> None:
    each = Round(
        {"korproxy": {"chat_64.cpu_us": 90.0}, "nginx": {"chat_64.cpu_us": 19.0, "chat_64.answers_per_second": 40_000.0}}
    )
    written = write(tmp_path / "plots", [each], ["korproxy", "nginx"])
    texts = {path.stem: path.read_text(encoding="utf-8") for path in written}
    assert {name: ("korproxy" in text, "nginx" in text) for name, text in texts.items()} == {
        "cpu-per-chat": (True, True),
        "chats-per-second": (False, True),
        "events-per-second": (False, False),
    }
