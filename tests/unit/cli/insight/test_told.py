from __future__ import annotations

import inspect

from korproxy.cli.insight.told import Told
from korproxy.contracts import Insight


def test_it_answers_all_that_commands_may_ask() -> None:
    asked = {name: each for name, each in vars(Insight).items() if inspect.isfunction(each) and not name.startswith("_")}

    assert {name: inspect.signature(getattr(Told, name)) for name in asked} == {
        name: inspect.signature(each) for name, each in asked.items()
    }
