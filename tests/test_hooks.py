"""Every hook is typed, harmless, documented word for word, and asked by a test; plugin authors have no other source."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import attrs
import msgspec
import pytest

from korproxy import api, contracts, hookspecs, models

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "reference" / "hooks.md").read_text(encoding="utf-8")
ASKING_TESTS = (ROOT / "tests" / "unit" / "plugins").glob("test_*.py")
HOOKS = {name: value for name, value in vars(hookspecs).items() if name.startswith("korproxy_")}


def signature(name: str) -> str:
    """Return a hook's signature as it is written."""
    return f"def {name}{inspect.signature(HOOKS[name])}".replace("'", "")


def contract_sources() -> dict[str, str]:
    """Return the text of every class in ``contracts``, without what is meant for linters."""
    text = Path(inspect.getfile(contracts)).read_text(encoding="utf-8")
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            lines = text.splitlines()[first - 1 : node.end_lineno]
            found[node.name] = "\n".join(re.sub(r"  # noqa.*", "", line) for line in lines)
    return found


def sections(page: str, heading: str) -> dict[str, str]:
    """Return the ``###`` sections below ``## heading``."""
    chapter = page.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    parts = re.split(r"^### (.+)\n", chapter, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def cases_in(sources: Iterator[str]) -> set[str]:
    """Return the names of all test functions."""
    nodes = (node for source in sources for node in ast.walk(ast.parse(source)))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_hooks_are_there() -> None:
    assert len(HOOKS) >= 9


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_a_marked_function_that_returns_nothing_by_itself(hook: str) -> None:
    function = HOOKS[hook]
    assert getattr(function, "korproxy_spec", None) is not None
    assert list(function(*(None for _ in inspect.signature(function).parameters))) == []


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_fully_typed_with_what_plugins_can_import(hook: str) -> None:
    annotations = inspect.get_annotations(HOOKS[hook])
    returned = re.fullmatch(r"Iterable\[(\w+)\]", annotations.pop("return", ""))
    assert returned is not None, f"{hook} does not return Iterable[...]"
    assert set(annotations) == set(inspect.signature(HOOKS[hook]).parameters)
    assert [name for name in (returned[1], *annotations.values()) if not hasattr(api, name)] == []


def test_the_page_has_a_section_for_each_hook_and_each_contract_in_their_order() -> None:
    assert list(sections(PAGE, "Hooks")) == list(HOOKS)
    assert list(sections(PAGE, "Contracts")) == list(contract_sources())


def test_the_page_says_of_which_library_each_model_is_for_it_says_how_one_is_copied() -> None:
    rooms = [importlib.import_module(f"korproxy.models.{each.name}") for each in pkgutil.iter_modules(models.__path__)]
    kinds = [
        each for room in rooms for each in vars(room).values() if isinstance(each, type) and issubclass(each, msgspec.Struct)
    ]
    structs = {each.__name__: each for each in kinds if getattr(api, each.__name__, None) is each}
    said = re.search(r"only copied\. (.+?), which each request makes anew, are\nfrozen classes of msgspec", PAGE)
    assert said is not None
    assert re.findall(r"`(\w+)`", said[1]) == sorted(structs)
    assert all(each.__struct_config__.frozen for each in structs.values())

    request = api.UpstreamRequest("GET", "http://one.test/", [(b"a", b"b")])
    assert msgspec.structs.replace(request, url="http://two.test/").headers == [(b"a", b"b")]
    assert msgspec.structs.asdict(api.Usage(tokens_in=1))["tokens_in"] == 1
    assert attrs.evolve(api.Refusal(code="KP-PROV-101"), retry_after=1.0).retry_after == 1.0


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_documented_with_its_signature_and_its_docstring(hook: str) -> None:
    assert sections(PAGE, "Hooks")[hook].startswith(f"\n```python\n{signature(hook)}\n```\n\n{inspect.getdoc(HOOKS[hook])}\n")


@pytest.mark.parametrize("contract", contract_sources())
def test_a_contract_is_documented_word_for_word(contract: str) -> None:
    assert sections(PAGE, "Contracts")[contract].strip() == f"```python\n{contract_sources()[contract]}\n```"


@pytest.mark.parametrize("contract", contract_sources())
def test_a_contract_can_be_imported_by_plugins(contract: str) -> None:
    assert getattr(api, contract) is getattr(contracts, contract)


def test_each_hook_is_asked_by_a_test_that_bears_its_name() -> None:
    names = cases_in(path.read_text(encoding="utf-8") for path in ASKING_TESTS)
    assert [hook for hook in HOOKS if not any(name.startswith(f"test_{hook}_") for name in names)] == []


def test_a_section_that_is_not_there_is_missed() -> None:
    page = "# Title\n\n## Hooks\n\n### a\n\ntext of a\n\n### b\n\n## Contracts\n\n### C\n"
    assert sections(page, "Hooks") == {"a": "\ntext of a\n\n", "b": ""}
    assert list(sections(page, "Contracts")) == ["C"]
