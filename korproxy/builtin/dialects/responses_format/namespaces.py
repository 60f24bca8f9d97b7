"""Tools in namespaces, for formats that have none: ``read`` in ``files`` becomes ``files__read``.

The same name comes out each time, whatever else is in the request, unless two would meet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import attrs


@attrs.define
class Names:
    """The names of the tools of one request, and which of them stand for a tool in a namespace.

    Attributes:
        taken: The names that tools without a namespace have.
    """

    taken: set[str] = attrs.field(factory=set)
    _flat: dict[tuple[str, str], str] = attrs.field(factory=dict, init=False)
    _inner: defaultdict[str, list[str]] = attrs.field(factory=lambda: defaultdict(list), init=False)  # by the name in there
    _counts: defaultdict[str, int] = attrs.field(factory=lambda: defaultdict(int), init=False)  # looking for each takes long

    def flat(self, name: str, namespace: str | None) -> str:
        """Return the one name of the tool *name* in *namespace*.

        Without a namespace it is *name*; but where there is no such tool, and only one namespace has one, that one is meant.
        """
        if namespace:
            return self._flat.get((namespace, name)) or self._given(name, namespace)
        meant = self._inner.get(name, ()) if name not in self.taken else ()
        return meant[0] if len(meant) == 1 else name

    @property
    def namespaces(self) -> Mapping[str, tuple[str, str]]:
        """The namespace and the name in there, by the one name that stands for both."""
        return {flat: place for place, flat in self._flat.items()}

    def _given(self, name: str, namespace: str) -> str:
        stem = flat = f"{namespace}__{name}"
        while flat in self.taken:
            self._counts[stem] += 1
            flat = f"{stem}_{self._counts[stem] + 1}"
        self.taken.add(flat)
        self._flat[namespace, name] = flat
        self._inner[name].append(flat)
        return flat
