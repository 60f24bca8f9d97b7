"""How figures are shown."""

from __future__ import annotations

from tests.bench.figures import Figure, Measure, Round, own
from tests.bench.table import as_json, bars, comparison, summary

BARRED = Measure(name="start_ms", label="start", unit="ms", of=own("start_ms"), bar=200)
RATIO = Measure(name="ratio", label="ratio", unit="", of=own("ratio"), bar=5)
SHOWN = Measure(name="rate", label="rate", unit="1/s", of=own("rate"))
FIGURES = [
    Figure(measure=BARRED, values=(44.0, 45.24, 61.0)),
    Figure(measure=BARRED, values=(250.0,)),
    Figure(measure=SHOWN, values=(1234.5,)),
    Figure(measure=RATIO, values=(4.564,)),
    Figure(measure=RATIO, values=(), lacks="litellm"),
    Figure(measure=RATIO, values=(), lacks="nginx"),
    Figure(measure=RATIO, values=(), lacks="korproxy"),
]


def test_the_table_has_a_line_for_each_figure() -> None:
    shown = bars(FIGURES, asked=["nginx"])
    assert [" ".join(line.split()) for line in shown.splitlines()] == [
        "korproxy median lowest highest bar",
        "start 45.2 44.0 61.0 ms <= 200 ok",
        "start 250 250 250 ms <= 200 MISSED",
        "rate 1,234 1,234 1,234 1/s",
        "ratio 4.56 4.56 4.56 times <= 5 ok",
        "ratio - times litellm was not asked for",
        "ratio - times nginx NOT MEASURED",
        "ratio - times korproxy NOT MEASURED",
    ]
    assert len({line.rindex("250") for line in shown.splitlines() if "250" in line}) == 1


def test_the_last_lines_say_what_was_missed_and_what_was_not_measured() -> None:
    assert summary(FIGURES, {"nginx": "nginx is not installed"}).splitlines() == [
        "NOT MEASURED: nginx: nginx is not installed",
        "2 of 4 bars hold; missed: start_ms, ratio",
    ]
    assert summary(FIGURES[:1], {}) == "1 of 1 bars hold"


def test_the_gateways_stand_side_by_side() -> None:
    rounds = [Round({"korproxy": {"chat_64.cpu_us": value}, "nginx": {"chat_64.cpu_us": 19.0}}) for value in (90.0, 80.0, 99.0)]
    shown = [" ".join(line.split()) for line in comparison([*rounds, Round({})], ["korproxy", "nginx"]).splitlines()]
    assert (shown[0], "CPU us per chat, 64 connections 90.0 19.0" in shown) == ("medians korproxy nginx", True)
    assert "CPU us per chat, 1 connection - -" in shown


def test_the_json_has_every_value() -> None:
    each = Round({"korproxy": {"start_ms": 3.0}})
    assert as_json({"python": "3.11"}, [Figure(measure=BARRED, values=(3.0, 250.0, 300.0))], [each], {"nginx": "gone"}) == {
        "about": {"python": "3.11"},
        "figures": {
            "start_ms": {
                "label": "start",
                "unit": "ms",
                "median": 250.0,
                "values": [3.0, 250.0, 300.0],
                "bar": 200,
                "sense": "<=",
                "missed": True,
            }
        },
        "rounds": [{"korproxy": {"start_ms": 3.0}}],
        "not_measured": {"nginx": "gone"},
        "missed": ["start_ms"],
    }
