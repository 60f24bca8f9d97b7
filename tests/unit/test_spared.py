from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from korproxy.spared import BY_HYPERCORN, BY_QUART, spared

HEAVY = "heavy_for_a_test"
TEXT = """
class Base:
    said = "real"
    def __init__(self, number=0):
        self.number = number
def twice(number):
    return 2 * number
ready = Base(7)
"""


@pytest.fixture(autouse=True)
def _heavy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / f"{HEAVY}.py").write_text(TEXT, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop(HEAVY, None)


def borrowed() -> dict[str, Any]:
    """Return what a module has that imports the heavy one while it is spared."""
    names: dict[str, Any] = {}
    with spared(HEAVY):
        exec(f"import {HEAVY} as heavy\nfrom {HEAVY} import Base, twice, ready", names)
        names["while open"] = HEAVY in sys.modules and not hasattr(sys.modules[HEAVY], "__file__")
    return names


def test_what_is_spared_is_not_imported_and_leaves_no_trace() -> None:
    names = borrowed()

    assert (names["while open"], HEAVY in sys.modules) == (True, False)


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        ("twice(21)", 42),
        ("Base.said", "real"),
        ("Base(3).number", 3),
        ("heavy.ready.number", 7),
        ("heavy.twice(4)", 8),
        ("isinstance(heavy.ready, Base)", True),
        ("isinstance('', Base)", False),
        ("type('Own', __import__('types').resolve_bases((Base,)), {}).said", "real"),
    ],
)
def test_whatever_is_used_of_it_later_is_the_real_thing(used: str, expected: object) -> None:
    assert eval(used, borrowed()) == expected


def test_types_can_name_what_is_spared_without_importing_it() -> None:
    names = borrowed()
    exec(
        "from typing import Optional, Union\nnew = [Base | None, None | Base, Base[int], Optional[Base], Union[int, Base]]",
        names,
    )

    assert HEAVY not in sys.modules


def test_a_class_made_in_the_block_of_a_spared_one_has_the_real_one_as_its_base() -> None:
    with spared(HEAVY):
        names: dict[str, Any] = {}
        exec(f"from {HEAVY} import Base\nclass Own(Base): pass", names)

    assert (names["Own"].said, hasattr(sys.modules[HEAVY], "__file__")) == ("real", True)


def test_what_was_imported_before_stays_as_it_is() -> None:
    names: dict[str, Any] = {}
    exec(f"import {HEAVY} as heavy", names)
    with spared(HEAVY):
        found = sys.modules[HEAVY]

    assert found is names["heavy"] is sys.modules[HEAVY]


def test_what_is_missing_is_missed_where_it_is_used() -> None:
    with spared("heavy_and_not_there"):
        names: dict[str, Any] = {}
        exec("from heavy_and_not_there import anything", names)

    with pytest.raises(ModuleNotFoundError):
        names["anything"]()


def test_all_that_is_spared_exists_and_quarts_test_client_still_answers() -> None:
    program = """
import importlib, sys
from korproxy.spared import *
from korproxy import spared as module
with spared(*module.BY_HYPERCORN):
    import korproxy.server.http1_server
with spared(*module.BY_QUART):
    from quart_trio import QuartTrio
import trio
app = QuartTrio("app")
@app.get("/")
async def here(): return {"here": True}
before = {"asyncio", "h2", "wsproto", "quart.testing", "importlib.metadata"} & set(sys.modules)
async def ask(): return await (await app.test_client().get("/")).get_json()
answer = trio.run(ask)
for name in (*module.BY_HYPERCORN, *module.BY_QUART): importlib.import_module(name)
print(before, answer)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)

    assert (done.stdout.strip(), done.returncode) == ("set() {'here': True}", 0), done.stderr


def test_nothing_is_named_twice() -> None:
    assert len({*BY_QUART, *BY_HYPERCORN}) == len(BY_QUART) + len(BY_HYPERCORN)
