from __future__ import annotations

import types

import pytest

from korproxy.api import hookimpl
from korproxy.plugins.registering import new_manager, register


def _module(text: str) -> types.ModuleType:
    module = types.ModuleType("plugin_under_test")
    exec("from korproxy.api import hookimpl\n" + text, vars(module))
    return module


def _refused(text: str) -> str:
    """Return why a plugin with *text* is refused, once it is sure that nothing of it stays."""
    manager = new_manager()
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- pluggy's own class, or ours
        register(manager, "x", _module(text))
    assert not manager.get_plugins()
    register(manager, "x", _module("@hookimpl\ndef korproxy_sinks(): ..."))
    return " ".join(str(caught.value).split())


def test_a_module_is_registered_with_what_it_implements() -> None:
    text = "@hookimpl\ndef korproxy_sinks(settings): ...\n@hookimpl\ndef korproxy_errors(): ...\n"
    asks = register(new_manager(), "x", _module(text))
    assert {hook: each.argnames for hook, each in asks.items()} == {"korproxy_sinks": ("settings",), "korproxy_errors": ()}


def test_an_object_with_methods_is_registered_as_well() -> None:
    class Plugin:
        @hookimpl
        def korproxy_sinks(self, settings: object) -> None: ...

    asks = register(new_manager(), "x", Plugin())
    assert {hook: each.argnames for hook, each in asks.items()} == {"korproxy_sinks": ("settings",)}


def test_an_implementation_may_have_another_name_and_fewer_arguments() -> None:
    asks = register(new_manager(), "x", _module('@hookimpl(specname="korproxy_sinks")\ndef korproxy_my_sinks(): ...'))
    assert list(asks) == ["korproxy_sinks"]


@pytest.mark.parametrize("hook", ["Hooks().bound", "staticmethod(plain)", "plain"])
def test_whatever_pluggy_can_call_may_be_a_hook_of_a_module(hook: str) -> None:
    text = """
class Hooks:
    @hookimpl(specname="korproxy_sinks")
    def bound(self): ...

def plain(): ...
plain = hookimpl(specname="korproxy_sinks")(plain)
"""
    module = _module(f"{text}mine = {hook}\ndel plain")
    assert list(register(new_manager(), "x", module)) == ["korproxy_sinks"]


def test_a_hook_of_a_later_korproxy_may_be_optional() -> None:
    asks = register(new_manager(), "x", _module("@hookimpl(optionalhook=True)\ndef korproxy_pages(): ..."))
    assert dict(asks) == {}


def test_functions_of_other_modules_are_nobodys_hooks() -> None:
    module = _module("")
    vars(module)["korproxy_home"] = pytest.approx
    assert dict(register(new_manager(), "x", module)) == {}


def test_none_is_no_plugin() -> None:
    with pytest.raises(TypeError, match=r"^there is None, where a module or an object with hooks should be$"):
        register(new_manager(), "x", None)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "@hookimpl\ndef korproxy_provders(settings): ...",
            "there is no hook korproxy_provders; did you mean korproxy_providers?",
        ),
        ("def korproxy_provders(settings): ...", "there is no hook korproxy_provders; did you mean korproxy_providers?"),
        ("@hookimpl\ndef korproxy_unicorns(): ...", "there is no hook korproxy_unicorns"),
        ("def korproxy_sinks(): ...", "korproxy_sinks has no @hookimpl above it, so it would never be asked"),
        (
            "@hookimpl(wrapper=True)\ndef korproxy_sinks():\n    return (yield)",
            "korproxy_sinks is a wrapper: a plugin cannot change what others return",
        ),
        (
            "@hookimpl(hookwrapper=True)\ndef korproxy_sinks():\n    yield",
            "korproxy_sinks is a wrapper: a plugin cannot change what others return",
        ),
        (
            "@hookimpl\nasync def korproxy_sinks(): ...",
            "korproxy_sinks is async: hooks are plain functions, asked once at start",
        ),
        (
            "@hookimpl\nasync def korproxy_sinks():\n    yield 1",
            "korproxy_sinks is async: hooks are plain functions, asked once at start",
        ),
        (
            "@hookimpl\ndef korproxy_sinks(settings=None): ...",
            "korproxy_sinks would never get 'settings': it is keyword-only or has a default",
        ),
        (
            "@hookimpl\ndef korproxy_sinks(*, settings): ...",
            "korproxy_sinks would never get 'settings': it is keyword-only or has a default",
        ),
        (
            "@hookimpl\ndef korproxy_sinks(*, nonsense): ...",
            "korproxy_sinks would never get 'nonsense': it is keyword-only or has a default",
        ),
    ],
)
def test_a_hook_that_could_never_work_is_refused(text: str, why: str) -> None:
    assert _refused(text) == why


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("@hookimpl\ndef sinks(): ...", "unknown hook 'sinks'"),
        ("@hookimpl\ndef korproxy_sinks(settings, nonsense): ...", "Argument(s) {'nonsense'} are declared in the hookimpl"),
        ("@hookimpl\ndef korproxy_errors(settings): ...", "Argument(s) {'settings'} are declared in the hookimpl"),
    ],
)
def test_what_pluggy_refuses_is_refused(text: str, part: str) -> None:
    assert part in _refused(text)
