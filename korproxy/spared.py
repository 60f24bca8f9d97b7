"""What others import that a management API never uses: command lines, test clients, other servers, HTTP/2, asyncio.

That is more than half of the memory that Quart and Hypercorn take. While they are imported, stand-ins take the place of those
modules. They import the real ones as soon as anybody uses anything of them, so that nothing is missing, only later.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from inspect import iscoroutinefunction
from types import ModuleType
from typing import Any

BY_QUART = (
    *("aiofiles", "aiofiles.base", "aiofiles.threadpool", "aiofiles.threadpool.binary"),  # for files that are sent
    "asyncio",
    *("click.testing", "quart.testing", "quart_trio.testing"),
    *("flask.cli", "importlib.metadata"),
    *("http.cookiejar", "werkzeug.serving", "werkzeug.test"),
    *("hypercorn", "hypercorn.asyncio", "hypercorn.config", "hypercorn.trio", "hypercorn.typing"),
)
BY_HYPERCORN = (
    *("h2", "h2.connection", "h2.events", "h2.exceptions", "hypercorn.protocol.h2", "priority"),
    *("hypercorn.protocol.ws_stream", "wsproto"),
    *("hypercorn.trio.run", "hypercorn.trio.udp_server", "hypercorn.trio.statsd", "multiprocessing.synchronize"),
    *("logging.config", "tomllib"),
)
_AS_GOOD = {
    ("asyncio", "iscoroutinefunction"): iscoroutinefunction,  # Quart asks it of each handler; what comes after it, says Python
}
_TYPED_DICTS = "hypercorn.typing"  # whose types are called to make dictionaries


class Later:
    """Something out of a module that is imported once it is used."""

    def __init__(self, module: str, name: str) -> None:
        self._module, self.__name__ = module, name

    def _real(self) -> Any:
        return getattr(_imported(self._module), self.__name__)

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self._real()(*args, **named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # somebody looks what kind of thing this is
            raise AttributeError(name)
        return getattr(self._real(), name)

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[Any]:
        return (self._real(),)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self._real())

    def __or__(self, other: object) -> Any:  # in types
        return self

    __ror__ = __getitem__ = __or__


class StandIn(ModuleType):
    """In place of a module that is imported once it is used.

    Attributes:
        open: Whether what is asked of it is only kept, and not used yet.
    """

    open = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if not self.open:
            return getattr(_imported(self.__name__), name)
        if isinstance(inner := sys.modules.get(f"{self.__name__}.{name}"), StandIn):
            return inner
        if self.__name__ == _TYPED_DICTS:
            return dict
        return _AS_GOOD.get((self.__name__, name)) or Later(self.__name__, name)


def _imported(name: str) -> ModuleType:
    if isinstance(sys.modules.get(name), StandIn):
        del sys.modules[name]
    return import_module(name)


@contextmanager
def spared(*names: str) -> Iterator[None]:
    """Have stand-ins for those of the modules that are not there yet; after the block everybody gets the modules themselves."""
    made = [StandIn(name) for name in names if name not in sys.modules]
    sys.modules.update({each.__name__: each for each in made})
    try:
        yield
    finally:
        for each in made:
            each.open = False
            if sys.modules.get(each.__name__) is each:
                del sys.modules[each.__name__]
