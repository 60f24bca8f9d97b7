"""The one door for plugins: what is behind it, and what it costs to open."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from korproxy import api, contracts
from korproxy.kit import everything

SOURCES = [Path(inspect.getfile(each)).read_text(encoding="utf-8") for each in (api, everything)]
OURS = {"typing", "importlib"}
EAGER = [name for name in (*vars(api), *vars(everything)) if not name.startswith("_") and name not in OURS]
MODELS = [(f"korproxy.models.{room}", name) for room, names in api._ROOMS.items() for name in names]
NAMES = [*EAGER, *(name for _, name in MODELS)]
HEAVY = ["trio", "httpx", "httpcore", "quart", "hypercorn", "click", "rich", "cattrs", "asyncio", "tomli_w"]


def test_every_name_is_exported_on_purpose_and_only_once() -> None:
    imports = [node for each in SOURCES for node in ast.parse(each).body if isinstance(node, ast.ImportFrom)]
    aliases = [alias for node in imports for alias in node.names]

    assert all(alias.name == alias.asname for alias in aliases)
    assert sorted(alias.name for alias in aliases) == sorted(EAGER)


def test_what_type_checkers_see_of_the_models_is_what_there_is() -> None:
    blocks = [node for node in ast.parse(SOURCES[0]).body if isinstance(node, ast.If)]
    imports = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom) and node.module]
    seen = [(node.module, each.name) for node in imports for each in node.names if node.module != everything.__name__]

    assert sorted(seen) == sorted([("korproxy", "chat"), *MODELS])
    assert [name for room, name in MODELS if getattr(api, name) is not getattr(import_module(room), name)] == []


@pytest.mark.parametrize("name", NAMES)
def test_what_plugins_may_use_says_what_it_is(name: str) -> None:
    thing = getattr(api, name)
    if inspect.isclass(thing) or inspect.isfunction(thing):
        assert (inspect.getdoc(thing) or "").strip() != ""


def test_every_contract_is_there() -> None:
    defined = {name for name, value in vars(contracts).items() if getattr(value, "__module__", "") == contracts.__name__}

    assert defined - set(NAMES) == {"T"} & defined


def test_the_neutral_model_is_behind_it_too_and_is_imported_when_it_is_asked_for() -> None:
    code = "import sys, korproxy.api as api; was = 'korproxy.chat' in sys.modules; print(was, api.chat.Text.__name__)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)

    assert told.stdout.strip() == "False Text"
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = api.nothing


def test_the_models_are_imported_when_one_of_them_is_asked_for() -> None:
    code = "import sys, korproxy.api as api; was = 'korproxy.models' in sys.modules; print(was, api.Usage.__module__)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)

    assert told.stdout.strip() == "False korproxy.models.outcome"


def test_the_kit_is_imported_when_something_of_it_is_asked_for() -> None:
    code = "import sys; from korproxy.api import Command; was = 'msgspec' in sys.modules\n"
    code += "from korproxy.api import HttpProvider; print(was, HttpProvider.__module__)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)

    assert told.stdout.strip() == "False korproxy.kit.http_provider"
    with pytest.raises(AttributeError, match="has no attribute '__wrapped__'"):
        _ = api.__wrapped__


def test_opening_it_imports_no_server_no_client_and_no_command_line() -> None:
    code = f"import sys, korproxy.api; print([name for name in {HEAVY} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)

    assert told.stdout.strip() == "[]"
