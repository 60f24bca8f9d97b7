from __future__ import annotations

import inspect

from korproxy import chat
from korproxy.chat import everything


def test_all_of_it_is_in_the_package_and_comes_from_its_modules() -> None:
    names = [name for name in vars(everything) if not name.startswith("_")]
    things = [thing for thing in map(vars(everything).get, names) if inspect.isclass(thing) or inspect.isfunction(thing)]

    assert [name for name in names if getattr(chat, name) is not vars(everything)[name]] == []
    assert {thing.__module__.rpartition(".")[0] for thing in things} <= {"korproxy.chat", "korproxy.models"}
