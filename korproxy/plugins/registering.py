"""Takes a plugin's functions into pluggy, and refuses those that could never do what their author expects."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping

import pluggy

from korproxy import hookspecs
from korproxy.plugins.checks import SHAPES

PREFIX = "korproxy_"
_CALLED = (types.FunctionType, types.MethodType, staticmethod, classmethod)  # what pluggy takes for a hook
Implementations = Mapping[str, pluggy.HookImpl]  # by hook


class _Manager(pluggy.PluginManager):
    """Pluggy's own, but that it sees at once what is no hook: all but one or two of the forty names in a module."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        """Return the options of the hook *name*, None where it is no hook."""
        if type(plugin) is types.ModuleType and not isinstance(vars(plugin).get(name), _CALLED):
            return None
        return super().parse_hookimpl_opts(plugin, name)


def new_manager() -> pluggy.PluginManager:
    """Return a pluggy manager that knows KorProxy's hooks."""
    manager = _Manager("korproxy")
    manager.add_hookspecs(hookspecs)
    return manager


def register(manager: pluggy.PluginManager, name: str, plugin: object) -> Implementations:
    """Register *plugin*, a module or an object with hooks, as *name*; return what it implements.

    Raises:
        Exception: The plugin is wrong, in words for its author. Nothing of it is left in *manager*.
    """
    if plugin is None:
        raise TypeError("there is None, where a module or an object with hooks should be")
    if manager.is_registered(plugin):
        raise TypeError(f"it is the same module or object as plugin {manager.get_name(plugin)}")
    _refuse_names(plugin)
    try:
        manager.register(plugin, name=name)
        manager.check_pending()
        implementations = _implementations(manager, plugin)
        for hook, implementation in implementations.items():
            _refuse_kind(hook, implementation)
    except Exception:
        if manager.has_plugin(name):
            manager.unregister(name=name)
        raise
    return implementations


def _implementations(manager: pluggy.PluginManager, plugin: object) -> Implementations:
    return {
        caller.name: implementation
        for caller in manager.get_hookcallers(plugin) or ()
        for implementation in caller.get_hookimpls()
        if implementation.plugin is plugin and caller.name in SHAPES  # not those of a later KorProxy: optionalhook=True
    }


def _refuse_names(plugin: object) -> None:
    """Refuse hooks that would never be asked: a misspelt name, and a forgotten ``@hookimpl``, which pluggy passes over."""
    for name in (each for each in dir(plugin) if each.startswith(PREFIX)):
        function = inspect.getattr_static(plugin, name, None)
        if not _is_own(plugin, function):
            continue
        marks = getattr(function, "korproxy_impl", None)
        if name in SHAPES and marks is None:
            raise TypeError(f"{name} has no @hookimpl above it, so it would never be asked")
        if name not in SHAPES and not (marks and (marks.get("specname") or marks.get("optionalhook"))):
            import difflib

            near = difflib.get_close_matches(name.removeprefix(PREFIX), [each.removeprefix(PREFIX) for each in SHAPES], n=1)
            raise TypeError(f"there is no hook {name}" + (f"; did you mean {PREFIX}{near[0]}?" if near else ""))


def _is_own(plugin: object, function: object) -> bool:
    """Whether *function* is one of the plugin, and not one that its module imported from elsewhere."""
    if not isinstance(function, types.FunctionType):
        return False
    return not isinstance(plugin, types.ModuleType) or function.__module__ == plugin.__name__


def _refuse_kind(hook: str, implementation: pluggy.HookImpl) -> None:
    function: Callable[..., object] = implementation.function
    if implementation.wrapper or implementation.hookwrapper:
        raise TypeError(f"{hook} is a wrapper: a plugin cannot change what others return")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{hook} is async: hooks are plain functions, asked once at start")
    known = inspect.signature(getattr(hookspecs, hook)).parameters
    for name, parameter in inspect.signature(function).parameters.items():
        lost = name in known or (parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty)
        if lost and name not in implementation.argnames:  # pluggy passes over both without a word
            raise TypeError(f"{hook} would never get {name!r}: it is keyword-only or has a default")
