from __future__ import annotations

from korproxy.builtin.routing.priority import Priority
from tests.fakes.routed import firsts, some_able


def test_the_first_of_the_group_is_first_each_time() -> None:
    assert firsts(Priority(), some_able("a", "b", "c"), turns=20) == {"a": 20}
